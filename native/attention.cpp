#include "attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/EmptyTensor.h>
#include <ATen/Parallel.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "functions.h"
#include "operator.h"
#include "tensors.h"
#include "vector.h"

namespace blockscope {
namespace {

constexpr float NOTHING = -std::numeric_limits<float>::infinity();

// A window that is wider than any prompt; sums with it do not overflow.
constexpr int64_t WIDEST = int64_t{1} << 40;

using Options = blockscope_attention_options;

// What is the same for all heads.
struct Shape {
  int64_t batch, heads, kv_heads, queries, keys;
  int64_t d, features;  // of a query or key; of a value
  int64_t shared;       // query heads that have a key head in common
  int64_t past;         // keys before the first query
  int64_t window;
  bool causal, bends;  // whether scores are more than products
  float scale, cap;
  const float *slopes, *sinks;  // by head; null where there are none

  Shape(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const Options& options)
      : batch(q.size(0)), heads(q.size(1)), kv_heads(k.size(1)), queries(q.size(2)), keys(k.size(2)), d(q.size(3)),
        features(v.size(3)), shared(heads / kv_heads), past(keys - queries), window(std::min(options.window, WIDEST)),
        causal(options.causal), bends(std::isfinite(options.softcap) || options.slopes != nullptr),
        scale(float(options.scale)), cap(float(options.softcap)),
        slopes(options.slopes == nullptr ? nullptr : read<float>(*options.slopes)),
        sinks(options.sinks == nullptr ? nullptr : read<float>(*options.sinks)) {}
};

// What a head has of its own.
struct Head {
  float slope, sink;

