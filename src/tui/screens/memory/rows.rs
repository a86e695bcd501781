//! The memory of the traced passes of a phase, ready to be drawn: its curve, its peaks, what each part did.

use crate::analyse::Account;
use crate::analyse::account::PartMemory;
use crate::record::{ByCategory, Category, Pass, Resident, Run, Watched};
use crate::tui::grouped_list::Grouping;
use crate::tui::screens::roofline::points::grouped;
use crate::units::{Bytes, Nanos};
use std::collections::HashMap;

/// Into how many equal stretches a pass is cut: more than a screen has columns.
const SLOTS: usize = 1024;

/// The memory of a phase.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Memory {
    /// Its traced passes: one prefill, or the decode steps in order.
    pub passes: Vec<PassLevels>,
    /// The highest of them, as an index.
    pub highest: usize,
    /// Of the highest pass: what was alive when each of equal stretches of it was fullest.
    pub curve: Vec<ByCategory>,
    /// By grouping (parts, blocks), the highest peak first.
    rows: [Vec<MemoryRow>; 2],
}

/// What one pass held.
#[derive(Debug, Clone, PartialEq)]
pub struct PassLevels {
    /// Number of the decode step, from 0.
    pub step: u32,
    /// Positions that the cache holds when it has ended.
    pub positions: u64,
    pub time: Nanos,
    pub before: ByCategory,
    pub peak: ByCategory,
    pub peak_at: Nanos,
    /// The innermost part that ran at the peak.
    pub peak_in: Option<u32>,
    pub after: ByCategory,
    pub resident: Option<Resident>,
    /// Allocations that were left out.
    pub cut: u64,
}

/// What a part did to memory, over all passes of the phase.
#[derive(Debug, Clone, PartialEq)]
pub struct MemoryRow {
    /// As that of a [`Point`](crate::tui::points::Point).
    pub name: String,
    pub memory: PartMemory,
}

impl Memory {
    /// The memory of the passes of an account.
    pub fn of(run: &Run, account: &Account) -> Self {
        let mut memory =
            Self { rows: [Grouping::Parts, Grouping::Blocks].map(|g| rows(run, account, g)), ..Self::default() };
        let traced = run.passes.iter().filter(|pass| {
            let start = pass.start;
            start.phase == account.phase && start.repeat == account.repeat && start.watched == Watched::Operators
        });
        for pass in traced {
            let (Some(held), Some(time)) = (&pass.memory, pass.time) else { continue };
            let levels = held.levels();
            let levels = PassLevels::of(run, pass, time, &levels).map(|pass| (pass, levels));
            let Some((pass, levels)) = levels else { continue };
            let higher = |best: &PassLevels| pass.peak.total() > best.peak.total();
            if memory.passes.get(memory.highest).is_none_or(higher) {
                memory.highest = memory.passes.len();
                memory.curve = curve(&levels, time);
            }
            memory.passes.push(pass);
        }
        memory
    }

    /// The pass in which most was alive.
    pub fn peak(&self) -> Option<&PassLevels> {
        self.passes.get(self.highest)
    }

    /// What each part did, the highest peak first; memory is not told apart by operator.
    pub fn rows(&self, grouping: Grouping) -> &[MemoryRow] {
        &self.rows[usize::from(grouping == Grouping::Blocks)]
    }
}

impl PassLevels {
    fn of(run: &Run, pass: &Pass, time: Nanos, levels: &[(Nanos, ByCategory)]) -> Option<Self> {
        let &(_, before) = levels.first()?;
        let &(_, after) = levels.last()?;
        let (mut peak_at, mut peak) = levels[0];
        for &(at, level) in levels {
            if level.total() > peak.total() {
                (peak_at, peak) = (at, level);
            }
        }
        let inner = pass.spans.iter().filter(|span| span.start <= peak_at && peak_at <= span.start + span.time);
        let start = pass.start;
        Some(Self {
            step: start.step,
            positions: u64::from(start.n_past) + u64::from(start.n_new),
            time,
            before,
            peak,
            peak_at,
            peak_in: inner
                .min_by_key(|span| span.time)
                .map(|span| span.part)
                .filter(|&p| (p as usize) < run.parts.len()),
            after,
            resident: pass.memory.as_ref()?.resident,
            cut: pass.cut.unwrap_or_default().allocations,
        })
    }

    /// What was taken for the pass: the peak above what was there before.
    pub fn risen(&self) -> Bytes {
        self.peak.total() - self.before.total()
    }
}

