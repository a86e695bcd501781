//! Which keys which queries look at: the arithmetic of windows, shared by what computes and by what it should cost.

use super::toggles::{Attention, Kernel, Reach};
use std::ops::Range;

/// Fewer queries than this at a time are not worth a kernel's call of their own.
const LEAST_QUERIES: usize = 128;

/// New positions that are computed together, and the keys that they look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Among the new positions.
    pub queries: Range<usize>,
    /// Among the keys of the pass: those that were kept, then the new ones. Each range is not empty.
    pub keys: Vec<Range<usize>>,
}

impl Stretch {
    /// How many keys these are.
    pub fn n_keys(&self) -> usize {
        self.keys.iter().map(ExactSizeIterator::len).sum()
    }
}

impl Reach {
    /// How many of so many past positions a cache keeps.
    pub fn kept(self, positions: usize) -> usize {
        match self {
            Reach::All => positions,
            Reach::Near { sinks, window } => positions.min(sinks + window),
        }
    }

    /// How many keys there are in a pass of `new` positions after `past` ones. A single new position takes the
    /// place of the one that leaves its window; several are beside all that was kept.
    pub fn keys(self, past: usize, new: usize) -> usize {
        if new == 1 { self.kept(past + 1) } else { self.kept(past) + new }
    }

    /// Whether position `query` looks at position `key`.
    pub fn sees(self, query: usize, key: usize) -> bool {
        key <= query
            && match self {
                Reach::All => true,
                Reach::Near { sinks, window } => key < sinks || query - key < window,
            }
    }

    /// Whether any of these queries looks at any of these keys.
    pub fn sees_any(self, queries: &Range<usize>, keys: &Range<usize>) -> bool {
        let (Some(last), Some(key)) = (queries.end.checked_sub(1), keys.clone().next()) else { return false };
        !queries.is_empty()
            && key <= last
            && match self {
                Reach::All => true,
                // The nearest pair of the two.
                Reach::Near { sinks, window } => key < sinks || (queries.start + 1).saturating_sub(keys.end) < window,
            }
    }

    /// How many of so many queries see each key.
    pub fn seen_by(self, positions: usize) -> impl Iterator<Item = usize> {
        (0..positions).map(move |key| match self {
            Reach::Near { sinks, window } if key >= sinks => window.min(positions - key),
            _ => positions - key,
        })
    }

    /// What a key receives of the queries that see it, on the mean, where all of so many spread their attention evenly.
    pub fn even_share(self, key: usize, positions: usize) -> f32 {
        let seeing: Vec<usize> = (key..positions).filter(|&query| self.sees(query, key)).collect();
        let shares: f32 = seeing.iter().map(|&query| 1.0 / self.keys(query, 1) as f32).sum();
        shares / seeing.len().max(1) as f32
    }

    /// Where a cache keeps a position: the first ones for good, the others in turn.
    pub fn slot(self, position: usize) -> usize {
        match self {
            Reach::Near { sinks, window } if position >= sinks => sinks + (position - sinks) % window,
            _ => position,
        }
    }

    /// Which of positions `past .. len` are kept when they have come, in runs that lie side by side: where each
    /// begins, and its positions.
    pub fn written(self, past: usize, len: usize) -> Vec<(usize, Range<usize>)> {
        let stays = |&position: &usize| match self {
            Reach::All => true,
            Reach::Near { sinks, window } => position < sinks || len - position <= window,
        };
        let mut runs: Vec<(usize, Range<usize>)> = Vec::new();
        for position in (past..len).filter(stays) {
            let slot = self.slot(position);
            match runs.last_mut() {
                Some((start, run)) if run.end == position && *start + run.len() == slot => run.end += 1,
                _ => runs.push((slot, position..position + 1)),
            }
        }
        runs
    }

    /// The positions that a cache keeps of so many, by slot.
    pub fn positions(self, positions: usize) -> Vec<usize> {
        let slots = self.kept(positions);
        let mut kept: Vec<usize> = (0..slots).collect();
        // Whatever came later took its slot.
        for position in slots.max(positions.saturating_sub(slots))..positions {
            kept[self.slot(position)] = position;
        }
        kept
    }
}

impl Attention {
    /// How the pass is cut: a window over a long prompt in stretches of its own length, so that the work grows
    /// with the prompt and not with its square; anything else in one.
    pub fn stretches(self, past: usize, new: usize) -> Vec<Stretch> {
        let one = |queries: Range<usize>, keys: Range<usize>| Stretch { queries, keys: Vec::from([keys]) };
        match (self.kernel, self.reach) {
            (Kernel::Fused, Reach::Near { sinks, window }) if past == 0 => {
                let length = window.max(LEAST_QUERIES);
                let stretch = |begin: usize| {
                    let end = (begin + length).min(new);
                    let first = (begin + 1).saturating_sub(window);
                    match (first > sinks, sinks) {
                        (false, _) => one(begin..end, 0..end),
                        (true, 0) => one(begin..end, first..end),
                        (true, sinks) => Stretch { queries: begin..end, keys: vec![0..sinks, first..end] },
                    }
                };
                (0..new).step_by(length).map(stretch).collect()
            }
            _ => vec![one(0..new, 0..self.reach.keys(past, new))],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_keeps_the_sinks_and_the_nearest() {
        let reach = Reach::Near { sinks: 2, window: 3 };
        assert_eq!(reach.positions(4), [0, 1, 2, 3]);
        assert_eq!(reach.positions(5), [0, 1, 2, 3, 4]);
        assert_eq!(reach.positions(7), [0, 1, 5, 6, 4]);
        assert_eq!(reach.positions(1000).len(), 5);
        assert_eq!(Reach::All.positions(3), [0, 1, 2]);
        assert_eq!(reach.written(0, 9), [(0, 0..2), (3, 6..8), (2, 8..9)]);
        assert_eq!(reach.written(3, 4), [(3, 3..4)]);
        assert_eq!(Reach::All.written(2, 9), [(2, 2..9)]);
    }

    #[test]
    fn every_visible_key_is_in_the_stretch_of_its_query() {
        for attention in ["window:5", "window:200", "sinks:3+5", "sinks:150+200", "fused", "eager+window:5"] {
            let attention: Attention = attention.parse().unwrap();
            for new in [1, 127, 128, 129, 700] {
                let stretches = attention.stretches(0, new);
                let queries: Vec<usize> = stretches.iter().flat_map(|stretch| stretch.queries.clone()).collect();
                assert_eq!(queries, (0..new).collect::<Vec<_>>(), "{attention}, each query once");
                for stretch in &stretches {
                    for query in stretch.queries.clone() {
                        let seen = (0..new).filter(|&key| attention.reach.sees(query, key));
                        let has = |key: &usize| stretch.keys.iter().any(|keys| keys.contains(key));
                        assert!(seen.clone().all(|key| has(&key)), "{attention}, {query} of {new}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_work_of_a_window_grows_with_the_prompt_and_not_with_its_square() {
        let attention: Attention = "window:256".parse().unwrap();
        let pairs = |new| -> usize { attention.stretches(0, new).iter().map(|s| s.queries.len() * s.n_keys()).sum() };
        assert!((190..=210).contains(&(100 * pairs(8192) / pairs(4096))));
    }
}
