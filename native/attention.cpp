#include "attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/EmptyTensor.h>
#include <ATen/Parallel.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "operator.h"
#include "tensors.h"
#include "vector.h"

namespace blockscope {
namespace {

constexpr float NOTHING = -std::numeric_limits<float>::infinity();

// What is the same for all heads.
struct Shape {
  int64_t batch, heads, kv_heads, queries, keys, d;
  int64_t shared;  // query heads that have a key head in common
  float scale;

  Shape(const at::Tensor& q, const at::Tensor& k)
      : batch(q.size(0)), heads(q.size(1)), kv_heads(k.size(1)), queries(q.size(2)), keys(k.size(2)), d(q.size(3)),
        shared(heads / kv_heads), scale(1 / std::sqrt(float(d))) {}
};

// ---- One query

// Scores of one query, q·k of each key, and the largest of them.
template <typename T>
INLINE float scores_of(const float* q, const T* k, int64_t stride, int64_t keys, int64_t d, float* scores) {
  float largest = NOTHING;
  for (int64_t key = 0; key < keys; ++key, k += stride) {
    Floats dot{};
    int64_t i = 0;
    float rest = 0;
    for (; i + LANES <= d; i += LANES) dot += load(q + i) * load(k + i);
    for (; i < d; ++i) rest += q[i] * one(k[i]);
    scores[key] = sum(dot) + rest;
    largest = std::max(largest, scores[key]);
  }
  return largest;
}

// Scores, of which the largest is known, become e^(score - largest); what comes back is their sum. The room for them is
// of a whole number of vectors.
INLINE float exponentials(float* scores, int64_t keys, float largest) {
  for (int64_t key = keys; key % LANES != 0; ++key) scores[key] = NOTHING;
  Floats total{};
  for (int64_t key = 0; key < keys; key += LANES) {
    const Floats e = exp(load(scores + key) - largest);
    store(e, scores + key);
    total += e;
  }
  return sum(total);
}

template <typename T>
INLINE void one_query(const T* q, const T* k, int64_t k_stride, const T* v, int64_t v_stride, int64_t keys, int64_t d,
                      float scale, float* scores, float* wide, T* z) {
  for (int64_t i = 0; i < d; ++i) wide[i] = one(q[i]) * scale;
  const float largest = scores_of(wide, k, k_stride, keys, d, scores);
  const float total = exponentials(scores, keys, largest);
  int64_t i = 0;
  for (; i + LANES <= d; i += LANES) {
    Floats value{};
    for (int64_t key = 0; key < keys; ++key) value += load(v + key * v_stride + i) * scores[key];
    store(value / total, z + i);
  }
  for (; i < d; ++i) {
    float value = 0;
    for (int64_t key = 0; key < keys; ++key) value += one(v[key * v_stride + i]) * scores[key];
    put(value / total, z + i);
  }
}

FOR_WIDE_REGISTERS
void of_one(const float* q, const float* k, int64_t k_stride, const float* v, int64_t v_stride, int64_t keys, int64_t d,
            float scale, float* scores, float* wide, float* z) {
  one_query(q, k, k_stride, v, v_stride, keys, d, scale, scores, wide, z);
}
FOR_WIDE_REGISTERS
void of_one(const uint16_t* q, const uint16_t* k, int64_t k_stride, const uint16_t* v, int64_t v_stride, int64_t keys,
            int64_t d, float scale, float* scores, float* wide, uint16_t* z) {
  one_query(q, k, k_stride, v, v_stride, keys, d, scale, scores, wide, z);
}

// ---- Many queries

// A tile has so many queries and keys; a product computes so many rows and columns of its result at a time.
constexpr int64_t QUERIES = 32, KEYS = 128, ROWS = 4, COLUMNS = 2 * LANES;

// c[ROWS][COLUMNS] += a[ROWS][n] · b[n][COLUMNS], rows so many numbers apart.
INLINE void multiply(const float* a, int64_t a_row, const float* b, int64_t b_row, int64_t n, float* c, int64_t c_row) {
  Floats left[ROWS], right[ROWS];
  for (int64_t row = 0; row < ROWS; ++row) left[row] = load(c + row * c_row), right[row] = load(c + row * c_row + LANES);
  for (int64_t i = 0; i < n; ++i) {
    const Floats x = load(b + i * b_row), y = load(b + i * b_row + LANES);
    for (int64_t row = 0; row < ROWS; ++row) {
      left[row] += x * a[row * a_row + i];
      right[row] += y * a[row * a_row + i];
    }
  }
  for (int64_t row = 0; row < ROWS; ++row) store(left[row], c + row * c_row), store(right[row], c + row * c_row + LANES);
}

// A tile of queries on its way over the keys.
struct Tile {
  int64_t wide;  // features, in whole steps of columns
  std::vector<float> q, scores, values;
  float largest[QUERIES], total[QUERIES];

