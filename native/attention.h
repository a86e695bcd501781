// softmax(scores)·V of each head, without the T×T matrix of its scores.
//
// Many queries go over the keys tile by tile (Dao et al., arXiv:2205.14135), with the largest score so far and the sum of
// exponentials of each (Milakov and Gimelshein, arXiv:1805.02867); one query goes over the keys as they lie in the cache.
// LibTorch's kernel does the same through general products, which its tiles are too small for.
#pragma once

#include <cstddef>
#include <cstdint>

#include <ATen/core/Tensor.h>

// How scores are made of queries and keys, and who sees whom. `AttentionOptions` in Rust makes it; the layout is
// asserted in both places.
struct blockscope_attention_options {
  // Each query's products with keys are multiplied by it.
  double scale;
  // A score s becomes cap · tanh(s / cap), before anything is hidden or added; infinite where there is no cap.
  double softcap;
  // Only positions less than so many away are seen; INT64_MAX where all are.
  int64_t window;
  // A number a head, f32, contiguous [n_heads], or null. To a score is added: slope · (key's position − query's).
  const at::Tensor* slopes;
  // A number a head, f32, contiguous [n_heads], or null: a score among the others, behind which there is no value.
  const at::Tensor* sinks;
  // Whether no position sees a later one.
  bool causal;
};
static_assert(sizeof(blockscope_attention_options) == 48, "six words");
static_assert(offsetof(blockscope_attention_options, scale) == 0, "as in Rust");
static_assert(offsetof(blockscope_attention_options, softcap) == 8, "as in Rust");
static_assert(offsetof(blockscope_attention_options, window) == 16, "as in Rust");
static_assert(offsetof(blockscope_attention_options, slopes) == 24, "as in Rust");
static_assert(offsetof(blockscope_attention_options, sinks) == 32, "as in Rust");
static_assert(offsetof(blockscope_attention_options, causal) == 40, "as in Rust");

// q [batch, n_heads, T, d], k [batch, n_kv_heads, keys, d], v [batch, n_kv_heads, keys, features]
// → [batch, n_heads, T, features]. All f32 or all bf16, computed in f32; the features of a head lie beside each other. The
// queries are the last T of as many positions as there are keys, in order; where every query sees every key and there are
// no slopes, order does not matter, nor which are more. n_heads is a multiple of n_kv_heads. Keys that no query sees are
// left out first: what is seen as blockscope::attention has the shapes of what is computed.
extern "C" at::Tensor* blockscope_attention(const at::Tensor* q, const at::Tensor* k, const at::Tensor* v,
                                            const blockscope_attention_options* options);

// Whether the processor multiplies tiles of bf16 (AMX).
extern "C" bool blockscope_has_bf16_tiles() noexcept;
