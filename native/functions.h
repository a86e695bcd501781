// Functions of sixteen numbers at a time; where x is no number, neither is what they make of it.
#pragma once

#include "vector.h"

namespace blockscope {

// e^x within 2e-7 of itself: 2^n times a polynomial of what is left (Cephes' coefficients). Below what a float can say it
// is 0, above the greatest.
template <int64_t W>
INLINE Floats<W> exp(const Floats<W>& x) {
  constexpr float LEAST = -87.33f, GREATEST = 88.37f;
  constexpr float MAGIC = 12582912.0f;  // added to a number, it leaves the nearest whole one in the lowest bits
  Floats<W> of;
  for (int64_t i = 0; i < Floats<W>::PARTS; ++i) {
    of.part[i] = x.part[i] < LEAST ? all<W>(LEAST).part[i] : x.part[i];
    of.part[i] = of.part[i] > GREATEST ? all<W>(GREATEST).part[i] : of.part[i];
  }
  const Floats<W> shifted = of * 1.44269504f + MAGIC;
  const Floats<W> n = shifted - MAGIC;
  const Floats<W> r = of - n * 0.693359375f + n * 2.12194440e-4f;
  Floats<W> p = all<W>(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const Floats<W> e = as_floats(as_words(p) + (as_words(shifted) << 23u));
  return where_below(x, LEAST, Floats<W>{}, e);
}

// The hyperbolic tangent within 2e-7 of itself: near 0 a polynomial, of which all digits count (Cephes' coefficients).
template <int64_t W>
INLINE Floats<W> tanh(const Floats<W>& x) {
  const Words<W> sign = as_words(x) & 0x80000000u;
  const Floats<W> far = as_floats(as_words(x) ^ sign), s = x * x;
  Floats<W> p = all<W>(-5.70498872745e-3f);
  p = p * s + 2.06390887954e-2f;
  p = p * s - 5.37397155531e-2f;
  p = p * s + 1.33314422036e-1f;
  p = p * s - 3.33332819422e-1f;
  p = p * s * x + x;
  const Floats<W> t = all<W>(1.0f) - all<W>(2.0f) / (exp(far + far) + 1.0f);
  return where_below(far, 0.625f, p, as_floats(as_words(t) | sign));
}

}  // namespace blockscope
