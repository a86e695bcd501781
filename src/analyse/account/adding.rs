//! Goes through the passes and adds up what each part and each operator took.

use super::memory;
use super::row::{OperatorAccount, PartAccount};
use crate::analyse::work::{Work, multiplies_in, own_traffic, own_work, traffic, work};
use crate::arch::mask::Mask;
use crate::arch::path::{block_of, role_of};
use crate::arch::role::Role;
use crate::record::Header;
use crate::record::operator::{Dtype, Operator, Signature, self_times};
use crate::record::run::{Pass, Run};
use crate::units::{Bytes, Flops, Nanos};
use std::collections::BTreeMap;

/// What a signature says, worked out once.
pub struct Known {
    work: Work,
    moved: Option<Bytes>,
    dtype: Option<Dtype>,
}

impl Known {
    pub fn of(signature: &Signature) -> Self {
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
pub struct Sums<'r> {
    pub parts: Vec<Option<PartAccount>>,
    /// By part and name; with the time of the longest call.
    operators: BTreeMap<(Option<u32>, &'r str), (Nanos, OperatorAccount)>,
    /// Of all operators.
    pub flops: Flops,
}

impl<'r> Sums<'r> {
    /// Nothing yet, of a run with so many parts.
    pub fn new(parts: usize) -> Self {
        Self { parts: vec![None; parts], operators: BTreeMap::new(), flops: Flops(0) }
    }

    /// The operators, the slowest first.
    pub fn into_operators(self) -> Vec<OperatorAccount> {
        let mut operators: Vec<OperatorAccount> = self.operators.into_values().map(|(_, operator)| operator).collect();
        operators.sort_by_key(|operator| std::cmp::Reverse(operator.own));
        operators
    }

    /// Adds a pass.
    pub fn add(&mut self, run: &'r Run, pass: &Pass, known: &[Known]) {
        self.spans(run, pass);
        self.operators(run, pass, known);
        self.memory(run, pass);
    }

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
        let chosen = run.header.choices().attention.mask;
        for span in &pass.spans {
            if let Some(parent) = run.parts[span.part as usize].parent {
                let row = self.part(parent);
                row.own = row.own - span.time;
                row.between = row.between - span.time;
            }
            let path = &run.parts[span.part as usize].path;
            let hidden = span.flops - causal(&run.header, chosen, path, pass, span.flops);
            if hidden.0 > 0 {
                for part in run.with_containers(span.part) {
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
            for part in run.with_containers(part) {
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

/// Of the work of an attention kernel, what falls on keys that queries see, by the masks of the model and the one that was
/// chosen; other parts have nothing hidden.
fn causal(header: &Header, chosen: Mask, path: &str, pass: &Pass, flops: Flops) -> Flops {
    let products = match role_of(path) {
        Some(Role::Fused) => 2,
        Some(Role::Scores | Role::Values) => 1,
        _ => return flops,
    };
    let block = block_of(path).and_then(|block| header.model.description.as_ref()?.stack.blocks.get(block as usize));
    let mask = block.map_or(chosen, |block| block.attn.mask.narrowed(chosen));
    let (new, past) = (u64::from(pass.start.n_new), u64::from(pass.start.n_past));
    let visible = mask.pairs(past, new);
    if mask == Mask::Causal {
        let all = u128::from(new) * u128::from(new + past);
        return (u128::from(flops.0) * visible).checked_div(all).map_or(flops, |visible| Flops(visible as u64));
    }
    // How much of a window's square is computed is the kernel's choice; what is visible is 2·B·H·h a pair.
    let (n_heads, d_head) = block.map_or((header.model.n_heads as usize, header.model.d_head as usize), |block| {
        (block.attn.n_heads, block.attn.d_head)
    });
    let width = (n_heads * d_head) as u128 * u128::from(header.batch());
    let work = (2 * products * width).saturating_mul(visible);
    Flops(u64::try_from(work).unwrap_or(u64::MAX)).min(flops)
}
