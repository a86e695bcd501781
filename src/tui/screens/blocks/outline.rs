//! The tree of parts as it lies open on the Blocks screen: what has run, and what the model says will come.

use crate::arch::path::{Path, block_of, parent_of, row_inside};
use crate::arch::role::Role;
use crate::arch::{Model, Toggles};
use crate::record::Phase;
use crate::tui::live::Live;
use crate::tui::phase_sums::Sums;
use crate::worker::Card;
use std::collections::HashSet;

/// What the user has opened, selected and asked for.
#[derive(Debug, Clone)]
pub struct Outline {
    /// Paths of the open blocks and stages.
    pub open: HashSet<String>,
    /// The path of the selected part.
    pub selected: String,
}

/// A row of the tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub path: String,
    pub what: What,
    /// Index into the run's parts; `None` while it has not been seen there. Of what lies inside a part, that part.
    pub part: Option<u32>,
    pub depth: u16,
    pub openable: bool,
    pub open: bool,
    /// Whether it is being computed now.
    pub running: bool,
}

/// What a row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Part,
    /// All calls of an operator in its part, as an index into the operators of the account.
    Operator(u32),
    /// The time of its part in which no operator ran.
    Between,
}

impl Default for Outline {
    fn default() -> Self {
        Self { open: HashSet::new(), selected: Role::Embed.path().into() }
    }
}

/// What a tree is made of: a run as far as it has come, and the model that says what will come.
struct Tree<'a> {
    live: Option<&'a Live>,
    /// What will run, where that is known.
    expected: Option<Expected<'a>>,
    /// What a traced part opens down to.
    sums: Option<&'a Sums>,
    running: Option<String>,
}

impl Outline {
    /// The visible rows, in the model's order; of a traced phase with the operators of its parts.
    pub fn nodes(&self, phase: Option<Phase>, live: Option<&Live>, card: Option<&Card>) -> Vec<Node> {
        let tree = Tree { sums: live.and_then(|live| live.traced.of(phase?)), ..Tree::new(live, card) };
        let mut nodes = Vec::new();
        for path in tree.top_level() {
            self.push(&tree, path, 0, &mut nodes);
        }
        nodes
    }

    fn push(&self, tree: &Tree, path: String, depth: u16, nodes: &mut Vec<Node>) {
        let children = tree.children(&path);
        let open = self.open.contains(&path);
        let part = tree.live.and_then(|live| live.tally.part_at(&path));
        let running = tree.is_running(&path);
        let operators = tree.sums.zip(part).map_or(&[][..], |(sums, part)| sums.operators_of(part));
        let openable = !children.is_empty() || !operators.is_empty();
        // What lies inside belongs to this path, which the row takes along.
        let inside = if open { path.clone() } else { String::new() };
        nodes.push(Node { path, what: What::Part, part, depth, openable, open, running });
        // A file may nest its parts as deep as it likes; a model does not.
        if !open || depth >= 8 {
            return;
        }
        for child in children {
            self.push(tree, child, depth + 1, nodes);
        }
        let row = |what, name: &str| {
            let path = row_inside(&inside, name);
            Node { path, what, part, depth: depth + 1, openable: false, open: false, running: false }
        };
        if let Some(sums) = tree.sums.filter(|_| !operators.is_empty()) {
            nodes.extend(operators.iter().map(|&index| row(What::Operator(index), &sums.operator(index).name)));
            nodes.push(row(What::Between, "between"));
        }
    }

    /// Where the selection lies among these rows: on its part, or on what contains it.
    pub fn index(&self, nodes: &[Node]) -> usize {
        let mut path = Some(self.selected.as_str());
        while let Some(at) = path {
            if let Some(index) = nodes.iter().position(|node| node.path == at) {
                return index;
            }
            path = parent_of(at);
        }
        0
    }

    /// Opens every block and stage.
    pub fn open_all(&mut self, live: Option<&Live>, card: Option<&Card>) {
        let tree = Tree::new(live, card);
        let mut open = Vec::new();
        let mut waiting: Vec<String> = tree.top_level();
        while let Some(path) = waiting.pop() {
            let children = tree.children(&path);
            if !children.is_empty() && path.matches('.').count() < 8 {
                waiting.extend(children);
                open.push(path);
            }
        }
        self.open.extend(open);
    }

