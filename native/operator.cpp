#include "operator.h"

#include <string>

namespace blockscope {
namespace {

thread_local std::string last_error;

}  // namespace

void keep_error(const char* error) noexcept {
  try {
    last_error = error;
  } catch (...) {
    last_error.clear();
  }
}

}  // namespace blockscope

extern "C" const char* blockscope_error() noexcept { return blockscope::last_error.c_str(); }
