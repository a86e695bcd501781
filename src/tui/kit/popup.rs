//! The frame of a popup: a cleared place in the middle, a border with a title, a line of keys at the bottom.

use crate::tui::action::{self, Scope};
use crate::tui::app::{App, Drawn, Hit};
use crate::tui::kit::{put, row, skip};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Margin, Rect, Size};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear, Widget};

/// Opens a popup of at most this size over `area`, and returns the room inside. Its keys come from `scope`.
pub fn open(app: &App, scope: Scope, title: Line, size: Size, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) -> Rect {
    drawn.hits.push((area, Hit::Outside));
    let (width, height) = (size.width.min(area.width.saturating_sub(2)), size.height.min(area.height));
    let place = area.centered(Constraint::Length(width), Constraint::Length(height));
    drawn.hits.push((place, Hit::Popup));
    let theme = &app.theme;
    Clear.render(place, buf);
    buf.set_style(place.intersection(buf.area), theme.popup);
    let title = Line::from_iter([Span::raw(" ")].into_iter().chain(title.spans).chain([Span::raw(" ")]));
    let block = Block::bordered().border_type(BorderType::Rounded).border_style(theme.rule).title(title);
    block.style(theme.popup).render(place, buf);
    let inside = place.inner(Margin::new(2, 1));
    if inside.height < 3 {
        return inside;
    }
    keys(app, scope, row(inside, inside.height - 1), buf, drawn);
    Rect { height: inside.height - 2, ..inside }
}

/// What can be done in a popup, as many words as fit.
fn keys(app: &App, scope: Scope, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let mut rest = area;
    for action in action::of(scope).filter(|action| !action.word.is_empty() && app.why_not(action.act).is_none()) {
        let line = Line::from_iter([
            Span::styled(action::strip_keys(scope, action), app.theme.accent),
            Span::styled(format!(" {}", action.word), app.theme.dim),
        ]);
        if line.width() as u16 > rest.width {
            break;
        }
        let width = put(buf, rest, line);
        drawn.hits.push((Rect { width, ..row(rest, 0) }, Hit::Act(action.act)));
        rest = skip(rest, width + 2);
    }
}