    /// Selects a part and opens all that contains it.
    pub fn reveal(&mut self, path: &str) {
        let mut above = parent_of(path);
        while let Some(at) = above {
            self.open.insert(at.to_owned());
            above = parent_of(at);
        }
        self.selected = path.to_owned();
    }
}

impl<'a> Tree<'a> {
    fn new(live: Option<&'a Live>, card: Option<&'a Card>) -> Self {
        // Until something runs, the model says what will.
        let expected = card.map(|card| Expected { model: &card.model, toggles: card.toggles.clone() });
        let described = live.and_then(|live| {
            let header = &live.run.header;
            Some(Expected { model: header.model.description.as_deref()?, toggles: header.choices() })
        });
        let of_live = live.is_some_and(|live| live.run.header.model.n_layers > 0);
        let expected = if of_live { described } else { expected };
        Self { live, expected, sums: None, running: live.and_then(Live::running_top) }
    }

    fn top_level(&self) -> Vec<String> {
        let mut paths = self.expected.as_ref().map_or_else(Vec::new, Expected::top_level);
        let expected: HashSet<String> = paths.iter().cloned().collect();
        if let Some(live) = self.live {
            let seen = live.tally.children(None).iter().map(|&part| &live.run.parts[part as usize].path);
            paths.extend(seen.filter(|path| !expected.contains(*path)).cloned());
        }
        paths
    }

    fn children(&self, path: &str) -> Vec<String> {
        let part = self.live.and_then(|live| live.tally.part_at(path));
        // What has ended has shown all that it has inside.
        let has_ended = part.is_some_and(|part| self.live.is_some_and(|live| live.tally.row(part, None).is_some()));
        let expected = self.expected.as_ref().filter(|_| !has_ended);
        let mut children = expected.map_or_else(Vec::new, |expected| expected.inside(path));
        if let (Some(live), Some(part)) = (self.live, part) {
            for &child in live.tally.children(Some(part)) {
                let child = &live.run.parts[child as usize].path;
                if !children.contains(child) {
                    children.push(child.clone());
                }
            }
        }
        children
    }

    fn is_running(&self, path: &str) -> bool {
        let Some(running) = &self.running else { return false };
        if running == path {
            return true;
        }
        if block_of(path).is_none() || block_of(path) != block_of(running) {
            return false;
        }
        // Inside the running block: the leaf after the one that ended last.
        let Some(live) = self.live else { return false };
        let last =
            live.tally.current().and_then(|current| current.last).map(|part| &live.run.parts[part as usize].path);
        let last = last.filter(|last| block_of(last) == block_of(path));
        let leaves = self.expected.as_ref().map_or_else(Vec::new, |expected| expected.leaves(path));
        let next = match last.and_then(|last| leaves.iter().position(|leaf| leaf == last)) {
            Some(last) => leaves.get(last + 1),
            None => leaves.first(),
        };
        next.is_some_and(|next| next == path)
    }
}

/// What a model will run, as it describes itself.
struct Expected<'a> {
    model: &'a Model,
    toggles: Toggles,
}

