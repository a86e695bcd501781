//! The slices of a pass, laid into one another.
//!
//! Readers expect slices of a thread to nest strictly. Those that reach over an edge by the few nanoseconds
//! between two readings of the clock are shortened to it.

use crate::record::Run;
use crate::record::run::Pass;
use crate::units::Nanos;
use std::collections::HashMap;

/// Operators lie deeper than any part.
const BELOW_PARTS: u32 = 1 << 16;

/// A slice of a pass, times since the run began.
pub struct Slice {
    pub start: Nanos,
    pub end: Nanos,
    pub thread: u16,
    /// Nothing lies in a slice of its own level or a deeper one.
    level: u32,
    pub what: What,
}

/// What a slice is of; parts and operators by their index in the pass.
#[derive(Clone, Copy)]
pub enum What {
    Step,
    Phase,
    Part(usize),
    Operator(usize),
}

/// The slices of a pass by start, outer ones first, nesting strictly on every thread.
pub fn slices(run: &Run, pass: &Pass, begin: Nanos) -> Vec<Slice> {
    let ends_of_spans = pass.spans.iter().map(|span| span.start + span.time);
    let ends_of_operators = pass.operators.iter().map(|operator| operator.start + operator.time);
    // A pass that was cut off has no time of its own.
    let time = pass.time.or_else(|| ends_of_spans.chain(ends_of_operators).max()).unwrap_or_default();
    let end = begin + time;
    let slice = |start: Nanos, time: Nanos, thread, level, what| {
        let start = (begin + start).min(end);
        Slice { start, end: (start + time).min(end), thread, level, what }
    };
    let mut slices = vec![slice(Nanos(0), time, 0, 0, What::Step), slice(Nanos(0), time, 0, 1, What::Phase)];
    let depths = depths(run);
    slices.extend(
        pass.spans
            .iter()
            .enumerate()
            .map(|(index, span)| slice(span.start, span.time, 0, 2 + depths[span.part as usize], What::Part(index))),
    );
    slices.extend(pass.operators.iter().enumerate().map(|(index, operator)| {
        let level = BELOW_PARTS + u32::from(operator.depth);
        slice(operator.start, operator.time, operator.thread, level, What::Operator(index))
    }));
    slices.sort_by_key(|slice| (slice.start, slice.level));
    nest(&mut slices);
    slices
}

/// How many parts each part lies in.
fn depths(run: &Run) -> Vec<u32> {
    let mut depths: Vec<u32> = Vec::with_capacity(run.parts.len());
    for part in &run.parts {
        let depth = part.parent.and_then(|parent| depths.get(parent as usize)).map_or(0, |depth| depth + 1);
        depths.push(depth.min(BELOW_PARTS - 3));
    }
    depths
}

/// Shortens what reaches over the end of the slice that it lies in, or into the one after it.
fn nest(slices: &mut [Slice]) {
    // What has begun on each thread and not ended, outermost first.
    let mut open: HashMap<u16, Vec<usize>> = HashMap::new();
    for index in 0..slices.len() {
        let Slice { start, level, thread, .. } = slices[index];
        let open = open.entry(thread).or_default();
        while let Some(&outer) = open.last() {
            let contains = slices[outer].level < level && (slices[outer].end > start || slices[outer].start == start);
            if contains {
                slices[index].end = slices[index].end.min(slices[outer].end);
                break;
            }
            slices[outer].end = slices[outer].end.min(start);
            open.pop();
        }
        open.push(index);
    }
}
