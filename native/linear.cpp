#include "linear.h"

#include <algorithm>

#include <ATen/EmptyTensor.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include "int4.h"
#include "operator.h"
#include "tensors.h"
#include "vector.h"

namespace blockscope {
namespace {

// Rows of weights that are multiplied with all rows of activations before the next: they stay in the first cache.
constexpr int64_t TILE = 16;
// Rows of activations for which a number of weights is loaded once.
constexpr int64_t AT_ONCE = 4;
// Below so many multiplications waking another thread takes longer.
constexpr int64_t GRAIN = 1 << 15;

// ---- Rows of weights times rows of activations: y[r][row] = w[row]·x[r], for R rows of activations at a time, for which
// ---- a row of weights is read once

// How the numbers of a format are loaded, so many at a time and one, and by what they are then too small.
struct F32 {
  using Number = float;
  static constexpr float FACTOR = 1;
  template <int64_t W>
  static INLINE Floats<W> several(const float* from) { return load<W>(from); }
  static INLINE float single(float number) { return number; }
};

struct Bf16 {
  using Number = uint16_t;
  static constexpr float FACTOR = 1;
  template <int64_t W>
  static INLINE Floats<W> several(const uint16_t* from) { return load<W>(from); }
  static INLINE float single(uint16_t number) { return from_bf16(number); }
};

struct F16 {
  using Number = uint16_t;
  static constexpr float FACTOR = OF_HALF;
  template <int64_t W>
  static INLINE Floats<W> several(const uint16_t* from) { return as_floats(half_in_upper(load_upper<W>(from))); }
  static INLINE float single(uint16_t number) { return c10::Half(number, c10::Half::from_bits()); }
};

// Sums of which one need not wait for the other, for each of R rows of activations: as many as fit the registers.
template <int64_t W, int64_t R>
constexpr int64_t SUMS = W == 64 || R == 1 ? 2 : 1;

template <int64_t W, typename Format, int64_t R>
INLINE void dot(const typename Format::Number* w, const float* x, int64_t in, int64_t rows, float* y) {
  constexpr int64_t STEP = SUMS<W, R> * LANES;
  for (int64_t row = 0; row < rows; ++row, w += in) {
    Floats<W> sums[R][SUMS<W, R>] = {};
    int64_t i = 0;
    for (; i + STEP <= in; i += STEP) {
      for (int64_t ahead = 0; ahead < STEP * int64_t(sizeof(*w)); ahead += 64)
        __builtin_prefetch(reinterpret_cast<const char*>(w + i) + AHEAD + ahead);
      for (int64_t s = 0; s < SUMS<W, R>; ++s) {
        const Floats<W> numbers = Format::template several<W>(w + i + s * LANES);
        for (int64_t r = 0; r < R; ++r) sums[r][s] += numbers * load<W>(x + r * in + i + s * LANES);
      }
    }
    for (int64_t r = 0; r < R; ++r) {
      float rest = 0;
      for (int64_t j = i; j < in; ++j) rest += Format::single(w[j]) * x[r * in + j];
      Floats<W> all = sums[r][0];
      for (int64_t s = 1; s < SUMS<W, R>; ++s) all += sums[r][s];
      y[r * TILE + row] = sum(all) * Format::FACTOR + rest;
    }
  }
}

template <typename Format>
struct Dot {
  template <int64_t W>
  static INLINE void run(const void* weights, const float* x, int64_t some, int64_t in, int64_t rows, float* y) {
    const auto* w = static_cast<const typename Format::Number*>(weights);
    if (some == AT_ONCE) return dot<W, Format, AT_ONCE>(w, x, in, rows, y);
    for (int64_t r = 0; r < some; ++r) dot<W, Format, 1>(w, x + r * in, in, rows, y + r * TILE);
  }
};

// The scales and least numbers of four groups, to the four words of each.
template <int64_t W>
INLINE Words<W> of_words(const uint8_t* groups) {
  Words<W> made;
  Register<uint32_t, W> four;
  std::memcpy(&four, groups, sizeof four);  // and what follows them
  if constexpr (W == 64) {
    made.part[0] = SHUFFLED(four, four, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
  } else if constexpr (W == 32) {
    made.part[0] = SHUFFLED(four, four, 0, 0, 0, 0, 1, 1, 1, 1);
    made.part[1] = SHUFFLED(four, four, 2, 2, 2, 2, 3, 3, 3, 3);
  } else {
    for (int64_t i = 0; i < 4; ++i) made.part[i] = four[i] + Register<uint32_t, W>{};
  }
  return made;
}

// Eight numbers of a word at a time, as `Nibbles` has the activations, of four groups at a time. `sums` are those of
// each word's activations: a group's least number times them is what all its numbers have in common. Activations have
// `wide` numbers a row.
template <int64_t W, int64_t R>
INLINE void dot_nibbles(const uint8_t* w, const uint8_t* groups, const float* x, const float* sums, int64_t wide, int64_t in,
                        int64_t rows, float* y) {
  for (int64_t row = 0; row < rows; ++row, w += in / 2, groups += in / INT4_GROUP * 4) {
    Floats<W> scaled[R] = {}, least[R] = {};
    for (int64_t i = 0; i < in; i += 8 * LANES) {
      __builtin_prefetch(w + i / 2 + AHEAD);
      const Words<W> words = load_words<W>(w + i / 2);
      const Floats<W> q[8] = {converted(words & 0xfu),       converted(words & 0xf0u),     converted(words & 0xf00u),
                              converted(words & 0xf000u),    converted(words & 0xf0000u),  converted(words & 0xf00000u),
                              converted(words & 0xf000000u), converted(words >> 28u)};
      const Words<W> group = of_words<W>(groups + i / INT4_GROUP * 4);
      const Floats<W> scale = as_floats(half_in_lower(group)), base = as_floats(half_in_upper(group));
      for (int64_t r = 0; r < R; ++r) {
        const float* of = x + r * wide + i;
        Floats<W> even = q[0] * load<W>(of), odd = q[1] * load<W>(of + LANES);
        for (int64_t nibble = 2; nibble < 8; nibble += 2) {
          even += q[nibble] * load<W>(of + nibble * LANES);
          odd += q[nibble + 1] * load<W>(of + (nibble + 1) * LANES);
        }
        scaled[r] += scale * (even + odd);
        least[r] += base * load<W>(sums + (r * wide + i) / 8);
      }
    }
    for (int64_t r = 0; r < R; ++r) y[r * TILE + row] = sum(scaled[r] + least[r]) * OF_HALF;
  }
}

struct DotNibbles {
  template <int64_t W>
  static INLINE void run(const uint8_t* w, const uint8_t* groups, const float* x, const float* sums, int64_t wide,
                         int64_t some, int64_t in, int64_t rows, float* y) {
    if (some == AT_ONCE) return dot_nibbles<W, AT_ONCE>(w, groups, x, sums, wide, in, rows, y);
    for (int64_t r = 0; r < some; ++r)
      dot_nibbles<W, 1>(w, groups, x + r * wide, sums + r * wide / 8, wide, in, rows, y + r * TILE);
  }
};

// ---- Activations, in the order in which they are wanted

// Contiguous rows of f32.
std::vector<float> in_order(const at::Tensor& x) {
  std::vector<float> made(size_t(x.numel()));
  if (x.scalar_type() == at::kFloat) {
    std::copy_n(x.const_data_ptr<float>(), made.size(), made.begin());
  } else {
    const auto* from = static_cast<const uint16_t*>(x.const_data_ptr());
    std::transform(from, from + made.size(), made.begin(), from_bf16);
  }
  return made;
}

// Rows of activations for numbers of four bits, in steps of 128: what follows the last of a row is 0.
struct Nibbles {
  static constexpr int64_t STEP = 8 * LANES;

  int64_t row;              // numbers, of a row
  std::vector<float> x;     // of each step, first the first of each eight; less by what its place makes a nibble too large
  std::vector<float> sums;  // of each eight

  Nibbles(const std::vector<float>& from, int64_t in)
      : row((in + STEP - 1) / STEP * STEP), x(from.size() / in * row), sums(x.size() / 8) {
    constexpr float SHRINK[] = {1, 0x1p-4f, 0x1p-8f, 0x1p-12f, 0x1p-16f, 0x1p-20f, 0x1p-24f, 1};
    const float* start = from.data();
    for (float *to = x.data(), *sum = sums.data(); to < x.data() + x.size(); start += in)
      for (int64_t i = 0; i < row; i += STEP, to += STEP, sum += LANES) {
        float step[STEP] = {};
        std::copy_n(start + i, std::min(STEP, in - i), step);
        for (int64_t nibble = 0; nibble < 8; ++nibble)
          for (int64_t lane = 0; lane < LANES; ++lane) {
            to[nibble * LANES + lane] = step[8 * lane + nibble] * SHRINK[nibble];
            sum[lane] += step[8 * lane + nibble];
          }
      }
  }
};

// ---- The product

// Where results go, in which format, and what each becomes before that.
struct Result {
  at::Tensor y;
  int64_t out;
  std::vector<float> bias;

  Result(const at::Tensor& x, int64_t out, const at::Tensor* bias, bool as_bf16) : out(out) {
    auto sizes = x.sizes().vec();
    sizes.back() = out;
    y = at::detail::empty_cpu(sizes, as_bf16 ? at::kBFloat16 : at::kFloat);
    if (bias != nullptr) this->bias = in_order(bias->contiguous());
  }

  void put(int64_t row, int64_t first, const float* made, int64_t n) const {
    of_format(y, [&](auto* type) {
      auto* to = static_cast<decltype(type)>(y.mutable_data_ptr()) + row * out + first;
      for (int64_t i = 0; i < n; ++i) blockscope::put(made[i] + (bias.empty() ? 0 : bias[first + i]), to + i);
    });
  }
};

// `dot(first, n, row, some, made)` multiplies `n` rows of weights from `first` on with `some` rows of activations from
// `row` on.
template <typename Dot>
at::Tensor product(const Result& result, int64_t in, int64_t rows, Dot dot) {
  const int64_t grain = std::max<int64_t>(1, GRAIN / std::max<int64_t>(1, in * rows));
  at::parallel_for(0, result.out, grain, [&](int64_t begin, int64_t end) {
    float made[AT_ONCE * TILE];
    for (int64_t first = begin; first < end; first += TILE) {
      const int64_t n = std::min(TILE, end - first);
      for (int64_t row = 0; row < rows; row += AT_ONCE) {
        const int64_t some = std::min(AT_ONCE, rows - row);
        dot(first, n, row, some, made);
        for (int64_t r = 0; r < some; ++r) result.put(row + r, first, made + r * TILE, n);
      }
    }
  });
  return result.y;
}

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const Result& result) {
  const int64_t in = weight.size(1), rows = x.numel() / std::max<int64_t>(1, in);
  const auto kind = weight.scalar_type();
  const std::vector<float> numbers = in_order(x);
  const auto* w = static_cast<const char*>(weight.const_data_ptr());
  const int64_t bytes = in * int64_t(weight.element_size());
  return product(result, in, rows, [&](int64_t first, int64_t n, int64_t row, int64_t some, float* made) {
    const void* of_first = w + first * bytes;
    const float* of_row = numbers.data() + row * in;
    if (kind == at::kFloat) vectorized<Dot<F32>>(of_first, of_row, some, in, n, made);
    else if (kind == at::kBFloat16) vectorized<Dot<Bf16>>(of_first, of_row, some, in, n, made);
    else vectorized<Dot<F16>>(of_first, of_row, some, in, n, made);
  });
}

}  // namespace
}  // namespace blockscope

