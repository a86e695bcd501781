//! What is to be changed in the model or the text, and what is changed already.
//!
//! ```text
//! ╭ Change ────────────────────────────────────────────╮
//! │ ▌ what   ‹ head 8.1 ›                              │
//! │   how    ‹ off: zero in its place ›                │
//! │                                                    │
//! │   head 3.2 off                                     │
//! ╰────────────────────────────────────────────────────╯
//! ```

use crate::interpret::{Change, Intervention, Target};
use crate::tui::action::{self, Act, Scope};
use crate::tui::app::{App, Drawn, Hit};
use crate::tui::explorer::Explorer;
use crate::tui::kit::{below, fit, fit_end, popup, put, row, skip, wrap};
use crate::tui::popups::changing::draft::{Changing, FIRST};
use crate::tui::screens::list::Screen;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect, Size};
use ratatui::text::{Line, Span};

/// Columns before a value.
const NAME: u16 = 9;

pub fn draw(app: &App, changing: &Changing, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let Some(explorer) = &app.explorer else { return };
    let changes = &app.selection.changes;
    let title = Line::from_iter([
        Span::styled("Change", theme.strong),
        Span::styled(" · everything after it is computed from that", theme.dim),
    ]);
    let height = (changes.len() as u16 + 11).min(area.height.saturating_sub(2));
    let inside = popup::open(app, Scope::Changing, title, Size::new(72, height), area, buf, drawn);
    let target = changing.target(app.screen, &app.selection, explorer);
    let is_token = matches!(target, Target::Token { .. });
    let lines = [("what", what(explorer, target)), ("how", changing.way().1.to_owned())];
    for (y, (name, value)) in lines.into_iter().enumerate() {
        let line = row(inside, y as u16);
        mark(app, changing.row == y, line, buf);
        drawn.hits.push((line, Hit::Entry(y)));
        put(buf, skip(line, 2), Span::styled(name, theme.dim));
        let room = (line.width.saturating_sub(NAME + 4)) as usize;
        if y == 1 && is_token {
            let typed = fit_end(&changing.text.replace(' ', "·"), room.saturating_sub(12));
            let used = put(
                buf,
                skip(line, NAME),
                Line::from_iter([Span::styled("becomes ", theme.text), Span::styled(typed, theme.strong)]),
            );
            if changing.text.is_empty() {
                put(buf, skip(line, NAME + used), Span::styled("type a token, ·its space included", theme.faint));
            }
            drawn.cursor = Some(Position::new(line.x + NAME + used, line.y));
        } else {
            put(buf, skip(line, NAME), Span::styled(format!("‹ {} ›", fit(&value, room)), theme.accent));
        }
    }
    let mut rest = below(inside, 3);
    let is_missing = app.selection.pinned.is_none() && changing.way().0 == Change::Patch && !is_token;
    let hint = match is_missing {
        true => {
            let key = action::key_of(&[Scope::On(Screen::Heads)], Act::Pin);
            format!("no text is pinned: {key} pins the present one, then read another")
        }
        false => about(target).to_owned(),
    };
    for line in wrap(&hint, inside.width) {
        put(buf, rest, Span::styled(line, if is_missing { theme.warn } else { theme.dim }));
        rest = below(rest, 1);
    }
    rest = below(rest, 1);
    for (y, change) in changes.iter().enumerate() {
        let line = row(rest, y as u16);
        mark(app, changing.row == FIRST + y, line, buf);
        drawn.hits.push((line, Hit::Entry(FIRST + y)));
        put(buf, skip(line, 2), Span::styled(fit(&explorer.change(change), line.width as usize - 2), theme.warn));
    }
}

fn mark(app: &App, is_selected: bool, line: Rect, buf: &mut Buffer) {
    if is_selected {
        buf.set_style(line.intersection(buf.area), app.theme.selected);
        put(buf, line, Span::styled("▌", app.theme.accent));
    }
}

/// A target in words.
fn what(explorer: &Explorer, target: Target) -> String {
    let shared = explorer.text.n_heads / explorer.text.n_kv_heads.max(1);
    match target {
        Target::Group { block, group } => format!("key/value head {block}.{group}, which {shared} heads share"),
        Target::Stream { place, position } => {
            format!("residual stream after {place} at {}", explorer.at(position as usize))
        }
        Target::Token { position } => format!("token {}", explorer.at(position as usize)),
        target => {
            let named = Intervention { target, change: Change::Zero }.to_string();
            named.trim_end_matches(" off").to_owned()
        }
    }
}

fn about(target: Target) -> &'static str {
    match target {
        Target::Head(_) => "what this head read, before the output projection",
        Target::Group { .. } => "what the heads read that share these keys and values",
        Target::Attn(_) => "what the block's attention adds to the residual stream",
        Target::Mlp(_) => "what the block's MLP adds to the residual stream",
        Target::Block(_) => "what both stages of the block add to the residual stream",
        Target::Stream { .. } => "all that was written to the stream there, at this position alone",
        Target::Token { .. } => "the text itself, with another token in this place",
    }
}
