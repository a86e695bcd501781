//! What a traced repeat adds up to: time, work, traffic and memory of every part and of its operators.
//!
//! Times are measured, FLOPs and moved bytes counted from the shapes that ran; the modelled figures of
//! `model::cost` stand beside them. Rows add up: own times of all parts and the unaccounted rest are the
//! wall time.

mod memory;
mod sum;
#[cfg(test)]
mod tests;

pub use memory::PartMemory;

use super::roofline::{Products, Standing, standing};
use super::work::{Work, multiplies_in, own_traffic, own_work, traffic, work};
use crate::record::event::{Header, Phase, Watched};
use crate::record::operator::{Cut, Dtype, Operator, Signature, self_times};
use crate::record::peaks::Peaks;
use crate::record::run::{Pass, Run};
use crate::units::{Bytes, Flops, Nanos};
use std::collections::BTreeMap;

/// The traced passes of one phase, in the repeat whose wall time is the median one.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    pub phase: Phase,
    pub repeat: u32,
    /// Passes in it: 1 for a prefill, the steps for decoding.
    pub passes: u32,
    pub wall: Nanos,
    /// What no part accounts for.
    pub unaccounted: Nanos,
    /// By part; `None` where it did not run.
    pub parts: Vec<Option<PartAccount>>,
    /// Of all operators, those between the parts included. Counted.
    pub flops: Flops,
    /// By the formulas of `model::cost`.
    pub flops_modelled: Flops,
    /// The same, with attention over the visible keys only. Modelled.
    pub flops_causal: Flops,
    /// Every operator of every part (`None`: between the parts), the slowest first.
    pub operators: Vec<OperatorAccount>,
    pub cut: Option<Cut>,
}

/// One part over the passes of an account, parts inside included unless it says its own.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PartAccount {
    pub calls: u32,
    pub total: Nanos,
    /// Less the parts inside.
    pub own: Nanos,
    /// Own time in which no operator ran: the program between them, and the tracer itself.
    pub between: Nanos,
    /// Counted; what is unknown is not in it.
    pub flops: Flops,
    pub flops_modelled: Flops,
    pub flops_causal: Flops,
    /// Compulsory traffic: inputs, weights and results of the part, each once. Modelled.
    pub bytes: Bytes,
    /// What its operators read and wrote, one after the other. Counted.
    pub moved: Bytes,
    /// Calls of operators whose work is unknown.
    pub unknown: u32,
    /// Its FLOPs by the format that is multiplied in: each has a roof of its own.
    pub products: Products,
    pub memory: PartMemory,
}

/// One operator over the passes of an account, in one part.
#[derive(Debug, Clone, PartialEq)]
pub struct OperatorAccount {
    /// The innermost part that called it, directly or through other operators.
    pub part: Option<u32>,
    /// `aten::mm`
    pub name: String,
    pub calls: u32,
    pub total: Nanos,
    /// Less the operators inside.
    pub own: Nanos,
    /// Its own; `None` where it is not known.
    pub flops: Option<Flops>,
    /// Inputs and results, less what the operators inside read and wrote; `None` where a format is not known.
    /// Counted.
    pub moved: Option<Bytes>,
    pub dtype: Option<Dtype>,
    /// Whether it only called others, in all its calls: its work and traffic are then theirs.
    pub passes_on: bool,
    /// The shapes of its longest call, as an index into the run's signatures.
    pub signature: u32,
}

impl Account {
    /// Adds a phase up; `None` where no pass of it was traced.
    pub fn of(run: &Run, phase: Phase) -> Option<Self> {
        let traced =
            |pass: &&Pass| pass.start.phase == phase && pass.start.watched == Watched::Operators && pass.time.is_some();
        let (repeat, wall) = run.typical_repeat(Some(phase))?;
        let passes: Vec<&Pass> = run.passes.iter().filter(traced).filter(|pass| pass.start.repeat == repeat).collect();
        if passes.is_empty() {
            return None;
        }
        let known: Vec<Known> = run.signatures.iter().map(Known::of).collect();
        let mut sums = Sums { parts: vec![None; run.parts.len()], operators: BTreeMap::new(), flops: Flops(0) };
        let mut cut = Cut::default();
        for pass in &passes {
            sums.spans(run, pass);
            sums.operators(run, pass, &known);
            sums.memory(run, pass);
            let more = pass.cut.unwrap_or_default();
            cut.operators += more.operators;
            cut.allocations += more.allocations;
        }
        let mut operators: Vec<OperatorAccount> = sums.operators.into_values().map(|(_, operator)| operator).collect();
        operators.sort_by_key(|operator| std::cmp::Reverse(operator.own));
        let top = || run.children(None).filter_map(|part| sums.parts[part as usize].as_ref());
        Some(Self {
            phase,
            repeat,
            passes: passes.len() as u32,
            wall,
            unaccounted: wall - top().map(|part| part.total).sum(),
            flops: sums.flops,
            flops_modelled: top().map(|part| part.flops_modelled).sum(),
            flops_causal: top().map(|part| part.flops_causal).sum(),
            parts: sums.parts.clone(),
            operators,
            cut: (cut != Cut::default()).then_some(cut),
        })
    }

