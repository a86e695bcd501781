// Which registers the processor has: kernels are compiled for each width, and one is taken when the program starts.
//
// A kernel is a struct with a template `run<W>`, W being the bytes of a register; `vectorized<Kernel>(…)` runs it with those
// that there are. A compiler takes a vector apart, too, that is wider than the registers, but what a loop carries from step
// to step it then keeps in memory: 5 to 20 times as slow.
#pragma once

#include <cstdint>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define HAS_WIDTHS
#if __GNUC__ >= 12
#define REGISTERS_OF_64 "arch=x86-64-v4"
#define REGISTERS_OF_32 "arch=x86-64-v3"
#define HAS_REGISTERS_OF_64 __builtin_cpu_supports("x86-64-v4")
#define HAS_REGISTERS_OF_32 __builtin_cpu_supports("x86-64-v3")
#define CLONES REGISTERS_OF_64, REGISTERS_OF_32, "default"
#else
#define REGISTERS_OF_64 "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma"
#define REGISTERS_OF_32 "avx2,fma"
#define HAS_REGISTERS_OF_32 (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
#define HAS_REGISTERS_OF_64                                                                     \
  (HAS_REGISTERS_OF_32 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && \
   __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
#define CLONES "avx512f", "avx2", "default"
#endif
// For plain loops, of which the compiler makes vectors by itself.
#define FOR_WIDE_REGISTERS __attribute__((target_clones(CLONES)))
#else
#define FOR_WIDE_REGISTERS
#endif
// What a kernel calls becomes part of it.
#define INLINE inline __attribute__((always_inline))

namespace blockscope {

#ifdef HAS_WIDTHS
inline const int64_t REGISTER = [] {
  __builtin_cpu_init();
  return HAS_REGISTERS_OF_64 ? 64 : HAS_REGISTERS_OF_32 ? 32 : 16;
}();

template <typename Kernel, typename... Arguments>
__attribute__((target(REGISTERS_OF_64))) void run_64(Arguments... arguments) {
  Kernel::template run<64>(arguments...);
}
template <typename Kernel, typename... Arguments>
__attribute__((target(REGISTERS_OF_32))) void run_32(Arguments... arguments) {
  Kernel::template run<32>(arguments...);
}
template <typename Kernel, typename... Arguments>
void run_16(Arguments... arguments) {
  Kernel::template run<16>(arguments...);
}

template <typename Kernel, typename... Arguments>
INLINE void vectorized(Arguments... arguments) {
  if (REGISTER == 64) run_64<Kernel, Arguments...>(arguments...);
  else if (REGISTER == 32) run_32<Kernel, Arguments...>(arguments...);
  else run_16<Kernel, Arguments...>(arguments...);
}
#else
template <typename Kernel, typename... Arguments>
void vectorized(Arguments... arguments) {
  Kernel::template run<16>(arguments...);
}
#endif

}  // namespace blockscope
