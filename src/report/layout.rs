//! Which rows a table of parts has, and what they are called.

use crate::trace::{Part, Phase, Row, Run};
use std::collections::HashMap;

/// How far the parts of a model are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// All blocks added up, by the kind of part: where the time goes.
    Summed,
    /// A row for each block.
    Blocks,
    /// Every part of every block.
    Parts,
}

/// A row with its name, and how deep it lies.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub name: String,
    pub depth: usize,
    pub row: Row,
}

/// The rows of `phase`, in the model's order, parents before what they contain.
pub fn lines(run: &Run, phase: Phase, detail: Detail) -> Vec<Line> {
    let stands = standing_for(run, detail);
    let depths = depths(&run.parts);
    let mut blocks: Vec<u32> = run.parts.iter().filter(|part| is_block(part)).filter_map(Part::block).collect();
    blocks.sort_unstable();
    blocks.dedup();
    let line = |row: Row| {
        let part = &run.parts[row.part as usize];
        let name = match detail {
            Detail::Summed if is_block(part) && blocks.len() > 1 => format!("{} blocks", blocks.len()),
            _ => name(run, part),
        };
        Line { name, depth: depths[row.part as usize], row }
    };
    let lines = run.rows_by(Some(phase), |part| stands[part as usize]).into_iter().map(line);
    lines.filter(|line| detail != Detail::Blocks || line.depth == 0).collect()
}

/// What a part is called below the one that contains it: `attn residual` in a block, `qkv` in its attention.
fn name(run: &Run, part: &Part) -> String {
    let parent = part.parent.and_then(|parent| run.parts.get(parent as usize));
    match parent.and_then(|parent| part.path.strip_prefix(&parent.path)?.strip_prefix('.')) {
        Some(inside) => inside.replace(['.', '_'], " "),
        None => part.name(),
    }
}

/// For each part, the part whose row it is counted in: its like in the first block.
fn standing_for(run: &Run, detail: Detail) -> Vec<u32> {
    let mut first: HashMap<&str, u32> = HashMap::new();
    let mut stands = Vec::with_capacity(run.parts.len());
    for (id, part) in run.parts.iter().enumerate() {
        let id = id as u32;
        stands.push(match in_block(&part.path) {
            Some(inside) if detail == Detail::Summed => *first.entry(inside).or_insert(id),
            _ => id,
        });
    }
    stands
}

/// How many parts each part lies inside.
fn depths(parts: &[Part]) -> Vec<usize> {
    let mut depths = Vec::with_capacity(parts.len());
    for part in parts {
        let depth = part.parent.and_then(|parent| depths.get(parent as usize)).map_or(0, |depth| depth + 1);
        depths.push(depth);
    }
    depths
}

/// The path inside its block: `attn.qkv`, or nothing for the block itself; `None` outside of blocks.
fn in_block(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("blocks.")?;
    Some(inside.split_once('.').map_or("", |(_, rest)| rest))
}

fn is_block(part: &Part) -> bool {
    in_block(&part.path) == Some("")
}
