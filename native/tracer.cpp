#include "tracer.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <unordered_map>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/record_function.h>
#include <c10/core/Allocator.h>
#include <c10/core/UndefinedTensorImpl.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include "allocator.h"
#include "operator.h"

namespace {

constexpr uint32_t NONE = BLOCKSCOPE_NONE;
// LibTorch's operators call each other to a depth of about ten.
constexpr size_t DEEPEST = 256;
// Inputs whose memory is compared with that of the results, over all open operators.
constexpr size_t STORAGES = 2048;
constexpr size_t REGIONS = 8192;

const void* storage_of(const c10::TensorImpl& tensor) { return tensor.unsafe_storage().unsafeGetStorageImpl(); }

int64_t clock_now() {
  using namespace std::chrono;
  return duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count();
}

// Names of operators, each kept once. LibTorch's own names stay where they are, so that the place of a name
// nearly always says which one it is; the letters are compared all the same, since others may move. Memory is asked for
// when a name is seen for the first time.
class Names {
 public:
  uint32_t id(const char* name, const char* overload) {
    const size_t first = (reinterpret_cast<uintptr_t>(name) * 0x9E3779B97F4A7C15u) >> 52;
    for (size_t probe = first; probe < first + PROBES; ++probe) {
      const Guess& guess = guesses_[probe];
      if (guess.place == name && is(guess.id, name, overload)) return guess.id;
      if (guess.place == nullptr) break;
    }
    return find(first, name, overload);
  }

  size_t size() const { return names_.size(); }
  blockscope_name operator[](uint32_t id) const { return {names_[id].name.c_str(), names_[id].overload.c_str()}; }

 private:
  static constexpr size_t PLACES = 4096, PROBES = 8;
  struct Name {
    std::string name, overload;
  };
  struct Guess {
    const char* place = nullptr;
    uint32_t id = 0;
  };

  bool is(uint32_t id, const char* name, const char* overload) const {
    return std::strcmp(names_[id].name.c_str(), name) == 0 && std::strcmp(names_[id].overload.c_str(), overload) == 0;
  }

  // By its letters, and remembers its place: a free one, or that of another name.
  uint32_t find(size_t first, const char* name, const char* overload) {
    const auto known = ids_.emplace(std::string(name) + '\0' + overload, static_cast<uint32_t>(names_.size()));
    if (known.second) names_.push_back({name, overload});
    size_t at = first;
    while (at + 1 < first + PROBES && guesses_[at].place != nullptr && guesses_[at].place != name) ++at;
    guesses_[at] = {name, known.first->second};
    return known.first->second;
  }

  Guess guesses_[PLACES + PROBES];
  std::unordered_map<std::string, uint32_t> ids_;
  std::deque<Name> names_;
};

// Memory of devices other than the CPU, as their allocators tell it to whoever profiles this thread.
struct DeviceMemory final : c10::MemoryReportingInfoBase {
  explicit DeviceMemory(blockscope_tracer* tracer) : tracer(tracer) {}
  void reportMemoryUsage(void* at, int64_t bytes, size_t, size_t, c10::Device device) override;
  bool memoryProfilingEnabled() const override { return true; }

  blockscope_tracer* tracer;
  std::unordered_map<void*, blockscope::Block> blocks;
};

}  // namespace

struct blockscope_tracer {
  explicit blockscope_tracer(blockscope_bounds bounds)
      : operators(bounds.operators), words(bounds.words), blocks(bounds.blocks), open(DEEPEST), storages(STORAGES) {
    regions.reserve(REGIONS);
  }

  // Throws where it cannot; `stop` then takes out what was put in.
  void start();
  void stop() noexcept;
  int64_t now() const noexcept { return (paused ? paused : clock_now()) - began; }

  int64_t enter(uint32_t part) noexcept;
  int64_t leave() noexcept;

  void begin(const at::RecordFunction& fn);
  void end(const at::RecordFunction& fn, int64_t time);
  void took(blockscope::Block& block);
  void gave_back(const blockscope::Block& block);
  // Another thread may do this too.
  void set_end(uint32_t block, int64_t time) { __atomic_store_n(&blocks[block].end, time, __ATOMIC_RELAXED); }
  // The innermost operator that was recorded.
  uint32_t innermost() const { return depth == 0 ? NONE : open[std::min(depth, DEEPEST) - 1].nearest; }

