// The product of a few rows of activations with a matrix of weights, as fast as the weights come out of memory.
//
// A matrix of weights is read once, row by row, each thread its own rows in one stream: what one new token costs is
// that. LibTorch's products are made for many rows, and with one they reach a part of the memory's bandwidth only.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

// y = x·Wᵀ + b, [.., in] → [.., out] in f32 or, with `as_bf16`, rounded to it. x: f32 or bf16. W: f32, bf16 or
// f16, [out, in], contiguous. bias: f32 or bf16, [out], or null. Seen as blockscope::linear.
extern "C" at::Tensor* blockscope_linear(const at::Tensor* x, const at::Tensor* weight, const at::Tensor* bias,
                                         bool as_bf16);

// The same of a matrix of four bits (int4.h). Seen as blockscope::linear_int4.
extern "C" at::Tensor* blockscope_linear_int4(const at::Tensor* x, const at::Tensor* packed, const at::Tensor* groups,
                                              const at::Tensor* bias, int64_t out, bool as_bf16);

// x·Wᵀ + b of many rows in f32 by oneDNN, which knows wide registers of any maker's processors; LibTorch's own choice,
// MKL, takes those of one maker. Null, without an error, where this LibTorch has no oneDNN.
extern "C" at::Tensor* blockscope_linear_onednn(const at::Tensor* x, const at::Tensor* weight, const at::Tensor* bias);