  Head(const Shape& shape, int64_t head)
      : slope(shape.slopes == nullptr ? 0 : shape.slopes[head]),
        sink(shape.sinks == nullptr ? NOTHING : shape.sinks[head]) {}
};

// ---- Scores, of a whole number of vectors

template <int64_t W>
INLINE float largest_of(const float* scores, int64_t keys, float least) {
  Floats<W> most = load<W>(scores);
  for (int64_t key = LANES; key < keys; key += LANES) most = larger(most, load<W>(scores + key));
  return std::max(least, largest(most));
}

// Products become what a model with a soft cap (Gemma 2, arXiv:2408.00118) or with slopes (ALiBi, arXiv:2108.12409) makes
// of them. The first key lies `distance` positions behind the query, which it does from: a bias of 0 where the query is,
// and a small one near it, leaves scores more digits than one that counts from the first position.
template <int64_t W>
INLINE void bend(float* scores, int64_t keys, const Shape& shape, float slope, int64_t distance) {
  if (std::isfinite(shape.cap)) {
    const float cap = shape.cap, part = 1 / cap;
    for (int64_t key = 0; key < keys; key += LANES) store(tanh(load<W>(scores + key) * part) * cap, scores + key);
  }
  if (slope != 0) {
    constexpr float LANE[LANES] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const Floats<W> lanes = load<W>(LANE);
    for (int64_t key = 0; key < keys; key += LANES)
      store(load<W>(scores + key) + (lanes + float(distance + key)) * slope, scores + key);
  }
}

// ---- One query

// Scores of one query, q·k of each key, and the largest of them.
template <int64_t W, typename T>
INLINE float scores_of(const float* q, const T* k, int64_t stride, int64_t keys, int64_t d, float* scores) {
  float largest = NOTHING;
  for (int64_t key = 0; key < keys; ++key, k += stride) {
    Floats<W> dot{};
    int64_t i = 0;
    float rest = 0;
    for (; i + LANES <= d; i += LANES) dot += load<W>(q + i) * load<W>(k + i);
    for (; i < d; ++i) rest += q[i] * one(k[i]);
    scores[key] = sum(dot) + rest;
    largest = std::max(largest, scores[key]);
  }
  return largest;
}

// Scores, of which the largest is known, become e^(score - largest); what comes back is their sum. The room for them is
// of a whole number of vectors.
template <int64_t W>
INLINE float exponentials(float* scores, int64_t keys, float largest) {
  for (int64_t key = keys; key % LANES != 0; ++key) scores[key] = NOTHING;
  Floats<W> total{};
  for (int64_t key = 0; key < keys; key += LANES) {
    const Floats<W> e = exp(load<W>(scores + key) - largest);
    store(e, scores + key);
    total += e;
  }
  return sum(total);
}

struct OneQuery {
  template <int64_t W, typename T>
  static INLINE void run(const T* q, const T* k, int64_t k_stride, const T* v, int64_t v_stride, const Shape* shape,
                         const Head* head, float* scores, float* wide, T* z) {
    const int64_t keys = shape->keys, features = shape->features;
    for (int64_t i = 0; i < shape->d; ++i) wide[i] = one(q[i]) * shape->scale;
    float largest = scores_of<W>(wide, k, k_stride, keys, shape->d, scores);
    if (shape->bends) {
      const int64_t whole = (keys + LANES - 1) / LANES * LANES;
      bend<W>(scores, whole, *shape, head->slope, -shape->past);
      std::fill(scores + keys, scores + whole, NOTHING);
      largest = largest_of<W>(scores, whole, NOTHING);
    }
    largest = std::max(largest, head->sink);
    float total = exponentials<W>(scores, keys, largest);
    if (head->sink != NOTHING) total += std::exp(head->sink - largest);
    int64_t i = 0;
    for (; i + LANES <= features; i += LANES) {
      Floats<W> value{};
      for (int64_t key = 0; key < keys; ++key) value += load<W>(v + key * v_stride + i) * scores[key];
      store(value / all<W>(total), z + i);
    }
    for (; i < features; ++i) {
      float value = 0;
      for (int64_t key = 0; key < keys; ++key) value += one(v[key * v_stride + i]) * scores[key];
      put(value / total, z + i);
    }
  }
};

// ---- Many queries

// A tile has so many queries and keys; a product computes so many rows of its result at a time, in columns of as many
// vectors as fit the registers.
constexpr int64_t QUERIES = 32, KEYS = 128, ROWS = 4;
template <int64_t W>
constexpr int64_t VECTORS = W == 64 ? 2 : 1;
template <int64_t W>
constexpr int64_t COLUMNS = VECTORS<W> * LANES;

// c[ROWS][COLUMNS] += a[ROWS][n] · b[n][COLUMNS], rows so many numbers apart.
template <int64_t W>
INLINE void multiply(const float* a, int64_t a_row, const float* b, int64_t b_row, int64_t n, float* c, int64_t c_row) {
  Floats<W> sums[ROWS][VECTORS<W>];
  for (int64_t row = 0; row < ROWS; ++row)
    for (int64_t i = 0; i < VECTORS<W>; ++i) sums[row][i] = load<W>(c + row * c_row + i * LANES);
  for (int64_t k = 0; k < n; ++k) {
    Floats<W> of_b[VECTORS<W>];
    for (int64_t i = 0; i < VECTORS<W>; ++i) of_b[i] = load<W>(b + k * b_row + i * LANES);
    for (int64_t row = 0; row < ROWS; ++row)
      for (int64_t i = 0; i < VECTORS<W>; ++i) sums[row][i] += of_b[i] * a[row * a_row + k];
  }
  for (int64_t row = 0; row < ROWS; ++row)
    for (int64_t i = 0; i < VECTORS<W>; ++i) store(sums[row][i], c + row * c_row + i * LANES);
}

// A tile of queries on its way over the keys.
struct Tile {
  int64_t wide;  // features of a value, in whole steps of columns
  std::vector<float> q, scores, values;
  float largest[QUERIES], total[QUERIES];

  Tile(const Shape& shape)
      : wide(whole(shape.features)), q(QUERIES * shape.d), scores(QUERIES * KEYS), values(QUERIES * wide) {}

  static int64_t whole(int64_t features) { return (features + COLUMNS<64> - 1) / COLUMNS<64> * COLUMNS<64>; }