  // Room, all of it touched once so that no page is fetched in the middle of a pass.
  std::vector<blockscope_operator> operators;
  std::vector<int64_t> words;
  std::vector<blockscope_block> blocks;
  std::vector<blockscope_region> regions;
  Names names;

  size_t n_operators = 0, n_words = 0, n_blocks = 0;
  uint64_t dropped_operators = 0, dropped_blocks = 0;

  uint64_t id = 0;  // of this pass, in this process; 0 when it watches nothing
  int64_t began = 0;
  int64_t paused = 0;  // since when; 0 when it is not
  uint32_t region = NONE;
  // Regions that are open and were not kept: there was no memory for the first of them.
  size_t lost_regions = 0;

 private:
  // An operator that has begun and not ended.
  struct Open {
    uint32_t record;   // NONE if it was left out
    uint32_t nearest;  // itself, or the innermost around it that was recorded
    size_t storages;   // where its inputs' memory begins
  };

  bool keep_begin(const at::RecordFunction& fn, size_t level);
  bool keep_end(const at::RecordFunction& fn, const Open& here);

  bool put(int64_t word) {
    if (n_words == words.size()) return false;
    words[n_words++] = word;
    return true;
  }
  bool put(const c10::TensorImpl& tensor);
  // Writes an argument down, and shows each tensor in it.
  template <typename Seen>
  bool put(const c10::IValue& value, Seen seen);

  std::vector<Open> open;
  size_t depth = 0;  // may exceed the room for it
  std::vector<const void*> storages;
  size_t n_storages = 0;
  at::CallbackHandle callback = at::INVALID_CALLBACK_HANDLE;
  std::unique_ptr<c10::DebugInfoGuard> device;
};

namespace {

thread_local blockscope_tracer* watching = nullptr;

// The tracers that watch some thread: a block may be given back on another one.
// Never destroyed: tensors may be given back while the process ends.
std::mutex registry_lock;
std::vector<blockscope_tracer*>& registry = *new std::vector<blockscope_tracer*>;
std::atomic<uint64_t> last_id{0};

std::unique_ptr<at::ObserverContext> on_begin(const at::RecordFunction& fn) {
  if (watching != nullptr) watching->begin(fn);
  return nullptr;  // operators of one thread end in the opposite order: a stack knows which one it is
}

void on_end(const at::RecordFunction& fn, at::ObserverContext*) {
  if (watching != nullptr) watching->end(fn, watching->now());
}

void DeviceMemory::reportMemoryUsage(void* at, int64_t bytes, size_t, size_t, c10::Device device) {
  if (device.is_cpu() || watching != tracer) return;
  if (bytes > 0) {
    blockscope::Block block{static_cast<uint64_t>(bytes), 0, NONE, blockscope::current_tag()};
    tracer->took(block);
    blocks[at] = block;
  } else {
    const auto known = blocks.find(at);
    tracer->gave_back(known == blocks.end() ? blockscope::Block{static_cast<uint64_t>(-bytes), 0, NONE, BLOCKSCOPE_WORK}
                                            : known->second);
    if (known != blocks.end()) blocks.erase(known);
  }
}

}  // namespace

void blockscope_tracer::start() {
  n_operators = n_words = n_blocks = n_storages = depth = 0;
  dropped_operators = dropped_blocks = 0;
  regions.clear();
  region = NONE;
  lost_regions = 0;
  paused = 0;
  id = ++last_id;
  {
    const std::lock_guard<std::mutex> held(registry_lock);
    registry.push_back(this);
  }
  watching = this;
  device = std::make_unique<c10::DebugInfoGuard>(c10::DebugInfoKind::PROFILER_STATE,
                                                 std::make_shared<DeviceMemory>(this));
  callback = at::addThreadLocalCallback(
      at::RecordFunctionCallback(&on_begin, &on_end)
          .needsInputs(true)
          .needsOutputs(true)
          .scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION, at::RecordScope::USER_SCOPE}));
  began = clock_now();
}

