//! The palette: every action by its name, those that cannot be done now greyed with the reason.
//!
//! ```text
//! ╭ What to do ────────────────────────────────────────╮
//! │ › tog                                              │
//! │                                                    │
//! │ ▌ Toggles           t   choose attention, KV …     │
//! ╰────────────────────────────────────────────────────╯
//! ```

use crate::tui::action::Scope;
use crate::tui::app::{App, Drawn};
use crate::tui::kit::list;
use crate::tui::kit::list::Entry;
use crate::tui::kit::{fit, popup, put};
use crate::tui::popups::picker::Picker;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::text::{Line, Span};

const NAME: usize = 22;
const KEYS: usize = 10;

pub fn draw(app: &App, picker: &Picker, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let title = Line::from(Span::styled("What to do", theme.strong));
    let actions = picker.actions(&[Scope::On(app.screen), Scope::Everywhere]);
    let size = Size::new(area.width.saturating_sub(4).min(92), area.height.saturating_sub(2).min(32));
    let inside = popup::open(app, Scope::Palette, title, size, area, buf, drawn);
    let room = (inside.width as usize).saturating_sub(NAME + KEYS + 4);
    let entry = |(index, action): (usize, &&crate::tui::action::Action)| {
        let why_not = app.why_not(action.act);
        let style = if why_not.is_some() { theme.faint } else { theme.text };
        let key = action.keys.first().map(ToString::to_string).unwrap_or_default();
        Entry {
            line: Line::from_iter([
                Span::styled(format!("{:<NAME$}", fit(action.name, NAME - 1)), style),
                Span::styled(format!("{key:<KEYS$}"), if why_not.is_some() { theme.faint } else { theme.accent }),
                Span::styled(
                    fit(why_not.as_deref().unwrap_or(action.about), room),
                    if why_not.is_some() { theme.faint } else { theme.dim },
                ),
            ]),
            index: Some(index),
        }
    };
    let entries: Vec<Entry> = actions.iter().enumerate().map(entry).collect();
    list::draw(app, picker, "type what you want to do", &entries, inside, buf, drawn);
    if entries.is_empty() {
        let place = crate::tui::kit::below(inside, 2);
        put(buf, place, Span::styled("no action is called that", theme.faint));
    }
}