    /// The row of a part, if it ran.
    pub fn part(&self, part: u32) -> Option<&PartAccount> {
        self.parts.get(part as usize)?.as_ref()
    }

    /// The operators that a part called itself, the slowest first.
    pub fn operators_of(&self, part: Option<u32>) -> impl Iterator<Item = &OperatorAccount> {
        self.operators.iter().filter(move |operator| operator.part == part)
    }

    /// Operators whose work is not known, each name once, with their calls and their own time.
    pub fn unknown(&self) -> Vec<(&str, u32, Nanos)> {
        let mut unknown: BTreeMap<&str, (u32, Nanos)> = BTreeMap::new();
        for operator in self.operators.iter().filter(|operator| operator.flops.is_none()) {
            let (calls, own) = unknown.entry(&operator.name).or_default();
            *calls += operator.calls;
            *own += operator.own;
        }
        unknown.into_iter().map(|(name, (calls, own))| (name, calls, own)).collect()
    }
}

impl PartAccount {
    /// Where it stands under the roofs, by its counted FLOPs and its compulsory bytes.
    pub fn standing(&self, peaks: &Peaks) -> Option<Standing> {
        standing(peaks, &self.products, self.bytes, self.total)
    }
}

impl OperatorAccount {
    /// Where it stands under the roofs, by its counted FLOPs and bytes; `None` for one that only calls others.
    pub fn standing(&self, peaks: &Peaks) -> Option<Standing> {
        let products = Products::of(self.dtype.unwrap_or(Dtype::Other), self.flops?);
        (!self.passes_on).then(|| standing(peaks, &products, self.moved?, self.own)).flatten()
    }
}

/// What a signature says, worked out once.
struct Known {
    work: Work,
    moved: Option<Bytes>,
    dtype: Option<Dtype>,
}

impl Known {
    fn of(signature: &Signature) -> Self {
        Self { work: work(signature), moved: traffic(signature), dtype: multiplies_in(signature) }
    }
}

/// What one execution did itself, without the operators that it called.
struct Own {
    time: Nanos,
    work: Work,
    moved: Option<Bytes>,
    dtype: Option<Dtype>,
}

/// The sums while they grow.
struct Sums<'r> {
    parts: Vec<Option<PartAccount>>,
    /// By part and name; with the time of the longest call.
    operators: BTreeMap<(Option<u32>, &'r str), (Nanos, OperatorAccount)>,
    flops: Flops,
}

impl<'r> Sums<'r> {
    fn part(&mut self, part: u32) -> &mut PartAccount {
        self.parts[part as usize].get_or_insert_default()
    }

    fn spans(&mut self, run: &Run, pass: &Pass) {
        for span in &pass.spans {
            let row = self.part(span.part);
            row.calls += 1;
            row.total += span.time;
            row.own += span.time;
            row.between += span.time;
            row.flops_modelled += span.flops;
            row.flops_causal += span.flops;
            row.bytes += span.bytes;
        }
        for span in &pass.spans {
            if let Some(parent) = run.parts[span.part as usize].parent {
                let row = self.part(parent);
                row.own = row.own - span.time;
                row.between = row.between - span.time;
            }
            let hidden = span.flops - causal(&run.header, &run.parts[span.part as usize].path, pass, span.flops);
            if hidden.0 > 0 {
                for part in up(run, span.part) {
                    let row = self.part(part);
                    row.flops_causal = row.flops_causal - hidden;
                }
            }
        }
    }

