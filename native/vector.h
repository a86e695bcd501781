// Sixteen numbers at a time, for whatever processor: in one register of 64 bytes, two of 32 or four of 16.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "width.h"

// Integers of two registers by their places, the second's after the first's.
#ifdef __clang__
#define SHUFFLED(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLED(a, b, ...) __builtin_shuffle(a, b, std::remove_const_t<decltype(a)>{__VA_ARGS__})
#endif

namespace blockscope {

constexpr int64_t LANES = 16;
// How far ahead of a stream of weights memory is asked for, in bytes: the processor itself stops at a page's end.
constexpr int64_t AHEAD = 4096;

// Numbers in one register of so many bytes.
template <typename Number, int64_t BYTES>
struct In {
  typedef Number Register __attribute__((vector_size(BYTES)));
};
template <typename Number, int64_t BYTES>
using Register = typename In<Number, BYTES>::Register;

template <typename Number, int64_t W>
struct Vector {
  static constexpr int64_t PARTS = LANES * int64_t(sizeof(Number)) / W, OF_PART = LANES / PARTS;
  using Part = Register<Number, W>;
  Part part[PARTS];
};

template <int64_t W>
using Floats = Vector<float, W>;
template <int64_t W>
using Words = Vector<uint32_t, W>;

// Vectors of which each part is made of the parts `i` of others.
#define OF_PARTS(MADE, PART)                                    \
  MADE made;                                                    \
  for (int64_t i = 0; i < MADE::PARTS; ++i) made.part[i] = PART; \
  return made

#define OPERATOR(SIGN)                                                             \
  template <typename N, int64_t W>                                                 \
  INLINE Vector<N, W> operator SIGN(const Vector<N, W>& a, const Vector<N, W>& b) { \
    using Made = Vector<N, W>;                                                     \
    OF_PARTS(Made, a.part[i] SIGN b.part[i]);                                      \
  }                                                                                \
  template <typename N, int64_t W>                                                 \
  INLINE Vector<N, W> operator SIGN(const Vector<N, W>& a, N b) {                  \
    using Made = Vector<N, W>;                                                     \
    OF_PARTS(Made, a.part[i] SIGN b);                                              \
  }                                                                                \
  template <typename N, int64_t W, typename Other>                                 \
  INLINE Vector<N, W>& operator SIGN##=(Vector<N, W>& a, const Other& b) {         \
    return a = a SIGN b;                                                           \
  }
OPERATOR(+)
OPERATOR(-)
OPERATOR(*)
OPERATOR(/)
OPERATOR(&)
OPERATOR(|)
OPERATOR(^)
OPERATOR(<<)
OPERATOR(>>)
#undef OPERATOR

template <int64_t W>
INLINE Floats<W> operator-(const Floats<W>& x) {
  OF_PARTS(Floats<W>, -x.part[i]);
}

// ---- The same bits, numbers of another kind

template <int64_t W>
INLINE Floats<W> as_floats(const Words<W>& bits) {
  OF_PARTS(Floats<W>, (typename Floats<W>::Part)bits.part[i]);
}
template <int64_t W>
INLINE Words<W> as_words(const Floats<W>& numbers) {
  OF_PARTS(Words<W>, (typename Words<W>::Part)numbers.part[i]);
}
template <int64_t W>
INLINE Floats<W> converted(const Words<W>& integers) {
  using Part = Register<int32_t, W>;
  OF_PARTS(Floats<W>, __builtin_convertvector((Part)integers.part[i], typename Floats<W>::Part));
}

// ---- Memory: f32, or bf16 as the upper half of one

INLINE float from_bf16(uint16_t half) {
  const uint32_t bits = uint32_t(half) << 16;
  float number;
  std::memcpy(&number, &bits, sizeof number);
  return number;
}

