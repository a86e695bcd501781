//! Who is told what happens in a study.

use crate::record::study::Event;
use crate::units::Nanos;

/// Someone who is told what happens in a study, on the thread where it happens.
pub trait WatchStudy {
    /// The next event of the study.
    fn event(&mut self, event: Event);

    /// How far it is.
    fn progress(&mut self, _progress: &Progress) {}
}

/// How far a study is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// What is being done: `round 3 · kv_cache=off`.
    pub stage: String,
    /// Steps of work that are done, and the most that there may be. Rounds end early when enough is known.
    pub done: u32,
    pub most: u32,
    /// The time that the rest would take if there are as many as there may be; `None` before anything was timed.
    pub left: Option<Nanos>,
}

impl<F: FnMut(Event)> WatchStudy for F {
    fn event(&mut self, event: Event) {
        self(event);
    }
}