  Tile(int64_t d)
      : wide((d + COLUMNS - 1) / COLUMNS * COLUMNS), q(QUERIES * d), scores(QUERIES * KEYS), values(QUERIES * wide) {}

  void begin() {
    std::fill(values.begin(), values.end(), 0.0f);
    std::fill_n(largest, QUERIES, NOTHING);
    std::fill_n(total, QUERIES, 0.0f);
  }
};

// The next tile of keys, of which query `row` sees those below `seen + row`. keys [d][KEYS], values [KEYS][wide].
FOR_WIDE_REGISTERS
void over_keys(Tile& tile, const float* keys, const float* values, int64_t d, int64_t seen) {
  float* scores = tile.scores.data();
  std::fill_n(scores, QUERIES * KEYS, 0.0f);
  for (int64_t row = 0; row < QUERIES; row += ROWS)
    for (int64_t key = 0; key < KEYS; key += COLUMNS)
      multiply(tile.q.data() + row * d, d, keys + key, KEYS, d, scores + row * KEYS + key, KEYS);
  for (int64_t row = 0; row < QUERIES; ++row) {
    float* of = scores + row * KEYS;
    if (seen + row <= 0) {
      std::fill_n(of, KEYS, 0.0f);
      continue;
    }
    for (int64_t key = seen + row; key < KEYS; ++key) of[key] = NOTHING;
    Floats most = load(of);
    for (int64_t key = LANES; key < KEYS; key += LANES) {
      const Floats these = load(of + key);
      most = these > most ? these : most;
    }
    float largest = tile.largest[row];
    for (int64_t lane = 0; lane < LANES; ++lane) largest = std::max(largest, most[lane]);
    // What there was is worth less where a larger score came.
    const float before = tile.largest[row] == NOTHING ? 0 : std::exp(tile.largest[row] - largest);
    tile.largest[row] = largest;
    tile.total[row] = tile.total[row] * before + exponentials(of, KEYS, largest);
    if (before != 1)
      for (int64_t i = 0; i < tile.wide; i += LANES) {
        float* value = tile.values.data() + row * tile.wide + i;
        store(load(value) * before, value);
      }
  }
  for (int64_t row = 0; row < QUERIES; row += ROWS)
    for (int64_t i = 0; i < tile.wide; i += COLUMNS)
      multiply(scores + row * KEYS, KEYS, values + i, tile.wide, KEYS, tile.values.data() + row * tile.wide + i, tile.wide);
}

// Keys and values of all key heads, tile by tile, in f32; what is past the last is 0.
struct Packed {
  int64_t tiles, wide, d;
  at::Tensor keys, values;  // [batch · n_kv_heads · tiles], each [d][KEYS] and [KEYS][wide]

