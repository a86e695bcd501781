//! From the tracer's records to what a run keeps: signatures, operators, allocations.

use super::ffi::{self, Records, known, nanos};
use crate::engine::allocator::{Live, Tag};
use crate::record::operator::{Scope, Tensor};
use crate::record::{
    Allocation, Argument, ByCategory, Category, Cut, Dtype, Event, Operator, PassMemory, Resident, Signature,
};
use crate::units::Bytes;
use std::collections::HashMap;

/// What a traced pass left.
#[derive(Debug, Clone, PartialEq)]
pub struct Traced {
    /// Operators with shapes that no earlier pass of this tracer had; numbered on from those.
    pub signatures: Vec<Signature>,
    /// By start.
    pub operators: Vec<Operator>,
    pub memory: PassMemory,
    /// What did not fit, if anything did not.
    pub cut: Option<Cut>,
}

/// The number of each signature seen so far. The key is the signature as the tracer wrote it down.
#[derive(Default)]
pub struct Signatures {
    numbers: HashMap<Box<[i64]>, u32>,
    key: Vec<i64>,
}

impl Traced {
    pub(super) fn of(records: &Records, before: Live, resident: Option<Resident>, seen: &mut Signatures) -> Self {
        let mut signatures = Vec::new();
        let mut operators = Vec::with_capacity(records.operators.len());
        // For each record the operator that stands for it: itself, or, left out, the one that it was called from.
        let mut standing = Vec::with_capacity(records.operators.len());
        let mut open: Vec<Option<u32>> = Vec::new();
        let mut left_out = records.dropped_operators;
        for record in records.operators {
            let depth = record.depth as usize;
            open.truncate(depth);
            let outer = open.last().copied().flatten();
            let has_ended = record.end >= record.start;
            let is_whole = has_ended && record.flags & ffi::DROPPED == 0;
            left_out += u64::from(!has_ended);
            let stands = if is_whole { Some(operators.len() as u32) } else { outer };
            if is_whole {
                operators.push(Operator {
                    signature: seen.number(records, record, &mut signatures),
                    part: part(records, record.region),
                    depth: record.depth,
                    thread: 0,
                    start: nanos(record.start),
                    time: nanos(record.end - record.start),
                    sequence: u64::try_from(record.sequence).ok(),
                });
            }
            open.resize(depth, outer);
            open.push(stands);
            standing.push(stands);
        }
        let mut allocations: Vec<Allocation> =
            records.blocks.iter().map(|b| allocation(records, b, &standing)).collect();
        allocations.sort_by_key(|allocation| allocation.start); // stable; none comes first
        let cut = Cut { operators: left_out, allocations: records.dropped_blocks };
        Self {
            signatures,
            operators,
            memory: PassMemory { before: by_category(before), allocations, resident },
            cut: (cut != Cut::default()).then_some(cut),
        }
    }

    /// The same as events of a run.
    pub fn events(self) -> impl Iterator<Item = Event> {
        let signatures = self.signatures.into_iter().map(|signature| Event::Signature(Box::new(signature)));
        signatures
            .chain([Event::Operators(self.operators), Event::Memory(Box::new(self.memory))])
            .chain(self.cut.map(Event::Cut))
    }
}

impl Signatures {
    /// The number of an operator's signature; one not seen before is put behind `new`.
    fn number(&mut self, records: &Records, record: &ffi::Operator, new: &mut Vec<Signature>) -> u32 {
        let words = |start: u32, n: u16| {
            let words = &records.words[start as usize..];
            &words[..(0..n).fold(0, |at, _| at + len(&words[at..]))]
        };
        let (inputs, outputs) = (words(record.inputs, record.n_inputs), words(record.outputs, record.n_outputs));
        self.key.clear();
        self.key.extend([record.name.into(), record.scope.into(), record.flags.into()] as [i64; 3]);
        self.key.extend([record.n_inputs.into(), record.n_outputs.into()] as [i64; 2]);
        self.key.extend_from_slice(inputs);
        self.key.extend_from_slice(outputs);
        if let Some(&number) = self.numbers.get(self.key.as_slice()) {
            return number;
        }
        let number = self.numbers.len() as u32;
        self.numbers.insert(self.key.clone().into_boxed_slice(), number);
        let (name, overload) = records.name(record);
        new.push(Signature {
            name,
            overload,
            scope: match record.scope {
                0 => Scope::Function,
                1 => Scope::User,
                _ => Scope::Backward,
            },
            inputs: arguments(inputs),
            outputs: arguments(outputs),
            aliases: record.flags & ffi::ALIASES != 0,
        });
        number
    }
}