  // A sink is a score that there is from the start, with nothing behind it.
  void begin(const Head& head) {
    std::fill(values.begin(), values.end(), 0.0f);
    std::fill_n(largest, QUERIES, head.sink);
    std::fill_n(total, QUERIES, head.sink == NOTHING ? 0.0f : 1.0f);
  }
};

// The next tile of keys, the first of them `distance` positions behind the first query, and `n` of them in all.
// keys [d][KEYS], values [KEYS][wide].
struct OverKeys {
  template <int64_t W>
  static INLINE void run(Tile* tile, const float* keys, const float* values, const Shape* shape, const Head* head,
                        int64_t distance, int64_t n) {
    const int64_t d = shape->d;
    // What query `row` sees: from `first + row` on, up to before `last + row`; and what any of them sees, in whole steps.
    const int64_t first = 1 - shape->window - distance, last = (shape->causal ? 1 : shape->window) - distance;
    const int64_t begin = std::max<int64_t>(first, 0) / COLUMNS<W> * COLUMNS<W>;
    const int64_t end = (std::min(last + QUERIES - 1, n) + COLUMNS<W> - 1) / COLUMNS<W> * COLUMNS<W>;
    float* scores = tile->scores.data();
    std::fill_n(scores, QUERIES * KEYS, 0.0f);
    for (int64_t row = 0; row < QUERIES; row += ROWS)
      for (int64_t key = begin; key < end; key += COLUMNS<W>)
        multiply<W>(tile->q.data() + row * d, d, keys + key, KEYS, d, scores + row * KEYS + key, KEYS);
    for (int64_t row = 0; row < QUERIES; ++row) {
      float* of = scores + row * KEYS;
      const int64_t from = std::max(first + row, begin), to = std::min(last + row, n);
      if (from >= to) {
        std::fill(of + begin, of + end, 0.0f);
        continue;
      }
      if (shape->bends) bend<W>(of + begin, end - begin, *shape, head->slope, distance + begin - row);
      std::fill(of + begin, of + from, NOTHING);
      std::fill(of + to, of + end, NOTHING);
      const float largest = largest_of<W>(of + begin, end - begin, tile->largest[row]);
      // What there was is worth less where a larger score came.
      const float before = tile->largest[row] == NOTHING ? 0 : std::exp(tile->largest[row] - largest);
      tile->largest[row] = largest;
      tile->total[row] = tile->total[row] * before + exponentials<W>(of + begin, end - begin, largest);
      if (before != 1)
        for (int64_t i = 0; i < tile->wide; i += LANES) {
          float* value = tile->values.data() + row * tile->wide + i;
          store(load<W>(value) * before, value);
        }
    }
    for (int64_t row = 0; row < QUERIES; row += ROWS)
      for (int64_t i = 0; i < tile->wide; i += COLUMNS<W>)
        multiply<W>(scores + row * KEYS + begin, KEYS, values + begin * tile->wide + i, tile->wide, end - begin,
                    tile->values.data() + row * tile->wide + i, tile->wide);
  }
};

// Keys and values of all key heads, tile by tile, in f32; what is past the last is 0.
struct Packed {
  int64_t tiles;
  at::Tensor keys, values;  // [batch · n_kv_heads · tiles], each [d][KEYS] and [KEYS][wide]