void blockscope_tracer::stop() noexcept {
  if (id == 0) return;
  try {
    if (callback != at::INVALID_CALLBACK_HANDLE) at::removeCallback(callback);
  } catch (...) {
    // It calls `on_begin` still, which then has nobody to tell.
  }
  callback = at::INVALID_CALLBACK_HANDLE;
  device.reset();
  watching = nullptr;
  // From here on no other thread writes into the records.
  const std::lock_guard<std::mutex> held(registry_lock);
  registry.erase(std::remove(registry.begin(), registry.end(), this), registry.end());
  id = 0;
}

// Parts

int64_t blockscope_tracer::enter(uint32_t part) noexcept {
  const auto number = static_cast<uint32_t>(regions.size());
  try {
    if (lost_regions == 0) regions.push_back({0, -1, part, region});
  } catch (...) {
  }
  const int64_t time = now();
  if (regions.size() == number) {
    ++lost_regions;
  } else {
    region = number;
    regions.back().start = time;
  }
  return time;
}

int64_t blockscope_tracer::leave() noexcept {
  const int64_t time = now();
  if (lost_regions > 0) {
    --lost_regions;
  } else if (region != NONE) {
    regions[region].end = time;
    region = regions[region].outer;
  }
  return time;
}

// Operators

void blockscope_tracer::begin(const at::RecordFunction& fn) {
  if (paused) return;
  const size_t level = depth++;
  if (level >= DEEPEST) {
    ++dropped_operators;
    return;
  }
  Open& here = open[level];
  here = {NONE, level > 0 ? open[level - 1].nearest : NONE, n_storages};
  const size_t first_word = n_words;
  bool is_kept = false;
  try {
    is_kept = n_operators < operators.size() && keep_begin(fn, level);
  } catch (...) {
    // A tensor without plain sizes: rather not kept than kept wrong.
  }
  if (!is_kept) {
    n_words = first_word;
    ++dropped_operators;
    return;
  }
  here.record = here.nearest = static_cast<uint32_t>(n_operators++);
  operators[here.record].start = now();  // last: writing it down is not the operator's time
}

void blockscope_tracer::end(const at::RecordFunction& fn, int64_t time) {
  if (paused || depth == 0) return;
  const size_t level = --depth;
  if (level >= DEEPEST) return;
  const Open& here = open[level];
  if (here.record != NONE) {
    operators[here.record].end = time;
    const size_t first_word = n_words;
    bool is_kept = false;
    try {
      is_kept = keep_end(fn, here);
    } catch (...) {
    }
    if (!is_kept) {
      n_words = first_word;
      operators[here.record].flags |= BLOCKSCOPE_DROPPED;
      ++dropped_operators;
    }
  }
  n_storages = here.storages;
}

bool blockscope_tracer::keep_begin(const at::RecordFunction& fn, size_t level) {
  const auto inputs = fn.inputs();
  if (inputs.size() > UINT16_MAX) return false;
  const auto scope = fn.scope();
  operators[n_operators] = {
      -1,
      -1,
      fn.seqNr(),
      names.id(fn.name(), fn.overload_name()),
      region,
      static_cast<uint32_t>(n_words),
      static_cast<uint32_t>(n_words),
      static_cast<uint16_t>(inputs.size()),
      0,
      static_cast<uint16_t>(level),
      static_cast<uint8_t>(scope == at::RecordScope::FUNCTION ? 0 : scope == at::RecordScope::USER_SCOPE ? 1 : 2),
      0,
  };
  for (const c10::IValue& input : inputs) {
    const bool fits = put(input, [this](const c10::TensorImpl& tensor) {
      if (tensor.has_storage() && n_storages < STORAGES) storages[n_storages++] = storage_of(tensor);
    });
    if (!fits) return false;
  }
  return true;
}

bool blockscope_tracer::keep_end(const at::RecordFunction& fn, const Open& here) {
  const auto& outputs = fn.outputs();
  if (outputs.size() > UINT16_MAX) return false;
  blockscope_operator& record = operators[here.record];
  record.outputs = static_cast<uint32_t>(n_words);
  record.n_outputs = static_cast<uint16_t>(outputs.size());
  const auto first = storages.begin() + here.storages, last = storages.begin() + n_storages;
  for (const c10::IValue& output : outputs) {
    const bool fits = put(output, [&](const c10::TensorImpl& tensor) {
      if (tensor.has_storage() && std::find(first, last, storage_of(tensor)) != last) record.flags |= BLOCKSCOPE_ALIASES;
    });
    if (!fits) return false;
  }
  return true;
}

