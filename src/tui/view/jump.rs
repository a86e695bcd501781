//! Where to go in a text: every position, narrowed by its number or its token.

use crate::tui::action::Scope;
use crate::tui::app::{App, Drawn};
use crate::tui::picker::Picker;
use crate::tui::widget::list::{self, Entry};
use crate::tui::widget::{below, popup, put};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

pub fn draw(app: &App, picker: &Picker, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let Some(explorer) = &app.explorer else { return };
    let size = (area.width.saturating_sub(4).min(60), area.height.saturating_sub(2).min(24));
    let title = Line::from(Span::styled("Go to a position", theme.strong));
    let inside = popup::open(app, Scope::Jump, title, size, area, buf, drawn);
    let entry = |(index, position)| Entry {
        line: Line::from(Span::styled(explorer.at(position), theme.text)),
        index: Some(index),
    };
    let positions = picker.positions(&explorer.text.tokens);
    let entries: Vec<Entry> = positions.into_iter().enumerate().map(entry).collect();
    list::draw(app, picker, "type a number, or a part of a token", &entries, inside, buf, drawn);
    if entries.is_empty() {
        put(buf, below(inside, 2), Span::styled("no token is called that", theme.faint));
    }
}
