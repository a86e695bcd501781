//! Takes the time at the edges of parts.

use super::tracer::{Traced, Tracing};
use crate::units::Nanos;
use std::time::Instant;

/// A clock that began with the pass. Under a tracer it is the tracer's own, so that parts and operators
/// are told by the same one.
pub enum Clock<'t> {
    Wall { began: Instant, paused: Option<Instant> },
    Tracer(Tracing<'t>),
}

impl Clock<'_> {
    /// Begins now.
    pub fn wall() -> Self {
        Clock::Wall { began: Instant::now(), paused: None }
    }

    /// The time since it began, pauses taken out.
    pub fn now(&self) -> Nanos {
        match self {
            Clock::Wall { began, paused } => Nanos::of(paused.unwrap_or_else(Instant::now).duration_since(*began)),
            Clock::Tracer(tracing) => tracing.now(),
        }
    }

    /// A part begins. Returns when.
    pub fn enter(&mut self, part: u32) -> Nanos {
        match self {
            Clock::Wall { .. } => self.now(),
            Clock::Tracer(tracing) => tracing.enter(part),
        }
    }

    /// The innermost part ends. Returns when.
    pub fn leave(&mut self) -> Nanos {
        match self {
            Clock::Wall { .. } => self.now(),
            Clock::Tracer(tracing) => tracing.leave(),
        }
    }

    /// Stands still: what comes now belongs to nobody.
    pub fn pause(&mut self) {
        match self {
            Clock::Wall { paused, .. } => *paused = Some(Instant::now()),
            Clock::Tracer(tracing) => tracing.pause(),
        }
    }

    /// Goes on.
    pub fn resume(&mut self) {
        match self {
            Clock::Wall { began, paused } => {
                *began += paused.take().map_or_else(Default::default, |since| since.elapsed())
            }
            Clock::Tracer(tracing) => tracing.resume(),
        }
    }

    /// What was traced, if anything was.
    pub fn stop(self) -> Option<Traced> {
        match self {
            Clock::Wall { .. } => None,
            Clock::Tracer(tracing) => Some(tracing.stop()),
        }
    }
}
