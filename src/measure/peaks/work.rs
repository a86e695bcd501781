//! What there is to time.

use crate::model::Result;
use crate::record::Dtype;
use crate::units::Nanos;

/// One thing to time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// x·Wᵀ of two square matrices.
    Product { dtype: Dtype, size: u32 },
    /// Reading so many bytes.
    Read { reader: Reader, bytes: u64 },
    /// Calling an operator that has next to nothing to do, so many times.
    Calls(u32),
}

/// An operator that reads all of a buffer and writes next to nothing. Which of them is limited by memory
/// and not by itself differs from machine to machine, so the fastest is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    SumF32,
    MaxF32,
    /// A matrix times a vector, as in a decode step.
    MvF32,
    MvF16,
    /// The same by this program's own product, which only computes on the processor.
    LinearF32,
}

/// Does the work and says how long it took. Tests hand in one that only says so.
pub trait Bench {
    /// Does `work` once; what it needs is made ready beforehand, outside the time.
    ///
    /// # Errors
    /// LibTorch cannot do it here.
    fn time(&mut self, work: Work) -> Result<Nanos>;
}

impl Reader {
    /// All there are.
    pub const ALL: [Reader; 5] = [Reader::SumF32, Reader::MaxF32, Reader::MvF32, Reader::MvF16, Reader::LinearF32];

    /// Operator and format: `sum f32`.
    pub fn name(self) -> &'static str {
        match self {
            Reader::SumF32 => "sum f32",
            Reader::MaxF32 => "max f32",
            Reader::MvF32 => "mv f32",
            Reader::MvF16 => "mv f16",
            Reader::LinearF32 => "linear f32",
        }
    }
}
