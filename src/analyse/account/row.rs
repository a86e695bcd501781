//! What one part, and one operator in a part, took of the passes of an account.

use super::memory::PartMemory;
use crate::analyse::roofline::{Products, Standing, standing};
use crate::record::operator::Dtype;
use crate::record::peaks::Peaks;
use crate::units::{Bytes, Flops, Nanos};

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
