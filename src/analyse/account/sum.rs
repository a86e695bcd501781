//! Several parts in one row: what blocks have in common is added up, and peaks stay the highest.

use super::{Account, OperatorAccount, PartAccount};
use crate::analyse::roofline::decode_limit;
use crate::record::event::Phase;
use crate::record::memory::{ByCategory, PassMemory};
use crate::record::run::{Pass, Run};
use crate::units::Bytes;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

impl Account {
    /// The parts in fewer rows: `row` says, for a part, which part stands for its row. A part and one
    /// inside it must not share a row, or time would be counted twice.
    pub fn parts_by(&self, row: impl Fn(u32) -> u32) -> Vec<Option<PartAccount>> {
        let mut rows: Vec<Option<PartAccount>> = vec![None; self.parts.len()];
        for (part, account) in self.parts.iter().enumerate() {
            let Some(account) = account else { continue };
            if let Some(sum) = rows.get_mut(row(part as u32) as usize) {
                sum.get_or_insert_default().add(account);
            }
        }
        rows
    }

    /// The operators in fewer rows, the slowest first; here parts may share a row with those inside them.
    pub fn operators_by(&self, row: impl Fn(Option<u32>) -> Option<u32>) -> Vec<OperatorAccount> {
        let mut rows: BTreeMap<(Option<u32>, &str), OperatorAccount> = BTreeMap::new();
        for operator in &self.operators {
            let part = row(operator.part);
            match rows.entry((part, &operator.name)) {
                Entry::Occupied(mut sum) => sum.get_mut().add(operator),
                // The slowest comes first, so its shapes are the ones that stay.
                Entry::Vacant(free) => {
                    free.insert(OperatorAccount { part, ..operator.clone() });
                }
            }
        }
        let mut rows: Vec<OperatorAccount> = rows.into_values().collect();
        rows.sort_by_key(|operator| std::cmp::Reverse(operator.own));
        rows
    }

    /// All parts together, over the wall time.
    pub fn whole(&self, run: &Run) -> PartAccount {
        let mut whole = PartAccount::default();
        run.children(None).filter_map(|part| self.part(part)).for_each(|part| whole.add(part));
        PartAccount { total: self.wall, flops: self.flops, ..whole }
    }

    /// Compulsory traffic of all its passes. Modelled.
    pub fn bytes(&self, run: &Run) -> Bytes {
        run.children(None).filter_map(|part| self.part(part)).map(|part| part.bytes).sum()
    }

    /// The memory of the pass in which most was alive at once, and what that was.
    pub fn fullest<'r>(&self, run: &'r Run) -> Option<(&'r PassMemory, ByCategory)> {
        let ours = |pass: &&Pass| pass.start.phase == self.phase && pass.start.repeat == self.repeat;
        let memories = run.passes.iter().filter(ours).filter_map(|pass| pass.memory.as_deref());
        memories.map(|memory| (memory, memory.peak().1)).max_by_key(|(_, peak)| peak.total())
    }

    /// Tokens per second that the bandwidth allows: the mean decode step reads its weights, keys and values once.
    /// Modelled traffic against a measured roof; `None` of a prefill, and where no roof was measured.
    pub fn decode_limit(&self, run: &Run) -> Option<f64> {
        let peaks = run.peaks.as_deref().filter(|_| self.phase == Phase::Decode)?;
        decode_limit(peaks, Bytes(self.bytes(run).0 / u64::from(self.passes.max(1))))
    }

    /// The parts without others inside, in which more or less was counted than the formulas say.
    pub fn disagreements<'a>(&'a self, run: &'a Run) -> impl Iterator<Item = (u32, &'a PartAccount)> {
        let leaf = |part: u32| run.children(Some(part)).next().is_none();
        let parts = self.parts.iter().enumerate().filter_map(|(part, account)| Some((part as u32, account.as_ref()?)));
        parts.filter(move |&(part, account)| account.flops != account.flops_modelled && leaf(part))
    }
}

