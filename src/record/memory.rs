//! Memory as it was really taken: every allocation of a traced pass, with the part that made it.

use super::header::Header;
use crate::units::{Bytes, Nanos};

/// What memory is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// Made while the model was loaded. Tagged when created.
    Weights,
    /// Made for the keys and values of past positions. Tagged when created.
    KvCache,
    /// Made by a part and still alive when that part (the innermost one) ended: what parts hand on.
    Activations,
    /// Gone before the part that made it ended.
    Temporaries,
}

/// Bytes of each category, in the order of [`Category::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ByCategory(pub [Bytes; 4]);

/// A piece of memory, from when it was taken to when it was given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allocation {
    /// The innermost part that was running; `None` between the parts.
    pub part: Option<u32>,
    /// Index, in its pass, of the innermost operator that was running.
    pub operator: Option<u32>,
    pub category: Category,
    /// When it was taken, since the pass began; `None` if before, and only its end is seen.
    pub start: Option<Nanos>,
    /// When it was given back; `None` if it outlived the pass.
    pub end: Option<Nanos>,
    pub bytes: Bytes,
}

/// The memory of one pass.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PassMemory {
    /// What was alive when the pass began.
    pub before: ByCategory,
    /// By start; those from before the pass come first.
    pub allocations: Vec<Allocation>,
    /// What the system says about the process.
    pub resident: Option<Resident>,
}

/// Pages of the process that lay in memory, as the operating system counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resident {
    /// When the pass began (VmRSS).
    pub before: Bytes,
    /// At most during the pass (VmHWM), or since the process began where that cannot be reset.
    pub peak: Bytes,
    /// Whether the high-water mark is that of the pass alone.
    pub is_of_pass: bool,
}

impl PassMemory {
    /// What was alive: from the beginning, and after every moment at which something was taken or given
    /// back, by time.
    pub fn levels(&self) -> Vec<(Nanos, ByCategory)> {
        // What was there before is in `before` already; of it only the end is told.
        let mut changes: Vec<(Nanos, bool, Category, Bytes)> = Vec::with_capacity(2 * self.allocations.len());
        for allocation in &self.allocations {
            let Allocation { category, start, end, bytes, .. } = *allocation;
            changes.extend(start.map(|at| (at, true, category, bytes)));
            changes.extend(end.map(|at| (at, false, category, bytes)));
        }
        // Of what happens at one moment, taking comes first: the level never seems lower than it was.
        changes.sort_by_key(|&(at, taken, ..)| (at, !taken));
        let mut level = self.before;
        let mut levels = vec![(Nanos(0), level)];
        for (at, taken, category, bytes) in changes {
            let of = level.of_mut(category);
            *of = if taken { *of + bytes } else { *of - bytes };
            match levels.last_mut() {
                // The highest level of a moment is kept beside its last one.
                Some(last) if last.0 == at && last.1.total() <= level.total() => last.1 = level,
                _ => levels.push((at, level)),
            }
        }
        levels
    }

    /// The moment at which most was alive, and what it was.
    pub fn peak(&self) -> (Nanos, ByCategory) {
        let mut peak = (Nanos(0), self.before);
        for (at, level) in self.levels() {
            if level.total() > peak.1.total() {
                peak = (at, level);
            }
        }
        peak
    }

    /// What was alive when the pass had ended.
    pub fn after(&self) -> ByCategory {
        self.levels().last().map_or(self.before, |&(_, level)| level)
    }
}

impl Category {
    /// Every category, in the order in which they are stacked and listed.
    pub const ALL: [Category; 4] = [Category::Weights, Category::KvCache, Category::Activations, Category::Temporaries];

    /// As in files.
    pub fn name(self) -> &'static str {
        match self {
            Category::Weights => "weights",
            Category::KvCache => "kv_cache",
            Category::Activations => "activations",
            Category::Temporaries => "temporaries",
        }
    }
}

impl ByCategory {
    pub fn of(&self, category: Category) -> Bytes {
        self.0[category as usize]
    }

    pub fn of_mut(&mut self, category: Category) -> &mut Bytes {
        &mut self.0[category as usize]
    }

    /// All categories together.
    pub fn total(&self) -> Bytes {
        self.0.iter().copied().sum()
    }
}

