//! The Timeline as it is read: which stretch of time is seen, what is selected, what is looked for.
//!
//! ```text
//! Run, trace of another profiler ─▶ Timeline ─▶ Chart   laid out once, drawn from any number of times
//!                                    keys ─▶ Viewport      window, selection, name looked for
//! ```

pub mod actions;
pub mod chart;
pub mod perform;
pub mod view;
mod window;

#[cfg(test)]
mod tests;

pub use Viewport as State;
pub use chart::{At, Chart};
pub use window::Window;

use crate::units::Nanos;

/// How the Timeline is read.
#[derive(Debug, Clone, Default)]
pub struct Viewport {
    pub window: Window,
    /// The selected slice; there is one in every chart that is not empty.
    pub selected: At,
    /// The name that is looked for, as an index into the timeline's names: slices of it stand out.
    pub sought: Option<u32>,
    pub shows: TimelineView,
    /// The selected row of the list by name.
    pub row: usize,
}

/// What the Timeline's body shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimelineView {
    /// Every slice over time.
    #[default]
    Slices,
    /// Operators and kernels, added up by name.
    Operators,
    /// Parts or modules, added up by name.
    Modules,
}

/// A trace of another profiler.
#[derive(Debug, Clone)]
pub struct ImportedTrace {
    /// Its files.
    pub name: String,
    pub chart: Chart,
}

impl Viewport {
    /// Everything, with the first slice selected.
    pub fn new(chart: &Chart) -> Self {
        let track = chart.timeline.tracks.iter().position(|track| !track.slices.is_empty()).unwrap_or(0);
        Self { window: Window::whole(chart.timeline.end), selected: At { track, slice: 0 }, ..Self::default() }
    }

    /// Selects a slice and brings it into view.
    fn select(&mut self, chart: &Chart, at: At) {
        self.selected = at;
        let slice = chart.slice(at);
        self.window = self.window.showing(slice.start, slice.time, chart.timeline.end);
    }

    /// Selects a slice and gives it room, if it is lost in the window or does not fit into it.
    fn visit(&mut self, chart: &Chart, at: At) {
        let slice = chart.slice(at);
        if slice.time.0.saturating_mul(20) < self.window.time.0 || slice.time > self.window.time {
            let time = Nanos(slice.time.0.saturating_mul(8));
            let from = slice.start - Nanos(time.0 / 2 - slice.time.0 / 2);
            self.window = Window { from, time }.within(chart.timeline.end);
        }
        self.select(chart, at);
    }
}
