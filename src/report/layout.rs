//! Which rows a table of parts has, and what they are called.

use crate::arch::path::below;
use crate::record::{Part, Phase, Row, Run};

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

/// Which rows a table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rows {
    pub detail: Detail,
    /// In a traced run: below each part the operators that it called.
    pub operators: bool,
}

impl From<Detail> for Rows {
    fn from(detail: Detail) -> Self {
        Self { detail, operators: false }
    }
}

/// A row with its name, and how deep it lies.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub name: String,
    pub depth: usize,
    pub row: Row,
}

/// Which part stands for each row, what the rows are called, and how deep they lie.
#[derive(Debug, Clone)]
pub struct Layout {
    detail: Detail,
    /// For each part, the part whose row it is counted in.
    stands: Vec<u32>,
    /// For each part, the name of its row.
    names: Vec<String>,
    /// For each part, how many parts it lies inside.
    depths: Vec<usize>,
    /// For each part, the outermost one that it lies inside, or itself.
    tops: Vec<u32>,
}

impl Layout {
    pub fn of(run: &Run, detail: Detail) -> Self {
        let ids = 0..run.parts.len() as u32;
        let mut tops = Vec::with_capacity(run.parts.len());
        for (id, part) in ids.clone().zip(&run.parts) {
            // A parent has a smaller number.
            tops.push(part.parent.and_then(|parent| tops.get(parent as usize).copied()).unwrap_or(id));
        }
        let mut blocks: Vec<u32> = run.parts.iter().filter(|part| part.is_block()).filter_map(Part::block).collect();
        blocks.sort_unstable();
        blocks.dedup();
        let name = |part: &Part| match detail {
            Detail::Summed if part.is_block() && blocks.len() > 1 => format!("{} blocks", blocks.len()),
            _ => name(run, part),
        };
        Self {
            detail,
            stands: if detail == Detail::Summed { run.likes() } else { ids.collect() },
            names: run.parts.iter().map(name).collect(),
            depths: depths(&run.parts),
            tops,
        }
    }

    /// The part in whose row this one is counted.
    pub fn stands(&self, part: u32) -> u32 {
        self.stands[part as usize]
    }

    /// The part below whose row the operators of this one are listed.
    pub fn holds(&self, part: u32) -> u32 {
        if self.detail == Detail::Blocks { self.tops[part as usize] } else { self.stands(part) }
    }

    /// Whether the row of this part is shown.
    pub fn shows(&self, part: u32) -> bool {
        self.detail != Detail::Blocks || self.depth(part) == 0
    }

    pub fn name(&self, part: u32) -> &str {
        &self.names[part as usize]
    }

    pub fn depth(&self, part: u32) -> usize {
        self.depths[part as usize]
    }
}

/// The rows of `phase`, in the model's order, parents before what they contain.
pub fn lines(run: &Run, phase: Phase, detail: Detail) -> Vec<Line> {
    let layout = Layout::of(run, detail);
    let rows = run.rows_by(Some(phase), |part| layout.stands(part)).into_iter().filter(|row| layout.shows(row.part));
    rows.map(|row| Line { name: layout.name(row.part).to_owned(), depth: layout.depth(row.part), row }).collect()
}

/// What a part is called below the one that contains it: `attn residual` in a block, `qkv` in its attention.
fn name(run: &Run, part: &Part) -> String {
    let parent = part.parent.and_then(|parent| run.parts.get(parent as usize));
    parent.and_then(|parent| below(&part.path, &parent.path)).unwrap_or_else(|| part.name())
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
