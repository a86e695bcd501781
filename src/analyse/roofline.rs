//! The roofline: how fast something ran against what its intensity allows on this machine (Williams,
//! Waterman and Patterson, 2009).
//!
//! ```text
//! intensity  = FLOPs ÷ compulsory bytes
//! attainable = min(compute roof, intensity · bandwidth)
//! ```
//!
//! Said in time, which also holds for what computes nothing and for a part with products in several
//! formats: it cannot take less than its products take at their roofs, nor than its bytes take to move.

use crate::record::operator::Dtype;
use crate::record::peaks::Peaks;
use crate::units::{Bytes, Flops, Nanos};

/// FLOPs by the format that is multiplied in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Products(Vec<(Dtype, Flops)>);

impl Products {
    /// Products in one format.
    pub fn of(dtype: Dtype, flops: Flops) -> Self {
        let mut products = Self::default();
        products.add(dtype, flops);
        products
    }

    /// Adds products in one format.
    pub fn add(&mut self, dtype: Dtype, flops: Flops) {
        match self.0.iter_mut().find(|(known, _)| *known == dtype) {
            Some((_, sum)) => *sum += flops,
            None if flops.0 > 0 => self.0.push((dtype, flops)),
            None => {}
        }
    }

    /// Adds other products, each to those of its format.
    pub fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|&(dtype, flops)| self.add(dtype, flops));
    }

    /// All of them.
    pub fn flops(&self) -> Flops {
        self.0.iter().map(|&(_, flops)| flops).sum()
    }

    /// The time that they would take at their roofs; `None` where a roof was not measured.
    pub fn least(&self, peaks: &Peaks) -> Option<Nanos> {
        self.seconds(peaks).map(Nanos::from_seconds)
    }

    fn seconds(&self, peaks: &Peaks) -> Option<f64> {
        let at_roof =
            |&(dtype, flops): &(Dtype, Flops)| Some(flops.0 as f64 / peaks.flops(dtype).filter(|&roof| roof > 0.0)?);
        self.0.iter().map(at_roof).sum()
    }

    /// The format of most of them, which names the roof.
    pub fn main_dtype(&self) -> Option<Dtype> {
        self.0.iter().max_by_key(|&&(_, flops)| flops).map(|&(dtype, _)| dtype)
    }
}

/// What holds something back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    Compute,
    Memory,
}

/// Where something stands under the roofs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// FLOPs per byte; 0 for what computes nothing.
    pub intensity: f64,
    /// FLOP per second that it reached.
    pub flops_per_s: f64,
    /// Bytes per second that it moved.
    pub bytes_per_s: f64,
    /// The time that it would take at the roof.
    pub least: Nanos,
    /// `least` ÷ the time that it took: the percentage of the attainable. Above 1 where caches served
    /// what the model says comes from memory, or the roof was measured on a busier machine.
    pub share: f64,
    pub bound: Bound,
}

/// Where work of these products and this compulsory traffic stands, if it took `time`. `None` where
/// nothing was moved or computed, no time passed, or no roof was measured for a format of its products.
pub fn standing(peaks: &Peaks, products: &Products, bytes: Bytes, time: Nanos) -> Option<Standing> {
    let flops = products.flops();
    if time.0 == 0 || bytes.0 == 0 && flops.0 == 0 || peaks.bandwidth.best <= 0.0 {
        return None;
    }
    let compute = products.seconds(peaks)?;
    let memory = bytes.0 as f64 / peaks.bandwidth.best;
    let seconds = time.seconds();
    let least = compute.max(memory);
    Some(Standing {
        intensity: if bytes.0 == 0 { f64::INFINITY } else { flops.0 as f64 / bytes.0 as f64 },
        flops_per_s: flops.0 as f64 / seconds,
        bytes_per_s: bytes.0 as f64 / seconds,
        least: Nanos::from_seconds(least),
        share: least / seconds,
        bound: if compute >= memory { Bound::Compute } else { Bound::Memory },
    })
}

/// The compute roof meets the slope of the bandwidth at this intensity, in FLOPs per byte.
pub fn ridge(peaks: &Peaks, dtype: Dtype) -> Option<f64> {
    (peaks.bandwidth.best > 0.0).then_some(peaks.flops(dtype)? / peaks.bandwidth.best)
}

/// Decode steps per second that the bandwidth allows: each must read its compulsory bytes (every weight
/// but the embedding's other rows, and the keys and values of the sequence) once.
pub fn decode_limit(peaks: &Peaks, bytes_per_step: Bytes) -> Option<f64> {
    (bytes_per_step.0 > 0 && peaks.bandwidth.best > 0.0).then(|| peaks.bandwidth.best / bytes_per_step.0 as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fixture::peaks;

    #[test]
    fn below_the_ridge_memory_is_the_limit_and_above_it_the_products() {
        let peaks = peaks();
        assert_eq!(ridge(&peaks, Dtype::F32), Some(5.0));
        // 1 FLOP a byte: 20 GB/s allow 20 GFLOP/s; it reached 10.
        let below = standing(&peaks, &Products::of(Dtype::F32, Flops(1_000_000)), Bytes(1_000_000), Nanos(100_000));
        let below = below.unwrap();
        assert_eq!((below.bound, below.least, below.intensity), (Bound::Memory, Nanos(50_000), 1.0));
        assert!((below.share - 0.5).abs() < 1e-9 && (below.flops_per_s - 10e9).abs() < 1.0);
        // 50 FLOPs a byte: 100 GFLOP/s; it reached 80.
        let above = standing(&peaks, &Products::of(Dtype::F32, Flops(8_000_000)), Bytes(160_000), Nanos(100_000));
        let above = above.unwrap();
        assert_eq!((above.bound, above.least), (Bound::Compute, Nanos(80_000)));
    }

    #[test]
    fn every_product_counts_at_the_roof_of_its_own_format() {
        let mut products = Products::of(Dtype::F32, Flops(1_000_000));
        products.add(Dtype::Bf16, Flops(4_000_000));
        let both = standing(&peaks(), &products, Bytes(1), Nanos(40_000)).unwrap();
        assert_eq!(both.least, Nanos(20_000));
        assert_eq!(products.main_dtype(), Some(Dtype::Bf16));
    }

    #[test]
    fn what_computes_nothing_is_measured_by_its_bytes_and_without_a_roof_nothing_is_said() {
        let moved = standing(&peaks(), &Products::default(), Bytes(20_000), Nanos(2_000)).unwrap();
        assert_eq!((moved.bound, moved.intensity), (Bound::Memory, 0.0));
        assert!((moved.share - 0.5).abs() < 1e-9);
        assert_eq!(standing(&peaks(), &Products::of(Dtype::F16, Flops(1)), Bytes(1), Nanos(1)), None);
        assert_eq!(standing(&peaks(), &Products::default(), Bytes(0), Nanos(1)), None);
    }

    #[test]
    fn decoding_is_limited_by_what_a_step_must_read() {
        assert_eq!(decode_limit(&peaks(), Bytes(500_000_000)), Some(40.0));
    }
}
