// Weights of four bits, in the order in which LibTorch's product for the CPU wants them, as numbers again.
#pragma once

#include <cstdint>

// Writes the transpose of a matrix of `out` rows and `in` columns, as bf16, [in, out], on LibTorch's threads.
//
// `packed` is what _convert_weight_to_int4pack_for_cpu made: blocks of `rows` rows; in a block, for each column,
// rows / 2 bytes whose low halves are the first half of the rows and whose high halves are the second.
// `scale_zero` is bf16, [in / group, out, 2]. A number is (q - 8) * scale + zero.
// `out` must be a multiple of `rows`, `rows` even and at most 128, `in` a multiple of `group`.
extern "C" void blockscope_int4_dequantise(const uint8_t* packed, const uint16_t* scale_zero, uint16_t* transposed,
                                           int64_t out, int64_t in, int64_t group, int64_t rows);
