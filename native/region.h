// Memory for weights: one tensor behind another, in pages of 2 MiB where the system has them.
//
// A pass reads all weights as a few long streams. In pages of 4 KiB the processor looks up where the next one lies every 64
// lines of cache, and waits for that; LibTorch's allocator aligns each tensor by itself, so that most lie in small pages.
// Nothing is used again before a whole region is free: this is for what stays as long as a model does.

#pragma once

#include <cstddef>

namespace blockscope {

class Region {
 public:
  // Memory that begins at a multiple of 64, and the region that it lies in; null where the system gives none in this way.
  // Any thread may ask.
  static void* allocate(size_t bytes, Region** region);

  // One block fewer is alive in it. With the last of them all of it goes back to the system.
  void give_back();

 private:
  static Region* map(size_t bytes);

  size_t size, used, blocks;
};

}  // namespace blockscope
