//! Where the tokens of a text come again, which is what some heads look for.

use super::tensors::whole_numbers;
use crate::arch::mask::Mask;
use crate::record::explored::Score;
use std::ops::Range;
use tch::{Device, Kind, Tensor};

/// Where on a text there is something for heads to find.
pub struct Repeated {
    ids: Tensor,
    pub mask: Mask,
    /// Queries for which there is an earlier token that is the same, and one that comes after such a one.
    pub duplicate: Candidates,
    pub induction: Candidates,
}

/// The queries that have something to find, and what an even spread would put on it.
#[derive(Default)]
pub struct Candidates {
    queries: f32,
    uniform: f32,
}

impl Repeated {
    pub fn of(ids: &[u32], mask: Mask) -> Self {
        let (mut duplicate, mut induction) = (Candidates::default(), Candidates::default());
        for query in 0..ids.len() {
            let seen = (0..=query).filter(|&key| mask.sees(query, key)).count() as f32;
            let count = |finds: &dyn Fn(usize) -> bool| {
                (0..=query).filter(|&key| mask.sees(query, key) && finds(key)).count() as f32
            };
            duplicate.add(count(&|key| key < query && ids[key] == ids[query]), seen);
            induction.add(count(&|key| key > 0 && ids[key - 1] == ids[query]), seen);
        }
        Self { ids: whole_numbers(ids), mask, duplicate, induction }
    }

    /// Which keys are what a query looks for, for each of the kinds; and the keys' positions. [queries · keys, 3], f32
    pub fn weights(&self, queries: &Range<usize>) -> Tensor {
        let (n, end) = (queries.len() as i64, queries.end as i64);
        let wanted = self.ids.narrow(0, queries.start as i64, n).unsqueeze(1); // [queries, 1]
        let keys = self.ids.narrow(0, 0, end);
        let same = wanted.eq_tensor(&keys.unsqueeze(0)).tril(queries.start as i64 - 1);
        // The key after it; before the first there is nothing.
        let before = Tensor::cat(&[&Tensor::full([1], -1, (Kind::Int64, Device::Cpu)), &keys.narrow(0, 0, end - 1)], 0);
        let after_same = wanted.eq_tensor(&before.unsqueeze(0));
        let places = Tensor::arange(end, (Kind::Float, Device::Cpu)).unsqueeze(0).expand([n, end], false);
        let columns = [same.to_kind(Kind::Float), after_same.to_kind(Kind::Float), places];
        Tensor::stack(&columns, -1).view([n * end, 3])
    }
}

impl Candidates {
    fn add(&mut self, found: f32, seen: f32) {
        if found > 0.0 {
            self.queries += 1.0;
            self.uniform += found / seen;
        }
    }

    /// The mean of a sum over these queries, beside an even spread's.
    pub fn score(&self, sum: f32) -> Score {
        let mean = |sum: f32| if self.queries > 0.0 { sum / self.queries } else { 0.0 };
        Score { value: mean(sum), uniform: mean(self.uniform), queries: self.queries as u32 }
    }
}
