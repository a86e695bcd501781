// Weights of four bits, in an order of this program's own: row by row, as they are read.
//
// `packed` holds the numbers of a row one after the other, two a byte, the first in the lower half: uint8,
// [out * in / 2 + 64]. Each group of 32 neighbours in a row has a scale and what its 0 is worth, in `groups`: f16,
// [(out * in / 32 + 16) * 2], row by row. A number is q * scale + least. What lies past the last row is never used, but
// read: a step takes 64 bytes, and a row need not end where a step does. `in` is a multiple of 32.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace blockscope {

constexpr int64_t INT4_GROUP = 32;

}  // namespace blockscope

// The matrix as bf16, [out, in]. Seen as blockscope::int4_dequantise.
extern "C" at::Tensor* blockscope_int4_dequantise(const at::Tensor* packed, const at::Tensor* groups, int64_t out,
                                                  int64_t in);
