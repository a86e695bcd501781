//! What is computed by hand: one step at a time.

use crate::learn::worked::{LINES, Worked};
use crate::tui::action::{self, Act, Scope};
use crate::tui::app::{App, Drawn, Hit};
use crate::tui::kit::{below, put, put_right, row};
use crate::tui::screens::learn::course::Opened;
use crate::tui::screens::list::Screen;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

pub fn draw(app: &App, opened: &Opened, worked: Worked, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let Some(step) = opened.steps.get(opened.step) else { return };
    put(buf, area, Span::styled(worked.title(), theme.dim));
    let of = format!("{}/{} ", opened.step + 1, opened.steps.len());
    put_right(buf, area, Span::styled(of, theme.dim));
    put(buf, below(area, 2), Span::styled(step.title.as_str(), theme.strong));
    let shown = below(area, 4);
    for (y, line) in step.lines.iter().enumerate() {
        put(buf, row(shown, y as u16), Span::styled(line.as_str(), theme.text));
    }
    // Always in the same place, whatever a step shows.
    let keys = row(shown, LINES as u16 + 1);
    let key = |act, word| {
        [Span::styled(action::key_of(&[Scope::On(Screen::Learn)], act), theme.accent), Span::styled(word, theme.dim)]
    };
    let spans = key(Act::Right, " next step  ").into_iter().chain(key(Act::Left, " step before"));
    let width = put(buf, keys, Line::from_iter(spans));
    drawn.hits.push((Rect { width, ..keys }, Hit::Act(Act::Right)));
}
