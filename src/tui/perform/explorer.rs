//! What the keys do on the screens of one text: heads, the pattern of one, the lens.

use crate::profile::Prompt;
use crate::tui::action::Act;
use crate::tui::app::{App, Screen};
use crate::tui::explorer::{Explorer, Order, SIDE};
use crate::tui::update::Effect;
use crate::worker::{Command, RunId, Seen};

/// Random tokens of the repeat probe, each of which comes twice.
const REPEATED: u32 = 50;

impl App {
    /// Reads what the prompt editor holds.
    pub(super) fn explore_prompt(&mut self) -> Vec<Effect> {
        self.asked(false).map_or_else(Vec::new, |request| self.explore(request.prompt))
    }

    /// Reads random tokens twice, and puts the heads that look back at what came after first.
    pub(super) fn explore_repeated(&mut self) -> Vec<Effect> {
        (self.gaze.order, self.gaze.one) = (Order::Induction, false);
        self.screen = Screen::Heads;
        self.explore(Prompt::Repeated(REPEATED))
    }

    fn explore(&mut self, prompt: Prompt) -> Vec<Effect> {
        self.last_run += 1;
        let run = RunId(self.last_run);
        self.explorer = Some(Explorer::new(run, self.clock));
        self.gaze.off.clear();
        vec![Effect::Send(Command::Explore { run, prompt, side: SIDE })]
    }

    /// Takes in what was seen.
    pub(in crate::tui) fn seen(&mut self, run: RunId, seen: Seen) {
        let Some(explorer) = self.explorer.as_mut().filter(|explorer| explorer.run == run) else { return };
        if let Seen::Text { tokens, .. } = &seen {
            // Where a reader of a text that goes on would look: at its end.
            let last = tokens.len().saturating_sub(1);
            (self.gaze.query, self.gaze.key) = (last, last);
        }
        let is_last = matches!(seen, Seen::AllHeads);
        let failed = explorer.apply(seen);
        if is_last && self.gaze.order != Order::Place {
            self.select_first();
        }
        match failed {
            Some(reason) if reason == "cancelled" => self.say("reading the text was cancelled", false),
            Some(reason) => self.notice("The text could not be read", reason, true),
            None => {}
        }
    }

    /// Asks for what the screen shows and has not got.
    pub(in crate::tui) fn look(&mut self) -> Vec<Effect> {
        if self.drawn.cells != (0, 0) {
            self.gaze.cells = self.drawn.cells;
        }
        let Some(explorer) = self.explorer.as_mut().filter(|_| self.screen.is_of_text()) else { return Vec::new() };
        let run = explorer.run;
        let missing = explorer.missing(&self.gaze, self.screen == Screen::Lens);
        missing.into_iter().map(|look| Effect::Send(Command::Look { run, look })).collect()
    }

    /// All heads as thumbnails.
    pub(super) fn on_heads(&mut self, act: Act) {
        let Some(explorer) = &self.explorer else { return };
        let order = explorer.order(self.gaze.order);
        let at = explorer.index(self.gaze.selected).and_then(|head| order.iter().position(|&other| other == head));
        let (at, across) = (at.unwrap_or(0), self.drawn.rows.1.max(1));
        let page = across * self.drawn.listed.1.max(1);
        let last = order.len().saturating_sub(1);
        let to = match act {
            Act::Left => at.saturating_sub(1),
            Act::Right => (at + 1).min(last),
            Act::Up => at.checked_sub(across).unwrap_or(at),
            Act::Down if at + across <= last => at + across,
            Act::PageUp => at.saturating_sub(page),
            Act::PageDown => (at + page).min(last),
            Act::First => 0,
            Act::Last => last,
            _ => at,
        };
        if let Some(scores) = order.get(to).and_then(|&head| explorer.scores.get(head)) {
            self.gaze.selected = scores.at;
        }
        match act {
            Act::Open => self.gaze.one = !order.is_empty(),
            Act::Grouping => {
                self.gaze.order = self.gaze.order.next();
                self.select_first();
            }
            act => self.on_any_head(act),
        }
    }

