//! The prompt editor: the text, what it is taken as, how many tokens follow and how they are chosen.
//!
//! ```text
//! ╭ Prompt ──────────────────────────────────────────────╮
//! │ Explain step by step how a transformer turns …       │
//! │                                                      │
//! │ as             text ▐chat▌ synthetic                 │
//! │ new tokens     64                                    │
//! │ temperature    0        0 always takes the likeliest │
//! │ …                                                    │
//! │ ^R run  Tab next field  Esc close                    │
//! ╰──────────────────────────────────────────────────────╯
//! ```

use crate::tui::action::Scope;
use crate::tui::app::{App, Drawn, Hit};
use crate::tui::kit::{below, fit, popup, put, row, skip, titled_rule};
use crate::tui::popups::prompt::form::{Field, PromptKind};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect, Size};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

const LABEL: u16 = 15;
const VALUE: u16 = 12;

pub fn draw(app: &App, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let title = Line::from(Span::styled("Prompt", theme.strong));
    let height = if app.form.applies(Field::Text) { 26 } else { 15 };
    let size = Size::new(area.width.saturating_sub(8).min(110), area.height.min(height));
    let inside = popup::open(app, Scope::Prompt, title, size, area, buf, drawn);
    let fields: Vec<Field> = Field::ALL[1..].iter().copied().filter(|&field| app.form.applies(field)).collect();
    let text_height = inside.height.saturating_sub(fields.len() as u16 + 1);
    let text = Rect { height: text_height, ..inside };
    if app.form.applies(Field::Text) {
        editor(app, text, buf, drawn);
    } else {
        let why = if app.has_tokenizer() {
            "A synthetic prompt: the same tokens every time, for timing. Its length is below."
        } else {
            "These weights are random: there is no tokenizer. A synthetic prompt times the shapes."
        };
        for (y, line) in crate::tui::kit::wrap(why, text.width).iter().enumerate() {
            put(buf, row(text, y as u16), Span::styled(line, theme.dim));
        }
    }
    let rule = row(inside, text_height);
    titled_rule(buf, rule, Line::default(), theme.rule);
    if let Some(problem) = app.form.problem(Field::Text) {
        put(buf, skip(rule, 2), Span::styled(format!(" {problem} "), theme.popup.patch(theme.bad)));
    }
    for (y, field) in fields.into_iter().enumerate() {
        let line = row(below(inside, text_height + 1), y as u16);
        self::field(app, field, line, buf, drawn);
        drawn.hits.push((line, Hit::Field(field)));
    }
}

fn editor(app: &App, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let focused = app.form.focus == Field::Text;
    let mut text = app.form.text.clone();
    text.set_style(theme.popup);
    text.set_cursor_line_style(Style::new());
    text.set_placeholder_style(theme.faint);
    text.set_selection_style(theme.selected);
    text.set_cursor_style(if focused { Style::new().add_modifier(Modifier::REVERSED) } else { Style::new() });
    (&text).render(area.intersection(buf.area), buf);
    drawn.hits.push((area, Hit::Field(Field::Text)));
}

fn field(app: &App, field: Field, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let focused = app.form.focus == field;
    if focused {
        buf.set_style(area.intersection(buf.area), theme.selected);
        put(buf, area, Span::styled("▌", theme.accent));
    }
    let label = if focused { theme.text.patch(theme.strong) } else { theme.dim };
    put(buf, skip(area, 2), Span::styled(field.name(), label));
    let value = skip(area, 2 + LABEL);
    let problem = app.form.problem(field);
    if field == Field::Kind {
        kinds(app, value, buf);
    } else {
        let style = if problem.is_some() { theme.bad } else { theme.strong };
        let text = app.form.value(field);
        let width = put(buf, value, Span::styled(text.to_owned(), style));
        if focused && value.width > width {
            drawn.cursor = Some(Position::new(value.x + width, value.y));
        }
    }
    let note = skip(value, if field == Field::Kind { 28 } else { VALUE });
    let (text, style) = match problem {
        Some(problem) => (problem, theme.bad),
        None if field == Field::Kind && !focused => ("", theme.faint),
        None => (field.about(), theme.faint),
    };
    let style = if focused && problem.is_none() { theme.dim } else { style };
    put(buf, note, Span::styled(fit(text, note.width as usize), style));
}

/// What the prompt can be taken as: the chosen one marked, those that cannot be greyed.
fn kinds(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let mut rest = area;
    for (kind, name, possible) in [
        (PromptKind::Text, "text", app.has_tokenizer()),
        (PromptKind::Chat, "chat", app.has_tokenizer() && app.has_chat_template()),
        (PromptKind::Synthetic, "synthetic", true),
    ] {
        let chosen = app.form.kind == kind;
        let style = if chosen {
            theme.accent
        } else if possible {
            theme.dim
        } else {
            theme.faint
        };
        let mark = if chosen { "● " } else { "○ " };
        let width = put(buf, rest, Line::from_iter([Span::styled(mark, style), Span::styled(name, style)]));
        rest = skip(rest, width + 2);
    }
}
