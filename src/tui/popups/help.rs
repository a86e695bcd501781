//! The help: the keys of this screen, then those that work everywhere, then what the signs mean.
//!
//! ```text
//! ╭ Help · Blocks ─────────────────────────────────────╮
//! │ Blocks                                             │
//! │ ↑ k         select the part above                  │
//! │ …                                                  │
//! ╰────────────────────────────────────────────────────╯
//! ```

use crate::tui::action::{self, Act, Key, Scope};
use crate::tui::app::{App, Drawn};
use crate::tui::kit::{popup, put, row, scrollbar, wrap};
use crate::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::text::{Line, Span};

const KEYS: usize = 18;

/// What the signs and words on the screens mean; `TRACE_KEY` stands for the key of a traced run.
const TERMS: &[(&str, &str)] = &[
    ("measured", "by a clock, while the model ran"),
    ("° modelled", "by a formula, from the shapes that ran: FLOPs, bytes, and rates made of them"),
    ("counted", "from the shapes of every operator that ran, in a traced pass (TRACE_KEY)"),
    ("own", "without what lies inside"),
    ("recorded pass", "a pass whose parts were timed; this costs a little, which \"unaccounted\" holds"),
    ("TTFT", "time to first token: the prefill and the choice of a token"),
    ("TPOT", "time per further token: a decode step and the choice of a token"),
    ("spread", "half the distance between the quartiles, over repeats or over steps"),
    ("p", "probability under the model's own distribution: temperature 1, nothing cut off"),
];

pub fn draw(app: &App, scroll: u16, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let title = Line::from_iter([
        Span::styled("Help", theme.strong),
        Span::styled(format!(" · {}", app.screen.name()), theme.dim),
    ]);
    let size = Size::new(area.width.saturating_sub(4).min(90), area.height.saturating_sub(2));
    let inside = popup::open(app, Scope::Help, title, size, area, buf, drawn);
    let lines = lines(app, theme, inside.width.saturating_sub(2));
    let height = inside.height as usize;
    let first = (scroll as usize).min(lines.len().saturating_sub(height));
    drawn.entries = (first, height);
    for (y, line) in lines.iter().skip(first).take(height).enumerate() {
        put(buf, row(inside, y as u16), line.clone());
    }
    scrollbar(buf, inside, first, lines.len(), theme.dim, theme.rule);
}

fn lines(app: &App, theme: &Theme, width: u16) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let heading = |text: &str| Line::from(Span::styled(text.to_owned(), theme.strong));
    let entry = |lines: &mut Vec<Line<'static>>, left: String, text: &str| {
        for (i, line) in wrap(text, width.saturating_sub(KEYS as u16)).into_iter().enumerate() {
            let left = if i == 0 { left.as_str() } else { "" };
            let left = Span::styled(format!("{left:<KEYS$}"), theme.accent);
            lines.push(Line::from_iter([left, Span::styled(line, theme.dim)]));
        }
    };
    let screen = (Scope::On(app.screen), app.screen.name());
    let of_lesson: &[(Scope, &str)] = match app.screens.learn.open {
        Some(_) => &[(Scope::Prediction, "Predictions of a lesson"), (Scope::Quiz, "Questions of a lesson")],
        None => &[],
    };
    for (scope, name) in
        [screen].into_iter().chain(of_lesson.iter().copied()).chain([(Scope::Everywhere, "Everywhere")])
    {
        lines.push(heading(name));
        for action in action::of(scope) {
            let keys: Vec<String> = action.keys.iter().map(Key::to_string).collect();
            entry(&mut lines, keys.join(" "), action.about);
        }
        lines.push(Line::default());
    }
    lines.push(heading("The mouse"));
    entry(&mut lines, "click".into(), "a tab, a row, a token, an entry, a key in the strip; a selected row opens");
    entry(&mut lines, "wheel".into(), "scrolls");
    lines.push(Line::default());
    lines.push(heading("Words and signs"));
    let trace = action::key_of(&[Scope::Everywhere], Act::TraceRun);
    for (term, meaning) in TERMS {
        entry(&mut lines, (*term).into(), &meaning.replace("TRACE_KEY", &trace));
    }
    lines
}
