//! What to look for on the Timeline: every name with how often it comes and how long it takes.
//!
//! ```text
//! ╭ Find ──────────────────────────────────────────────╮
//! │ › soft                                             │
//! │                                                    │
//! │ ▌ aten::_softmax          30    4.1 ms   4.1 ms    │
//! ╰────────────────────────────────────────────────────╯
//! ```

use crate::tui::action::Scope;
use crate::tui::app::{App, Drawn};
use crate::tui::kit::list;
use crate::tui::kit::list::Entry;
use crate::tui::kit::{below, popup, put};
use crate::tui::popups::picker::Picker;
use crate::tui::screens::timeline::view::named;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::text::{Line, Span};

pub fn draw(app: &App, picker: &Picker, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let Some(chart) = app.chart() else { return };
    let theme = &app.theme;
    let names = picker.names(chart);
    let size = Size::new(area.width.saturating_sub(4).min(110), area.height.saturating_sub(2).min(32));
    let inside = popup::open(app, Scope::Find, Line::from(Span::styled("Find", theme.strong)), size, area, buf, drawn);
    let width = (inside.width as usize).saturating_sub(named::FIGURES + 4).max(12);
    let entry = |(index, group)| Entry { line: named::entry(app, chart, group, width), index: Some(index) };
    let entries: Vec<Entry> = names.into_iter().enumerate().map(entry).collect();
    list::draw(app, picker, "type a part of a name", &entries, inside, buf, drawn);
    if entries.is_empty() {
        put(buf, below(inside, 2), Span::styled("no slice is called that", theme.faint));
    }
}