/// The fullest moment of each of equal stretches; where nothing changes, what was there before.
fn curve(levels: &[(Nanos, ByCategory)], time: Nanos) -> Vec<ByCategory> {
    let slot = |at: Nanos| ((at.share_of(time) * SLOTS as f64) as usize).min(SLOTS - 1);
    let mut curve = Vec::with_capacity(SLOTS);
    let mut next = levels.iter().peekable();
    let mut level = levels.first().map(|&(_, level)| level).unwrap_or_default();
    for index in 0..SLOTS {
        let mut fullest = level;
        while let Some(&(_, changed)) = next.next_if(|(at, _)| slot(*at) <= index) {
            level = changed;
            if level.total() > fullest.total() {
                fullest = level;
            }
        }
        curve.push(fullest);
    }
    curve
}

fn rows(run: &Run, account: &Account, grouping: Grouping) -> Vec<MemoryRow> {
    let mut sums: HashMap<&str, PartMemory> = HashMap::new();
    for (name, _, part) in grouped(run, account, grouping) {
        sums.entry(name).or_default().add(part.memory);
    }
    let row = |(name, memory): (&str, PartMemory)| MemoryRow { name: name.to_owned(), memory };
    let mut rows: Vec<MemoryRow> = sums.into_iter().map(row).collect();
    let key = |row: &MemoryRow| std::cmp::Reverse((row.memory.peak, row.memory.allocated));
    rows.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.name.cmp(&b.name)));
    rows
}

/// The categories that change while a model runs, in the order in which they are stacked.
pub const STACKED: [Category; 3] = [Category::KvCache, Category::Activations, Category::Temporaries];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Phase;
    use crate::record::memory::kv_by_formula;
    use crate::tui::fixture;

    #[test]
    fn the_curve_holds_the_peak_and_ends_where_the_pass_ends() {
        let run = fixture::traced_run();
        let account = Account::of(&run, Phase::Prefill).unwrap();
        let memory = Memory::of(&run, &account);
        let [pass] = memory.passes.as_slice() else { panic!("one prefill") };
        let held = run.passes[0].memory.as_ref().unwrap();
        assert_eq!((pass.peak_at, pass.peak), held.peak());
        assert_eq!(pass.after, held.after());
        let fullest = memory.curve.iter().map(|level| level.total()).max().unwrap();
        assert_eq!(fullest, pass.peak.total());
        assert_eq!(memory.curve[0].of(Category::Weights), held.before.of(Category::Weights));
        let slot = (pass.peak_at.share_of(pass.time) * SLOTS as f64) as usize;
        assert_eq!(memory.curve[slot], pass.peak);
        // With three blocks of MLPs, the peak lies in one of them.
        let path = &run.parts[pass.peak_in.unwrap() as usize].path;
        assert!(path.contains(".mlp."), "{path}");
    }

    #[test]
    fn the_cache_grows_by_the_formula() {
        let run = fixture::traced_run();
        let account = Account::of(&run, Phase::Decode).unwrap();
        let memory = Memory::of(&run, &account);
        assert_eq!(memory.passes.len(), 4);
        for pass in &memory.passes {
            assert_eq!(Some(pass.after.of(Category::KvCache)), kv_by_formula(&run.header, pass.positions));
        }
        assert_eq!(memory.highest, 3, "the longest sequence");
        let mut header = run.header;
        assert_eq!(kv_by_formula(&header, u64::MAX), None, "not a number that could be");
        header.toggles = vec![("compute".into(), "f32".into()), ("kv_cache".into(), "off".into())];
        assert_eq!(kv_by_formula(&header, 5), None);
    }

    #[test]
    fn amounts_of_a_part_add_up_over_the_blocks_and_its_peak_is_the_highest() {
        let run = fixture::traced_run();
        let account = Account::of(&run, Phase::Prefill).unwrap();
        let memory = Memory::of(&run, &account);
        let gate = memory.rows(Grouping::Parts).iter().find(|row| row.name == "mlp.gate").unwrap().memory;
        let each: Vec<PartMemory> = (0..run.parts.len() as u32)
            .filter(|&part| run.parts[part as usize].path.ends_with("mlp.gate"))
            .map(|part| account.part(part).unwrap().memory)
            .collect();
        assert_eq!(each.len(), 3);
        assert_eq!(gate.allocated, each.iter().map(|one| one.allocated).sum());
        assert_eq!(gate.peak, each.iter().map(|one| one.peak).max().unwrap());
        let blocks = memory.rows(Grouping::Blocks);
        assert!(blocks.is_sorted_by_key(|row| std::cmp::Reverse(row.memory.peak)));
        assert!(blocks.iter().any(|row| row.name == "blocks.1"));
    }
}
