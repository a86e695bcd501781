//! The learner's own text: token, id, and the beginning of each column.

use crate::measure::TokenEmbeddings;
use crate::tui::action::{self, Act, Scope};
use crate::tui::app::{App, Engine};
use crate::tui::kit::{below, fit, put, row, wrap};
use crate::tui::sanitize;
use crate::units;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Columns of a number, and of what stands before the numbers: position, token, id.
const NUMBER: usize = 7;
const BEFORE: usize = 4 + 12 + 8;

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    put(buf, area, Span::styled("your text, token by token", theme.dim));
    let room = below(area, 2);
    let say = |buf: &mut Buffer, text: &str| {
        for (y, line) in wrap(&sanitize::prose(text), room.width.saturating_sub(1)).into_iter().enumerate() {
            put(buf, row(room, y as u16), Span::styled(line, theme.dim));
        }
    };
    match &app.screens.learn.embeddings {
        Some((_, Some(Ok(embeddings)))) => table(app, embeddings, room, buf),
        Some((_, Some(Err(why)))) => say(buf, why),
        Some((_, None)) => say(buf, "looking it up…"),
        None => match app.engine {
            Engine::Ready(_) if !app.has_tokenizer() => {
                let key = action::key_of(&[Scope::Everywhere], Act::Models);
                say(buf, &format!("This model has no tokenizer: {key} chooses another."));
            }
            Engine::Ready(_) => {
                let key = action::key_of(&[Scope::Everywhere], Act::EditPrompt);
                say(buf, &format!("Press {key} and write a text."));
            }
            Engine::Loading { .. } => say(buf, "The model is still loading."),
            Engine::Empty | Engine::Viewer => say(buf, "There is no model whose table could be looked into."),
        },
    }
}

fn table(app: &App, embeddings: &TokenEmbeddings, room: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let fitting = (room.width as usize).saturating_sub(BEFORE + 2) / NUMBER;
    let head = format!("{:>3} {:<12}{:>7} x[0], x[1], …", "n", "token", "id");
    put(buf, room, Span::styled(fit(&head, room.width as usize), theme.dim));
    let rows = room.height.saturating_sub(4) as usize;
    for (at, token) in embeddings.tokens.iter().take(rows).enumerate() {
        let numbers: String = token.features.iter().take(fitting).map(|x| format!("{x:>NUMBER$.3}")).collect();
        let label = sanitize::label(&token.label);
        let line = Line::from_iter([
            Span::styled(format!("{at:>3} "), theme.faint),
            Span::styled(format!("{:<12}", fit(&label, 11)), theme.strong),
            Span::styled(format!("{:>7} ", token.id), theme.accent),
            Span::styled(numbers, theme.text),
            Span::styled(" …", theme.faint),
        ]);
        put(buf, row(room, 1 + at as u16), line);
    }
    let (n, d) = (embeddings.tokens.len(), embeddings.d_model);
    let more = if n > rows { format!("; {} more below", n - rows) } else { String::new() };
    let sum = format!("X is {} × {n}{more}", units::count(d as u64));
    put(buf, row(room, (n.min(rows) + 2) as u16), Span::styled(fit(&sum, room.width as usize), theme.dim));
}
