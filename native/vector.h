// Sixteen numbers at a time, for whatever processor: compilers make of these types what it has.
#pragma once

#include <cstdint>
#include <cstring>

// The same function for processors with wider registers; which one is taken shows when the program starts.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#if __GNUC__ >= 12
#define FOR_WIDE_REGISTERS __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FOR_WIDE_REGISTERS __attribute__((target_clones("avx512f", "avx2", "default")))
#endif
#else
#define FOR_WIDE_REGISTERS
#endif
// What such a function calls becomes part of each of its copies.
#define INLINE inline __attribute__((always_inline))

namespace blockscope {

constexpr int64_t LANES = 16;
// How far ahead of a stream of weights memory is asked for, in bytes: the processor itself stops at a page's end.
constexpr int64_t AHEAD = 4096;

typedef float Floats __attribute__((vector_size(64)));
typedef int32_t Ints __attribute__((vector_size(64)));
typedef uint32_t Words __attribute__((vector_size(64)));
typedef uint16_t Halves __attribute__((vector_size(32)));

INLINE Floats load(const float* from) {
  Floats numbers;
  std::memcpy(&numbers, from, sizeof numbers);
  return numbers;
}

INLINE Words load_words(const void* from) {
  Words words;
  std::memcpy(&words, from, sizeof words);
  return words;
}

INLINE Words load_halves(const uint16_t* from) {
  Halves halves;
  std::memcpy(&halves, from, sizeof halves);
  return __builtin_convertvector(halves, Words);
}

INLINE Floats load(const uint16_t* bf16) {
  const Words bits = load_halves(bf16) << 16;
  return (Floats)bits;
}

INLINE void store(const Floats& numbers, float* to) { std::memcpy(to, &numbers, sizeof numbers); }

// A bfloat16 is the upper half of a float: the nearest, of two equally near ones the even one; what is no number stays
// none.
INLINE void store(const Floats& numbers, uint16_t* bf16) {
  const Words bits = (Words)numbers;
  const Words rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  const Words is_number = (Words)((bits & 0x7fffffffu) <= 0x7f800000u);
  const Halves halves = __builtin_convertvector((rounded & is_number) | (0x7fc0u & ~is_number), Halves);
  std::memcpy(bf16, &halves, sizeof halves);
}

INLINE Floats all(float number) { return Floats{} + number; }
INLINE Floats as_floats(const Words& bits) { return (Floats)bits; }
INLINE Words as_words(const Floats& numbers) { return (Words)numbers; }
INLINE Floats converted(const Words& integers) { return __builtin_convertvector((Ints)integers, Floats); }

INLINE float sum(const Floats& numbers) {
  float lane[LANES];
  std::memcpy(lane, &numbers, sizeof lane);
  for (int64_t half = LANES / 2; half > 0; half /= 2)
    for (int64_t i = 0; i < half; ++i) lane[i] += lane[i + half];
  return lane[0];
}

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

// e^x within 2e-7 of itself: 2^n times a polynomial of what is left (Cephes' coefficients). Below what a float can say it
// is 0, above the greatest.
INLINE Floats exp(const Floats& x) {
  const Floats least = all(-87.33f), greatest = all(88.37f);
  Floats of = x < least ? least : x;
  of = of > greatest ? greatest : of;
  const Floats magic = all(12582912.0f);  // added to a number, it leaves the nearest whole one in the lowest bits
  const Floats shifted = of * 1.44269504f + magic;
  const Floats n = shifted - magic;
  const Floats r = of - n * 0.693359375f + n * 2.12194440e-4f;
  Floats p = all(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const Floats e = (Floats)((Words)p + ((Words)shifted << 23));
  return x < least ? Floats{} : e;
}

// What is no number or beyond all in a float16 becomes one here: of weights both are kept out (`Matrix::of`, `Int4::pack`),
// and what is read past their end can be multiplied with 0.
// The exponent of a float16 counts from elsewhere: moved into that of a float, its numbers are this factor too small.
constexpr float OF_HALF = 0x1p112f;
INLINE Words half_in_lower(const Words& words) { return (Words)((Ints)(words << 16) >> 3) & 0x8fffe000u; }
INLINE Words half_in_upper(const Words& words) { return (Words)((Ints)words >> 3) & 0x8fffe000u; }

}  // namespace blockscope