impl Expected<'_> {
    fn top_level(&self) -> Vec<String> {
        self.model.top_level(&self.toggles).iter().map(Path::to_string).collect()
    }

    /// What is in the block that a path lies in.
    fn around(&self, path: &str) -> Vec<Path> {
        block_of(path).map(|block| self.model.inside_block(&self.toggles, block as usize)).unwrap_or_default()
    }

    /// What is directly in the part at a path.
    fn inside(&self, path: &str) -> Vec<String> {
        let outer = Path::parse(path).filter(|outer| outer.name.contains_parts());
        let Some(outer) = outer else { return Vec::new() };
        self.around(path).iter().filter(|inner| inner.parent() == Some(outer)).map(Path::to_string).collect()
    }

    /// What has nothing inside, in the block that a path lies in.
    fn leaves(&self, path: &str) -> Vec<String> {
        let leaves = self.around(path).into_iter().filter(|path| !path.name.contains_parts());
        leaves.map(|path| path.to_string()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::fixture;
    use crate::units::Nanos;
    use crate::worker::RunId;

    fn live(events: Vec<crate::record::Event>) -> Live {
        let mut live = Live::new(RunId(1), false, Nanos(0));
        events.into_iter().for_each(|event| live.apply(event));
        live
    }

    fn paths(nodes: &[Node]) -> Vec<&str> {
        nodes.iter().map(|node| node.path.as_str()).collect()
    }

    #[test]
    fn a_loaded_model_shows_what_will_come() {
        let mut outline = Outline::default();
        let card = fixture::card();
        assert_eq!(outline.nodes(Some(Phase::Prefill), None, Some(&card)).len(), 33);
        outline.open_all(None, Some(&card));
        let nodes = outline.nodes(Some(Phase::Prefill), None, Some(&card));
        assert_eq!(nodes.len(), 33 + 30 * 15);
        assert_eq!(paths(&nodes)[..4], ["embed", "blocks.0", "blocks.0.attn", "blocks.0.attn.norm"]);
        assert!(nodes.iter().all(|node| node.part.is_none() && !node.running));
    }

    #[test]
    fn a_saved_run_needs_no_model() {
        let mut outline = Outline::default();
        let live = live(fixture::whole(8, 2));
        outline.reveal("blocks.2.mlp.down");
        let nodes = outline.nodes(Some(Phase::Prefill), Some(&live), None);
        assert_eq!(nodes[outline.index(&nodes)].path, "blocks.2.mlp.down");
        assert_eq!(nodes.len(), 33 + 4 + 5);
        assert!(nodes.iter().all(|node| node.part.is_some()));
    }

    #[test]
    fn a_traced_part_opens_down_to_its_operators() {
        let mut live = Live::saved(fixture::traced_run(), "run.jsonl".into());
        live.traced.add_up(&live.run, live.version, Phase::Decode);
        let mut outline = Outline::default();
        outline.reveal("blocks.1.mlp.up/aten::mm");
        let nodes = outline.nodes(Some(Phase::Decode), Some(&live), None);
        let at = outline.index(&nodes);
        assert!(matches!(nodes[at].what, What::Operator(_)));
        assert_eq!((nodes[at].depth, nodes[at].part), (3, live.tally.part_at("blocks.1.mlp.up")));
        let inside: Vec<_> = paths(&nodes).into_iter().filter(|path| path.contains('/')).collect();
        assert_eq!(inside.len(), 7, "linear, matmul, mm, three views, and the rest: {inside:?}");
        assert_eq!(inside[6], "blocks.1.mlp.up/between");
        // Own times and the rest between them are the time of the part.
        let account = &live.traced.of(Phase::Decode).unwrap().account;
        let part = account.part(nodes[at].part.unwrap()).unwrap();
        let own: Nanos = nodes
            .iter()
            .filter_map(|node| match node.what {
                What::Operator(index) => Some(account.operators[index as usize].own),
                What::Between => Some(part.between),
                What::Part => None,
            })
            .sum();
        assert_eq!(own, part.total);
        // Both phases together have no account, and so no operators.
        assert!(outline.nodes(None, Some(&live), None).iter().all(|node| node.what == What::Part));
    }

    #[test]
    fn the_running_block_is_marked_and_those_after_it_are_expected() {
        let outline = Outline::default();
        let live = live(fixture::mid_prefill(8, 4));
        let nodes = outline.nodes(Some(Phase::Prefill), Some(&live), Some(&fixture::card()));
        assert_eq!(nodes.len(), 33);
        let running: Vec<_> = nodes.iter().filter(|node| node.running).map(|node| node.path.as_str()).collect();
        assert_eq!(running, ["blocks.4"]);
        assert!(nodes[6].part.is_none() && nodes[6].openable);
    }

    #[test]
    fn a_hidden_selection_falls_back_to_what_contains_it() {
        let mut outline = Outline::default();
        outline.reveal("blocks.2.mlp.down");
        outline.open.clear();
        let nodes = outline.nodes(Some(Phase::Prefill), None, Some(&fixture::card()));
        assert_eq!(nodes[outline.index(&nodes)].path, "blocks.2");
        outline.selected = "nowhere".into();
        assert_eq!(outline.index(&nodes), 0);
    }

    #[test]
    fn parts_of_an_unknown_version_are_shown_after_the_known_ones() {
        let mut live = live(fixture::whole(4, 1));
        live.apply(crate::record::Event::Part(crate::record::Part { path: "rewind".into(), parent: None }));
        let nodes = Outline::default().nodes(Some(Phase::Prefill), Some(&live), None);
        assert_eq!(nodes.last().unwrap().path, "rewind");
    }
}
