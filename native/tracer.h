// Every operator and every allocation of a pass, out of LibTorch's own callbacks.
//
// A tracer owns room for records, made once and used for one pass after the other. Between `start` and
// `stop` it watches the thread that called `start`, and that thread alone calls it. On the way no tensor is kept
// alive, nothing is printed and nothing throws. Memory is asked for where a name is new, where more parts run than
// there was room for, and for each block on a GPU; LibTorch itself hands results over in a list of its own. None of it
// is a tensor's, so none of it is in the records.
//
// Times are nanoseconds on the steady clock, since `start`; -1 is a time that is not known (yet).

#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

typedef struct blockscope_tracer blockscope_tracer;

// How much one pass may leave. What does not fit is counted and left out.
typedef struct {
  uint32_t operators;
  uint32_t words;
  uint32_t blocks;
} blockscope_bounds;

#define BLOCKSCOPE_NONE UINT32_MAX

// One execution of one part of the model.
typedef struct {
  int64_t start;
  int64_t end;
  uint32_t part;   // as `enter` was told
  uint32_t outer;  // the execution that it lies in, or NONE
} blockscope_region;

// One execution of one operator. In the order in which they began.
typedef struct {
  int64_t start;
  int64_t end;
  int64_t sequence;   // autograd's number, -1 without one
  uint32_t name;      // index into the names
  uint32_t region;    // innermost, or NONE
  uint32_t inputs;    // where its inputs begin among the words
  uint32_t outputs;   // where its results begin
  uint16_t n_inputs;  // how many arguments there are
  uint16_t n_outputs;
  uint16_t depth;     // how many operators it was called from, those left out included
  uint8_t scope;      // 0 called, 1 named by somebody, 2 gradient
  uint8_t flags;
} blockscope_operator;

enum {
  BLOCKSCOPE_ALIASES = 1,  // a result lies in the memory of an input
  BLOCKSCOPE_DROPPED = 2,  // its results did not fit: not to be used, and counted as left out
};

// An argument or a result is a head word and what follows it:
//   kind in bits 0–7; for a tensor its c10::ScalarType in bits 8–15, its dimensions in bits 32–63
//   TENSOR   its sizes            TENSORS  (bits 32–63: how many) tensors, each with its own head
//   INT      the value            BOOL     (bit 8: the value) nothing         OTHER  nothing
enum { BLOCKSCOPE_OTHER = 0, BLOCKSCOPE_TENSOR = 1, BLOCKSCOPE_TENSORS = 2, BLOCKSCOPE_INT = 3, BLOCKSCOPE_BOOL = 4 };

// One piece of memory. In the order in which they were made, or, if that was before the pass, given back.
typedef struct {
  int64_t start;  // -1: before the pass
  int64_t end;    // -1: it outlived the pass
  uint64_t bytes;
  uint32_t region;  // innermost, or NONE
  uint32_t op;      // innermost operator that was recorded, or NONE
  uint8_t tag;
} blockscope_block;

typedef struct {
  const char* name;
  const char* overload;
} blockscope_name;

// What a pass left; valid until the next `start`.
typedef struct {
  const blockscope_region* regions;
  const blockscope_operator* operators;
  const int64_t* words;
  const blockscope_block* blocks;
  size_t n_regions;
  size_t n_operators;
  size_t n_words;
  size_t n_blocks;
  size_t n_names;
  uint64_t dropped_operators;
  uint64_t dropped_blocks;
} blockscope_records;

// Null when there is no memory for it.
blockscope_tracer* blockscope_tracer_new(blockscope_bounds bounds) noexcept;
void blockscope_tracer_free(blockscope_tracer* tracer) noexcept;

// Forgets the last pass and begins to watch this thread. False when it cannot, as when a tracer watches it already;
// `blockscope_error` says why.
bool blockscope_tracer_start(blockscope_tracer* tracer) noexcept;
// Takes everything out of LibTorch again.
void blockscope_tracer_stop(blockscope_tracer* tracer) noexcept;

int64_t blockscope_tracer_now(const blockscope_tracer* tracer) noexcept;
// A part begins, or the innermost one ends. Both return the time, which is the part's own.
int64_t blockscope_tracer_enter(blockscope_tracer* tracer, uint32_t part) noexcept;
int64_t blockscope_tracer_leave(blockscope_tracer* tracer) noexcept;

// The clock stands still and nothing is recorded until `resume`. Only between operators.
void blockscope_tracer_pause(blockscope_tracer* tracer) noexcept;
void blockscope_tracer_resume(blockscope_tracer* tracer) noexcept;

blockscope_records blockscope_tracer_records(const blockscope_tracer* tracer) noexcept;
// Number `index` of the names; they are kept from pass to pass.
blockscope_name blockscope_tracer_name(const blockscope_tracer* tracer, uint32_t index) noexcept;

}  // extern "C"
