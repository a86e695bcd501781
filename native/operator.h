// How this program's own operators are called from Rust, and seen by whoever watches LibTorch's.
#pragma once

#include <initializer_list>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/record_function.h>
#include <c10/util/Exception.h>

namespace blockscope {

// What went wrong in the last operator of this thread that made nothing.
void keep_error(const char* error) noexcept;

// What `work` gives back, a new tensor of the caller's; null where it failed.
template <typename Work>
at::Tensor* caught(Work work) noexcept {
  try {
    return work();
  } catch (const c10::Error& error) {
    keep_error(error.what_without_backtrace());
  } catch (const std::exception& error) {
    keep_error(error.what());
  } catch (...) {
    keep_error("an unknown error");
  }
  return nullptr;
}

// What `work` makes, as a new tensor of the caller's; null where it failed. Inputs may be null: those are not there.
template <typename Work>
at::Tensor* operator_named(const char* name, std::initializer_list<const at::Tensor*> inputs, Work work) noexcept {
  return caught([&] {
    at::RecordFunction guard(at::RecordScope::FUNCTION);
    if (guard.isActive()) {
      std::vector<c10::IValue> values;
      for (const at::Tensor* input : inputs)
        if (input != nullptr) values.emplace_back(*input);
      guard.before(name, c10::ArrayRef<const c10::IValue>(values.data(), values.size()));
    }
    at::Tensor made = work();
    if (guard.isActive() && guard.needsOutputs()) guard.setOutputs(std::vector<c10::IValue>{made});
    return new at::Tensor(std::move(made));
  });
}

}  // namespace blockscope

// The words of keep_error on this thread.
extern "C" const char* blockscope_error() noexcept;
