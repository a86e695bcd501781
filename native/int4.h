// Weights of four bits, in the order in which LibTorch's product for the CPU wants them, as numbers again.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

// Writes the transpose of a matrix as bf16, [in, out], on LibTorch's threads. Whoever watches operators sees it as
// one: blockscope::int4_dequantise.
//
// `packed` is what _convert_weight_to_int4pack_for_cpu made: blocks of `rows` rows; in a block, for each column,
// rows / 2 bytes whose low halves are the first half of the rows and whose high halves are the second.
// `scale_zero` is bf16, [in / group, out, 2]. A number is (q - 8) * scale + zero.
// All are contiguous; `out` must be a multiple of `rows`, `rows` even and at most 128, `in` a multiple of the groups.
extern "C" void blockscope_int4_dequantise(const at::Tensor* packed, const at::Tensor* scale_zero,
                                           at::Tensor* transposed, int64_t rows);
