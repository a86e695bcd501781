//! The stretch of time that is seen.

use crate::units::Nanos;

/// No window is shorter: a column of a wide screen is then about a nanosecond, which is what clocks tell.
const LEAST: u64 = 200;

/// A stretch of time on an axis that begins at 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Window {
    pub from: Nanos,
    pub time: Nanos,
}

impl Window {
    /// All of a timeline.
    pub fn whole(end: Nanos) -> Self {
        Self { from: Nanos(0), time: Nanos(end.0.max(LEAST)) }
    }

    pub fn to(self) -> Nanos {
        self.from + self.time
    }

    /// `factor` times as long (shorter below 1); `about` stays where it is.
    pub fn zoomed(self, factor: f64, about: Nanos, end: Nanos) -> Self {
        // Rounded up: in and out again is where it was, or the whole.
        let time = (self.time.0 as f64 * factor).ceil().clamp(LEAST as f64, end.0.max(LEAST) as f64);
        let share = (about - self.from).share_of(self.time).clamp(0.0, 1.0);
        let from = about - Nanos((time * share) as u64);
        Self { from, time: Nanos(time as u64) }.within(end)
    }

    /// Moved by a share of its own length.
    pub fn moved(self, share: f64, end: Nanos) -> Self {
        let by = Nanos((self.time.0 as f64 * share.abs()) as u64);
        let from = if share < 0.0 { self.from - by } else { self.from + by };
        Self { from, ..self }.within(end)
    }

    /// As far as it lies in a timeline, and no shorter than the least.
    pub fn within(self, end: Nanos) -> Self {
        let time = Nanos(self.time.0.clamp(LEAST, end.0.max(LEAST)));
        Self { from: self.from.min(Nanos(end.0.max(LEAST)) - time), time }
    }

    /// Moved as little as shows all of a slice; one that is longer, its beginning, if none of it is seen.
    pub fn showing(self, start: Nanos, time: Nanos, end: Nanos) -> Self {
        let (stop, room) = (start + time, Nanos(self.time.0 / 20));
        let from = match (start >= self.from, stop <= self.to()) {
            (true, true) => return self,
            // It reaches over the window.
            (false, false) => return self,
            _ if time > self.time => {
                let is_seen = start < self.to() && stop > self.from;
                if is_seen { self.from } else { start - room }
            }
            (false, true) => start - room,
            (true, false) => (stop + room) - self.time,
        };
        Self { from, ..self }.within(end)
    }

    /// When column `x` of `width` begins.
    pub fn at(self, x: u16, width: u16) -> Nanos {
        let by = u128::from(self.time.0) * u128::from(x) / u128::from(width.max(1));
        self.from + Nanos(u64::try_from(by).unwrap_or(u64::MAX))
    }

    /// The column of `width` in which a moment lies; the last one for what comes later.
    pub fn column(self, at: Nanos, width: u16) -> u16 {
        let by = u128::from((at - self.from).0) * u128::from(width) / u128::from(self.time.0.max(1));
        u16::try_from(by).unwrap_or(u16::MAX).min(width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: Nanos = Nanos(10_000);

    fn window(from: u64, time: u64) -> Window {
        Window { from: Nanos(from), time: Nanos(time) }
    }

    #[test]
    fn what_is_zoomed_about_stays_in_its_column() {
        let whole = Window::whole(END);
        let zoomed = whole.zoomed(0.5, Nanos(4000), END);
        assert_eq!(zoomed, window(2000, 5000));
        assert_eq!(zoomed.column(Nanos(4000), 100), whole.column(Nanos(4000), 100));
        assert_eq!(zoomed.zoomed(2.0, Nanos(4000), END), whole);
    }

    #[test]
    fn no_zoom_and_no_move_leaves_the_timeline() {
        assert_eq!(Window::whole(END).zoomed(1e9, Nanos(0), END), Window::whole(END));
        assert_eq!(Window::whole(END).zoomed(0.0, END, END), window(10_000 - LEAST, LEAST));
        assert_eq!(window(9000, 500).moved(3.0, END), window(9500, 500));
        assert_eq!(window(100, 500).moved(-1.0, END), window(0, 500));
        assert_eq!(Window::whole(Nanos(0)), window(0, LEAST));
        assert_eq!(window(u64::MAX, u64::MAX).within(END), Window::whole(END));
    }

    #[test]
    fn a_window_moves_only_as_far_as_it_must() {
        let at = window(4000, 1000);
        assert_eq!(at.showing(Nanos(4100), Nanos(100), END), at, "seen already");
        assert_eq!(at.showing(Nanos(3000), Nanos(4000), END), at, "reaches over it");
        assert_eq!(at.showing(Nanos(4900), Nanos(200), END), window(4150, 1000));
        assert_eq!(at.showing(Nanos(3900), Nanos(200), END), window(3850, 1000));
        assert_eq!(at.showing(Nanos(7000), Nanos(2000), END), window(6950, 1000));
        assert_eq!(at.showing(Nanos(4500), Nanos(2000), END), at, "longer than it, and seen");
    }

    #[test]
    fn columns_and_times_belong_together() {
        let at = window(1000, 999);
        for x in 0..150 {
            assert_eq!(at.column(at.at(x, 150) + Nanos(6), 150), x);
        }
        assert_eq!((at.column(Nanos(0), 150), at.column(END, 150)), (0, 150));
    }
}
