#include "int4.h"

#include <cstring>

#include <ATen/Parallel.h>
#include <ATen/record_function.h>

// The same function for processors with wider registers; which one is taken shows when the program starts.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define FOR_WIDE_REGISTERS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_WIDE_REGISTERS
#endif

namespace blockscope {
namespace {

constexpr int64_t MOST_ROWS = 128;

inline float wide(uint16_t half) {
  const uint32_t bits = uint32_t(half) << 16;
  float number;
  std::memcpy(&number, &bits, sizeof number);
  return number;
}

// To the nearest, of two equally near ones to the even one. Weights are finite.
inline uint16_t narrow(float number) {
  uint32_t bits;
  std::memcpy(&bits, &number, sizeof bits);
  return uint16_t((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

// One group of columns of one block of rows.
FOR_WIDE_REGISTERS
void group_of_block(const uint8_t* packed, const float* scale, const float* least, uint16_t* transposed, int64_t out,
                    int64_t group, int64_t half) {
  for (int64_t column = 0; column < group; ++column) {
    const uint8_t* from = packed + column * half;
    uint16_t* to = transposed + column * out;
    for (int64_t row = 0; row < half; ++row) {
      to[row] = narrow(float(from[row] & 15) * scale[row] + least[row]);
      to[half + row] = narrow(float(from[row] >> 4) * scale[half + row] + least[half + row]);
    }
  }
}

}  // namespace
}  // namespace blockscope

extern "C" void blockscope_int4_dequantise(const at::Tensor* packed_tensor, const at::Tensor* scale_zero_tensor,
                                           at::Tensor* transposed_tensor, int64_t rows) {
  using namespace blockscope;
  RECORD_FUNCTION("blockscope::int4_dequantise",
                  (std::vector<c10::IValue>{*packed_tensor, *scale_zero_tensor, *transposed_tensor}));
  const int64_t in = transposed_tensor->size(0), out = transposed_tensor->size(1);
  const int64_t group = in / scale_zero_tensor->size(0);
  const auto* packed = static_cast<const uint8_t*>(packed_tensor->const_data_ptr());
  const auto* scale_zero = static_cast<const uint16_t*>(scale_zero_tensor->const_data_ptr());
  auto* transposed = static_cast<uint16_t*>(transposed_tensor->mutable_data_ptr());
  at::parallel_for(0, out / rows, 1, [&](int64_t begin, int64_t end) {
    float scale[MOST_ROWS], least[MOST_ROWS];
    for (int64_t block = begin; block < end; ++block) {
      for (int64_t start = 0; start < in; start += group) {
        const uint16_t* of_group = scale_zero + (start / group * out + block * rows) * 2;
        for (int64_t row = 0; row < rows; ++row) {
          scale[row] = wide(of_group[2 * row]);
          least[row] = wide(of_group[2 * row + 1]) - 8 * scale[row];
        }
        group_of_block(packed + (block * in + start) * rows / 2, scale, least,
                       transposed + start * out + block * rows, out, group, rows / 2);
      }
    }
  });
}
