//! What a screen can be asked for, with what it shows now: `phase  prefill  decode`.

use crate::record::Phase;
use crate::tui::action::Act;
use crate::tui::app::{Drawn, Hit};
use crate::tui::kit::{put, row, skip};
use crate::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

/// The phases that a screen of one phase can show.
const PHASES: [(Phase, &str); 2] = [(Phase::Prefill, "prefill"), (Phase::Decode, "decode")];

/// One thing that can be chosen.
pub struct Choice<I, T> {
    /// What stands before the values.
    pub label: &'static str,
    /// Each with its name.
    pub values: I,
    pub chosen: T,
    /// Chooses the next value.
    pub act: Act,
}

impl<'n, T: PartialEq, I: IntoIterator<Item = (T, &'n str)>> Choice<I, T> {
    /// Draws the values at the left of an area; those that are not chosen can be clicked. Returns what is left of it.
    pub fn draw(self, theme: &Theme, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) -> Rect {
        let mut rest = skip(area, put(buf, area, Span::styled(format!("{} ", self.label), theme.dim)));
        for (value, name) in self.values {
            let is_chosen = value == self.chosen;
            let style = if is_chosen { theme.selected.patch(theme.strong) } else { theme.dim };
            let width = put(buf, rest, Span::styled(format!(" {name} "), style));
            if !is_chosen {
                drawn.hits.push((Rect { width, ..row(rest, 0) }, Hit::Act(self.act)));
            }
            rest = skip(rest, width);
        }
        rest
    }
}

/// The choice of a phase, on a screen of one.
pub fn phase(chosen: Phase) -> Choice<[(Phase, &'static str); 2], Phase> {
    Choice { label: "phase", values: PHASES, chosen, act: Act::Phase }
}
