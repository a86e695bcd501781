//! Watches a pass operator by operator and allocation by allocation: the safe face of `native/tracer.cpp`.

mod bounds;
mod ffi;
mod traced;

pub use bounds::Bounds;
pub use traced::Traced;

use super::resident::HighWater;
use crate::engine::allocator::{Live, live};
use crate::units::Nanos;
use std::marker::PhantomData;
use std::ptr::NonNull;
use traced::Signatures;

/// Room for what a traced pass leaves, used for one pass after the other, and the operators seen so far.
pub struct Tracer {
    raw: NonNull<ffi::Tracer>,
    signatures: Signatures,
}

/// A pass being traced. Whatever ends it, a panic too, takes the tracer out of LibTorch again.
pub struct Tracing<'t> {
    tracer: &'t mut Tracer,
    /// What was alive when it began.
    before: Live,
    high_water: Option<HighWater>,
    /// LibTorch calls back on the thread that began it.
    _stays: PhantomData<*mut ()>,
}

impl Tracer {
    /// # Panics
    /// There is no memory for so much.
    pub fn new(bounds: Bounds) -> Self {
        // SAFETY: it only makes room.
        let raw = unsafe { ffi::blockscope_tracer_new(bounds) };
        Self { raw: NonNull::new(raw).expect("memory for a tracer"), signatures: Signatures::default() }
    }

    /// Begins to watch this thread.
    ///
    /// # Panics
    /// Another tracer watches it already, or there is no memory for it.
    pub fn start(&mut self) -> Tracing<'_> {
        let (high_water, before) = (HighWater::reset(), live());
        // SAFETY: the tracer is alive, and `Tracing` takes it out again before it can be freed.
        let has_begun = unsafe { ffi::blockscope_tracer_start(self.raw.as_ptr()) };
        assert!(has_begun, "the pass cannot be traced: {}", ffi::error());
        Tracing { tracer: self, before, high_water, _stays: PhantomData }
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        // SAFETY: nobody has it any more, and it watches nothing.
        unsafe { ffi::blockscope_tracer_free(self.raw.as_ptr()) };
    }
}

impl Tracing<'_> {
    /// The time since it began, pauses taken out.
    pub fn now(&self) -> Nanos {
        // SAFETY: the tracer is alive.
        ffi::nanos(unsafe { ffi::blockscope_tracer_now(self.raw()) })
    }

    /// A part begins, inside the one that began last and has not ended. Returns when.
    pub fn enter(&mut self, part: u32) -> Nanos {
        // SAFETY: the tracer is alive, on this thread.
        ffi::nanos(unsafe { ffi::blockscope_tracer_enter(self.raw(), part) })
    }

    /// The innermost part ends. Returns when.
    pub fn leave(&mut self) -> Nanos {
        // SAFETY: the tracer is alive, on this thread.
        ffi::nanos(unsafe { ffi::blockscope_tracer_leave(self.raw()) })
    }

    /// Lets the clock stand still, and sees nothing until [`Tracing::resume`].
    pub fn pause(&mut self) {
        // SAFETY: the tracer is alive, on this thread; no operator is running, since Rust is.
        unsafe { ffi::blockscope_tracer_pause(self.raw()) };
    }

    /// Goes on.
    pub fn resume(&mut self) {
        // SAFETY: as in `pause`.
        unsafe { ffi::blockscope_tracer_resume(self.raw()) };
    }

    /// Ends it, and says what happened.
    pub fn stop(self) -> Traced {
        // SAFETY: the tracer is alive, on this thread.
        unsafe { ffi::blockscope_tracer_stop(self.raw()) };
        let resident = self.high_water.as_ref().and_then(HighWater::read);
        // SAFETY: the records stay as they are until the next start, which cannot be before this borrow ends.
        let records = unsafe { ffi::Records::of(self.tracer.raw) };
        Traced::of(&records, self.before, resident, &mut self.tracer.signatures)
    }

    fn raw(&self) -> *mut ffi::Tracer {
        self.tracer.raw.as_ptr()
    }
}

impl Drop for Tracing<'_> {
    fn drop(&mut self) {
        // SAFETY: the tracer is alive, on this thread; a second stop does nothing.
        unsafe { ffi::blockscope_tracer_stop(self.raw()) };
    }
}
