//! What a screen can be asked for, with what it shows now: `phase  prefill  decode`.

use crate::record::Phase;
use crate::tui::action::Act;
use crate::tui::app::{Drawn, Hit};
use crate::tui::theme::Theme;
use crate::tui::widget::{put, row, skip};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

/// The phases that a screen of one phase can show.
pub const PHASES: [(Phase, &str); 2] = [(Phase::Prefill, "prefill"), (Phase::Decode, "decode")];

/// Draws the values of one choice at the left of an area; those that are not chosen can be clicked.
/// Returns what is left of it.
pub fn draw<'n, T: PartialEq>(
    label: &str,
    values: impl IntoIterator<Item = (T, &'n str)>,
    chosen: T,
    act: Act,
    area: Rect,
    (buf, drawn, theme): (&mut Buffer, &mut Drawn, &Theme),
) -> Rect {
    let mut rest = skip(area, put(buf, area, Span::styled(format!("{label} "), theme.dim)));
    for (value, name) in values {
        let is_chosen = value == chosen;
        let style = if is_chosen { theme.selected.patch(theme.strong) } else { theme.dim };
        let width = put(buf, rest, Span::styled(format!(" {name} "), style));
        if !is_chosen {
            drawn.hits.push((Rect { width, ..row(rest, 0) }, Hit::Act(act)));
        }
        rest = skip(rest, width);
    }
    rest
}