    /// Selects the first head in the order chosen.
    fn select_first(&mut self) {
        let Some(explorer) = &self.explorer else { return };
        let first = explorer.order(self.gaze.order).first().and_then(|&head| explorer.scores.get(head));
        self.gaze.selected = first.map_or(self.gaze.selected, |scores| scores.at);
    }

    /// What is the same for one head and for all.
    fn on_any_head(&mut self, act: Act) {
        match act {
            Act::Colour => self.gaze.scale = self.gaze.scale.next(),
            Act::AllOn => self.gaze.off.clear(),
            Act::SwitchOff => {
                let selected = self.gaze.selected;
                match self.gaze.off.iter().position(|&head| head == selected) {
                    Some(at) => drop(self.gaze.off.remove(at)),
                    None => self.gaze.off.push(selected),
                }
            }
            _ => {}
        }
    }

    /// The pattern of one head.
    pub(super) fn on_head(&mut self, act: Act) {
        let Some(explorer) = &self.explorer else { return };
        let last = explorer.tokens.len().saturating_sub(1);
        let (order, selected) = (explorer.order(self.gaze.order), self.gaze.selected);
        let neighbour = |by: isize| {
            let head = explorer.index(selected)?;
            let at = order.iter().position(|&other| other == head)?.checked_add_signed(by)?;
            Some(explorer.scores.get(*order.get(at)?)?.at)
        };
        let gaze = &mut self.gaze;
        // Down the screen are queries, unless it is turned.
        let (down, across) =
            if gaze.columns { (&mut gaze.key, &mut gaze.query) } else { (&mut gaze.query, &mut gaze.key) };
        let page = (gaze.cells.0.max(2) - 1) * gaze.bin;
        let step = gaze.bin;
        let moved = |at: usize, by: isize| at.saturating_add_signed(by).min(last);
        match act {
            Act::Up => *down = moved(*down, -(step as isize)),
            Act::Down => *down = moved(*down, step as isize),
            Act::Left => *across = moved(*across, -(step as isize)),
            Act::Right => *across = moved(*across, step as isize),
            Act::PageUp => *down = moved(*down, -(page as isize)),
            Act::PageDown => *down = moved(*down, page as isize),
            Act::First => *down = 0,
            Act::Last => *down = last,
            Act::Close => gaze.one = false,
            Act::Transpose => gaze.columns = !gaze.columns,
            Act::ZoomIn => gaze.bin = (gaze.bin / 2).max(1),
            Act::ZoomOut if gaze.bin * gaze.cells.0.max(1) <= last => gaze.bin *= 2,
            Act::NextFound => gaze.selected = neighbour(1).unwrap_or(gaze.selected),
            Act::PreviousFound => gaze.selected = neighbour(-1).unwrap_or(gaze.selected),
            act => self.on_any_head(act),
        }
    }

    /// The lens.
    pub(super) fn on_lens(&mut self, act: Act) {
        let Some(explorer) = &self.explorer else { return };
        let last = explorer.tokens.len().saturating_sub(1);
        let places = 2 * explorer.n_layers;
        let gaze = &mut self.gaze;
        let page = self.drawn.listed.1.max(2) - 1;
        gaze.place = gaze.place.min(places);
        match act {
            Act::Open => gaze.drilled = !gaze.drilled,
            Act::Close => gaze.drilled = false,
            Act::Left => gaze.query = gaze.query.saturating_sub(1),
            Act::Right => gaze.query = (gaze.query + 1).min(last),
            Act::First => gaze.query = 0,
            Act::Last => gaze.query = last,
            Act::Up => gaze.place = gaze.place.saturating_sub(1),
            Act::Down => gaze.place = (gaze.place + 1).min(places),
            Act::PageUp => gaze.place = gaze.place.saturating_sub(page),
            Act::PageDown => gaze.place = (gaze.place + page).min(places),
            _ => {}
        }
    }

    /// A click selects a head; a second one goes in.
    pub(in crate::tui) fn click_head(&mut self, index: usize) {
        let Some(scores) = self.explorer.as_ref().and_then(|seen| seen.scores.get(index)) else { return };
        self.gaze.one = self.gaze.selected == scores.at;
        self.gaze.selected = scores.at;
    }
}
