//! How a text is looked at; it stays from one text to the next.

use crate::interpret::Intervention;
use crate::record::explored::{Area, Head, HeadScores, LensCell, Role, Scale};
use crate::worker::RunId;

/// What is selected, in which order, how large.
#[derive(Debug, Clone)]
pub struct Selection {
    /// What the Heads screen shows.
    pub shows: HeadsView,
    pub order: Order,
    /// Only heads that do this are shown.
    pub filter: Option<Role>,
    pub selected: Head,
    pub query: usize,
    pub key: usize,
    /// Positions in a cell.
    pub bin: usize,
    /// Keys down and queries across, as where columns sum to 1.
    pub columns: bool,
    pub scale: Scale,
    /// The head that others are held against.
    pub pinned: Option<Pinned>,
    /// Whether the difference to it is shown, rather than both.
    pub difference: bool,
    /// What is changed in the model and the text.
    pub changes: Vec<Intervention>,
    /// The selected row of the lens, counted in the order of the pass.
    pub place: usize,
    /// Whether one cell of the lens is looked at in full.
    pub drilled: bool,
    /// What the cells of the lens say.
    pub figure: Figure,
    /// Which of a cell's likeliest tokens is taken apart, and the token that it is held against.
    pub choice: usize,
    pub versus: Option<u32>,
    /// Whether neurons are shown beside a cell, rather than who wrote its token.
    pub neurons: bool,
    /// How many cells of the pattern were seen when it was drawn last: down, across.
    pub cells: (usize, usize),
}

/// A head of a pass that was pinned.
#[derive(Debug, Clone, PartialEq)]
pub struct Pinned {
    pub head: Head,
    pub run: RunId,
    /// Labels of its text.
    pub labels: Vec<String>,
    /// The toggles of that pass.
    pub toggles: Vec<(String, String)>,
}

/// What the Heads screen shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HeadsView {
    #[default]
    All,
    /// The pattern of one.
    One,
    /// What they matter beside what they cost.
    Worth,
}

/// How heads are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// As they are in the model.
    #[default]
    Place,
    Induction,
    Previous,
    Duplicate,
    Sink,
    Entropy,
    Distance,
    /// By how much they differ from the pinned pass.
    Change,
}

/// What the cells of the lens say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Figure {
    /// The likeliest token, and how likely.
    #[default]
    Token,
    /// How many are likelier than the token that comes.
    Rank,
    Entropy,
    /// Against the last place.
    Kl,
    /// ‖x‖ / √D.
    Norm,
    /// ‖what was written‖ / ‖what was there‖.
    Write,
}

impl Default for Selection {
    fn default() -> Self {
        Self {
            shows: HeadsView::default(),
            order: Order::default(),
            filter: None,
            selected: Head { block: 0, head: 0 },
            query: 0,
            key: 0,
            bin: 1,
            columns: false,
            scale: Scale::default(),
            pinned: None,
            difference: false,
            changes: Vec::new(),
            place: usize::MAX,
            drilled: false,
            figure: Figure::default(),
            choice: 0,
            versus: None,
            neurons: false,
            cells: (16, 24),
        }
    }
}

impl Selection {
    /// The part of a pattern of so many positions that is seen, with the cursor in it.
    pub fn area(&self, positions: usize) -> Area {
        let window = |at: usize, cells: usize| {
            let length = (cells.max(1) * self.bin).min(positions);
            // In steps of half of it, so that not every move asks for another part.
            let step = (length / 2 / self.bin * self.bin).max(self.bin);
            let start = (at.saturating_sub(length / 4) / step * step).min(positions - length);
            let start = start / self.bin * self.bin;
            start..(start + length).min(positions)
        };
        let (down, across) = self.cells;
        let (queries, keys) = if self.columns { (across, down) } else { (down, across) };
        Area {
            queries: window(self.query.min(positions - 1), queries),
            keys: window(self.key.min(positions - 1), keys),
        }
    }

    /// Whether one head is looked at.
    pub fn is_on_one(&self) -> bool {
        self.shows == HeadsView::One
    }