impl PartAccount {
    /// Takes in another part that ran at other times.
    pub fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.total += other.total;
        self.own += other.own;
        self.between += other.between;
        self.flops += other.flops;
        self.flops_modelled += other.flops_modelled;
        self.flops_causal += other.flops_causal;
        self.bytes += other.bytes;
        self.moved += other.moved;
        self.unknown += other.unknown;
        self.products.merge(&other.products);
        self.memory.add(other.memory);
    }
}

impl OperatorAccount {
    /// Takes in the same operator in another part.
    pub fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.total += other.total;
        self.own += other.own;
        self.flops = self.flops.zip(other.flops).map(|(one, more)| one + more);
        self.moved = self.moved.zip(other.moved).map(|(one, more)| one + more);
        self.dtype = self.dtype.or(other.dtype);
        self.passes_on &= other.passes_on;
    }
}

#[cfg(test)]
mod tests {
    use crate::analyse::Account;
    use crate::record::{Phase, Run, fixture};
    use crate::units::{Flops, Nanos};

    #[test]
    fn what_blocks_have_in_common_adds_up_to_what_they_took() {
        let run = fixture::traced();
        let account = Account::of(&run, Phase::Prefill).unwrap();
        let likes = run.likes();
        let rows = account.parts_by(|part| likes[part as usize]);
        let names: Vec<&str> =
            (0..).zip(&rows).filter(|(_, row)| row.is_some()).map(|(part, _)| path(&run, part)).collect();
        assert_eq!(names[..4], ["embed", "blocks.0", "blocks.0.attn", "blocks.0.attn.qkv"]);
        assert_eq!(names.len(), 2 + 1 + 2 + 6, "no row of the second block");
        let own: Nanos = rows.iter().flatten().map(|row| row.own).sum();
        assert_eq!(own + account.unaccounted, account.wall);
        let up = rows[run.parts.iter().position(|part| part.path == "blocks.0.mlp.up").unwrap()].as_ref().unwrap();
        assert_eq!((up.calls, up.total, up.flops), (2, Nanos(62_000), Flops(2 * 2 * 100 * 64 * 192)));
        assert_eq!(up.memory.peak.0, 4 * 100 * 192, "of peaks the highest");

        let products = account.operators_by(|_| None);
        let product = products.iter().find(|operator| operator.name == "aten::mm").unwrap();
        assert_eq!((product.calls, product.flops), (9, Some(account.flops - attention(&account))));
    }

    fn path(run: &crate::record::Run, part: usize) -> &str {
        &run.parts[part].path
    }

    fn attention(account: &Account) -> Flops {
        account.operators.iter().filter(|operator| operator.name.contains("attention")).filter_map(|op| op.flops).sum()
    }

    #[test]
    fn the_decode_limit_is_the_bandwidth_over_the_bytes_of_a_step() {
        let run = Run { peaks: Some(Box::new(fixture::peaks())), ..fixture::traced() };
        let account = Account::of(&run, Phase::Decode).unwrap();
        let step = account.bytes(&run).0 / 2;
        assert!(step > run.header.model.weight_bytes.0 && step < run.header.model.weight_bytes.0 * 11 / 10);
        assert_eq!(account.decode_limit(&run), Some(20e9 / step as f64));
    }

    #[test]
    fn a_part_that_computed_something_else_is_named() {
        let mut prefill = fixture::prefill();
        assert_eq!(disagreeing(fixture::run(&[prefill.clone()])), Vec::<String>::new());
        fixture::leaf(&mut prefill, "blocks.1.mlp.up").flops += 2;
        assert_eq!(disagreeing(fixture::run(&[prefill])), ["blocks.1.mlp.up"], "not those around it");
    }

    fn disagreeing(run: crate::record::Run) -> Vec<String> {
        let account = Account::of(&run, Phase::Prefill).unwrap();
        account.disagreements(&run).map(|(part, _)| path(&run, part as usize).to_owned()).collect()
    }
}
