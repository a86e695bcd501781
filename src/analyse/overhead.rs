//! What watching cost: the passes that were watched against the plain ones beside them.

use crate::record::event::{Phase, Watched};
use crate::record::run::Run;
use crate::units::Nanos;
use std::collections::BTreeMap;

/// Time of watched repeats ÷ time of plain ones, over the pairs in which they alternated. Measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overhead {
    pub pairs: u32,
    pub q1: f64,
    pub median: f64,
    pub q3: f64,
}

impl Overhead {
    /// Above this a watched pass no longer explains the plain one beside it.
    pub const TOLERATED: f64 = 1.05;

    /// Of the passes of `phase` (`None`: of all passes of a repeat together); `None` where no plain repeat
    /// stands before a watched one.
    pub fn of(run: &Run, phase: impl Into<Option<Phase>>) -> Option<Self> {
        let phase = phase.into();
        // Time and passes by repeat: a pair whose repeats have different lengths says nothing.
        let mut repeats: BTreeMap<u32, (Watched, Nanos, u32)> = BTreeMap::new();
        for pass in run.passes.iter().filter(|pass| phase.is_none_or(|phase| pass.start.phase == phase)) {
            let (_, time, passes) = repeats.entry(pass.start.repeat).or_insert((pass.start.watched, Nanos(0), 0));
            *time += pass.time?;
            *passes += 1;
        }
        let mut ratios = Vec::new();
        for (repeat, &(watched, time, passes)) in &repeats {
            let before = repeat.checked_sub(1).and_then(|before| repeats.get(&before));
            if let Some(&(Watched::Plain, plain, n)) = before
                && watched.has_parts()
                && n == passes
                && plain.0 > 0
            {
                ratios.push(time.share_of(plain));
            }
        }
        ratios.sort_by(f64::total_cmp);
        let last = ratios.len().checked_sub(1)?;
        let at = |share: f64| {
            let position = share * last as f64;
            let (below, above) = (position.floor() as usize, position.ceil() as usize);
            ratios[below] + (position - below as f64) * (ratios[above] - ratios[below])
        };
        Some(Self { pairs: ratios.len() as u32, q1: at(0.25), median: at(0.5), q3: at(0.75) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Event, PassStart};

    fn run(passes: &[(u32, Watched, u64)]) -> Run {
        let mut run = Run::default();
        for &(repeat, watched, time) in passes {
            let phase = Phase::Decode;
            let start = PassStart { phase, repeat, step: 0, n_new: 1, n_past: 1, watched, start: Nanos(0) };
            run.apply(Event::PassStart(start));
            run.apply(Event::PassEnd { time: Nanos(time) });
        }
        run
    }

    #[test]
    fn the_ratio_is_the_median_over_pairs() {
        use Watched::{Operators, Plain};
        let pairs = [(0, Plain, 100), (1, Operators, 110), (2, Plain, 200), (3, Operators, 204)];
        let overhead = Overhead::of(&run(&pairs), Phase::Decode).unwrap();
        assert_eq!(overhead.pairs, 2);
        assert!((overhead.median - 1.06).abs() < 1e-9, "half way between 1.02 and 1.10");
        assert_eq!(Overhead::of(&run(&pairs), Phase::Prefill), None);
        assert_eq!(Overhead::of(&run(&pairs), None), Some(overhead), "there is no other phase");
        assert_eq!(Overhead::of(&run(&pairs[1..2]), Phase::Decode), None, "nothing to compare with");
        let longer = [(0, Plain, 100), (0, Plain, 100), (1, Operators, 110)];
        assert_eq!(Overhead::of(&run(&longer), Phase::Decode), None, "two steps against one");
    }
}