  template <typename T>
  Packed(const Shape& shape, int64_t wide, const Rows<const T>& k, const Rows<const T>& v)
      : tiles((shape.keys + KEYS - 1) / KEYS) {
    const int64_t all = shape.batch * shape.kv_heads * tiles, d = shape.d, features = shape.features;
    keys = at::detail::empty_cpu({all, d, KEYS}, at::kFloat);
    values = at::detail::empty_cpu({all, KEYS, wide}, at::kFloat);
    at::parallel_for(0, all, 1, [&](int64_t begin, int64_t end) {
      for (int64_t tile = begin; tile < end; ++tile) {
        const int64_t head = tile / tiles, first = tile % tiles * KEYS, n = std::min(KEYS, shape.keys - first);
        float* keys_of = written<float>(keys) + tile * KEYS * d;
        float* values_of = written<float>(values) + tile * KEYS * wide;
        if (n < KEYS) std::fill_n(keys_of, KEYS * d, 0.0f);
        if (n < KEYS || features < wide) std::fill_n(values_of, KEYS * wide, 0.0f);
        for (int64_t key = 0; key < n; ++key) {
          const T* from = k.row(head / shape.kv_heads, head % shape.kv_heads, first + key);
          for (int64_t i = 0; i < d; ++i) keys_of[i * KEYS + key] = one(from[i]);
          from = v.row(head / shape.kv_heads, head % shape.kv_heads, first + key);
          for (int64_t i = 0; i < features; ++i) values_of[key * wide + i] = one(from[i]);
        }
      }
    });
  }
};

template <typename T>
void of_many(const Shape& shape, const Rows<const T>& q, const Rows<const T>& k, const Rows<const T>& v, const Rows<T>& z) {
  const int64_t d = shape.d, wide = Tile::whole(shape.features);
  const Packed packed(shape, wide, k, v);
  const int64_t tiles = (shape.queries + QUERIES - 1) / QUERIES;
  at::parallel_for(0, shape.batch * shape.heads * tiles, 1, [&](int64_t begin, int64_t end) {
    Tile tile(shape);
    for (int64_t number = begin; number < end; ++number) {
      const int64_t batch = number / tiles / shape.heads, head = number / tiles % shape.heads;
      const int64_t first = number % tiles * QUERIES, n = std::min(QUERIES, shape.queries - first);
      const int64_t kv_head = batch * shape.kv_heads + head / shape.shared;
      const Head of_head(shape, head);
      tile.begin(of_head);
      for (int64_t row = 0; row < QUERIES; ++row)
        for (int64_t i = 0; i < d; ++i)
          tile.q[row * d + i] = row < n ? one(q.row(batch, head, first + row)[i]) * shape.scale : 0;
      // Only tiles of which some query sees some key.
      const int64_t position = shape.past + first, nearest = std::max<int64_t>(0, position + 1 - shape.window);
      const int64_t farthest = std::min(shape.keys, position + n - 1 + (shape.causal ? 1 : shape.window));
      for (int64_t start = nearest / KEYS * KEYS; start < farthest; start += KEYS) {
        const int64_t of = kv_head * packed.tiles + start / KEYS;
        vectorized<OverKeys>(&tile, read<float>(packed.keys) + of * KEYS * d, read<float>(packed.values) + of * KEYS * wide,
                             &shape, &of_head, start - position, std::min(KEYS, shape.keys - start));
      }
      for (int64_t row = 0; row < n; ++row)
        for (int64_t i = 0; i < shape.features; ++i)
          put(tile.values[row * wide + i] / tile.total[row], z.row(batch, head, first + row) + i);
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
      const Head of_head(shape, head);
      vectorized<OneQuery>(q.row(batch, head, 0), k.row(batch, head / shape.shared, 0), k.position,
                           v.row(batch, head / shape.shared, 0), v.position, &shape, &of_head, scores.data(),
                           wide.data(), z.row(batch, head, 0));
    }
  });
}

void check(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const Options& options) {
  TORCH_CHECK(q.dim() == 4 && k.dim() == 4 && v.dim() == 4, "queries, keys and values of four dimensions each");
  TORCH_CHECK(q.size(0) == k.size(0) && q.size(3) == k.size(3) && k.sizes().slice(0, 3) == v.sizes().slice(0, 3) &&
                  k.size(1) > 0 && q.size(1) % k.size(1) == 0 && k.size(2) > 0,
              "queries ", q.sizes(), " for keys ", k.sizes(), " and values ", v.sizes());
  TORCH_CHECK(q.scalar_type() == k.scalar_type() && q.scalar_type() == v.scalar_type(),
              "queries, keys and values of one format");
  const bool counts = options.causal || options.slopes != nullptr || options.window < WIDEST;
  TORCH_CHECK(!counts || q.size(2) <= k.size(2), q.size(2), " queries are not the last of ", k.size(2), " positions");
  TORCH_CHECK(options.window > 0 && options.softcap > 0, "a window of ", options.window, ", a cap of ", options.softcap);
  for (const at::Tensor* by_head : {options.slopes, options.sinks})
    TORCH_CHECK(by_head == nullptr || (by_head->scalar_type() == at::kFloat && by_head->is_contiguous() &&
                                       by_head->numel() == q.size(1)),
                "slopes and sinks are one f32 number a head");
}

}  // namespace
}  // namespace blockscope

extern "C" at::Tensor* blockscope_attention(const at::Tensor* q, const at::Tensor* k, const at::Tensor* v,
                                            const blockscope_attention_options* options) {
  using namespace blockscope;
  return caught([&] {
    check(*q, *k, *v, *options);
    // What no query sees is no input: shapes tell the work.
    const int64_t hidden = k->size(2) - q->size(2) + 1 - std::min(options->window, WIDEST);
    const auto seen = [&](const at::Tensor& x) { return hidden > 0 ? x.narrow(2, hidden, x.size(2) - hidden) : x; };
    const at::Tensor seen_k = seen(*k), seen_v = seen(*v);
    return operator_named("blockscope::attention", {q, &seen_k, &seen_v, options->slopes, options->sinks}, [&] {
      const Shape shape(*q, seen_k, seen_v, *options);
      const at::Tensor queries = by_rows(*q), keys = by_rows(seen_k), values = by_rows(seen_v);
      // As the next product reads it: the heads of a position beside each other.
      const at::Tensor made =
          at::detail::empty_cpu({shape.batch, shape.queries, shape.heads, shape.features}, q->scalar_type());
      const at::Tensor z = made.transpose(1, 2);
      of_format(*q, [&](auto* type) {
        using T = std::remove_pointer_t<decltype(type)>;
        const Rows<const T> of_q(queries), of_k(keys), of_v(values);
        if (shape.queries == 1) of_each<T>(shape, of_q, of_k, of_v, Rows<T>(z));
        else of_many<T>(shape, of_q, of_k, of_v, Rows<T>(z));
      });
      return z;
    });
  });
}

extern "C" bool blockscope_has_bf16_tiles() noexcept {
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
