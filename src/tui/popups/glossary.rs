//! The glossary: terms and symbols, narrowed by what is typed, and what the selected one means.

use crate::tui::action::{self, Scope};
use crate::tui::app::{App, Drawn};
use crate::tui::kit::list;
use crate::tui::kit::list::Entry;
use crate::tui::kit::{below, popup, put, row, wrap};
use crate::tui::popups::picker::Picker;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::text::{Line, Span};

/// Lines of a meaning.
const MEANING: u16 = 5;

pub fn draw(app: &App, picker: &Picker, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let size = Size::new(area.width.saturating_sub(4).min(72), area.height.saturating_sub(2).min(34));
    let title = Line::from(Span::styled("Terms and symbols", theme.strong));
    let inside = popup::open(app, Scope::Glossary, title, size, area, buf, drawn);
    let terms = picker.terms();
    let entry = |(index, term): (usize, &&crate::learn::Term)| Entry {
        line: Line::from(Span::styled(term.name, theme.text)),
        index: Some(index),
    };
    let entries: Vec<Entry> = terms.iter().enumerate().map(entry).collect();
    let meaning = MEANING.min(inside.height / 3);
    let names = Rect { height: inside.height.saturating_sub(meaning + 1), ..inside };
    list::draw(app, picker, "type a term or a symbol", &entries, names, buf, drawn);
    let Some(term) = terms.get(picker.selected) else {
        put(buf, below(names, 2), Span::styled("there is no such term", theme.faint));
        return;
    };
    let meaning = below(inside, names.height + 1);
    for (y, line) in wrap(&action::with_keys(term.meaning), meaning.width).into_iter().enumerate() {
        put(buf, row(meaning, y as u16), Span::styled(line, theme.text));
    }
}
