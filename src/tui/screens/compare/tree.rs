//! The tree of parts of a comparison as it lies open: only paths are known of it.

use crate::arch::path::parent_of;
use std::collections::HashSet;

/// What the user has opened and selected.
#[derive(Debug, Clone, Default)]
pub struct ComparisonTree {
    open: HashSet<String>,
    /// The path of the selected part; the first row, if it is not there.
    pub selected: String,
}

/// A row of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeRow<'a> {
    pub path: &'a str,
    pub depth: u16,
    pub openable: bool,
    pub open: bool,
}

/// A file may nest its parts as deep as it likes; a model does not.
const DEEPEST: u16 = 8;

impl ComparisonTree {
    /// The visible rows, in the order of `paths`, each inside of what contains it.
    pub fn rows<'a>(&self, paths: &[&'a str]) -> Vec<TreeRow<'a>> {
        let known: HashSet<&str> = paths.iter().copied().collect();
        let above = |path: &'a str| parent_of(path).filter(|parent| known.contains(parent));
        let mut inside: std::collections::HashMap<Option<&str>, Vec<&'a str>> = Default::default();
        for &path in paths {
            inside.entry(above(path)).or_default().push(path);
        }
        let mut rows = Vec::new();
        // The next row is the last one here.
        let mut waiting: Vec<(&'a str, u16)> =
            inside.get(&None).into_iter().flatten().rev().map(|&path| (path, 0)).collect();
        while let Some((path, depth)) = waiting.pop() {
            let children = inside.get(&Some(path)).map_or(&[][..], Vec::as_slice);
            let open = self.open.contains(path);
            rows.push(TreeRow { path, depth, openable: !children.is_empty(), open });
            if open && depth < DEEPEST {
                waiting.extend(children.iter().rev().map(|&child| (child, depth + 1)));
            }
        }
        rows
    }

    /// Where the selection lies among these rows: on its part, or on what contains it.
    pub fn index(&self, rows: &[TreeRow]) -> usize {
        let mut path = Some(self.selected.as_str());
        while let Some(at) = path {
            if let Some(index) = rows.iter().position(|row| row.path == at) {
                return index;
            }
            path = parent_of(at);
        }
        0
    }

    /// Opens what is closed, closes what is open.
    pub fn twist(&mut self, path: &str) {
        if !self.open.remove(path) {
            self.open.insert(path.to_owned());
        }
    }

    /// Closes it, or goes to what contains it.
    pub fn close(&mut self, path: &str) {
        if !self.open.remove(path)
            && let Some(parent) = parent_of(path)
        {
            self.selected = parent.to_owned();
        }
    }

    pub fn open_all(&mut self, paths: &[&str]) {
        self.open.extend(paths.iter().filter_map(|path| parent_of(path)).map(str::to_owned));
    }

    pub fn close_all(&mut self) {
        self.open.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATHS: [&str; 7] =
        ["embed", "blocks.0", "blocks.0.attn", "blocks.0.attn.qkv", "blocks.0.mlp", "blocks.1", "lm_head"];

    fn shown(branches: &ComparisonTree) -> Vec<(&'static str, u16)> {
        branches.rows(&PATHS).iter().map(|row| (row.path, row.depth)).collect()
    }

    #[test]
    fn what_is_open_shows_what_it_contains() {
        let mut branches = ComparisonTree::default();
        assert_eq!(shown(&branches), [("embed", 0), ("blocks.0", 0), ("blocks.1", 0), ("lm_head", 0)]);
        branches.twist("blocks.0");
        assert_eq!(shown(&branches)[2..4], [("blocks.0.attn", 1), ("blocks.0.mlp", 1)]);
        branches.open_all(&PATHS);
        assert_eq!(shown(&branches).len(), 7);
        branches.selected = "blocks.0.attn.qkv".into();
        branches.close_all();
        assert_eq!(branches.index(&branches.rows(&PATHS)), 1, "the selection falls back to what contains it");
        branches.close("blocks.0.attn");
        assert_eq!(branches.selected, "blocks.0");
    }

    #[test]
    fn parts_that_a_file_made_up_are_rows_of_their_own() {
        let rows = ComparisonTree::default();
        let rows = rows.rows(&["a.b.c", "", "a", "a"]);
        assert_eq!(rows.iter().filter(|row| row.depth == 0).count(), 4);
    }
}
