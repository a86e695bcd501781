//! Operators as they really ran: which, on what shapes, when. Counted and measured, never modelled.
//!
//! Most operators of a pass repeat with the same shapes in every block, so a [`Signature`] (name,
//! inputs, outputs) is said once and an [`Operator`] refers to it by its number.

use crate::units::{Bytes, Nanos};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A number format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dtype {
    F64,
    F32,
    F16,
    Bf16,
    I64,
    I32,
    I16,
    I8,
    U8,
    Bool,
    /// One that is not told apart here; its width is not known.
    Other,
}

/// A tensor as an operator saw it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tensor {
    pub dtype: Dtype,
    pub sizes: Vec<u64>,
}

/// One argument of an operator, or one of its results.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Argument {
    Tensor(Tensor),
    Tensors(Vec<Tensor>),
    Int(i64),
    Bool(bool),
    /// Absent, or of a kind that is not kept.
    Other,
}

/// Why an operator ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Scope {
    /// It was called, by the model or by another operator.
    #[default]
    Function,
    /// Somebody named a region.
    User,
    /// It computes a gradient.
    Backward,
}

/// An operator with the shapes that it ran on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Signature {
    /// `aten::mm`
    pub name: String,
    /// `default`, `out`; empty for the first one.
    pub overload: String,
    pub scope: Scope,
    /// In the order of its schema, so that a formula knows which is which.
    pub inputs: Vec<Argument>,
    pub outputs: Vec<Argument>,
    /// Whether a result lies in the memory of an input: a view, or work in place.
    pub aliases: bool,
}

/// One execution of an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operator {
    /// Index into the run's signatures.
    pub signature: u32,
    /// The innermost part that was running; `None` between the parts.
    pub part: Option<u32>,
    /// How many other operators it was called from.
    pub depth: u16,
    /// Number of the thread, 0 for the one that runs the model.
    pub thread: u16,
    /// When it began, since its pass began. Of two that begin together the outer one comes first.
    pub start: Nanos,
    /// Wall time, operators inside included.
    pub time: Nanos,
    /// LibTorch's number of the recorded call for autograd; `None` in inference.
    pub sequence: Option<u64>,
}

/// What did not fit into the room that a traced pass has: it was left out, and is said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cut {
    pub operators: u64,
    pub allocations: u64,
}

impl Dtype {
    /// Every format with its name, as files and screens have it.
    pub const NAMES: [(Dtype, &'static str); 11] = [
        (Dtype::F64, "f64"),
        (Dtype::F32, "f32"),
        (Dtype::F16, "f16"),
        (Dtype::Bf16, "bf16"),
        (Dtype::I64, "i64"),
        (Dtype::I32, "i32"),
        (Dtype::I16, "i16"),
        (Dtype::I8, "i8"),
        (Dtype::U8, "u8"),
        (Dtype::Bool, "bool"),
        (Dtype::Other, "other"),
    ];

    /// `f32`, `bf16`.
    pub fn name(self) -> &'static str {
        Self::NAMES.into_iter().find(|&(dtype, _)| dtype == self).map_or("other", |(_, name)| name)
    }

    /// Bytes of one number; `None` where the format is not known.
    pub fn bytes(self) -> Option<u64> {
        match self {
            Dtype::F64 | Dtype::I64 => Some(8),
            Dtype::F32 | Dtype::I32 => Some(4),
            Dtype::F16 | Dtype::Bf16 | Dtype::I16 => Some(2),
            Dtype::I8 | Dtype::U8 | Dtype::Bool => Some(1),
            Dtype::Other => None,
        }
    }
}

impl Tensor {
    /// Numbers in it; saturates, since sizes may come from a file.
    pub fn numel(&self) -> u64 {
        self.sizes.iter().fold(1, |n, &size| n.saturating_mul(size))
    }

    /// Its size; `None` where the format is not known.
    pub fn bytes(&self) -> Option<Bytes> {
        self.dtype.bytes().map(|width| Bytes(self.numel().saturating_mul(width)))
    }
}

impl Signature {
    /// The tensor that is input number `index`, if it is one.
    pub fn input(&self, index: usize) -> Option<&Tensor> {
        match self.inputs.get(index)? {
            Argument::Tensor(tensor) => Some(tensor),
            _ => None,
        }
    }

