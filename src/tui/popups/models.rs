//! The model picker: what is on this machine, shapes with random weights, or a path.
//!
//! ```text
//! ╭ Models ────────────────────────────────────────────╮
//! │ › type to find, or a path                          │
//! │                                                    │
//! │   on this machine                                  │
//! │ ▌ SmolLM2-135M-Instruct   …/SmolLM2-135M.gguf      │
//! │   random weights: timing without a download        │
//! │   random:gpt2-124m        12 blocks, 12 heads      │
//! ╰────────────────────────────────────────────────────╯
//! ```

use crate::tui::action::Scope;
use crate::tui::app::{App, Drawn};
use crate::tui::kit::list;
use crate::tui::kit::list::Entry;
use crate::tui::kit::{fit, fit_end, popup};
use crate::tui::popups::picker::{Group, Picker};
use crate::tui::sanitize;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

pub fn draw(app: &App, picker: &Picker, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let title = Line::from(Span::styled("Models", theme.strong));
    let choices = picker.models(&app.cached);
    let width = area.width.saturating_sub(4).min(96);
    let height = (choices.len() as u16 + 12).min(area.height.saturating_sub(2));
    let inside = popup::open(app, Scope::Models, title, Size::new(width, height), area, buf, drawn);
    let name_width = choices.iter().map(|choice| choice.name.width()).max().unwrap_or(0).clamp(12, 34);
    let mut entries: Vec<Entry> = Vec::new();
    let mut group: Option<Group> = None;
    for (index, choice) in choices.iter().enumerate() {
        if group != Some(choice.group) {
            if group.is_some() {
                entries.push(Entry { line: Line::default(), index: None });
            }
            entries.push(Entry { line: Line::from(Span::styled(choice.group.name(), theme.dim)), index: None });
            group = Some(choice.group);
        }
        let name = fit(&sanitize::label(&choice.name), name_width);
        let pad = " ".repeat(name_width + 2 - name.width());
        let room = (inside.width as usize).saturating_sub(name_width + 6);
        let about = sanitize::label(&choice.about);
        let about = if choice.group == Group::Cached { fit_end(&about, room) } else { fit(&about, room) };
        let current = app.source.as_deref() == Some(choice.source.as_str());
        let style = if current { theme.accent } else { theme.text };
        entries.push(Entry {
            line: Line::from_iter([Span::styled(name, style), Span::raw(pad), Span::styled(about, theme.dim)]),
            index: Some(index),
        });
    }
    list::draw(app, picker, "type to find one, or the path of a folder or a .gguf file", &entries, inside, buf, drawn);
}