/// Keys and values of so many positions of each sequence: 2·T·G·h·bytes added up over the blocks, with a scale of 2 bytes for
/// each head and position where they are int8, and of a window no more than it keeps. Modelled; `None` where the run keeps no
/// cache, or its model or its number format is not known.
pub fn kv_by_formula(header: &Header, positions: u64) -> Option<Bytes> {
    let model = header.model.description.as_deref()?;
    let format = header.kv_format()?;
    let batch: u64 = header.toggle("batch").map_or(Some(1), |batch| batch.parse().ok())?;
    let positions = usize::try_from(positions).ok()?;
    let values = batch.checked_mul(model.kv_bytes(positions, header.choices().attention.mask, format))?;
    (header.toggle("kv_cache") == Some("on") && (1..u64::MAX).contains(&values)).then_some(Bytes(values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::ModelInfo;

    fn allocation(category: Category, start: Option<u64>, end: Option<u64>, bytes: u64) -> Allocation {
        let (start, end) = (start.map(Nanos), end.map(Nanos));
        Allocation { part: None, operator: None, category, start, end, bytes: Bytes(bytes) }
    }

    #[test]
    fn levels_rise_and_fall_with_what_is_taken_and_given_back() {
        use Category::{Activations, Temporaries, Weights};
        let memory = PassMemory {
            before: ByCategory([100, 0, 7, 0].map(Bytes)),
            allocations: vec![
                allocation(Activations, None, Some(50), 7),
                allocation(Activations, Some(10), None, 20),
                allocation(Temporaries, Some(20), Some(30), 40),
                // Given back and taken in one moment: both were there.
                allocation(Temporaries, Some(30), Some(40), 5),
            ],
            resident: None,
        };
        let totals: Vec<(u64, u64)> = memory.levels().iter().map(|(at, level)| (at.0, level.total().0)).collect();
        assert_eq!(totals, [(0, 107), (10, 127), (20, 167), (30, 172), (30, 132), (40, 127), (50, 120)]);
        assert_eq!((memory.peak().0, memory.peak().1.of(Temporaries)), (Nanos(30), Bytes(45)));
        assert_eq!((memory.after().of(Weights), memory.after().of(Activations)), (Bytes(100), Bytes(20)));
    }

    #[test]
    fn keys_and_values_by_formula() {
        let of = |toggles: &str| {
            let sizes = ModelInfo { n_layers: 2, n_heads: 6, n_kv_heads: 3, d_head: 16, ..ModelInfo::default() };
            let sizes = ModelInfo { d_model: 96, d_mlp: 8, d_vocab: 9, n_ctx: 1000, ..sizes };
            let model = ModelInfo { family: "llama".into(), ..sizes }.described();
            let pair = |text: &str| text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
            let toggles = toggles.split(',').filter_map(pair).collect();
            kv_by_formula(&Header { model, toggles, ..Header::default() }, 100).map(|bytes| bytes.0)
        };
        let numbers = 2 * 2 * 3 * 100 * 16;
        assert_eq!(of("kv_cache=on,compute=f32"), Some(4 * numbers));
        assert_eq!(of("kv_cache=on,kv_dtype=bf16,compute=f32,batch=4"), Some(4 * 2 * numbers));
        assert_eq!(of("kv_cache=on,kv_dtype=int8,compute=f32"), Some(numbers / 16 * 18), "16 bytes and a scale");
        assert_eq!(of("attention=window:50,kv_cache=on,compute=f32"), Some(2 * numbers));
        assert_eq!(of("attention=sinks:4+21,kv_cache=on,compute=f32"), Some(numbers));
        assert_eq!(of("attention=window:500,kv_cache=on,compute=f32"), Some(4 * numbers));
        let unknown = Header { toggles: vec![("kv_cache".into(), "on".into())], ..Header::default() };
        assert_eq!(kv_by_formula(&unknown, 100), None, "a model that is not described");
        for unknown in ["kv_cache=off,compute=f32", "kv_cache=on,compute=f3", "kv_cache=on,compute=f32,batch=many", ""]
        {
            assert_eq!(of(unknown), None, "{unknown}");
        }
    }
}
