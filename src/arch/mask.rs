//! Which keys a query attends to, as arithmetic: shared by what computes and by what it should cost.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// Which keys a query at a position attends to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mask {
    /// All before it and itself.
    Causal,
    /// The first `sinks` positions and the `window` nearest ones, itself among them (Beltagy et al.,
    /// arXiv:2004.05150; with sinks Xiao et al., arXiv:2309.17453).
    Window { sinks: usize, window: usize },
    /// Those of its own chunk of `size` positions that are not after it (Llama 4).
    Chunks { size: usize },
    /// All, those after it too: what reads a whole input at once.
    Full,
}

/// Fewer queries than this at a time are not worth a kernel's call of their own.
const MIN_QUERIES: usize = 128;

/// New positions that are computed together, and the keys that they are given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryChunk {
    /// Among the new positions.
    pub queries: Range<usize>,
    /// Among the keys of the pass: those that were kept, then the new ones. Each range is not empty.
    pub keys: Vec<Range<usize>>,
}

impl QueryChunk {
    /// How many keys these are.
    pub fn n_keys(&self) -> usize {
        self.keys.iter().map(ExactSizeIterator::len).sum()
    }
}

impl Mask {
    /// The mask of a layer whose own is `self` under a window that the user chose: the narrower window holds, and
    /// sinks come with the user's.
    pub fn narrowed(self, chosen: Mask) -> Mask {
        match (self, chosen) {
            (own, Mask::Causal | Mask::Chunks { .. } | Mask::Full) => own,
            (Mask::Window { window: own, .. }, Mask::Window { window, .. }) if own <= window => self,
            (Mask::Chunks { .. } | Mask::Full, _) => self,
            (_, chosen) => chosen,
        }
    }

    /// How many pairs of a query and a key that it sees there are in a pass of `new` positions after `past` ones.
    pub fn pairs(self, past: u64, new: u64) -> u128 {
        if self == Mask::Full {
            return u128::from(new) * (u128::from(past) + u128::from(new));
        }
        let (first, end) = (u128::from(past), u128::from(past) + u128::from(new));
        // Of a query at position p the keys that it sees, added up over all positions before `end`.
        let triangle = |n: u128| n * (n + 1) / 2;
        let before = |end: u128| match self {
            Mask::Causal => triangle(end),
            Mask::Window { sinks, window } => {
                let most = (sinks + window) as u128;
                triangle(end.min(most)) + end.saturating_sub(most) * most
            }
            Mask::Chunks { size } => {
                let size = size as u128;
                end / size * triangle(size) + triangle(end % size)
            }
            Mask::Full => 0,
        };
        before(end) - before(first)
    }

    /// How many of so many past positions a cache keeps.
    pub fn kept(self, positions: usize) -> usize {
        match self {
            Mask::Window { sinks, window } => positions.min(sinks + window),
            Mask::Causal | Mask::Chunks { .. } | Mask::Full => positions,
        }
    }

    /// How many keys there are in a pass of `new` positions after `past` ones. A single new position takes the
    /// place of the one that leaves its window; several are beside all that was kept.
    pub fn keys(self, past: usize, new: usize) -> usize {
        if new == 1 { self.kept(past + 1) } else { self.kept(past) + new }
    }

    /// Whether position `query` attends to position `key`.
    pub fn sees(self, query: usize, key: usize) -> bool {
        match self {
            Mask::Full => true,
            _ if key > query => false,
            Mask::Causal => true,
            Mask::Window { sinks, window } => key < sinks || query - key < window,
            Mask::Chunks { size } => query / size == key / size,
        }
    }

    /// Whether any of these queries attends to any of these keys.
    pub fn sees_any(self, queries: &Range<usize>, keys: &Range<usize>) -> bool {
        let (Some(last), Some(key)) = (queries.end.checked_sub(1), keys.clone().next()) else { return false };
        !queries.is_empty()
            && (key <= last || self == Mask::Full)
            && match self {
                Mask::Causal | Mask::Full => true,
                // The nearest pair of the two.
                Mask::Window { sinks, window } => key < sinks || (queries.start + 1).saturating_sub(keys.end) < window,
                Mask::Chunks { size } => queries.start / size <= (keys.end - 1) / size && key / size <= last / size,
            }
    }