bool blockscope_tracer::put(const c10::TensorImpl& tensor) {
  const auto sizes = tensor.sizes();
  const auto dtype = static_cast<int64_t>(c10::typeMetaToScalarType(tensor.dtype()));
  if (words.size() - n_words < sizes.size() + 1) return false;
  words[n_words++] = BLOCKSCOPE_TENSOR | dtype << 8 | static_cast<int64_t>(sizes.size()) << 32;
  for (const int64_t size : sizes) words[n_words++] = size;
  return true;
}

template <typename Seen>
bool blockscope_tracer::put(const c10::IValue& value, Seen seen) {
  const auto undefined = static_cast<const c10::TensorImpl*>(c10::UndefinedTensorImpl::singleton());
  if (value.isTensor()) {
    const c10::TensorImpl* tensor = value.unsafeToTensorImpl();
    if (tensor == undefined) return put(int64_t{BLOCKSCOPE_OTHER});
    seen(*tensor);
    return put(*tensor);
  }
  if (value.isInt()) return put(int64_t{BLOCKSCOPE_INT}) && put(value.toInt());
  if (value.isBool()) return put(BLOCKSCOPE_BOOL | int64_t{value.toBool()} << 8);
  if (!value.isTensorList() && !value.isOptionalTensorList()) return put(int64_t{BLOCKSCOPE_OTHER});
  const size_t head = n_words;
  if (!put(int64_t{BLOCKSCOPE_TENSORS})) return false;
  int64_t count = 0;
  for (const c10::IValue& element : value.toListRef()) {
    if (!element.isTensor() || element.unsafeToTensorImpl() == undefined) continue;
    const c10::TensorImpl* tensor = element.unsafeToTensorImpl();
    seen(*tensor);
    if (!put(*tensor)) return false;
    ++count;
  }
  words[head] |= count << 32;
  return true;
}

// Memory

void blockscope_tracer::took(blockscope::Block& block) {
  block.trace = id;
  block.record = NONE;
  if (paused) return;
  if (n_blocks == blocks.size()) {
    ++dropped_blocks;
    return;
  }
  block.record = static_cast<uint32_t>(n_blocks);
  blocks[n_blocks++] = {now(), -1, block.bytes, region, innermost(), block.tag};
}

void blockscope_tracer::gave_back(const blockscope::Block& block) {
  if (block.trace == id) {
    if (block.record != NONE) set_end(block.record, now());
  } else if (n_blocks == blocks.size()) {
    ++dropped_blocks;
  } else {
    blocks[n_blocks++] = {-1, now(), block.bytes, region, innermost(), block.tag};
  }
}

void blockscope::allocated(Block& block) {
  if (watching != nullptr) watching->took(block);
}

void blockscope::freed(const Block& block) {
  const uint64_t here = watching != nullptr ? watching->id : 0;
  if (watching != nullptr) watching->gave_back(block);
  if (block.trace == here || block.record == NONE) return;
  // Made in a pass that is over, nearly always; or on another thread, in one that still goes on.
  const std::lock_guard<std::mutex> held(registry_lock);
  for (blockscope_tracer* tracer : registry) {
    if (tracer->id == block.trace) tracer->set_end(block.record, tracer->now());
  }
}

// The C interface. The records are read by Rust (`src/measure/tracer/ffi.rs`), which asserts the same layout.

#define AT(type, field, offset) static_assert(offsetof(type, field) == (offset), #type "." #field)

static_assert(sizeof(blockscope_bounds) == 12, "blockscope_bounds");
AT(blockscope_bounds, operators, 0);
AT(blockscope_bounds, words, 4);
AT(blockscope_bounds, blocks, 8);

static_assert(sizeof(blockscope_region) == 24, "blockscope_region");
AT(blockscope_region, start, 0);
AT(blockscope_region, end, 8);
AT(blockscope_region, part, 16);
AT(blockscope_region, outer, 20);

