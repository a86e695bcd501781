//! What stands on the screen of a study where there is none, or where nothing has been measured yet.

use crate::tui::action::{self, Act, Scope};
use crate::tui::app::{App, Drawn, Engine, Hit, Screen};
use crate::tui::kit::{below, put, row, wrap};
use crate::tui::studies::Studied;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Columns that are read with ease.
const MEASURE: u16 = 76;

/// What the screen is for, and which key leads on.
pub fn draw(app: &App, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let (title, text, choose) = words(app);
    put(buf, area, Span::styled(title, theme.strong));
    let mut rest = below(area, 2);
    for line in wrap(text, area.width.min(MEASURE)) {
        put(buf, rest, Span::styled(line, theme.text));
        rest = below(rest, 1);
    }
    rest = below(rest, 1);
    let lead = match app.engine {
        Engine::Viewer => {
            put(buf, rest, Span::styled("A file is looked at. blockscope view FILE opens a saved study.", theme.dim));
            return;
        }
        _ if app.card().is_none() => (Act::Models, "choose a model"),
        _ => (Act::Choose, choose),
    };
    let (act, what) = lead;
    let key = action::key_of(&[Scope::Everywhere, Scope::On(app.screen)], act);
    put(buf, rest, Line::from_iter([Span::styled(format!("{key}  "), theme.accent), Span::styled(what, theme.text)]));
    drawn.hits.push((row(rest, 0), Hit::Act(act)));
}

fn words(app: &App) -> (&'static str, &'static str, &'static str) {
    match app.screen {
        Screen::Matrix => (
            "Nothing compared yet",
            "This screen measures every value of one toggle side by side: speed, quality and memory of each, what is \
             better than the present one, and what is best on both speed and quality.",
            "choose the toggle",
        ),
        Screen::Sweep => (
            "Nothing swept yet",
            "This screen measures prompts of growing length: how time grows on logarithmic axes, with the fitted \
             exponent. A second set of toggles can be measured beside the present one.",
            "choose how far, and what to measure beside",
        ),
        _ => (
            "Nothing compared yet",
            "This screen measures other toggles against the present ones, in pairs, one right after the other and in \
             random order: what they buy in time, memory and quality, for the whole and for every part, with an \
             interval and a verdict.",
            "choose what to compare",
        ),
    }
}

/// A study of which nothing has been measured that could be shown.
pub fn waiting(app: &App, studied: &Studied, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let text = match studied.is_going_on() {
        true => "Every configuration is built, warmed up and traced once; then the rounds begin.",
        false => "It ended before anything was measured.",
    };
    for (y, line) in wrap(text, area.width.min(MEASURE)).into_iter().enumerate() {
        put(buf, row(area, y as u16), Span::styled(line, theme.dim));
    }
}
