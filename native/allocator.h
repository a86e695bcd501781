// Where LibTorch's memory on the CPU comes from: counted by what it is for, from the first tensor on.
//
// A tag is given to a block when it is made and stays with it, so that what is alive of each kind is
// known exactly at any time, from any thread, without a table of blocks.

#pragma once

#include <cstdint>

extern "C" {

// What a block is for, as in Rust (`src/engine/allocator.rs`), which has the same numbers.
enum { BLOCKSCOPE_WORK = 0, BLOCKSCOPE_WEIGHTS = 1, BLOCKSCOPE_KV_CACHE = 2, BLOCKSCOPE_TAGS = 3 };

// Tags what this thread allocates from now on. Returns the tag that it had until now.
uint8_t blockscope_memory_tag(uint8_t tag) noexcept;

// Bytes alive in this process, by tag: those that tensors asked for, without this allocator's own headers.
void blockscope_memory_live(uint64_t live[BLOCKSCOPE_TAGS]) noexcept;

// Gives free memory between what is alive back to the system, where the C library can.
void blockscope_memory_trim() noexcept;

}  // extern "C"

namespace blockscope {

class Region;

// What lies before the memory of every tensor. As long as LibTorch's alignment, so that the memory keeps it.
struct alignas(64) Block {
  uint64_t bytes;
  // The trace during which it was made (0: none), and where it stands there (UINT32_MAX: nowhere).
  uint64_t trace;
  uint32_t record;
  uint8_t tag;
  // Where it lies; null: in LibTorch's own memory.
  Region* region = nullptr;
};

// The tag of what this thread allocates.
uint8_t current_tag();

// Implemented by the tracer, which fills in `trace` and `record`.
void allocated(Block& block);
void freed(const Block& block);

}  // namespace blockscope