    /// How many of so many queries attend to each key.
    pub fn seen_by(self, positions: usize) -> impl Iterator<Item = usize> {
        (0..positions).map(move |key| match self {
            Mask::Window { sinks, window } if key >= sinks => window.min(positions - key),
            Mask::Chunks { size } => ((key / size + 1) * size).min(positions) - key,
            Mask::Full => positions,
            Mask::Causal | Mask::Window { .. } => positions - key,
        })
    }

    /// How many keys a query among so many positions attends to.
    pub fn seen_from(self, query: usize, positions: usize) -> usize {
        match self {
            Mask::Full => positions,
            Mask::Causal => query + 1,
            Mask::Window { .. } => self.kept(query + 1),
            Mask::Chunks { size } => query % size + 1,
        }
    }

    /// What a key receives of the queries that attend to it, on the mean, where all of so many spread their attention
    /// evenly.
    pub fn even_share(self, key: usize, positions: usize) -> f32 {
        let seeing: Vec<usize> = (0..positions).filter(|&query| self.sees(query, key)).collect();
        let shares: f32 = seeing.iter().map(|&query| 1.0 / self.seen_from(query, positions) as f32).sum();
        shares / seeing.len().max(1) as f32
    }

    /// Where a cache keeps a position: the first ones for good, the others in turn.
    pub fn slot(self, position: usize) -> usize {
        match self {
            Mask::Window { sinks, window } if position >= sinks => sinks + (position - sinks) % window,
            _ => position,
        }
    }

    /// Which of positions `past .. len` are kept when they have come, in runs that lie side by side: where each
    /// begins, and its positions.
    pub fn written(self, past: usize, len: usize) -> Vec<(usize, Range<usize>)> {
        let stays = |&position: &usize| match self {
            Mask::Window { sinks, window } => position < sinks || len - position <= window,
            Mask::Causal | Mask::Chunks { .. } | Mask::Full => true,
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

    /// How a pass is cut for a kernel that holds no matrix: a window over a long prompt in chunks of its own length, so
    /// that the work grows with the prompt and not with its square; anything else in one.
    pub fn chunks(self, past: usize, new: usize) -> Vec<QueryChunk> {
        let one = |queries: Range<usize>, keys: Range<usize>| QueryChunk { queries, keys: Vec::from([keys]) };
        match self {
            Mask::Window { sinks, window } if past == 0 => {
                let length = window.max(MIN_QUERIES);
                let chunk = |begin: usize| {
                    let end = (begin + length).min(new);
                    let first = (begin + 1).saturating_sub(window);
                    match (first > sinks, sinks) {
                        (false, _) => one(begin..end, 0..end),
                        (true, 0) => one(begin..end, first..end),
                        (true, sinks) => QueryChunk { queries: begin..end, keys: vec![0..sinks, first..end] },
                    }
                };
                (0..new).step_by(length).map(chunk).collect()
            }
            _ => vec![self.whole(past, new)],
        }
    }

    /// A pass in one piece.
    pub fn whole(self, past: usize, new: usize) -> QueryChunk {
        let keys = 0..self.keys(past, new);
        QueryChunk { queries: 0..new, keys: vec![keys] }
    }
}

impl fmt::Display for Mask {
    /// `causal`, `window:256`, `sinks:4+252`, `chunks:8192`, `full`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mask::Causal => f.write_str("causal"),
            Mask::Window { sinks: 0, window } => write!(f, "window:{window}"),
            Mask::Window { sinks, window } => write!(f, "sinks:{sinks}+{window}"),
            Mask::Chunks { size } => write!(f, "chunks:{size}"),
            Mask::Full => f.write_str("full"),
        }
    }
}

impl FromStr for Mask {
    type Err = ();

    /// Reads what is printed.
    fn from_str(text: &str) -> Result<Self, ()> {
        let number = |text: &str| text.parse().ok().filter(|n| (1..=1 << 24).contains(n)).ok_or(());
        let (kind, numbers) = text.split_once(':').unwrap_or((text, ""));
        match (kind, numbers.split_once('+')) {
            ("causal", None) if numbers.is_empty() => Ok(Mask::Causal),
            ("full", None) if numbers.is_empty() => Ok(Mask::Full),
            ("window", None) => Ok(Mask::Window { sinks: 0, window: number(numbers)? }),
            ("sinks", Some((sinks, window))) => Ok(Mask::Window { sinks: number(sinks)?, window: number(window)? }),
            ("chunks", None) => Ok(Mask::Chunks { size: number(numbers)? }),
            _ => Err(()),
        }
    }
}

