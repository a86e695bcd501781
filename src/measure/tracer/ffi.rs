//! `native/tracer.h` in Rust: the same structs, field by field.

use super::bounds::Bounds;
use crate::units::Nanos;
use std::ffi::{CStr, c_char};
use std::mem::offset_of;
use std::ptr::NonNull;

/// Opaque; owned by C++.
#[repr(C)]
pub struct Tracer {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct Region {
    pub start: i64,
    pub end: i64,
    pub part: u32,
    pub outer: u32,
}

#[repr(C)]
pub struct Operator {
    pub start: i64,
    pub end: i64,
    pub sequence: i64,
    pub name: u32,
    pub region: u32,
    pub inputs: u32,
    pub outputs: u32,
    pub n_inputs: u16,
    pub n_outputs: u16,
    pub depth: u16,
    pub scope: u8,
    pub flags: u8,
}

pub const ALIASES: u8 = 1;
pub const DROPPED: u8 = 2;

pub const TENSOR: u8 = 1;
pub const TENSORS: u8 = 2;
pub const INT: u8 = 3;
pub const BOOL: u8 = 4;

#[repr(C)]
pub struct Block {
    pub start: i64,
    pub end: i64,
    pub bytes: u64,
    /// `u32::MAX`, which is no index, for none; so is that of the operator.
    pub region: u32,
    pub operator: u32,
    pub tag: u8,
}

#[repr(C)]
struct RawRecords {
    regions: *const Region,
    operators: *const Operator,
    words: *const i64,
    blocks: *const Block,
    n_regions: usize,
    n_operators: usize,
    n_words: usize,
    n_blocks: usize,
    n_names: usize,
    dropped_operators: u64,
    dropped_blocks: u64,
}

#[repr(C)]
struct Name {
    name: *const c_char,
    overload: *const c_char,
}

/// Asserts the size of a struct and where its fields lie, as `native/tracer.cpp` does.
macro_rules! layout {
    ($kind:ty, $size:literal, $($field:ident $offset:literal),+) => {
        const _: () = assert!(size_of::<$kind>() == $size $(&& offset_of!($kind, $field) == $offset)+);
    };
}

layout!(Bounds, 12, operators 0, words 4, allocations 8);
layout!(Region, 24, start 0, end 8, part 16, outer 20);
layout!(
    Operator, 48, start 0, end 8, sequence 16, name 24, region 28, inputs 32, outputs 36, n_inputs 40, n_outputs 42, depth 44,
    scope 46, flags 47
);
layout!(Block, 40, start 0, end 8, bytes 16, region 24, operator 28, tag 32);
layout!(Name, 16, name 0, overload 8);
layout!(
    RawRecords, 88, regions 0, operators 8, words 16, blocks 24, n_regions 32, n_operators 40, n_words 48, n_blocks 56,
    n_names 64, dropped_operators 72, dropped_blocks 80
);

/// What a pass left, as it lies in the tracer.
pub struct Records<'t> {
    tracer: NonNull<Tracer>,
    pub regions: &'t [Region],
    pub operators: &'t [Operator],
    pub words: &'t [i64],
    pub blocks: &'t [Block],
    pub dropped_operators: u64,
    pub dropped_blocks: u64,
}

impl Records<'_> {
    /// # Safety
    /// The tracer is alive, has stopped, and neither starts nor is freed for as long as the records are used.
    pub unsafe fn of(tracer: NonNull<Tracer>) -> Self {
        // SAFETY: the arrays are the tracer's own, of these lengths; nobody writes to them now.
        unsafe {
            let raw = blockscope_tracer_records(tracer.as_ptr());
            Self {
                tracer,
                regions: slice(raw.regions, raw.n_regions),
                operators: slice(raw.operators, raw.n_operators),
                words: slice(raw.words, raw.n_words),
                blocks: slice(raw.blocks, raw.n_blocks),
                dropped_operators: raw.dropped_operators,
                dropped_blocks: raw.dropped_blocks,
            }
        }
    }

    /// Name and overload of an operator of these records.
    pub fn name(&self, operator: &Operator) -> (String, String) {
        // SAFETY: the tracer numbered the name itself; both texts end with a zero and are as old as the name.
        unsafe {
            let name = blockscope_tracer_name(self.tracer.as_ptr(), operator.name);
            let text = |text| CStr::from_ptr(text).to_string_lossy().into_owned();
            (text(name.name), text(name.overload))
        }
    }
}

/// # Safety
/// There are `len` elements at `start`, which may be null where there is none.
unsafe fn slice<'a, T>(start: *const T, len: usize) -> &'a [T] {
    // SAFETY: by the caller's word.
    if len == 0 { &[] } else { unsafe { std::slice::from_raw_parts(start, len) } }
}

/// A time of the tracer's clock that is known.
pub fn nanos(time: i64) -> Nanos {
    Nanos(time.max(0) as u64)
}

/// A time that may not be known.
pub fn known(time: i64) -> Option<Nanos> {
    u64::try_from(time).ok().map(Nanos)
}

/// Why the last call of this thread could not do what it was asked for.
pub fn error() -> String {
    // SAFETY: a string that stays until this thread's next call.
    unsafe { CStr::from_ptr(blockscope_error()) }.to_string_lossy().into_owned()
}

unsafe extern "C" {
    fn blockscope_error() -> *const c_char;
    pub fn blockscope_tracer_new(bounds: Bounds) -> *mut Tracer;
    pub fn blockscope_tracer_free(tracer: *mut Tracer);
    pub fn blockscope_tracer_start(tracer: *mut Tracer) -> bool;
    pub fn blockscope_tracer_stop(tracer: *mut Tracer);
    pub fn blockscope_tracer_now(tracer: *const Tracer) -> i64;
    pub fn blockscope_tracer_enter(tracer: *mut Tracer, part: u32) -> i64;
    pub fn blockscope_tracer_leave(tracer: *mut Tracer) -> i64;
    pub fn blockscope_tracer_pause(tracer: *mut Tracer);
    pub fn blockscope_tracer_resume(tracer: *mut Tracer);
    fn blockscope_tracer_records(tracer: *const Tracer) -> RawRecords;
    fn blockscope_tracer_name(tracer: *const Tracer, index: u32) -> Name;
}
