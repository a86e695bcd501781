//! What there is to time.

use crate::engine::Result;
use crate::record::Dtype;
use crate::units::Nanos;

/// One thing to time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// x·Wᵀ of two square matrices.
    Product { dtype: Dtype, size: u32 },
    /// Reading so many bytes.
    Read { reader: ReadOperator, bytes: u64 },
    /// Calling an operator that has next to nothing to do, so many times.
    Calls(u32),
}

/// An operator that reads all of a buffer and writes next to nothing. Which of them is limited by memory
/// and not by itself differs from machine to machine, so the fastest is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadOperator {
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

impl ReadOperator {
    /// All there are.
    pub const ALL: [ReadOperator; 5] =
        [ReadOperator::SumF32, ReadOperator::MaxF32, ReadOperator::MvF32, ReadOperator::MvF16, ReadOperator::LinearF32];

    /// Operator and format: `sum f32`.
    pub fn name(self) -> &'static str {
        match self {
            ReadOperator::SumF32 => "sum f32",
            ReadOperator::MaxF32 => "max f32",
            ReadOperator::MvF32 => "mv f32",
            ReadOperator::MvF16 => "mv f16",
            ReadOperator::LinearF32 => "linear f32",
        }
    }
}