impl Serialize for Mask {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Mask {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|()| de::Error::invalid_value(de::Unexpected::Str(&text), &"a mask such as window:256"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_keeps_the_sinks_and_the_nearest() {
        let mask = Mask::Window { sinks: 2, window: 3 };
        assert_eq!(mask.positions(4), [0, 1, 2, 3]);
        assert_eq!(mask.positions(5), [0, 1, 2, 3, 4]);
        assert_eq!(mask.positions(7), [0, 1, 5, 6, 4]);
        assert_eq!(mask.positions(1000).len(), 5);
        assert_eq!(Mask::Causal.positions(3), [0, 1, 2]);
        assert_eq!(mask.written(0, 9), [(0, 0..2), (3, 6..8), (2, 8..9)]);
        assert_eq!(mask.written(3, 4), [(3, 3..4)]);
        assert_eq!(Mask::Causal.written(2, 9), [(2, 2..9)]);
    }

    #[test]
    fn every_visible_key_is_in_the_chunk_of_its_query() {
        let window = |sinks, window| Mask::Window { sinks, window };
        for mask in
            [window(0, 5), window(0, 200), window(3, 5), window(150, 200), Mask::Causal, Mask::Chunks { size: 50 }]
        {
            for new in [1, 127, 128, 129, 700] {
                let chunks = mask.chunks(0, new);
                let queries: Vec<usize> = chunks.iter().flat_map(|chunk| chunk.queries.clone()).collect();
                assert_eq!(queries, (0..new).collect::<Vec<_>>(), "{mask}, each query once");
                for chunk in &chunks {
                    for query in chunk.queries.clone() {
                        let mut seen = (0..new).filter(|&key| mask.sees(query, key));
                        let has = |key: usize| chunk.keys.iter().any(|keys| keys.contains(&key));
                        assert!(seen.all(has), "{mask}, {query} of {new}");
                    }
                }
            }
        }
    }

    #[test]
    fn counts_agree_with_what_is_seen() {
        for mask in [Mask::Causal, Mask::Window { sinks: 2, window: 3 }, Mask::Chunks { size: 4 }, Mask::Full] {
            for (key, n) in mask.seen_by(11).enumerate() {
                assert_eq!(n, (0..11).filter(|&query| mask.sees(query, key)).count(), "{mask} {key}");
            }
            for query in 0..11 {
                assert_eq!(
                    mask.seen_from(query, 11),
                    (0..11).filter(|&key| mask.sees(query, key)).count(),
                    "{mask} {query}"
                );
            }
        }
    }

    #[test]
    fn pairs_are_what_every_query_sees() {
        let masks = ["causal", "window:3", "sinks:2+3", "chunks:4", "full"].map(|mask| mask.parse::<Mask>().unwrap());
        for (mask, past, new) in
            masks.iter().flat_map(|mask| (0..9).flat_map(move |p| (0..9).map(move |n| (mask, p, n))))
        {
            let seen = |query: usize| (0..past + new).filter(|&key| mask.sees(query, key)).count();
            let counted: usize = (past..past + new).map(seen).sum();
            assert_eq!(mask.pairs(past as u64, new as u64), counted as u128, "{mask} after {past}, {new}");
        }
    }

    #[test]
    fn the_work_of_a_window_grows_with_the_prompt_and_not_with_its_square() {
        let mask = Mask::Window { sinks: 0, window: 256 };
        let pairs =
            |new| -> usize { mask.chunks(0, new).iter().map(|chunk| chunk.queries.len() * chunk.n_keys()).sum() };
        assert!((190..=210).contains(&(100 * pairs(8192) / pairs(4096))));
    }

    #[test]
    fn a_chosen_window_narrows_the_models_own() {
        let (own, chosen) = (Mask::Window { sinks: 0, window: 512 }, Mask::Window { sinks: 4, window: 252 });
        assert_eq!(own.narrowed(chosen), chosen);
        assert_eq!(own.narrowed(Mask::Causal), own);
        assert_eq!(own.narrowed(Mask::Window { sinks: 4, window: 1024 }), own);
        assert_eq!(Mask::Causal.narrowed(chosen), chosen);
    }
}
