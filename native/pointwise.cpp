#include "pointwise.h"

#include <algorithm>
#include <cmath>

#include <ATen/EmptyTensor.h>
#include <ATen/Parallel.h>

#include "operator.h"
#include "tensors.h"
#include "vector.h"

namespace blockscope {
namespace {

// Below so many numbers waking another thread takes longer.
constexpr int64_t GRAIN = 1 << 14;

int64_t rows_at_a_time(int64_t row) { return std::max<int64_t>(1, GRAIN / std::max<int64_t>(1, row)); }

template <typename T>
INLINE void norm(const T* x, const T* scale, T* y, int64_t d, float eps) {
  Floats squares{};
  int64_t i = 0;
  float rest = 0;
  for (; i + LANES <= d; i += LANES) squares += load(x + i) * load(x + i);
  for (; i < d; ++i) rest += one(x[i]) * one(x[i]);
  const float factor = 1 / std::sqrt((sum(squares) + rest) / float(d) + eps);
  for (i = 0; i + LANES <= d; i += LANES) store(load(x + i) * factor * load(scale + i), y + i);
  for (; i < d; ++i) put(one(x[i]) * factor * one(scale[i]), y + i);
}

FOR_WIDE_REGISTERS
void norm_row(const float* x, const float* scale, float* y, int64_t d, float eps) { norm(x, scale, y, d, eps); }
FOR_WIDE_REGISTERS
void norm_row(const uint16_t* x, const uint16_t* scale, uint16_t* y, int64_t d, float eps) { norm(x, scale, y, d, eps); }

template <typename T>
INLINE void silu_mul(const T* gate, const T* up, T* y, int64_t n) {
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    const Floats z = load(gate + i);
    store(z / (exp(-z) + 1.0f) * load(up + i), y + i);
  }
  for (; i < n; ++i) put(one(gate[i]) / (std::exp(-one(gate[i])) + 1) * one(up[i]), y + i);
}

FOR_WIDE_REGISTERS
void silu_mul_row(const float* gate, const float* up, float* y, int64_t n) { silu_mul(gate, up, y, n); }
FOR_WIDE_REGISTERS
void silu_mul_row(const uint16_t* gate, const uint16_t* up, uint16_t* y, int64_t n) { silu_mul(gate, up, y, n); }

template <typename T>
INLINE void rotate(T* x, const float* cos, const float* sin, int64_t half) {
  int64_t i = 0;
  for (; i + LANES <= half; i += LANES) {
    const Floats a = load(x + i), b = load(x + half + i), c = load(cos + i), s = load(sin + i);
    store(a * c - b * s, x + i);
    store(b * c + a * s, x + half + i);
  }
  for (; i < half; ++i) {
    const float a = one(x[i]), b = one(x[half + i]), c = cos[i], s = sin[i];
    put(a * c - b * s, x + i);
    put(b * c + a * s, x + half + i);
  }
}

FOR_WIDE_REGISTERS
void rotate_row(float* x, const float* cos, const float* sin, int64_t half) { rotate(x, cos, sin, half); }
FOR_WIDE_REGISTERS
void rotate_row(uint16_t* x, const float* cos, const float* sin, int64_t half) { rotate(x, cos, sin, half); }

// Does `work(batch, head, position)` for each row of [batch, heads, T, d].
template <typename Work>
void each_row(const at::Tensor& x, Work work) {
  const int64_t heads = x.size(1), positions = x.size(2);
  at::parallel_for(0, x.size(0) * heads * positions, rows_at_a_time(x.size(3)), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row)
      work(row / positions / heads, row / positions % heads, row % positions);
  });
}

}  // namespace
}  // namespace blockscope

extern "C" at::Tensor* blockscope_rms_norm(const at::Tensor* x, const at::Tensor* scale, double eps) {
  using namespace blockscope;
  return operator_named("blockscope::rms_norm", {x, scale}, [&] {
    const at::Tensor from = x->contiguous();
    at::Tensor made = at::detail::empty_cpu(from.sizes(), from.scalar_type());
    const int64_t d = from.size(-1);
    of_format(from, [&](auto* type) {
      using T = std::remove_pointer_t<decltype(type)>;
      at::parallel_for(0, from.numel() / d, rows_at_a_time(d), [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row)
          norm_row(read<T>(from) + row * d, read<T>(*scale), written<T>(made) + row * d, d, float(eps));
      });
    });
    return made;
  });
}

extern "C" at::Tensor* blockscope_silu_mul(const at::Tensor* gate, const at::Tensor* up) {
  using namespace blockscope;
  return operator_named("blockscope::silu_mul", {gate, up}, [&] {
    TORCH_CHECK(gate->sizes() == up->sizes(), "a gate ", gate->sizes(), " for ", up->sizes());
    const at::Tensor gates = by_rows(*gate), ups = by_rows(*up);
    const int64_t positions = gates.size(1), n = gates.size(2);
    at::Tensor made = at::detail::empty_cpu(gates.sizes(), gates.scalar_type());
    of_format(gates, [&](auto* type) {
      using T = std::remove_pointer_t<decltype(type)>;
      const auto row_of = [&](const at::Tensor& x, int64_t row) {
        return read<T>(x) + row / positions * x.stride(0) + row % positions * x.stride(1);
      };
      at::parallel_for(0, gates.size(0) * positions, rows_at_a_time(n), [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row)
          silu_mul_row(row_of(gates, row), row_of(ups, row), written<T>(made) + row * n, n);
      });
    });
    return made;
  });
}

extern "C" at::Tensor* blockscope_rotate(const at::Tensor* x, const at::Tensor* cos, const at::Tensor* sin) {
  using namespace blockscope;
  return operator_named("blockscope::rotate_", {x, cos, sin}, [&] {
    TORCH_CHECK(x->stride(3) == 1 && cos->size(0) == x->size(2), "x ", x->sizes(), " for angles ", cos->sizes());
    const int64_t half = x->size(3) / 2;
    of_format(*x, [&](auto* type) {
      using T = std::remove_pointer_t<decltype(type)>;
      each_row(*x, [&](int64_t batch, int64_t head, int64_t position) {
        rotate_row(Rows<T>(*x).row(batch, head, position), read<float>(*cos) + position * half, read<float>(*sin) + position * half, half);
      });
    });
    return *x;
  });
}

extern "C" at::Tensor* blockscope_cache_write(const at::Tensor* store, const at::Tensor* x, int64_t start,
                                              int64_t length) {
  using namespace blockscope;
  return operator_named("blockscope::cache_write_", {store, x}, [&] {
    TORCH_CHECK(start + x->size(2) <= store->size(2) && length <= store->size(2), "no room in ", store->sizes());
    const at::Tensor from = by_rows(*x);
    of_format(from, [&](auto* type) {
      using T = std::remove_pointer_t<decltype(type)>;
      const Rows<const T> rows(from);
      const Rows<T> kept(*store);
      each_row(from, [&](int64_t batch, int64_t head, int64_t position) {
        std::copy_n(rows.row(batch, head, position), from.size(3), kept.row(batch, head, start + position));
      });
    });
    return store->narrow(2, 0, length);
  });
}