    fn operators(&mut self, run: &'r Run, pass: &Pass, known: &[Known]) {
        let own_times = self_times(&pass.operators);
        let own_work = own_work(&pass.operators, |signature| known[signature as usize].work);
        let own_traffic = own_traffic(&pass.operators, |signature| known[signature as usize].moved);
        for (index, operator) in pass.operators.iter().enumerate() {
            let dtype = known[operator.signature as usize].dtype;
            // The next one by start, if it is deeper, was called by this one.
            let calls_others = pass
                .operators
                .get(index + 1)
                .is_some_and(|next| next.thread == operator.thread && next.depth > operator.depth);
            let own = Own { time: own_times[index], work: own_work[index], moved: own_traffic[index], dtype };
            self.operator(run, operator, &own, calls_others);
            if let Work::Counted(flops) = own.work {
                self.flops += flops;
            }
            let Some(part) = operator.part else { continue };
            if operator.depth == 0 && operator.thread == 0 {
                let row = self.part(part);
                row.between = row.between - operator.time;
            }
            for part in up(run, part) {
                let row = self.part(part);
                match own.work {
                    Work::Counted(flops) => row.flops += flops,
                    Work::Unknown => row.unknown += 1,
                }
                row.moved += own.moved.unwrap_or_default();
                if let (Work::Counted(flops), Some(dtype)) = (own.work, dtype) {
                    row.products.add(dtype, flops);
                }
            }
        }
    }

    fn operator(&mut self, run: &'r Run, operator: &Operator, own: &Own, calls_others: bool) {
        let name = run.signatures[operator.signature as usize].name.as_str();
        let (longest, row) = self.operators.entry((operator.part, name)).or_insert_with(|| {
            let row = OperatorAccount {
                part: operator.part,
                name: name.to_owned(),
                calls: 0,
                total: Nanos(0),
                own: Nanos(0),
                flops: Some(Flops(0)),
                moved: Some(Bytes(0)),
                dtype: None,
                passes_on: true,
                signature: operator.signature,
            };
            (Nanos(0), row)
        });
        row.calls += 1;
        row.total += operator.time;
        row.own += own.time;
        row.flops = match own.work {
            Work::Counted(flops) => row.flops.map(|sum| sum + flops),
            Work::Unknown => None,
        };
        row.moved = row.moved.zip(own.moved).map(|(sum, moved)| sum + moved);
        row.dtype = row.dtype.or(own.dtype);
        row.passes_on &= calls_others && own.work == Work::Counted(Flops(0)) && own.moved == Some(Bytes(0));
        if operator.time > *longest {
            *longest = operator.time;
            row.signature = operator.signature;
        }
    }

    fn memory(&mut self, run: &Run, pass: &Pass) {
        for (row, memory) in self.parts.iter_mut().zip(memory::of(run, pass)) {
            if let Some(row) = row {
                row.memory.add(memory);
            }
        }
    }
}

/// A part and those that contain it, the innermost first.
fn up(run: &Run, part: u32) -> impl Iterator<Item = u32> + '_ {
    // A parent always has a smaller number, so this ends.
    std::iter::successors(Some(part), |&part| run.parts[part as usize].parent)
}

/// Of the work of an attention kernel, what falls on visible keys: query number i of S new ones sees
/// P + i + 1 of P + S keys, or of a window at most its length. Other parts have nothing hidden.
fn causal(header: &Header, path: &str, pass: &Pass, flops: Flops) -> Flops {
    let products: u128 = match path.rsplit('.').next() {
        Some("fused") => 2,
        Some("scores" | "values") => 1,
        _ => return flops,
    };
    let (new, past) = (u128::from(pass.start.n_new), u128::from(pass.start.n_past));
    let Some(most) = header.reach().map(u128::from) else {
        let (visible, all) = (new * past + new * (new + 1) / 2, new * (past + new));
        return (u128::from(flops.0) * visible).checked_div(all).map_or(flops, |visible| Flops(visible as u64));
    };
    // How much of a window's square is computed is the kernel's choice; what is visible is 2·B·H·h a pair.
    let growing = most.saturating_sub(past).min(new); // these see one key more each
    let visible = growing * past + growing * (growing + 1) / 2 + (new - growing).saturating_mul(most);
    let width = u128::from(header.model.n_heads) * u128::from(header.model.d_head) * u128::from(header.batch());
    let work = (2 * products * width).saturating_mul(visible);
    Flops(u64::try_from(work).unwrap_or(u64::MAX)).min(flops)
}
