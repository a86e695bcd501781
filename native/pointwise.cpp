#include "pointwise.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <ATen/EmptyTensor.h>
#include <ATen/Parallel.h>

#include "functions.h"
#include "operator.h"
#include "tensors.h"
#include "vector.h"

namespace blockscope {
namespace {

// ---- Rows

// Below so many numbers waking another thread takes longer.
constexpr int64_t GRAIN = 1 << 14;

// A tensor as rows of its last dimension, which three others count: ones come before those that it has.
struct Layout {
  std::array<int64_t, 3> sizes{1, 1, 1}, strides{};
  int64_t row;

  explicit Layout(const at::Tensor& x) : row(x.size(-1)) {
    const int64_t others = x.dim() - 1;
    TORCH_CHECK(others <= 3, "a tensor of up to four dimensions, not ", x.sizes());
    for (int64_t i = 0; i < others; ++i) {
      sizes[3 - others + i] = x.size(i);
      strides[3 - others + i] = x.stride(i);
    }
  }

  int64_t at(int64_t i, int64_t j, int64_t k) const { return i * strides[0] + j * strides[1] + k * strides[2]; }
};

// Does `work(i, j, k)` for each of these rows, the last number first.
template <typename Work>
void each_row(const std::array<int64_t, 3>& sizes, int64_t row, Work work) {
  const int64_t at_a_time = std::max<int64_t>(1, GRAIN / std::max<int64_t>(1, row));
  at::parallel_for(0, sizes[0] * sizes[1] * sizes[2], at_a_time, [&](int64_t begin, int64_t end) {
    int64_t i = begin / sizes[2] / sizes[1], j = begin / sizes[2] % sizes[1], k = begin % sizes[2];
    for (int64_t row = begin; row < end; ++row) {
      work(i, j, k);
      if (++k < sizes[2]) continue;
      k = 0;
      if (++j < sizes[1]) continue;
      j = 0;
      ++i;
    }
  });
}

// ---- Norms

// The sum of a row less `mean`, or of its squares: in two sums, of which one need not wait for the other.
template <int64_t W, bool SQUARED, typename T>
INLINE float sum_of(const T* x, int64_t d, float mean) {
  Floats<W> even{}, odd{};
  int64_t i = 0;
  for (; i + 2 * LANES <= d; i += 2 * LANES) {
    const Floats<W> a = load<W>(x + i) - mean, b = load<W>(x + i + LANES) - mean;
    even += SQUARED ? a * a : a;
    odd += SQUARED ? b * b : b;
  }
  for (; i < d; i += LANES) {
    const Floats<W> a = (i + LANES <= d ? load<W>(x + i) : load_some<W>(x + i, d - i, mean)) - mean;
    even += SQUARED ? a * a : a;
  }
  return sum(even + odd);
}

struct RmsNorm {
  template <int64_t W, typename T>
  static INLINE void run(const T* x, const T* scale, T* y, int64_t d, float eps) {
    const float factor = 1 / std::sqrt(sum_of<W, true>(x, d, 0) / float(d) + eps);
    int64_t i = 0;
    for (; i + LANES <= d; i += LANES) store(load<W>(x + i) * factor * load<W>(scale + i), y + i);
    if (i < d) store_some(load_some<W>(x + i, d - i) * factor * load_some<W>(scale + i, d - i), y + i, d - i);
  }
};

// The variance is that of differences from the mean: of a difference of two large squares no digits are left.
struct LayerNorm {
  template <int64_t W, typename T>
  static INLINE void run(const T* x, const T* scale, const T* shift, T* y, int64_t d, float eps) {
    const float mean = sum_of<W, false>(x, d, 0) / float(d);
    const float factor = 1 / std::sqrt(sum_of<W, true>(x, d, mean) / float(d) + eps);
    int64_t i = 0;
    for (; i + LANES <= d; i += LANES) {
      const Floats<W> made = (load<W>(x + i) - mean) * factor * load<W>(scale + i);
      store(shift == nullptr ? made : made + load<W>(shift + i), y + i);
    }
    if (i < d) {
      const Floats<W> made = (load_some<W>(x + i, d - i) - mean) * factor * load_some<W>(scale + i, d - i);
      store_some(shift == nullptr ? made : made + load_some<W>(shift + i, d - i), y + i, d - i);
    }
  }
};

// Does `row(T* of x, offset into the scale, T* of the result)` for each row.
template <typename Row>
at::Tensor normed(const at::Tensor& x, const at::Tensor& scale, Row row) {
  const at::Tensor from = by_rows(x);
  Layout in(from);
  const int64_t d = in.row;
  TORCH_CHECK(scale.is_contiguous() && scale.size(-1) == d &&
                  (scale.dim() == 1 || (scale.dim() == 2 && x.dim() == 4 && scale.size(0) == x.size(1))),
              "a scale ", scale.sizes(), " for ", x.sizes());
  // Row by row as they lie: the heads of a position beside each other, as a projection makes them, or not.
  std::array<int64_t, 3> strides{in.sizes[1] * in.sizes[2] * d, in.sizes[2] * d, d};
  const bool by_position = x.dim() == 4 && in.strides[1] < in.strides[2];
  if (by_position) std::swap(in.sizes[1], in.sizes[2]), std::swap(in.strides[1], in.strides[2]);
  if (by_position) strides = {strides[0], d, in.sizes[2] * d};
  const int64_t of_head = scale.dim() == 2 ? d : 0;
  const at::Tensor made =
      x.dim() < 4 ? at::detail::empty_cpu(x.sizes(), x.scalar_type())
                  : at::detail::empty_strided_cpu(x.sizes(), {strides[0], strides[1], strides[2], 1}, x.scalar_type());
  of_format(from, [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    T* to = written<T>(made);
    each_row(in.sizes, d, [&](int64_t i, int64_t j, int64_t k) {
      const int64_t number = (i * in.sizes[1] + j) * in.sizes[2] + k;
      row(read<T>(from) + in.at(i, j, k), (by_position ? k : j) * of_head, to + number * d);
    });
  });
  return made;
}

// ---- Gates

struct Silu {
  template <int64_t W>
  static INLINE Floats<W> of(const Floats<W>& x) {
    return x / (exp(-x) + 1.0f);
  }
};

// x·Φ(x), where Φ(-a) = e^(-a²/2) · a polynomial of t = 1 / (1 + 0.3·a): the form of Abramowitz and Stegun, 7.1.26, with
// coefficients by which it is within 4e-7 of itself (not of 1) as far as a float goes.
struct Gelu {
  template <int64_t W>
  static INLINE Floats<W> of(const Floats<W>& x) {
    const Floats<W> a = as_floats(as_words(x) & 0x7fffffffu), t = all<W>(1.0f) / (a * 0.3f + 1.0f);
    Floats<W> p = all<W>(0.0359838514f);
    p = p * t - 0.158494047f;
    p = p * t + 0.208584149f;
    p = p * t - 0.0557433588f;
    p = p * t + 0.129655395f;
    p = p * t + 0.0995806008f;
    p = p * t + 0.120807564f;
    p = p * t + 0.119625782f;
    const Floats<W> beyond = p * t * exp(a * a * -0.5f);
    return x * where_below(x, 0.0f, beyond, all<W>(1.0f) - beyond);
  }
};

// (1 + tanh(u)) / 2 is sigmoid(2u).
struct GeluTanh {
  template <int64_t W>
  static INLINE Floats<W> of(const Floats<W>& x) {
    constexpr float TWICE = 1.5957691216f;  // 2·√(2/π)
    return x / (exp(-(x * x * 0.044715f + 1.0f) * x * TWICE) + 1.0f);
  }
};

template <typename Activation>
struct Gated {
  template <int64_t W, typename T>
  static INLINE void run(const T* x, const T* up, T* y, int64_t n) {
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) store(Activation::of(load<W>(x + i)) * load<W>(up + i), y + i);
    if (i < n) store_some(Activation::of(load_some<W>(x + i, n - i)) * load_some<W>(up + i, n - i), y + i, n - i);
  }
};

template <typename T>
void gated_row(blockscope_gate gate, const T* x, const T* up, T* y, int64_t n) {
  switch (gate) {
    case BLOCKSCOPE_SILU: return vectorized<Gated<Silu>>(x, up, y, n);
    case BLOCKSCOPE_GELU: return vectorized<Gated<Gelu>>(x, up, y, n);
    case BLOCKSCOPE_GELU_TANH: return vectorized<Gated<GeluTanh>>(x, up, y, n);
  }
}

const char* name_of(blockscope_gate gate) {
  switch (gate) {
    case BLOCKSCOPE_SILU: return "blockscope::silu_mul";
    case BLOCKSCOPE_GELU: return "blockscope::gelu_mul";
    case BLOCKSCOPE_GELU_TANH: return "blockscope::gelu_tanh_mul";
  }
  return "blockscope::gated";
}

// ---- Rotation

struct TurnHalves {
  template <int64_t W, typename T>
  static INLINE void run(T* x, const float* cos, const float* sin, int64_t n) {
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
      const Floats<W> a = load<W>(x + i), b = load<W>(x + n + i), c = load<W>(cos + i), s = load<W>(sin + i);
      store(a * c - b * s, x + i);
      store(b * c + a * s, x + n + i);
    }
    for (; i < n; ++i) {
      const float a = one(x[i]), b = one(x[n + i]), c = cos[i], s = sin[i];
      put(a * c - b * s, x + i);
      put(b * c + a * s, x + n + i);
    }
  }
};

