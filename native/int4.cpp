#include "int4.h"

#include <ATen/EmptyTensor.h>
#include <ATen/Parallel.h>

#include "operator.h"
#include "vector.h"

namespace blockscope {
namespace {

// To the nearest, as `to_bf16` does for what is a number.
INLINE uint32_t rounded(float number) {
  uint32_t bits;
  std::memcpy(&bits, &number, sizeof bits);
  return (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
}

// Some groups, both numbers of a byte at a time.
FOR_WIDE_REGISTERS
void widen(const uint8_t* packed, const c10::Half* groups, int64_t n, uint32_t* to) {
  for (int64_t group = 0; group < n; ++group, packed += INT4_GROUP / 2, to += INT4_GROUP / 2) {
    const float scale = groups[2 * group], least = groups[2 * group + 1];
    for (int64_t i = 0; i < INT4_GROUP / 2; ++i) {
      const float first = float(packed[i] & 15) * scale + least, second = float(packed[i] >> 4) * scale + least;
      to[i] = rounded(first) | rounded(second) << 16;
    }
  }
}

}  // namespace
}  // namespace blockscope

extern "C" at::Tensor* blockscope_int4_dequantise(const at::Tensor* packed, const at::Tensor* groups, int64_t out,
                                                  int64_t in) {
  using namespace blockscope;
  return operator_named("blockscope::int4_dequantise", {packed, groups}, [&] {
    at::Tensor made = at::detail::empty_cpu({out, in}, at::kBFloat16);
    const auto* from = static_cast<const uint8_t*>(packed->const_data_ptr());
    const auto* of_groups = static_cast<const c10::Half*>(groups->const_data_ptr());
    auto* to = static_cast<uint32_t*>(made.data_ptr());
    at::parallel_for(0, out * in / INT4_GROUP, 64, [&](int64_t begin, int64_t end) {
      widen(from + begin * INT4_GROUP / 2, of_groups + 2 * begin, end - begin, to + begin * INT4_GROUP / 2);
    });
    return made;
  });
}
