// Tensors of f32 or bf16, as pointers to rows of numbers that lie beside each other.
#pragma once

#include <cstdint>
#include <type_traits>

#include <ATen/core/Tensor.h>

namespace blockscope {

// Does `work(T*)` with T the type of a tensor's numbers; there are no others than these two.
template <typename Work>
auto of_format(const at::Tensor& tensor, Work work) {
  return tensor.scalar_type() == at::kFloat ? work(static_cast<float*>(nullptr)) : work(static_cast<uint16_t*>(nullptr));
}

// Itself where a row's numbers lie beside each other, else a copy in which they do.
inline at::Tensor by_rows(const at::Tensor& x) { return x.stride(-1) == 1 ? x : x.contiguous(); }

template <typename T>
const T* read(const at::Tensor& tensor) {
  return static_cast<const T*>(tensor.const_data_ptr());
}

template <typename T>
T* written(const at::Tensor& tensor) {
  return static_cast<T*>(tensor.mutable_data_ptr());
}

// The rows of [batch, heads, positions, d].
template <typename T>
struct Rows {
  T* start;
  int64_t batch, head, position;  // numbers from one to the next

  explicit Rows(const at::Tensor& x)
      : start(static_cast<T*>(data(x))), batch(x.stride(0)), head(x.stride(1)),
        position(x.stride(2)) {}

  static auto data(const at::Tensor& x) {
    if constexpr (std::is_const_v<T>) return x.const_data_ptr();
    else return x.mutable_data_ptr();
  }

  T* row(int64_t of_batch, int64_t of_head, int64_t at) const {
    return start + of_batch * batch + of_head * head + at * position;
  }
};

}  // namespace blockscope