struct TurnInterleaved {
  template <int64_t W, typename T>
  static INLINE void run(T* x, const float* cos, const float* sin, int64_t n) {
    int64_t i = 0;
    for (; i + LANES / 2 <= n; i += LANES / 2) {
      const Floats<W> both = load<W>(x + 2 * i);
      store(both * load_twice<W>(cos + i) + swapped(both) * alternated(load_twice<W>(sin + i)), x + 2 * i);
    }
    for (; i < n; ++i) {
      const float a = one(x[2 * i]), b = one(x[2 * i + 1]), c = cos[i], s = sin[i];
      put(a * c - b * s, x + 2 * i);
      put(b * c + a * s, x + 2 * i + 1);
    }
  }
};

}  // namespace
}  // namespace blockscope

extern "C" at::Tensor* blockscope_rms_norm(const at::Tensor* x, const at::Tensor* scale, double eps) {
  using namespace blockscope;
  return operator_named("blockscope::rms_norm", {x, scale}, [&] {
    return normed(*x, *scale, [&](const auto* of, int64_t head, auto* to) {
      using T = std::remove_pointer_t<decltype(to)>;
      vectorized<RmsNorm>(of, read<T>(*scale) + head, to, x->size(-1), float(eps));
    });
  });
}

extern "C" at::Tensor* blockscope_layer_norm(const at::Tensor* x, const at::Tensor* scale, const at::Tensor* shift,
                                             double eps) {
  using namespace blockscope;
  return operator_named("blockscope::layer_norm", {x, scale, shift}, [&] {
    TORCH_CHECK(shift == nullptr || (shift->sizes() == scale->sizes() && shift->is_contiguous()), "a shift of another shape");
    return normed(*x, *scale, [&](const auto* of, int64_t head, auto* to) {
      using T = std::remove_pointer_t<decltype(to)>;
      const T* shifts = shift == nullptr ? nullptr : read<T>(*shift) + head;
      vectorized<LayerNorm>(of, read<T>(*scale) + head, shifts, to, x->size(-1), float(eps));
    });
  });
}

