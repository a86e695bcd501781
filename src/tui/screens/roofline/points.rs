//! The points of the roofline: parts added up over all blocks, blocks, or operators by their name.

use crate::analyse::Account;
use crate::analyse::account::{OperatorAccount, PartAccount};
use crate::analyse::roofline::{Products, Standing, standing};
use crate::arch::path::{branch_of, inside_block};
use crate::arch::role::Branch;
use crate::record::{Dtype, Run};
use crate::tui::grouped_list::Grouping;
use crate::units::{Bytes, Flops, Nanos};
use std::collections::HashMap;

/// One point: what took this time, did this work and moved these bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// The name of an operator, or the path of a part: the path inside its block, if it is added up over blocks.
    pub name: String,
    /// What it belongs to: for operators, where they spend most time.
    pub kind: Branch,
    pub calls: u32,
    /// Operators: without those that they call.
    pub time: Nanos,
    /// Of the wall time of the phase.
    pub share: f64,
    /// Counted; `None` where nothing is known.
    pub flops: Option<Flops>,
    /// Calls of operators whose work is not in `flops`.
    pub unknown: u32,
    /// Each input and result once: of a part modelled, of an operator counted; `None` where not known.
    pub bytes: Option<Bytes>,
    /// The format of most of its products.
    pub dtype: Option<Dtype>,
    /// Whether it only calls other operators, which have its work.
    pub passes_on: bool,
    /// Under the measured roofs, where there are some.
    pub standing: Option<Standing>,
}

/// A point while its calls are added up.
#[derive(Default)]
struct Sum {
    calls: u32,
    /// By kind: attention, MLP, other.
    times: [Nanos; 3],
    products: Products,
    /// What is only counted where no format is known.
    flops: Option<Flops>,
    unknown: u32,
    bytes: Option<Bytes>,
    passes_on: bool,
}

impl Point {
    /// The points of a phase, the longest first.
    pub fn all(run: &Run, account: &Account, grouping: Grouping) -> Vec<Self> {
        let mut sums: HashMap<&str, Sum> = HashMap::new();
        match grouping {
            Grouping::Operators => {
                for operator in &account.operators {
                    let path = operator.part.map_or("", |part| run.parts[part as usize].path.as_str());
                    sums.entry(&operator.name).or_insert_with(Sum::operators).operator(operator, branch_of(path));
                }
            }
            _ => {
                for (name, path, part) in grouped(run, account, grouping) {
                    sums.entry(name).or_insert_with(Sum::parts).part(part, branch_of(path));
                }
            }
        }
        let point = |(name, sum): (&str, Sum)| sum.point(name, run, account);
        let mut points: Vec<Self> = sums.into_iter().map(point).collect();
        points.sort_by(|a, b| b.time.cmp(&a.time).then_with(|| a.name.cmp(&b.name)));
        points
    }

    /// FLOPs a byte; `None` where it computes nothing, or one of both is not known.
    pub fn intensity(&self) -> Option<f64> {
        let (flops, bytes) = (self.flops?, self.bytes?);
        (flops.0 > 0 && bytes.0 > 0 && !self.passes_on).then(|| flops.0 as f64 / bytes.0 as f64)
    }

    /// The rate that it reached, in GFLOP/s; `None` where it computes nothing or its work is not known.
    pub fn rate(&self) -> Option<f64> {
        self.flops?.gflops_per_second(self.time)
    }

    /// Its place on the axes, in FLOP/byte and GFLOP/s; what computes nothing has none.
    pub fn place(&self) -> Option<(f64, f64)> {
        Some((self.intensity()?, self.rate()?))
    }
}

/// The parts that make up a grouping: the name of their row, their path, what they took.
pub fn grouped<'a>(
    run: &'a Run,
    account: &'a Account,
    grouping: Grouping,
) -> impl Iterator<Item = (&'a str, &'a str, &'a PartAccount)> {
    let mut has_inside = vec![false; run.parts.len()];
    run.parts.iter().filter_map(|part| part.parent).for_each(|parent| has_inside[parent as usize] = true);
    let wanted = move |part: usize| match grouping {
        Grouping::Blocks => run.parts[part].parent.is_none(),
        _ => !has_inside[part],
    };
    (0..run.parts.len()).filter(move |&part| wanted(part)).filter_map(move |part| {
        let path = run.parts[part].path.as_str();
        let name = match grouping {
            Grouping::Blocks => path,
            _ => inside_block(path).filter(|inside| !inside.is_empty()).unwrap_or(path),
        };
        Some((name, path, account.part(part as u32)?))
    })
}

impl Sum {
    fn parts() -> Self {
        Self { bytes: Some(Bytes(0)), flops: Some(Flops(0)), ..Self::default() }
    }

    fn operators() -> Self {
        Self { passes_on: true, ..Self::parts() }
    }

    fn part(&mut self, part: &PartAccount, kind: Branch) {
        self.calls += part.calls;
        self.times[kind as usize] += part.total;
        self.products.merge(&part.products);
        self.flops = self.flops.map(|flops| flops + part.flops);
        self.unknown = self.unknown.saturating_add(part.unknown);
        self.bytes = self.bytes.map(|bytes| bytes + part.bytes);
    }

