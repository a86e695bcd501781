//! The toggle panel: every toggle with its values, the chosen one marked, what cannot be greyed, and why.
//!
//! ```text
//! ╭ Toggles ───────────────────────────────────────────╮
//! │ ▌ attention   ○ eager  ● fused                     │
//! │   kv_cache    ○ off    ● on                        │
//! │   weights     ● f32    ○ bf16                      │
//! │   compute     ● f32    ✗ bf16   (greyed)           │
//! │   threads     ○ 1      ● 2                         │
//! │                                                    │
//! │ eager holds the whole T×T matrix; fused …          │
//! │ compute=bf16 needs weights that are not f32 …     │
//! │ Enter apply  r apply and run  Esc leave            │
//! ╰────────────────────────────────────────────────────╯
//! ```

use crate::arch::{Toggle, Toggles};
use crate::tui::action::Scope;
use crate::tui::app::{App, Drawn, Hit};
use crate::tui::kit::{below, popup, put, row, skip, wrap};
use crate::tui::sanitize;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::text::{Line, Span};

const NAME: u16 = 13;

pub fn draw(app: &App, draft: &Toggles, selected: usize, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let changed = *draft != app.toggles;
    let mut title = Line::from(Span::styled("Toggles", theme.strong));
    if changed {
        title.push_span(Span::styled(" · changed, not applied yet", theme.warn));
    }
    let height = Toggle::ALL.len() as u16 + 10;
    let inside = popup::open(app, Scope::Toggles, title, Size::new(78, height), area, buf, drawn);
    for (y, toggle) in Toggle::ALL.into_iter().enumerate() {
        let line = row(inside, y as u16);
        if y == selected {
            buf.set_style(line.intersection(buf.area), theme.selected);
            put(buf, line, Span::styled("▌", theme.accent));
        }
        let style = if y == selected { theme.strong } else { theme.text };
        put(buf, skip(line, 2), Span::styled(toggle.name(), style));
        values(app, draft, toggle, y, skip(line, 2 + NAME), buf, drawn);
    }
    let mut rest = below(inside, Toggle::ALL.len() as u16 + 1);
    let Some(&toggle) = Toggle::ALL.get(selected) else { return };
    for line in wrap(toggle.explanation(), rest.width) {
        put(buf, rest, Span::styled(line, theme.text));
        rest = below(rest, 1);
    }
    rest = below(rest, 1);
    // Why the greyed values of this row cannot be had.
    let mut said: Vec<String> = Vec::new();
    for why in toggle.values().iter().filter_map(|value| app.with_value(draft, toggle, value).err()) {
        if !said.contains(&why) && said.len() < 2 {
            for line in wrap(&sanitize::prose(&why), rest.width) {
                put(buf, rest, Span::styled(line, theme.warn));
                rest = below(rest, 1);
            }
            said.push(why);
        }
    }
}

/// The values of one toggle, side by side.
pub fn values(app: &App, draft: &Toggles, toggle: Toggle, at: usize, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let current = draft.get(toggle);
    let all = toggle.values();
    // Many threads do not all fit: those around the present one are shown.
    let width = all.iter().map(|value| value.chars().count() + 4).max().unwrap_or(4) as u16;
    let room = (area.width / width.max(1)).max(1) as usize;
    let chosen = all.iter().position(|value| *value == current).unwrap_or(0);
    let first = chosen.saturating_sub(room / 2).min(all.len().saturating_sub(room));
    let mut rest = area;
    for value in all.iter().skip(first).take(room) {
        let is_current = *value == current;
        let possible = app.with_value(draft, toggle, value).is_ok();
        let style = match (is_current, possible) {
            (true, _) => theme.accent,
            (false, true) => theme.text,
            (false, false) => theme.faint,
        };
        let mark = if is_current {
            "● "
        } else if possible {
            "○ "
        } else {
            "✗ "
        };
        put(buf, rest, Line::from_iter([Span::styled(mark, style), Span::styled(value.clone(), style)]));
        let place = Rect { width: width.saturating_sub(2).min(rest.width), ..row(rest, 0) };
        drawn.hits.push((place, Hit::Value(at, value.clone())));
        rest = skip(rest, width);
    }
}