extern "C" at::Tensor* blockscope_gated(blockscope_gate gate, const at::Tensor* x, const at::Tensor* up) {
  using namespace blockscope;
  return operator_named(name_of(gate), {x, up}, [&] {
    TORCH_CHECK(x->sizes() == up->sizes(), "a gate ", x->sizes(), " for ", up->sizes());
    const at::Tensor gates = by_rows(*x), ups = by_rows(*up);
    const Layout of_gate(gates), of_up(ups);
    const int64_t n = of_gate.row;
    at::Tensor made = at::detail::empty_cpu(gates.sizes(), gates.scalar_type());
    of_format(gates, [&](auto* type) {
      using T = std::remove_pointer_t<decltype(type)>;
      T* to = written<T>(made);
      each_row(of_gate.sizes, n, [&](int64_t i, int64_t j, int64_t k) {
        const int64_t number = (i * of_gate.sizes[1] + j) * of_gate.sizes[2] + k;
        gated_row(gate, read<T>(gates) + of_gate.at(i, j, k), read<T>(ups) + of_up.at(i, j, k), to + number * n, n);
      });
    });
    return made;
  });
}

extern "C" at::Tensor* blockscope_rotate(const at::Tensor* x, const at::Tensor* cos, const at::Tensor* sin,
                                         bool interleaved) {
  using namespace blockscope;
  return operator_named("blockscope::rotate_", {x, cos, sin}, [&] {
    const int64_t n = cos->size(1);
    TORCH_CHECK(x->dim() == 4 && x->stride(3) == 1 && 2 * n <= x->size(3) && cos->size(0) == x->size(2) &&
                    sin->sizes() == cos->sizes(),
                "x ", x->sizes(), " for angles ", cos->sizes());
    const Layout layout(*x);
    of_format(*x, [&](auto* type) {
      using T = std::remove_pointer_t<decltype(type)>;
      T* start = written<T>(*x);
      each_row(layout.sizes, layout.row, [&](int64_t batch, int64_t head, int64_t position) {
        T* row = start + layout.at(batch, head, position);
        const float *of_cos = read<float>(*cos) + position * n, *of_sin = read<float>(*sin) + position * n;
        if (interleaved) vectorized<TurnInterleaved>(row, of_cos, of_sin, n);
        else vectorized<TurnHalves>(row, of_cos, of_sin, n);
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
      const Layout in(from), kept(*store);
      T* to = written<T>(*store);
      each_row(in.sizes, in.row, [&](int64_t batch, int64_t head, int64_t position) {
        std::copy_n(read<T>(from) + in.at(batch, head, position), in.row, to + kept.at(batch, head, start + position));
      });
    });
    return store->narrow(2, 0, length);
  });
}
