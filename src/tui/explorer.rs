//! What is seen of a text: every head, the pattern of one, the lens, what switching heads off does; and how it is
//! looked at.

use super::live::State;
use crate::profile::{Change, Intervention, Target};
use crate::trace::explored::{Area, Attribution, Effect, Head, HeadScores, LensTable, Pattern, Scale, Thumbnail};
use crate::units::Nanos;
use crate::worker::{Answer, Look, RunId, Seen};
use std::collections::BTreeMap;

/// Cells on a side of a thumbnail, at most.
pub const SIDE: usize = 16;
/// Positions of the lens that are asked for at a time, likeliest tokens of each, and tokens that continue a text.
pub const LENS_POSITIONS: usize = 16;
const TOP: usize = 20;
const NEW_TOKENS: usize = 16;

/// One pass over a text.
#[derive(Debug)]
pub struct Explorer {
    pub run: RunId,
    pub state: State,
    pub since: Nanos,
    /// Id and label.
    pub tokens: Vec<(u32, String)>,
    pub n_layers: usize,
    pub n_heads: usize,
    /// Of every head that was gone through, in order.
    pub scores: Vec<HeadScores>,
    pub thumbnails: Vec<Thumbnail>,
    /// The newest answers.
    pub tile: Option<Pattern>,
    pub links: Option<Links>,
    pub lens: Option<LensTable>,
    pub attribution: Option<Attribution>,
    pub effect: Option<(Vec<Intervention>, Effect)>,
    /// How tokens are called that are not in the text.
    pub labels: BTreeMap<u32, String>,
    /// What was asked for and not answered.
    asked: Vec<Look>,
    /// Why the last question had no answer.
    pub refused: Option<String>,
}

/// Where one query of a head looks: a share for each key.
#[derive(Debug, Clone, PartialEq)]
pub struct Links {
    pub head: Head,
    pub query: usize,
    pub shares: Vec<f32>,
}

/// How it is looked at; it stays from one text to the next.
#[derive(Debug, Clone)]
pub struct Gaze {
    /// Whether one head is looked at, rather than all.
    pub one: bool,
    pub order: Order,
    pub selected: Head,
    pub query: usize,
    pub key: usize,
    /// Positions in a cell.
    pub bin: usize,
    /// Keys down and queries across, as where columns sum to 1.
    pub columns: bool,
    pub scale: Scale,
    /// Heads that are off.
    pub off: Vec<Head>,
    /// The selected row of the lens, counted in the order of the pass.
    pub place: usize,
    /// Whether one cell of the lens is looked at in full.
    pub drilled: bool,
    /// How many cells of the pattern were seen when it was drawn last: down, across.
    pub cells: (usize, usize),
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
}

impl Default for Gaze {
    fn default() -> Self {
        Self {
            one: false,
            order: Order::default(),
            selected: Head { block: 0, head: 0 },
            query: 0,
            key: 0,
            bin: 1,
            columns: false,
            scale: Scale::default(),
            off: Vec::new(),
            place: usize::MAX,
            drilled: false,
            cells: (16, 24),
        }
    }
}

impl Explorer {
    /// One that has just been asked for.
    pub fn new(run: RunId, since: Nanos) -> Self {
        Self {
            run,
            state: State::Starting,
            since,
            tokens: Vec::new(),
            n_layers: 0,
            n_heads: 0,
            scores: Vec::new(),
            thumbnails: Vec::new(),
            tile: None,
            links: None,
            lens: None,
            attribution: None,
            effect: None,
            labels: BTreeMap::new(),
            asked: Vec::new(),
            refused: None,
        }
    }

    /// Takes in what was seen; the reason, where it failed.
    pub fn apply(&mut self, seen: Seen) -> Option<String> {
        match seen {
            Seen::Text { tokens, n_layers, n_heads } => {
                (self.tokens, self.n_layers, self.n_heads) = (tokens, n_layers, n_heads);
                self.state = State::Running;
            }
            Seen::Heads { ran, .. } => {
                self.scores.extend(ran.scores);
                self.thumbnails.extend(ran.thumbnails);
            }
            Seen::AllHeads => self.state = State::Over,
            Seen::Answer { look, answer, labels } => self.answered(look, answer, labels),
            Seen::Failed(reason) => {
                self.state = State::Over;
                self.asked.clear();
                return Some(reason);
            }
        }
        None
    }

    fn answered(&mut self, look: Look, answer: Answer, labels: BTreeMap<u32, String>) {
        self.asked.retain(|asked| *asked != look);
        self.labels.extend(labels);
        self.refused = None;
        match (look, answer) {
            (Look::Links { head, query }, Answer::Pattern(shares)) => {
                self.links = Some(Links { head, query, shares });
            }
            (Look::Pattern { head, area, bin }, Answer::Pattern(cells)) => {
                self.tile = Some(Pattern { head, area, bin, cells });
            }
            (Look::Lens { .. }, Answer::Lens(lens)) => self.lens = Some(lens),
            (Look::Attribution { .. }, Answer::Attribution(found)) => self.attribution = Some(found),
            (Look::Effect { interventions, .. }, Answer::Effect(effect)) => {
                self.effect = Some((interventions, effect));
            }
            (_, Answer::Refused(why)) => self.refused = Some(why),
            _ => {}
        }
    }

