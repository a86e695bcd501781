//! Where to go: every position of a text, narrowed by its number or its token; or every head, by its number or by what
//! it does.

use crate::record::explored::HeadScores;
use crate::tui::action::Scope;
use crate::tui::app::{App, Drawn};
use crate::tui::kit::list;
use crate::tui::kit::list::Entry;
use crate::tui::kit::{below, popup, put};
use crate::tui::popups::picker::Picker;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::text::{Line, Span};

pub fn draw(app: &App, picker: &Picker, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let Some(explorer) = &app.explorer else { return };
    let size = Size::new(area.width.saturating_sub(4).min(60), area.height.saturating_sub(2).min(24));
    let is_of_heads = app.jumps_to_heads();
    let (title, hint, none) = match is_of_heads {
        true => ("Go to a head", "type its number, as 8.1, or what it does", "no head is called that"),
        false => ("Go to a position", "type a number, or a part of a token", "no token is called that"),
    };
    let title = Line::from(Span::styled(title, theme.strong));
    let inside = popup::open(app, Scope::Jump, title, size, area, buf, drawn);
    let entry = |(index, text)| Entry { line: Line::from(Span::styled(text, theme.text)), index: Some(index) };
    let names: Vec<String> = match is_of_heads {
        true => picker.heads(&explorer.scores).into_iter().map(|head| name(&explorer.scores[head])).collect(),
        false => picker.positions(&explorer.text.tokens).into_iter().map(|at| explorer.at(at)).collect(),
    };
    let entries: Vec<Entry> = names.into_iter().enumerate().map(entry).collect();
    list::draw(app, picker, hint, &entries, inside, buf, drawn);
    if entries.is_empty() {
        put(buf, below(inside, 2), Span::styled(none, theme.faint));
    }
}

/// `8.1  induction, sink`
fn name(scores: &HeadScores) -> String {
    let roles: Vec<&str> = scores.roles().iter().map(|role| role.name()).collect();
    format!("{:<6}{}", scores.at, roles.join(", "))
}