  template <typename T>
  Packed(const Shape& shape, int64_t wide, const Rows<const T>& k, const Rows<const T>& v)
      : tiles((shape.keys + KEYS - 1) / KEYS), wide(wide), d(shape.d) {
    const int64_t all = shape.batch * shape.kv_heads * tiles;
    keys = at::detail::empty_cpu({all, d, KEYS}, at::kFloat);
    values = at::detail::empty_cpu({all, KEYS, wide}, at::kFloat);
    at::parallel_for(0, all, 1, [&](int64_t begin, int64_t end) {
      for (int64_t tile = begin; tile < end; ++tile) {
        const int64_t head = tile / tiles, first = tile % tiles * KEYS, n = std::min(KEYS, shape.keys - first);
        float* keys_of = written<float>(keys) + tile * KEYS * d;
        float* values_of = written<float>(values) + tile * KEYS * wide;
        if (n < KEYS) std::fill_n(keys_of, KEYS * d, 0.0f);
        if (n < KEYS || d < wide) std::fill_n(values_of, KEYS * wide, 0.0f);
        for (int64_t key = 0; key < n; ++key) {
          const T* from = k.row(head / shape.kv_heads, head % shape.kv_heads, first + key);
          for (int64_t i = 0; i < d; ++i) keys_of[i * KEYS + key] = one(from[i]);
          from = v.row(head / shape.kv_heads, head % shape.kv_heads, first + key);
          for (int64_t i = 0; i < d; ++i) values_of[key * wide + i] = one(from[i]);
        }
      }
    });
  }
};

template <typename T>
void of_many(const Shape& shape, const Rows<const T>& q, const Rows<const T>& k, const Rows<const T>& v, const Rows<T>& z) {
  const Packed packed(shape, Tile(shape.d).wide, k, v);
  const int64_t tiles = (shape.queries + QUERIES - 1) / QUERIES, past = shape.keys - shape.queries;
  at::parallel_for(0, shape.batch * shape.heads * tiles, 1, [&](int64_t begin, int64_t end) {
    Tile tile(shape.d);
    for (int64_t number = begin; number < end; ++number) {
      const int64_t batch = number / tiles / shape.heads, head = number / tiles % shape.heads;
      const int64_t first = number % tiles * QUERIES, n = std::min(QUERIES, shape.queries - first);
      const int64_t kv_head = batch * shape.kv_heads + head / shape.shared;
      tile.begin();
      for (int64_t row = 0; row < QUERIES; ++row)
        for (int64_t i = 0; i < shape.d; ++i)
          tile.q[row * shape.d + i] = row < n ? one(q.row(batch, head, first + row)[i]) * shape.scale : 0;
      for (int64_t start = 0; start < past + first + n; start += KEYS) {
        const int64_t of = kv_head * packed.tiles + start / KEYS;
        over_keys(tile, read<float>(packed.keys) + of * KEYS * shape.d, read<float>(packed.values) + of * KEYS * tile.wide, shape.d,
                  past + first + 1 - start);
      }
      for (int64_t row = 0; row < n; ++row)
        for (int64_t i = 0; i < shape.d; ++i)
          put(tile.values[row * tile.wide + i] / tile.total[row], z.row(batch, head, first + row) + i);
    }
  });
}

template <typename T>
void of_each(const Shape& shape, const Rows<const T>& q, const Rows<const T>& k, const Rows<const T>& v, const Rows<T>& z) {
  const int64_t grain = std::max<int64_t>(1, (1 << 14) / (shape.keys * shape.d));
  at::parallel_for(0, shape.batch * shape.heads, grain, [&](int64_t begin, int64_t end) {
    std::vector<float> scores((shape.keys + LANES - 1) / LANES * LANES), wide(shape.d);
    for (int64_t number = begin; number < end; ++number) {
      const int64_t batch = number / shape.heads, head = number % shape.heads;
      of_one(q.row(batch, head, 0), k.row(batch, head / shape.shared, 0), k.position,
             v.row(batch, head / shape.shared, 0), v.position, shape.keys, shape.d, shape.scale, scores.data(), wide.data(), z.row(batch, head, 0));
    }
  });
}

}  // namespace
}  // namespace blockscope

extern "C" at::Tensor* blockscope_attention(const at::Tensor* q, const at::Tensor* k, const at::Tensor* v) {
  using namespace blockscope;
  return operator_named("blockscope::attention", {q, k, v}, [&] {
    const Shape shape(*q, *k);
    TORCH_CHECK(k->sizes() == v->sizes() && k->size(0) == shape.batch && k->size(3) == shape.d &&
                    shape.heads % shape.kv_heads == 0 && shape.queries <= shape.keys,
                "queries ", q->sizes(), " for keys ", k->sizes(), " and values ", v->sizes());
    const at::Tensor queries = by_rows(*q), keys = by_rows(*k), values = by_rows(*v);
    // As the next product reads it: the heads of a position beside each other.
    const at::Tensor made = at::detail::empty_cpu({shape.batch, shape.queries, shape.heads, shape.d}, q->scalar_type());
    const at::Tensor z = made.transpose(1, 2);
    of_format(*q, [&](auto* type) {
      using T = std::remove_pointer_t<decltype(type)>;
      const Rows<const T> of_q(queries), of_k(keys), of_v(values);
      if (shape.queries == 1) of_each<T>(shape, of_q, of_k, of_v, Rows<T>(z));
      else of_many<T>(shape, of_q, of_k, of_v, Rows<T>(z));
    });
    return z;
  });
}

extern "C" bool blockscope_has_bf16_tiles() {
#if defined(__x86_64__)
  // Once: in a virtual machine it is the host that answers, and every block of a pass asks.
  static const bool has = [] {
    constexpr unsigned BOTH = 1u << 22 | 1u << 24;  // AMX-BF16 and AMX-TILE
    unsigned eax, ebx, ecx, edx;
    return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (edx & BOTH) == BOTH;
  }();
  return has;
#else
  return false;
#endif
}