    /// The tensor that is result number `index`, if it is one.
    pub fn output(&self, index: usize) -> Option<&Tensor> {
        match self.outputs.get(index)? {
            Argument::Tensor(tensor) => Some(tensor),
            _ => None,
        }
    }
}

impl Argument {
    /// The tensors in it.
    pub fn tensors(&self) -> &[Tensor] {
        match self {
            Argument::Tensor(tensor) => std::slice::from_ref(tensor),
            Argument::Tensors(tensors) => tensors,
            Argument::Int(_) | Argument::Bool(_) | Argument::Other => &[],
        }
    }
}

impl fmt::Display for Tensor {
    /// `f32[1,512,576]`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[", self.dtype.name())?;
        for (index, size) in self.sizes.iter().enumerate() {
            write!(f, "{}{size}", if index == 0 { "" } else { "," })?;
        }
        f.write_str("]")
    }
}

impl fmt::Display for Argument {
    /// `f32[1,512,576]`, `(f32[2,3],f32[2,4])`, `-1`, `true`; nothing for what is not kept.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Argument::Tensor(tensor) => tensor.fmt(f),
            Argument::Tensors(tensors) => {
                f.write_str("(")?;
                for (index, tensor) in tensors.iter().enumerate() {
                    write!(f, "{}{tensor}", if index == 0 { "" } else { "," })?;
                }
                f.write_str(")")
            }
            Argument::Int(value) => value.fmt(f),
            Argument::Bool(value) => value.fmt(f),
            Argument::Other => Ok(()),
        }
    }
}

/// Time of each operator without the operators inside it, in the order of `operators`, which are those
/// of one pass, by start, outer ones first.
pub fn self_times(operators: &[Operator]) -> Vec<Nanos> {
    let mut own: Vec<Nanos> = operators.iter().map(|operator| operator.time).collect();
    let parents = parents(operators);
    for (index, parent) in parents.iter().enumerate() {
        if let Some(parent) = *parent {
            own[parent as usize] = own[parent as usize] - operators[index].time;
        }
    }
    own
}

/// The operator that each was called from, as an index into `operators`.
pub fn parents(operators: &[Operator]) -> Vec<Option<u32>> {
    // The last operator seen at each depth, by thread: few threads, few depths.
    let mut open: Vec<(u16, Vec<u32>)> = Vec::new();
    let mut parents = Vec::with_capacity(operators.len());
    for (index, operator) in operators.iter().enumerate() {
        let at = open.iter().position(|(thread, _)| *thread == operator.thread).unwrap_or_else(|| {
            open.push((operator.thread, Vec::new()));
            open.len() - 1
        });
        let stack = &mut open[at].1;
        // A depth without the ones above it: a file that was cut. It then hangs on what there is.
        stack.truncate(operator.depth as usize);
        parents.push(stack.last().copied());
        stack.push(index as u32);
    }
    parents
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operator(depth: u16, start: u64, time: u64) -> Operator {
        Operator { signature: 0, part: None, depth, thread: 0, start: Nanos(start), time: Nanos(time), sequence: None }
    }

    #[test]
    fn self_time_is_total_time_less_what_was_called() {
        let linear =
            [operator(0, 0, 100), operator(1, 5, 10), operator(1, 20, 70), operator(2, 25, 60), operator(0, 110, 7)];
        assert_eq!(parents(&linear), [None, Some(0), Some(0), Some(2), None]);
        assert_eq!(self_times(&linear), [20, 10, 10, 60, 7].map(Nanos));
    }

    #[test]
    fn shapes_are_spelled_with_their_format() {
        let tensor = Tensor { dtype: Dtype::Bf16, sizes: vec![1, 512, 576] };
        assert_eq!(Argument::Tensor(tensor.clone()).to_string(), "bf16[1,512,576]");
        assert_eq!(
            Argument::Tensors(vec![tensor.clone(), tensor.clone()]).to_string(),
            "(bf16[1,512,576],bf16[1,512,576])"
        );
        assert_eq!(tensor.bytes(), Some(Bytes(2 * 512 * 576)));
        let hostile = Tensor { dtype: Dtype::F32, sizes: vec![u64::MAX, 7] };
        assert_eq!(hostile.numel(), u64::MAX);
    }
}
