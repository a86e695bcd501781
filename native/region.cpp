#include "region.h"

#include <algorithm>
#include <cstdint>
#include <mutex>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace blockscope {

#ifdef __linux__

namespace {

constexpr size_t PAGE = 2 << 20;
// What is asked for at once; what nobody has written to takes no memory. A larger block gets a region of its own.
constexpr size_t LEAST = 32 << 20;
constexpr size_t ALIGNMENT = 64;

std::mutex lock;
Region* current = nullptr;  // of those that are shared, the one in which there may be room

size_t rounded(size_t bytes, size_t to) { return (bytes + to - 1) / to * to; }

}  // namespace

void* Region::allocate(size_t bytes, Region** region) {
  if (bytes > SIZE_MAX / 2) return nullptr;
  const size_t wanted = rounded(bytes, ALIGNMENT);
  const std::lock_guard<std::mutex> guard(lock);
  Region* into = current;
  if (into == nullptr || into->size - into->used < wanted) {
    into = map(wanted);
    if (into == nullptr) return nullptr;
    if (into->size == LEAST) current = into;
  }
  void* memory = reinterpret_cast<char*>(into) + into->used;
  into->used += wanted;
  ++into->blocks;
  *region = into;
  return memory;
}

void Region::give_back() {
  const std::lock_guard<std::mutex> guard(lock);
  if (--blocks > 0) return;
  if (current == this) current = nullptr;
  munmap(this, size);
}

Region* Region::map(size_t bytes) {
  const size_t own = rounded(sizeof(Region), ALIGNMENT);
  const size_t size = std::max(LEAST, rounded(bytes + own, PAGE));
  // One page more than is wanted: the system aligns to small ones.
  void* mapped = mmap(nullptr, size + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  const auto begin = reinterpret_cast<uintptr_t>(mapped), first = rounded(begin, PAGE);
  if (first > begin) munmap(mapped, first - begin);
  if (first < begin + PAGE) munmap(reinterpret_cast<void*>(first + size), begin + PAGE - first);
  auto* region = reinterpret_cast<Region*>(first);
  madvise(region, size, MADV_HUGEPAGE);  // a wish: where it is refused, pages are small
  madvise(region, size, MADV_DONTFORK);  // a copy of this process (`src/system/confined.rs`) computes nothing
  region->size = size;
  region->used = own;
  region->blocks = 0;
  return region;
}

#else

void* Region::allocate(size_t, Region**) { return nullptr; }
void Region::give_back() {}

#endif

}  // namespace blockscope