fn part(records: &Records, region: u32) -> Option<u32> {
    records.regions.get(region as usize).map(|region| region.part)
}

fn allocation(records: &Records, block: &ffi::Block, standing: &[Option<u32>]) -> Allocation {
    Allocation {
        part: part(records, block.region),
        operator: standing.get(block.operator as usize).copied().flatten(),
        category: category(records, block),
        start: known(block.start),
        end: known(block.end),
        bytes: Bytes(block.bytes),
    }
}

fn category(records: &Records, block: &ffi::Block) -> Category {
    if block.tag == Tag::Weights as u8 {
        return Category::Weights;
    }
    if block.tag == Tag::KvCache as u8 {
        return Category::KvCache;
    }
    let part_end = records.regions.get(block.region as usize).map(|region| region.end);
    let operator_end = || records.operators.get(block.operator as usize).map(|operator| operator.end);
    let is_gone = match part_end.or_else(operator_end) {
        // A part that a cancel ended has no end of its own: what it had until then was on its way.
        Some(-1) => block.end >= 0,
        Some(end) => (0..=end).contains(&block.end),
        None => false,
    };
    // From before the pass: whoever made it has ended.
    if is_gone && block.start >= 0 { Category::Temporaries } else { Category::Activations }
}

fn by_category(live: Live) -> ByCategory {
    let mut split = ByCategory::default();
    *split.of_mut(Category::Weights) = live.weights;
    *split.of_mut(Category::KvCache) = live.kv_cache;
    *split.of_mut(Category::Activations) = live.work;
    split
}

/// How many words the argument takes that begins here.
fn len(words: &[i64]) -> usize {
    let (kind, count) = (words[0] as u8, (words[0] >> 32) as usize);
    match kind {
        ffi::TENSOR => 1 + count,
        ffi::TENSORS => (0..count).fold(1, |at, _| at + len(&words[at..])),
        ffi::INT => 2,
        _ => 1,
    }
}

fn arguments(mut words: &[i64]) -> Vec<Argument> {
    let mut arguments = Vec::new();
    while !words.is_empty() {
        let (this, rest) = words.split_at(len(words));
        arguments.push(argument(this));
        words = rest;
    }
    arguments
}

fn argument(words: &[i64]) -> Argument {
    let tensor = |words: &[i64]| Tensor {
        dtype: dtype((words[0] >> 8) as u8),
        sizes: words[1..].iter().map(|&size| size as u64).collect(),
    };
    match words[0] as u8 {
        ffi::TENSOR => Argument::Tensor(tensor(words)),
        ffi::TENSORS => {
            let mut rest = &words[1..];
            let next = || {
                let (this, after) = rest.split_at_checked(rest.first().map(|_| len(rest))?)?;
                rest = after;
                Some(tensor(this))
            };
            Argument::Tensors(std::iter::from_fn(next).collect())
        }
        ffi::INT => Argument::Int(words[1]),
        ffi::BOOL => Argument::Bool(words[0] >> 8 & 1 == 1),
        _ => Argument::Other,
    }
}

/// From c10::ScalarType.
fn dtype(scalar_type: u8) -> Dtype {
    match scalar_type {
        0 => Dtype::U8,
        1 => Dtype::I8,
        2 => Dtype::I16,
        3 => Dtype::I32,
        4 => Dtype::I64,
        5 => Dtype::F16,
        6 => Dtype::F32,
        7 => Dtype::F64,
        11 => Dtype::Bool,
        15 => Dtype::Bf16,
        _ => Dtype::Other,
    }
}
