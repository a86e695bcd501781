//! Of which toggle every value is measured, for the Matrix screen.
//!
//! ```text
//! ╭ Compare all values of ─────────────────────────────╮
//! │ ▌ attention   eager fused                          │
//! │   kv_cache    off on                               │
//! │   …                                                │
//! │                                                    │
//! │ prompt 256 tokens, 16 new (from the prompt: e)     │
//! │ ↑↓ toggle  Enter measure  Esc leave                │
//! ╰────────────────────────────────────────────────────╯
//! ```

use crate::arch::Toggle;
use crate::tui::action::{self, Act, Scope};
use crate::tui::app::{App, Drawn, Hit};
use crate::tui::kit::{below, fit, popup, put, row, scrolled, skip, wrap};
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::text::{Line, Span};

const NAME: u16 = 14;

pub fn draw(app: &App, selected: usize, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let title = Line::from_iter([
        Span::styled("Compare all values", theme.strong),
        Span::styled(" · each against the present toggles", theme.dim),
    ]);
    let n = Toggle::ALL.len();
    let inside = popup::open(app, Scope::Values, title, Size::new(78, n as u16 + 9), area, buf, drawn);
    let height = inside.height.saturating_sub(5).max(1) as usize;
    let first = scrolled(0, selected, height, n);
    for (y, toggle) in Toggle::ALL.into_iter().enumerate().skip(first).take(height) {
        let line = row(inside, (y - first) as u16);
        if y == selected {
            buf.set_style(line.intersection(buf.area), theme.selected);
            put(buf, line, Span::styled("▌", theme.accent));
        }
        let style = if y == selected { theme.strong } else { theme.text };
        put(buf, skip(line, 2), Span::styled(toggle.name(), style));
        put(buf, skip(line, 2 + NAME), values(app, toggle, line.width.saturating_sub(2 + NAME)));
        drawn.hits.push((line, Hit::Entry(y)));
    }
    let mut rest = below(inside, 1 + n.min(height) as u16);
    let lengths = app.lengths();
    let editor = action::key_of(&[Scope::Everywhere], Act::EditPrompt);
    let said = format!(
        "Every value on a prompt of {} tokens and {} new ones: as the prompt editor ({editor}) says, within what one \
         waits for. What cannot be had is listed with its reason.",
        lengths.prompt_tokens, lengths.new_tokens
    );
    for line in wrap(&said, rest.width) {
        put(buf, rest, Span::styled(line, theme.dim));
        rest = below(rest, 1);
    }
}

/// The values, the present one marked.
fn values(app: &App, toggle: Toggle, width: u16) -> Line<'static> {
    let theme = &app.theme;
    let present = app.toggles.get(toggle);
    let mut line = Line::default();
    for value in toggle.values() {
        let is_present = value == present;
        let text = if is_present { format!("● {value}  ") } else { format!("○ {value}  ") };
        if line.width() + text.chars().count() > width as usize {
            line.push_span(Span::styled(fit("…", 1), theme.faint));
            break;
        }
        line.push_span(Span::styled(text, if is_present { theme.accent } else { theme.dim }));
    }
    line
}