INLINE uint16_t to_bf16(float number) {
  uint32_t bits;
  std::memcpy(&bits, &number, sizeof bits);
  if ((bits & 0x7fffffff) > 0x7f800000) return 0x7fc0;
  return uint16_t((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

// One number of either format.
INLINE float one(float number) { return number; }
INLINE float one(uint16_t bf16) { return from_bf16(bf16); }
INLINE void put(float number, float* to) { *to = number; }
INLINE void put(float number, uint16_t* bf16) { *bf16 = to_bf16(number); }

template <int64_t W>
INLINE Floats<W> load(const float* from) {
  Floats<W> numbers;
  for (int64_t i = 0; i < Floats<W>::PARTS; ++i) std::memcpy(&numbers.part[i], from + i * Floats<W>::OF_PART, W);
  return numbers;
}

template <int64_t W>
INLINE Words<W> load_words(const void* from) {
  Words<W> words;
  for (int64_t i = 0; i < Words<W>::PARTS; ++i) std::memcpy(&words.part[i], static_cast<const char*>(from) + i * W, W);
  return words;
}

// Numbers of 16 bits, each in the upper half of a word.
template <int64_t W>
INLINE Words<W> load_upper(const uint16_t* from) {
  Words<W> words;
  if constexpr (W == 32) {
    // Compilers widen them in twice as many steps.
    using Halves = Register<uint16_t, 32>;
    Register<uint64_t, 32> four;
    std::memcpy(&four, from, sizeof four);
    four = SHUFFLED(four, four, 0, 2, 1, 3);
    const Halves halves = (Halves)four, zero{};
    words.part[0] = (Register<uint32_t, W>)SHUFFLED(zero, halves, 0, 16, 1, 17, 2, 18, 3, 19, 8, 24, 9, 25, 10, 26, 11, 27);
    words.part[1] =
        (Register<uint32_t, W>)SHUFFLED(zero, halves, 4, 20, 5, 21, 6, 22, 7, 23, 12, 28, 13, 29, 14, 30, 15, 31);
  } else {
    using Halves = Register<uint16_t, W / 2>;
    for (int64_t i = 0; i < Words<W>::PARTS; ++i) {
      Halves halves;
      std::memcpy(&halves, from + i * Words<W>::OF_PART, sizeof halves);
      words.part[i] = __builtin_convertvector(halves, typename Words<W>::Part) << 16;
    }
  }
  return words;
}

template <int64_t W>
INLINE Floats<W> load(const uint16_t* bf16) {
  return as_floats(load_upper<W>(bf16));
}

template <int64_t W>
INLINE void store(const Floats<W>& numbers, float* to) {
  for (int64_t i = 0; i < Floats<W>::PARTS; ++i) std::memcpy(to + i * Floats<W>::OF_PART, &numbers.part[i], W);
}

// The nearest bfloat16, of two equally near ones the even one; what is no number stays none.
template <int64_t W>
INLINE void store(const Floats<W>& numbers, uint16_t* bf16) {
  Words<W> upper;
  for (int64_t i = 0; i < Words<W>::PARTS; ++i) {
    using Part = typename Words<W>::Part;
    const Part bits = (Part)numbers.part[i], none = Part{} + 0x7fc00000u;
    upper.part[i] = numbers.part[i] != numbers.part[i] ? none : bits + 0x7fffu + ((bits >> 16) & 1u);
  }
  if constexpr (W == 32) {
    using Halves = Register<uint16_t, 32>;
    const Halves first = (Halves)upper.part[0], second = (Halves)upper.part[1];
    const Halves made = SHUFFLED(first, second, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    std::memcpy(bf16, &made, sizeof made);
  } else {
    using Halves = Register<uint16_t, W / 2>;
    for (int64_t i = 0; i < Words<W>::PARTS; ++i) {
      const Halves halves = __builtin_convertvector(upper.part[i] >> 16, Halves);
      std::memcpy(bf16 + i * Words<W>::OF_PART, &halves, sizeof halves);
    }
  }
}

// The end of a row: the first `n` lanes, fewer than all; the others are `fill`. As functions of their own, since they are
// rare and long.
template <typename T>
__attribute__((noinline)) void copy_some(const T* from, int64_t n, float fill, float* lanes) {
  for (int64_t i = 0; i < LANES; ++i) lanes[i] = i < n ? one(from[i]) : fill;
}
template <typename T>
__attribute__((noinline)) void put_some(const float* lanes, T* to, int64_t n) {
  for (int64_t i = 0; i < n; ++i) put(lanes[i], to + i);
}

template <int64_t W, typename T>
INLINE Floats<W> load_some(const T* from, int64_t n, float fill = 0) {
  float lanes[LANES];
  copy_some(from, n, fill, lanes);
  return load<W>(lanes);
}

template <int64_t W, typename T>
INLINE void store_some(const Floats<W>& numbers, T* to, int64_t n) {
  float lanes[LANES];
  store(numbers, lanes);
  put_some(lanes, to, n);
}

// Eight numbers, each in two neighbouring lanes.
template <int64_t W>
INLINE Floats<W> load_twice(const float* from) {
  using Few = Register<uint32_t, W / 2>;
  using Pairs = Register<uint64_t, W>;
  Floats<W> made;
  for (int64_t i = 0; i < Floats<W>::PARTS; ++i) {
    Few few;
    std::memcpy(&few, from + i * Floats<W>::OF_PART / 2, sizeof few);
    const Pairs pairs = __builtin_convertvector(few, Pairs);
    made.part[i] = (typename Floats<W>::Part)(pairs | pairs << 32);
  }
  return made;
}

// With neighbouring lanes in each other's place.
template <int64_t W>
INLINE Floats<W> swapped(const Floats<W>& x) {
  using Pairs = Register<uint64_t, W>;
  OF_PARTS(Floats<W>, (typename Floats<W>::Part)((Pairs)x.part[i] >> 32 | (Pairs)x.part[i] << 32));
}

// With the other sign in every other lane, from the first on.
template <int64_t W>
INLINE Floats<W> alternated(const Floats<W>& x) {
  using Pairs = Register<uint64_t, W>;
  OF_PARTS(Floats<W>, (typename Floats<W>::Part)((Pairs)x.part[i] ^ 0x80000000u));
}

// ---- All lanes

template <int64_t W>
INLINE Floats<W> all(float number) {
  OF_PARTS(Floats<W>, typename Floats<W>::Part{} + number);
}

// The sum of its lower half and its upper half.
template <typename Half, typename Whole>
INLINE Half folded(const Whole& whole) {
  Half half[2];
  std::memcpy(half, &whole, sizeof whole);
  return half[0] + half[1];
}

template <int64_t W>
INLINE float sum(const Floats<W>& numbers) {
  using Eight = Register<float, 32>;
  using Four = Register<float, 16>;
  using Two = Register<float, 8>;
  const Two two = folded<Two>(folded<Four>(folded<Eight>(numbers)));
  return two[0] + two[1];
}

template <int64_t W>
INLINE float largest(const Floats<W>& numbers) {
  float lane[LANES];
  store(numbers, lane);
  for (int64_t i = 1; i < LANES; ++i) lane[0] = lane[i] > lane[0] ? lane[i] : lane[0];
  return lane[0];
}

// ---- Comparisons

// Where x is below a bound `then`, elsewhere `other`.
template <int64_t W>
INLINE Floats<W> where_below(const Floats<W>& x, float bound, const Floats<W>& then, const Floats<W>& other) {
  OF_PARTS(Floats<W>, x.part[i] < bound ? then.part[i] : other.part[i]);
}

// The larger ones of both.
template <int64_t W>
INLINE Floats<W> larger(const Floats<W>& a, const Floats<W>& b) {
  OF_PARTS(Floats<W>, b.part[i] > a.part[i] ? b.part[i] : a.part[i]);
}

// ---- Numbers of a float16

// What is no number or beyond all in a float16 becomes one here: of weights both are kept out (`Matrix::of`, `Int4::pack`),
// and what is read past their end can be multiplied with 0.
// The exponent of a float16 counts from elsewhere: moved into that of a float, its numbers are this factor too small.
constexpr float OF_HALF = 0x1p112f;
template <int64_t W>
INLINE Words<W> half_in_lower(const Words<W>& words) {
  using Part = Register<int32_t, W>;
  OF_PARTS(Words<W>, (typename Words<W>::Part)((Part)(words.part[i] << 16) >> 3) & 0x8fffe000u);
}
template <int64_t W>
INLINE Words<W> half_in_upper(const Words<W>& words) {
  using Part = Register<int32_t, W>;
  OF_PARTS(Words<W>, (typename Words<W>::Part)((Part)words.part[i] >> 3) & 0x8fffe000u);
}

}  // namespace blockscope