extern "C" at::Tensor* blockscope_linear(const at::Tensor* x, const at::Tensor* weight, const at::Tensor* bias,
                                         bool as_bf16) {
  using namespace blockscope;
  return operator_named("blockscope::linear", {x, weight, bias}, [&] {
    TORCH_CHECK(x->size(-1) == weight->size(1), "x ", x->sizes(), " does not fit weights ", weight->sizes());
    const at::Tensor rows = x->contiguous();
    return linear(rows, *weight, Result(rows, weight->size(0), bias, as_bf16));
  });
}

extern "C" at::Tensor* blockscope_linear_int4(const at::Tensor* x, const at::Tensor* packed, const at::Tensor* groups,
                                              const at::Tensor* bias, int64_t out, bool as_bf16) {
  using namespace blockscope;
  return operator_named("blockscope::linear_int4", {x, packed, groups, bias}, [&] {
    const at::Tensor rows = x->contiguous();
    const int64_t in = rows.size(-1);
    TORCH_CHECK(packed->numel() == out * in / 2 + 64, "x ", x->sizes(), " does not fit weights of ", out, " rows");
    const Nibbles numbers(in_order(rows), in);
    const auto* w = static_cast<const uint8_t*>(packed->const_data_ptr());
    const auto* of_groups = static_cast<const uint8_t*>(groups->const_data_ptr());
    return product(Result(rows, out, bias, as_bf16), in, rows.numel() / in,
                   [&](int64_t first, int64_t n, int64_t row, int64_t some, float* made) {
                     const float* of_row = numbers.x.data() + row * numbers.row;
                     const float* sums = numbers.sums.data() + row * numbers.row / 8;
                     vectorized<DotNibbles>(w + first * in / 2, of_groups + first * (in / INT4_GROUP) * 4, of_row, sums,
                                            numbers.row, some, in, n, made);
                   });
  });
}

extern "C" at::Tensor* blockscope_linear_onednn(const at::Tensor* x, const at::Tensor* weight, const at::Tensor* bias) {
  using namespace blockscope;
  using Linear = at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&, c10::string_view,
                            c10::List<std::optional<at::Scalar>>, std::optional<c10::string_view>);
  keep_error("");
  return caught([&]() -> at::Tensor* {
    static const auto found = c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""});
    if (!found) return nullptr;
    static const auto linear = found->typed<Linear>();
    const auto optional_bias = bias == nullptr ? std::optional<at::Tensor>() : std::optional<at::Tensor>(*bias);
    return new at::Tensor(linear.call(*x, *weight, optional_bias, "none", c10::List<std::optional<at::Scalar>>(), ""));
  });
}
