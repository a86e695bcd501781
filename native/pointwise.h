// What happens between the products, each in one reading and one writing of its numbers. Numbers are f32 or bf16, the
// results in the format of what they are made of; all is computed in f32 and rounded once.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

// x / sqrt(mean of squares of its row + eps) * scale: [.., d], scale [d]. Seen as blockscope::rms_norm.
extern "C" at::Tensor* blockscope_rms_norm(const at::Tensor* x, const at::Tensor* scale, double eps);

// gate * sigmoid(gate) * up: [batch, T, n] both, which may be parts of wider rows. Seen as blockscope::silu_mul.
extern "C" at::Tensor* blockscope_silu_mul(const at::Tensor* gate, const at::Tensor* up);

// Turns each pair of features (i, i + d/2) of x [batch, heads, T, d] by its position's angle, in place: cos and sin
// [T, d/2], f32. x may be part of wider rows, and is returned. Seen as blockscope::rotate_.
extern "C" at::Tensor* blockscope_rotate(const at::Tensor* x, const at::Tensor* cos, const at::Tensor* sin);

// Copies x [batch, heads, T, d] to the positions from `start` on of a store [batch, heads, room, d] of the same format;
// the first `length` positions are returned, as a view. Seen as blockscope::cache_write_.
extern "C" at::Tensor* blockscope_cache_write(const at::Tensor* store, const at::Tensor* x, int64_t start,
                                              int64_t length);