    fn operator(&mut self, operator: &OperatorAccount, kind: Branch) {
        self.calls += operator.calls;
        self.times[kind as usize] += operator.own;
        // One that calls others has its work and its traffic there.
        if !operator.passes_on {
            self.passes_on = false;
            self.products.add(operator.dtype.unwrap_or(Dtype::Other), operator.flops.unwrap_or_default());
            self.flops = self.flops.zip(operator.flops).map(|(sum, flops)| sum + flops);
            self.bytes = self.bytes.zip(operator.moved).map(|(sum, moved)| sum + moved);
        }
        if operator.flops.is_none() {
            self.unknown = self.unknown.saturating_add(operator.calls);
        }
    }

    fn point(self, name: &str, run: &Run, account: &Account) -> Point {
        let time: Nanos = self.times.iter().copied().sum();
        // What contains both stages, as a block does, belongs to neither.
        let kinds = [Branch::Attention, Branch::Mlp, Branch::Other];
        let kind = kinds.into_iter().max_by_key(|&kind| self.times[kind as usize]).unwrap_or(Branch::Other);
        let standing = match (&run.peaks, self.flops, self.bytes) {
            (Some(peaks), Some(_), Some(bytes)) if !self.passes_on => standing(peaks, &self.products, bytes, time),
            _ => None,
        };
        Point {
            name: name.to_owned(),
            kind,
            calls: self.calls,
            time,
            share: time.share_of(account.wall),
            flops: self.flops,
            unknown: self.unknown,
            bytes: self.bytes,
            dtype: self.products.main_dtype(),
            passes_on: self.passes_on,
            standing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyse::roofline::Bound;
    use crate::record::Phase;
    use crate::tui::fixture;

    fn points(phase: Phase, grouping: Grouping) -> (Run, Account, Vec<Point>) {
        let run = fixture::traced_run();
        let account = Account::of(&run, phase).unwrap();
        let points = Point::all(&run, &account, grouping);
        (run, account, points)
    }

    fn named<'a>(points: &'a [Point], name: &str) -> &'a Point {
        points.iter().find(|point| point.name == name).unwrap()
    }

    #[test]
    fn every_grouping_has_all_the_work_and_no_more_than_the_wall_time() {
        for phase in [Phase::Prefill, Phase::Decode] {
            for grouping in Grouping::ALL {
                let (_, account, points) = points(phase, grouping);
                let flops: Flops = points.iter().filter_map(|point| point.flops).sum();
                assert_eq!(flops, account.flops, "{grouping:?}");
                let time: Nanos = points.iter().map(|point| point.time).sum();
                assert!(time <= account.wall && time.share_of(account.wall) > 0.9, "{grouping:?}");
                assert!(points.is_sorted_by_key(|point| std::cmp::Reverse(point.time)));
            }
        }
    }

    #[test]
    fn a_part_is_one_point_over_all_blocks() {
        let (run, account, points) = points(Phase::Prefill, Grouping::Parts);
        let up = named(&points, "mlp.up");
        assert_eq!((up.calls, up.kind, up.dtype), (3, Branch::Mlp, Some(Dtype::F32)));
        // 128 positions, 576 to 1536 features, three blocks.
        assert_eq!(up.flops, Some(Flops(3 * 2 * 128 * 576 * 1536)));
        let (intensity, rate) = up.place().unwrap();
        let bytes = 4.0 * (576.0 * 1536.0 + 128.0 * (576.0 + 1536.0));
        assert!((intensity - 2.0 * 128.0 * 576.0 * 1536.0 / bytes).abs() < 1e-9);
        assert!(rate > 1.0 && rate < 130.0);
        let standing = up.standing.unwrap();
        assert_eq!(standing.bound, Bound::Compute);
        assert!((standing.flops_per_s / 1e9 - rate).abs() < 1e-6);
        // The same part of one block reaches about the same.
        let one = run.parts.iter().position(|part| part.path == "blocks.1.mlp.up").unwrap() as u32;
        let one = account.part(one).unwrap().standing(run.peaks.as_ref().unwrap()).unwrap();
        assert!((one.share / standing.share - 1.0).abs() < 0.2);
        let norm = named(&points, "attn.norm");
        assert_eq!((norm.place(), norm.flops), (None, Some(Flops(0))));
        assert_eq!(norm.standing.unwrap().bound, Bound::Memory, "what computes nothing is measured by its bytes");
    }

    #[test]
    fn what_only_calls_others_has_no_place_and_what_is_unknown_has_no_work() {
        let (mut run, _, points) = points(Phase::Prefill, Grouping::Operators);
        let linear = named(&points, "aten::linear");
        assert!(linear.passes_on && linear.place().is_none() && linear.standing.is_none());
        let mm = named(&points, "aten::mm");
        assert!(mm.place().is_some() && mm.kind == Branch::Mlp, "most products are those of the MLP");
        for signature in &mut run.signatures {
            signature.name = signature.name.replace("aten::silu", "own::silu");
        }
        let account = Account::of(&run, Phase::Prefill).unwrap();
        let points = Point::all(&run, &account, Grouping::Operators);
        let silu = named(&points, "own::silu");
        assert_eq!((silu.flops, silu.unknown, silu.standing), (None, 3, None));
        let parts = Point::all(&run, &account, Grouping::Parts);
        assert_eq!(named(&parts, "mlp.act").unknown, 3);
    }

    #[test]
    fn without_peaks_there_is_a_place_and_no_roof() {
        let (mut run, account, _) = points(Phase::Decode, Grouping::Parts);
        run.peaks = None;
        let points = Point::all(&run, &account, Grouping::Parts);
        assert!(named(&points, "lm_head").place().is_some());
        assert!(points.iter().all(|point| point.standing.is_none()));
    }
}
