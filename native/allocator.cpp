#include "allocator.h"

#include <atomic>

#include <c10/core/Allocator.h>
#include <c10/core/impl/alloc_cpu.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "region.h"

namespace blockscope {
namespace {

std::atomic<uint64_t> live[BLOCKSCOPE_TAGS];
thread_local uint8_t tag = BLOCKSCOPE_WORK;

// LibTorch's own allocator with a header before each block. It does not tell c10's reporter for profilers:
// that one takes a lock at every call, and prints a warning for every block that it has not seen made.
struct Counting final : c10::Allocator {
  c10::DataPtr allocate(size_t bytes) override {
    const c10::Device cpu(c10::DeviceType::CPU);
    if (bytes == 0) return {nullptr, nullptr, &give_back, cpu};
    // A size that wraps around is left to the system to refuse.
    const size_t whole = bytes + sizeof(Block) < bytes ? SIZE_MAX : bytes + sizeof(Block);
    Region* region = nullptr;
    void* memory = tag == BLOCKSCOPE_WEIGHTS ? Region::allocate(whole, &region) : nullptr;
    if (memory == nullptr) memory = c10::alloc_cpu(whole);
    auto* block = new (memory) Block{bytes, 0, UINT32_MAX, tag, region};
    live[tag].fetch_add(bytes, std::memory_order_relaxed);
    allocated(*block);
    void* data = block + 1;
    return {data, data, &give_back, cpu};
  }

  static void give_back(void* data) {
    if (data == nullptr) return;
    Block* block = static_cast<Block*>(data) - 1;
    live[block->tag].fetch_sub(block->bytes, std::memory_order_relaxed);
    freed(*block);
    if (block->region == nullptr) c10::free_cpu(block);
    else block->region->give_back();
  }

  c10::DeleterFnPtr raw_deleter() const override { return &give_back; }

  void copy_data(void* to, const void* from, size_t bytes) const override { default_copy_data(to, from, bytes); }
};

// Before `main`: no thread is there yet that could allocate, and no tensor that could be missed. Blocks that
// LibTorch's initialisers made with its own allocator keep its deleter. Never destroyed: tensors may be made
// and given back while the process ends.
const bool is_set = (c10::SetAllocator(c10::DeviceType::CPU, new Counting, 1), true);

}  // namespace

uint8_t current_tag() { return tag; }

}  // namespace blockscope

extern "C" uint8_t blockscope_memory_tag(uint8_t tag) noexcept {
  const uint8_t before = blockscope::tag;
  if (tag < BLOCKSCOPE_TAGS) blockscope::tag = tag;
  return before;
}

extern "C" void blockscope_memory_live(uint64_t live[BLOCKSCOPE_TAGS]) noexcept {
  for (int tag = 0; tag < BLOCKSCOPE_TAGS; ++tag) live[tag] = blockscope::live[tag].load(std::memory_order_relaxed);
}

extern "C" void blockscope_memory_trim() noexcept {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}
