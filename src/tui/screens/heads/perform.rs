//! What the keys do on the Heads screen: among all heads, and in the pattern of one.

use crate::record::explored::Component;
use crate::tui::action::Act;
use crate::tui::app::App;
use crate::tui::explorer::{HeadsView, Order, next_filter};

impl App {
    /// All heads as thumbnails.
    pub(in crate::tui) fn on_heads(&mut self, act: Act) {
        let Some(explorer) = &self.explorer else { return };
        let order = explorer.order(&self.selection);
        let at = explorer.index(self.selection.selected).and_then(|head| order.iter().position(|&other| other == head));
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
            self.selection.selected = scores.at;
        }
        match act {
            Act::Open if !order.is_empty() => self.selection.shows = HeadsView::One,
            Act::Filter => {
                self.selection.filter = next_filter(self.selection.filter);
                self.select_first();
            }
            Act::Colour => self.selection.scale = self.selection.scale.next(),
            act => self.on_text(act),
        }
    }

    /// Selects the first head in the order chosen.
    pub(in crate::tui) fn select_first(&mut self) {
        let Some(explorer) = &self.explorer else { return };
        let first = explorer.order(&self.selection).first().and_then(|&head| explorer.scores.get(head));
        self.selection.selected = first.map_or(self.selection.selected, |scores| scores.at);
    }

    /// Another order, the first in it selected; by place the selected one stays.
    pub(in crate::tui) fn sort_heads(&mut self) {
        self.selection.order = self.selection.order.next(self.selection.pinned.is_some());
        // By place, the selected one is where it always is.
        if self.selection.order != Order::Place && self.selection.shows == HeadsView::All {
            self.select_first();
        }
    }

    /// The pattern of one head.
    pub(in crate::tui) fn on_head(&mut self, act: Act) {
        let Some(explorer) = &self.explorer else { return };
        let last = explorer.text.tokens.len().saturating_sub(1);
        let (order, selected) = (explorer.order(&self.selection), self.selection.selected);
        let neighbour = |by: isize| {
            let head = explorer.index(selected)?;
            let at = order.iter().position(|&other| other == head)?.checked_add_signed(by)?;
            Some(explorer.scores.get(*order.get(at)?)?.at)
        };
        let selection = &mut self.selection;
        // Down the screen are queries, unless it is turned.
        let (down, across) = if selection.columns {
            (&mut selection.key, &mut selection.query)
        } else {
            (&mut selection.query, &mut selection.key)
        };
        let page = (selection.cells.0.max(2) - 1) * selection.bin;
        let step = selection.bin;
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
            Act::Close => selection.shows = HeadsView::All,
            Act::Transpose => selection.columns = !selection.columns,
            Act::Colour => selection.scale = selection.scale.next(),
            Act::Difference => selection.difference = !selection.difference,
            Act::ZoomIn => selection.bin = (selection.bin / 2).max(1),
            Act::Whole => {
                let cells = selection.cells.0.min(selection.cells.1).max(1);
                selection.bin = (last + 1).div_ceil(cells).next_power_of_two();
            }
            Act::ZoomOut if selection.bin * selection.cells.0.max(1) <= last => selection.bin *= 2,
            Act::NextFound => selection.selected = neighbour(1).unwrap_or(selection.selected),
            Act::PreviousFound => selection.selected = neighbour(-1).unwrap_or(selection.selected),
            act => self.on_text(act),
        }
    }

    /// What heads matter beside what they cost.
    pub(in crate::tui) fn on_worth(&mut self, act: Act) {
        let Some(explorer) = &self.explorer else { return };
        let heads = explorer.weighed();
        let is_it = |component: Component| component == Component::Head(self.selection.selected);
        let at = heads.iter().position(|it| is_it(it.component)).unwrap_or(0);
        let to = self.moved(act, at, heads.len());
        if let Some(Component::Head(head)) = heads.get(to).map(|it| it.component) {
            self.selection.selected = head;
        }
        match act {
            Act::Open if !heads.is_empty() => self.selection.shows = HeadsView::One,
            Act::Close => self.selection.shows = HeadsView::All,
            act => self.on_text(act),
        }
    }

    /// A click selects a head; a second one goes in.
    pub(in crate::tui) fn click_head(&mut self, index: usize) {
        let Some(scores) = self.explorer.as_ref().and_then(|seen| seen.scores.get(index)) else { return };
        if self.selection.selected == scores.at {
            self.selection.shows = HeadsView::One;
        }
        self.selection.selected = scores.at;
    }
}
