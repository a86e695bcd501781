// softmax(Q·Kᵀ/√d)·V of each head, where no position sees a later one, without its T×T matrix.
//
// Many queries go over the keys tile by tile (Dao et al., arXiv:2205.14135), with the largest score so far and the sum of
// exponentials of each (Milakov and Gimelshein, arXiv:1805.02867); one query goes over the keys as they lie in the cache.
// LibTorch's kernel does the same through general products, which its tiles are too small for.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

// q [batch, n_heads, T, d], k and v [batch, n_kv_heads, keys, d] → [batch, n_heads, T, d]. All f32 or all bf16, computed in
// f32; the features of a head lie beside each other. The queries are the last T of as many positions as there are keys,
// and see what comes before them and themselves. n_heads is a multiple of n_kv_heads. Seen as blockscope::attention.
extern "C" at::Tensor* blockscope_attention(const at::Tensor* q, const at::Tensor* k, const at::Tensor* v);

// Whether the processor multiplies tiles of bf16 (AMX).
extern "C" bool blockscope_has_bf16_tiles();
