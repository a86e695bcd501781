//! The lesson itself: its title, a page of it, what can be done.

use crate::learn::Page;
use crate::tui::action::{self, Act, Scope};
use crate::tui::app::{App, Drawn, Hit};
use crate::tui::kit::{below, fit, put, put_right, row, scrollbar, skip};
use crate::tui::screens::learn::course::Opened;
use crate::tui::screens::learn::view::page;
use crate::tui::screens::list::Screen;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

pub fn draw(app: &App, opened: &Opened, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let (head, room) = (skip(row(area, 0), 1), Rect { width: area.width - 1, ..skip(below(area, 2), 1) });
    let pages = format!("{}/{}", opened.page + 1, opened.lesson().pages.len());
    let title = fit(&opened.lesson().title, (head.width as usize).saturating_sub(pages.len() + 5));
    let number = Span::styled(format!("{} ", opened.lesson + 1), theme.accent);
    put(buf, head, Line::from_iter([number, Span::styled(title, theme.strong)]));
    put_right(buf, Rect { width: head.width - 1, ..head }, Span::styled(pages, theme.dim));

    let text = Rect { height: room.height.saturating_sub(2), ..room };
    let lines = page::lines(app, opened, text.width.saturating_sub(2));
    let height = text.height as usize;
    let first = opened.scroll.min(lines.len().saturating_sub(height));
    drawn.lesson = (first, height, lines.len());
    for (y, (line, act)) in lines.iter().skip(first).take(height).enumerate() {
        let place = row(text, y as u16);
        put(buf, place, line.clone());
        if let Some(act) = act {
            drawn.hits.push((place, Hit::Act(*act)));
        }
    }
    scrollbar(buf, text, first, lines.len(), theme.dim, theme.rule);
    keys(app, opened, row(room, room.height - 1), buf, drawn);
}

/// The keys of the lesson: those of the screen stand in the strip.
fn keys(app: &App, opened: &Opened, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let mut rest = area;
    let next = match opened.page() {
        Page::Experiment => "next lesson",
        Page::Text(_) | Page::Prediction(_) | Page::Question(_) => "next",
    };
    for (act, word) in [
        (Act::NextPage, next),
        (Act::PreviousPage, "back"),
        (Act::Glossary, "terms"),
        (Act::Go(Screen::Learn), "lessons"),
        (Act::CloseLesson, "close"),
    ] {
        let key = action::key_of(&[Scope::Everywhere], act);
        let line =
            Line::from_iter([Span::styled(key, app.theme.accent), Span::styled(format!(" {word}"), app.theme.dim)]);
        if line.width() as u16 > rest.width {
            break;
        }
        let width = put(buf, rest, line);
        drawn.hits.push((Rect { width, ..row(rest, 0) }, Hit::Act(act)));
        rest = skip(rest, width + 2);
    }
}
