// What happens between the products, each in one reading and one writing of its numbers. Numbers are f32 or bf16, the
// results in the format of what they are made of; all is computed in f32 and rounded once.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

// x / sqrt(mean of squares of its row + eps) * scale: [.., d], scale [d]; or x [batch, heads, T, d], with a scale for each
// head [heads, d]. x may be part of wider rows, in whatever order of positions and heads, which the result keeps. Seen as
// blockscope::rms_norm.
extern "C" at::Tensor* blockscope_rms_norm(const at::Tensor* x, const at::Tensor* scale, double eps);

// (x - mean of its row) / sqrt(its variance + eps) * scale + shift: likewise, shift of the scale's shape or null. Seen as
// blockscope::layer_norm.
extern "C" at::Tensor* blockscope_layer_norm(const at::Tensor* x, const at::Tensor* scale, const at::Tensor* shift,
                                             double eps);

// What lets through how much of a product; `Gate` in Rust.
enum blockscope_gate : int32_t {
  BLOCKSCOPE_SILU = 0,       // x · sigmoid(x)
  BLOCKSCOPE_GELU = 1,       // x · the normal distribution's share below x
  BLOCKSCOPE_GELU_TANH = 2,  // the same, with that share taken from a hyperbolic tangent
};

// gate(x) * up: [.., n] both, which may be parts of wider rows. Seen as blockscope::silu_mul, blockscope::gelu_mul or
// blockscope::gelu_tanh_mul.
extern "C" at::Tensor* blockscope_gated(blockscope_gate gate, const at::Tensor* x, const at::Tensor* up);

// Turns pairs of the first 2·n features of x [batch, heads, T, d] by their position's angles, in place: cos and sin
// [T, n], f32, contiguous. A pair is (i, i + n), or (2i, 2i + 1) where they are `interleaved`. x may be part of wider rows,
// and is returned. Seen as blockscope::rotate_.
extern "C" at::Tensor* blockscope_rotate(const at::Tensor* x, const at::Tensor* cos, const at::Tensor* sin,
                                         bool interleaved);

// Copies x [batch, heads, T, d] to the positions from `start` on of a store [batch, heads, room, d] of the same format;
// the first `length` positions are returned, as a view. Seen as blockscope::cache_write_.
extern "C" at::Tensor* blockscope_cache_write(const at::Tensor* store, const at::Tensor* x, int64_t start,
                                              int64_t length);