    /// Whether one of the changes concerns just this head.
    pub fn is_changed(&self, head: Head) -> bool {
        self.changes.iter().any(|change| change.target == crate::interpret::Target::Head(head))
    }
}

impl Order {
    pub const ALL: [Order; 8] = [
        Order::Place,
        Order::Induction,
        Order::Previous,
        Order::Duplicate,
        Order::Sink,
        Order::Entropy,
        Order::Distance,
        Order::Change,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Order::Place => "place",
            Order::Induction => "induction",
            Order::Previous => "previous",
            Order::Duplicate => "duplicate",
            Order::Sink => "sink",
            Order::Entropy => "entropy",
            Order::Distance => "distance",
            Order::Change => "change against the pinned",
        }
    }

    /// What heads are sorted by, the largest first.
    pub fn key(self, scores: &HeadScores) -> f32 {
        match self {
            Order::Place => 0.0,
            Order::Induction => scores.induction.value,
            Order::Previous => scores.previous.value,
            Order::Duplicate => scores.duplicate.value,
            Order::Sink => scores.sink.mass,
            Order::Entropy => scores.entropy,
            Order::Distance => scores.distance,
            Order::Change => scores.change.unwrap_or(0.0),
        }
    }

    /// The next; what heads changed by is known only where there is something pinned.
    pub fn next(self, is_pinned: bool) -> Self {
        let n = Self::ALL.len() - usize::from(!is_pinned);
        Self::ALL[(self as usize + 1) % n]
    }
}

impl Figure {
    pub const ALL: [Figure; 6] =
        [Figure::Token, Figure::Rank, Figure::Entropy, Figure::Kl, Figure::Norm, Figure::Write];

    pub fn next(self) -> Self {
        Self::ALL[(self as usize + 1) % Self::ALL.len()]
    }

    /// In the title.
    pub fn name(self) -> &'static str {
        match self {
            Figure::Token => "what each place says comes next",
            Figure::Rank => "how many tokens are likelier than the one that comes",
            Figure::Entropy => "entropy of what each place says, in nats",
            Figure::Kl => "KL from the last place, in nats",
            Figure::Norm => "‖x‖ / √D; ! massive",
            Figure::Write => "what was written against what was there, ‖Δ‖ / ‖x‖",
        }
    }

    /// The number of a cell; `None` where there is none.
    pub fn of(self, cell: &LensCell) -> Option<f32> {
        match self {
            Figure::Token => cell.top.first().map(|likely| likely.probability),
            Figure::Rank => cell.rank.map(|rank| rank as f32),
            Figure::Entropy => Some(cell.entropy),
            Figure::Kl => Some(cell.kl),
            Figure::Norm => Some(cell.norm),
            Figure::Write => cell.write,
        }
    }
}

/// The next of these roles, or none after the last.
pub fn next_filter(role: Option<Role>) -> Option<Role> {
    let all = [Role::Induction, Role::Previous, Role::Duplicate, Role::Sink];
    let at = role.map_or(0, |role| all.iter().position(|other| *other == role).map_or(0, |at| at + 1));
    all.get(at).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_holds_the_cursor_and_moves_in_steps() {
        let mut selection = Selection { cells: (10, 20), ..Selection::default() };
        for (query, key) in [(0, 0), (9, 3), (37, 12), (99, 99), (50, 0)] {
            (selection.query, selection.key) = (query, key);
            for bin in [1, 4] {
                selection.bin = bin;
                let area = selection.area(100);
                assert!(area.queries.contains(&query) && area.keys.contains(&key), "{area:?}");
                assert!(area.queries.start.is_multiple_of(bin) && area.queries.len() <= 10 * bin);
            }
        }
        (selection.query, selection.key, selection.bin) = (2, 2, 1);
        assert_eq!(selection.area(4), Area { queries: 0..4, keys: 0..4 });
    }

    #[test]
    fn filters_go_round() {
        let mut seen = vec![None];
        while seen.len() < 6 {
            seen.push(next_filter(seen[seen.len() - 1]));
        }
        assert_eq!((seen[1], seen[5]), (Some(Role::Induction), None));
    }
}
