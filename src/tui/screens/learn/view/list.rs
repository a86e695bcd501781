//! The list of lessons, and what was done of each.
//!
//! ```text
//! Learn                                            2 of 26 done
//! How it works
//!    1 ● What goes in and out                      done
//! ▌  2 ◐ Tokens by merging: BPE                    3 of 6 pages
//! What it costs
//! ```

use crate::learn::{Done, Lesson, Stage, lessons};
use crate::tui::app::{App, Drawn};
use crate::tui::kit::list::{Entry, entries};
use crate::tui::kit::{below, fit, put, put_right, wrap};
use crate::tui::sanitize;
use crate::tui::screens::learn::view::room::BESIDE;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// The first lesson of the second half, counted from 0.
const COST: usize = 18;
/// Columns of a title, and where it takes place.
const TITLE: usize = 34;
const PLACE: usize = 12;

pub fn draw(app: &App, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let wide = area.width;
    let area = Rect { width: area.width.saturating_sub(1).min(78), ..area };
    let done = format!("{} of {} done", app.screens.learn.done(), lessons().len());
    let (title, style) = match app.screens.learn.open.is_some() && wide < BESIDE {
        false => ("The transformer, lesson by lesson, on a real model", theme.strong),
        true => ("80 columns show a lesson beside its screen", theme.warn),
    };
    put(buf, area, Span::styled(fit(title, (area.width as usize).saturating_sub(done.len() + 2)), style));
    put_right(buf, area, Span::styled(done, theme.dim));
    let mut room = below(area, 2);
    if let Some(why) = &app.screens.learn.unkept {
        let said = format!("progress is not kept: {}", sanitize::label(why));
        for line in wrap(&said, area.width) {
            put(buf, room, Span::styled(line, theme.warn));
            room = below(room, 1);
        }
        room = below(room, 1);
    }
    let heading = |text| Entry { line: Line::from(Span::styled(text, theme.dim)), index: None };
    let mut all: Vec<Entry> = (0..lessons().len()).map(|lesson| entry(app, lesson)).collect();
    all.insert(COST, heading("What it costs, and what helps"));
    all.insert(0, heading("How it works"));
    entries(app, &all, app.screens.learn.row, room, buf, drawn);
}

fn entry(app: &App, at: usize) -> Entry<'static> {
    let theme = &app.theme;
    let (lesson, done) = (&lessons()[at], app.screens.learn.progress.of(at));
    let (mark, style, said) = match done.pages.iter().filter(|&&page| page < lesson.pages.len()).count() {
        _ if done.is_all_of(lesson) => ("●", theme.good, "done".to_owned()),
        0 => ("○", theme.faint, String::new()),
        n if n < lesson.pages.len() => ("◐", theme.warn, format!("{n} of {} pages", lesson.pages.len())),
        _ => ("◐", theme.warn, format!("to do: {}", left(lesson, &done))),
    };
    let place = match &lesson.stage {
        Stage::Text => "your text",
        Stage::Worked(_) => "by hand",
        Stage::Screen(name) => name,
    };
    let line = Line::from_iter([
        Span::styled(format!("{:>3} ", at + 1), theme.accent),
        Span::styled(format!("{mark} "), style),
        Span::styled(format!("{:<TITLE$}", fit(&lesson.title, TITLE)), theme.text),
        Span::styled(format!("{place:<PLACE$}"), theme.dim),
        Span::styled(said, theme.dim),
    ]);
    Entry { line, index: Some(at) }
}

/// What of a lesson that was read to its end is not done.
fn left(lesson: &Lesson, done: &Done) -> &'static str {
    match () {
        () if !done.is_proved => "experiment",
        () if !done.guesses_of(lesson) => "prediction",
        () if done.answer.is_none() => "question",
        () if !done.tasks_of(lesson) => "a task",
        () => "",
    }
}
