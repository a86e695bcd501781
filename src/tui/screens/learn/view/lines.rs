//! Lines of a lesson's text, and what clicking them does.

use crate::tui::action::{self, Act, Scope};
use crate::tui::kit::wrap;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

pub type Lines = Vec<(Line<'static>, Option<Act>)>;

/// The key of something that works on every screen.
pub fn key(act: Act) -> String {
    action::key_of(&[Scope::Everywhere], act)
}

/// A text in lines of at most so many columns.
pub fn styled(text: &str, style: Style, width: u16) -> Lines {
    wrap(text, width).into_iter().map(|line| (Line::from(Span::styled(line, style)), None)).collect()
}

/// A mark, and beside it lines that stand under each other.
pub fn hanging(mark: Span<'static>, text: &str, body: Style, width: u16) -> Lines {
    let indent = mark.content.chars().count();
    let lines = wrap(text, width.saturating_sub(indent as u16)).into_iter().enumerate();
    let line = |(at, line): (usize, String)| {
        let before = if at == 0 { mark.clone() } else { Span::raw(" ".repeat(indent)) };
        (Line::from_iter([before, Span::styled(line, body)]), None)
    };
    lines.map(line).collect()
}