static_assert(sizeof(blockscope_operator) == 48, "blockscope_operator");
AT(blockscope_operator, start, 0);
AT(blockscope_operator, end, 8);
AT(blockscope_operator, sequence, 16);
AT(blockscope_operator, name, 24);
AT(blockscope_operator, region, 28);
AT(blockscope_operator, inputs, 32);
AT(blockscope_operator, outputs, 36);
AT(blockscope_operator, n_inputs, 40);
AT(blockscope_operator, n_outputs, 42);
AT(blockscope_operator, depth, 44);
AT(blockscope_operator, scope, 46);
AT(blockscope_operator, flags, 47);

static_assert(sizeof(blockscope_block) == 40, "blockscope_block");
AT(blockscope_block, start, 0);
AT(blockscope_block, end, 8);
AT(blockscope_block, bytes, 16);
AT(blockscope_block, region, 24);
AT(blockscope_block, op, 28);
AT(blockscope_block, tag, 32);

static_assert(sizeof(blockscope_name) == 16, "blockscope_name");
AT(blockscope_name, name, 0);
AT(blockscope_name, overload, 8);

static_assert(sizeof(blockscope_records) == 88, "blockscope_records");
AT(blockscope_records, regions, 0);
AT(blockscope_records, operators, 8);
AT(blockscope_records, words, 16);
AT(blockscope_records, blocks, 24);
AT(blockscope_records, n_regions, 32);
AT(blockscope_records, n_operators, 40);
AT(blockscope_records, n_words, 48);
AT(blockscope_records, n_blocks, 56);
AT(blockscope_records, n_names, 64);
AT(blockscope_records, dropped_operators, 72);
AT(blockscope_records, dropped_blocks, 80);

#undef AT

extern "C" {

blockscope_tracer* blockscope_tracer_new(blockscope_bounds bounds) noexcept {
  try {
    return new blockscope_tracer(bounds);
  } catch (...) {
    return nullptr;
  }
}

void blockscope_tracer_free(blockscope_tracer* tracer) noexcept {
  if (tracer != nullptr) tracer->stop();
  delete tracer;
}

bool blockscope_tracer_start(blockscope_tracer* tracer) noexcept {
  if (watching != nullptr) {
    blockscope::keep_error("another tracer watches this thread");
    return false;
  }
  try {
    tracer->start();
    return true;
  } catch (const std::exception& error) {
    blockscope::keep_error(error.what());
  } catch (...) {
    blockscope::keep_error("an unknown error");
  }
  tracer->stop();
  return false;
}

void blockscope_tracer_stop(blockscope_tracer* tracer) noexcept { tracer->stop(); }

int64_t blockscope_tracer_now(const blockscope_tracer* tracer) noexcept { return tracer->now(); }

int64_t blockscope_tracer_enter(blockscope_tracer* tracer, uint32_t part) noexcept { return tracer->enter(part); }

int64_t blockscope_tracer_leave(blockscope_tracer* tracer) noexcept { return tracer->leave(); }

void blockscope_tracer_pause(blockscope_tracer* tracer) noexcept {
  const std::lock_guard<std::mutex> held(registry_lock);
  if (tracer->paused == 0) tracer->paused = clock_now();
}

void blockscope_tracer_resume(blockscope_tracer* tracer) noexcept {
  const std::lock_guard<std::mutex> held(registry_lock);
  if (tracer->paused == 0) return;
  tracer->began += clock_now() - tracer->paused;
  tracer->paused = 0;
}

blockscope_records blockscope_tracer_records(const blockscope_tracer* tracer) noexcept {
  return {
      tracer->regions.data(),
      tracer->operators.data(),
      tracer->words.data(),
      tracer->blocks.data(),
      tracer->regions.size(),
      tracer->n_operators,
      tracer->n_words,
      tracer->n_blocks,
      tracer->names.size(),
      tracer->dropped_operators,
      tracer->dropped_blocks,
  };
}

blockscope_name blockscope_tracer_name(const blockscope_tracer* tracer, uint32_t index) noexcept {
  return tracer->names[index];
}

}  // extern "C"