    /// What has to be asked so that everything under this gaze is seen; it counts as asked.
    pub fn missing(&mut self, gaze: &Gaze, of_lens: bool) -> Vec<Look> {
        if self.tokens.is_empty() {
            return Vec::new();
        }
        let mut wanted = Vec::new();
        let query = gaze.query.min(self.tokens.len() - 1);
        if of_lens {
            let first = query / LENS_POSITIONS * LENS_POSITIONS;
            if self.lens.as_ref().is_none_or(|lens| lens.first != first) {
                let positions = first..(first + LENS_POSITIONS).min(self.tokens.len());
                wanted.push(Look::Lens { positions, top: TOP });
            }
            let token = self.likeliest(gaze).filter(|_| gaze.drilled);
            let is_known = |&token: &u32| {
                self.attribution.as_ref().is_some_and(|found| (found.position as usize, found.token) == (query, token))
            };
            if let Some(token) = token.filter(|token| !is_known(token)) {
                wanted.push(Look::Attribution { position: query, token, versus: None });
            }
        } else if gaze.one {
            let (head, area) = (gaze.selected, gaze.area(self.tokens.len()));
            let is_there = |tile: &Pattern| (tile.head, &tile.area, tile.bin) == (head, &area, gaze.bin);
            if !self.tile.as_ref().is_some_and(is_there) {
                wanted.push(Look::Pattern { head, area, bin: gaze.bin });
            }
            if self.links.as_ref().is_none_or(|links| (links.head, links.query) != (head, query)) {
                wanted.push(Look::Links { head, query });
            }
        }
        let off = gaze.interventions();
        match &self.effect {
            _ if off.is_empty() => self.effect = None,
            Some((done, _)) if *done == off => {}
            _ => wanted.push(Look::Effect { interventions: off, new_tokens: NEW_TOKENS }),
        }
        // One question of a kind at a time: what was asked meanwhile is asked when the answer has come.
        let kind = std::mem::discriminant::<Look>;
        wanted.retain(|look| !self.asked.iter().any(|asked| kind(asked) == kind(look)));
        self.asked.extend(wanted.iter().cloned());
        wanted
    }

    /// The likeliest token in the selected cell of the lens.
    fn likeliest(&self, gaze: &Gaze) -> Option<u32> {
        let lens = self.lens.as_ref()?;
        let (_, cells) = lens.places.get(gaze.place.min(lens.places.len().checked_sub(1)?))?;
        Some(cells.get(gaze.query.checked_sub(lens.first)?)?.top.first()?.id)
    }

    /// Whether an answer is waited for.
    pub fn is_waiting(&self) -> bool {
        self.state != State::Over || !self.asked.is_empty()
    }

    /// The heads in the order asked for.
    pub fn order(&self, order: Order) -> Vec<usize> {
        let mut heads: Vec<usize> = (0..self.scores.len()).collect();
        heads.sort_by(|&a, &b| order.key(&self.scores[b]).total_cmp(&order.key(&self.scores[a])).then(a.cmp(&b)));
        heads
    }

    /// The number of a head in `scores`.
    pub fn index(&self, head: Head) -> Option<usize> {
        self.scores.iter().position(|scores| scores.at == head)
    }

    /// How a token is called.
    pub fn label(&self, id: u32) -> String {
        self.labels.get(&id).cloned().unwrap_or_else(|| format!("#{id}"))
    }
}

impl Gaze {
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

    /// What is switched off.
    pub fn interventions(&self) -> Vec<Intervention> {
        let off = |&head: &Head| Intervention { target: Target::Head(head), change: Change::Zero };
        self.off.iter().map(off).collect()
    }
}

impl Order {
    pub const ALL: [Order; 7] = [
        Order::Place,
        Order::Induction,
        Order::Previous,
        Order::Duplicate,
        Order::Sink,
        Order::Entropy,
        Order::Distance,
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
        }
    }

    pub fn next(self) -> Self {
        Self::ALL[(self as usize + 1) % Self::ALL.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_holds_the_cursor_and_moves_in_steps() {
        let mut gaze = Gaze { cells: (10, 20), ..Gaze::default() };
        for (query, key) in [(0, 0), (9, 3), (37, 12), (99, 99), (50, 0)] {
            (gaze.query, gaze.key) = (query, key);
            for bin in [1, 4] {
                gaze.bin = bin;
                let area = gaze.area(100);
                assert!(area.queries.contains(&query) && area.keys.contains(&key), "{area:?}");
                assert!(area.queries.start.is_multiple_of(bin) && area.queries.len() <= 10 * bin);
            }
        }
        (gaze.query, gaze.key, gaze.bin) = (2, 2, 1);
        assert_eq!(gaze.area(4), Area { queries: 0..4, keys: 0..4 });
    }
}
