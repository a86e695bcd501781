//! What a comparison of two arms amounts to, worked out for the Compare screen.

use crate::analyse::comparison::{Comparison, Figure};
use crate::arch::path::{block_of, in_block, inside_block, over_blocks};
use crate::record::Phase;
use crate::record::study::Study;
use crate::tui::screens::compare::tree::{ComparisonTree, TreeRow};
use std::collections::HashMap;

/// The candidate against the baseline, and every row of the tree.
#[derive(Debug)]
pub struct Compared {
    pub comparison: Comparison,
    /// Whether the parts were worked out: that takes a while, and would take it from what is measured.
    pub whole: bool,
    /// Paths of the rows in their order; those inside of `all` are of no block.
    paths: Vec<String>,
    figures: [HashMap<String, Figure>; 2],
    /// Blocks of which the parts were worked out.
    opened: Vec<u32>,
}

/// A row of the tree with what was measured of it.
#[derive(Debug, Clone)]
pub struct PartRow<'a> {
    pub branch: TreeRow<'a>,
    pub figure: Option<&'a Figure>,
}

impl Compared {
    /// The headline numbers, which take no time to work out; with the parts if the study is over.
    pub fn of(study: &Study, whole: bool) -> Option<Self> {
        let comparison = if whole { Comparison::of(study, 0, 1) } else { Comparison::headline(study, 0, 1) }?;
        let mut figures: [HashMap<String, Figure>; 2] = Default::default();
        for phase in [Phase::Prefill, Phase::Decode] {
            let compared = comparison.phase(phase);
            let alone = compared.blocks.iter().chain(&compared.outside).map(|row| (row.path.clone(), row.time));
            let added_up = compared.kinds.iter().map(|row| (over_blocks(&row.path), row.time));
            figures[phase as usize] = alone.chain(added_up).collect();
        }
        let paths = if whole { paths(study) } else { Vec::new() };
        Some(Self { comparison, whole, paths, figures, opened: Vec::new() })
    }

    /// Works out what open blocks have inside, unless that is done: of those that are seen, a screenful about the
    /// selected row.
    pub fn open(&mut self, study: &Study, branches: &ComparisonTree, height: usize) {
        let rows = branches.rows(&self.paths());
        let at = branches.index(&rows);
        let seen = rows.iter().skip(at.saturating_sub(height)).take(2 * height + 1);
        let mut blocks: Vec<u32> = seen.filter(|row| row.depth > 0).filter_map(|row| block_of(row.path)).collect();
        blocks.dedup();
        for block in blocks {
            if self.opened.contains(&block) {
                continue;
            }
            self.opened.push(block);
            // The same comparison of a study that has this block alone.
            let mut alone = study.clone();
            alone.parts.iter_mut().filter(|path| !is_inside(path, block)).for_each(String::clear);
            for sample in &mut alone.samples {
                sample.parts.retain(|time| alone.parts.get(time.part as usize).is_some_and(|path| !path.is_empty()));
            }
            let Some(comparison) = Comparison::of(&alone, 0, 1) else { continue };
            for phase in [Phase::Prefill, Phase::Decode] {
                let rows = comparison.phase(phase).kinds.iter().filter(|row| !row.path.is_empty());
                self.figures[phase as usize].extend(rows.map(|row| (in_block(block, &row.path), row.time)));
            }
        }
    }

    /// Every path of the tree.
    pub fn paths(&self) -> Vec<&str> {
        self.paths.iter().map(String::as_str).collect()
    }

    /// The visible rows of a phase.
    pub fn rows(&self, branches: &ComparisonTree, phase: Phase) -> Vec<PartRow<'_>> {
        let figures = &self.figures[phase as usize];
        let branches = branches.rows(&self.paths());
        branches.into_iter().map(|branch| PartRow { branch, figure: figures.get(branch.path) }).collect()
    }
}

/// The rows in the order in which they ran, with what is added up over all blocks before the first of them.
fn paths(study: &Study) -> Vec<String> {
    let mut inside: Vec<&str> = Vec::new();
    for path in study.parts.iter().filter_map(|path| inside_block(path)).filter(|path| !path.is_empty()) {
        if !inside.contains(&path) && inside.len() < 1000 {
            inside.push(path);
        }
    }
    let mut paths = Vec::with_capacity(study.parts.len() + inside.len() + 1);
    let mut put = !inside.is_empty();
    for path in &study.parts {
        if put && block_of(path).is_some() {
            put = false;
            paths.push(over_blocks(""));
            paths.extend(inside.iter().map(|path| over_blocks(path)));
        }
        paths.push(path.clone());
    }
    paths
}

/// Whether a path lies in a block, and is not the block itself.
fn is_inside(path: &str, block: u32) -> bool {
    block_of(path) == Some(block) && inside_block(path) != Some("")
}
