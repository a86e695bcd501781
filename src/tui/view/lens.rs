//! The Lens screen: what the residual stream would say if the model ended there.
//!
//! ```text
//!  the lens · what each place says comes next          0 ▁▂▃▅▆▇█ 1 probability
//!                 (3) ·capital   (4) ·of       (5) ·France
//!  embedding      ·punishment    ·course       ·France
//!  0 attention    …
//!  29 mlp         ·of            ·France       ·is
//!  ───────────────────────────────────────────────────────────────────────────
//!  29 mlp at (5) ·France   ·is 41%  , 12%  .ˑ 8% …
//! ```

mod drill;

use super::heads::unseen;
use crate::trace::explored::{LensCell, LensTable};
use crate::tui::app::{App, Drawn};
use crate::tui::explorer::Explorer;
use crate::tui::widget::{below, fit, heat, put, put_right, row, scrollbar, scrolled, skip, take};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Columns of the places, and of a cell.
const PLACES: u16 = 13;
const CELL: u16 = 13;
const FOOT: u16 = 4;

pub fn draw(app: &App, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let Some(explorer) = app.explorer.as_ref().filter(|seen| !seen.tokens.is_empty()) else {
        return unseen(app, skip(below(area, 1), 1), buf, drawn);
    };
    let first = Rect { width: area.width.saturating_sub(2), ..skip(row(area, 0), 1) };
    let used = put(
        buf,
        first,
        Line::from_iter([
            Span::styled("the lens", theme.strong),
            Span::styled(" · what each place says comes next", theme.dim),
        ]),
    );
    if first.width > used + 34 {
        heat::legend(buf, skip(first, first.width - 27), theme, "probability");
    }
    let Some(lens) = &explorer.lens else {
        put(buf, skip(below(area, 2), 1), Span::styled("reading the residual stream…", theme.accent));
        return;
    };
    let body = Rect { height: area.height.saturating_sub(2 + FOOT), ..below(area, 2) };
    let gaze = &app.gaze;
    let n = lens.places.first().map_or(0, |(_, cells)| cells.len());
    if gaze.drilled {
        let selected = gaze.query.saturating_sub(lens.first).min(n.saturating_sub(1));
        let place = gaze.place.min(lens.places.len().saturating_sub(1));
        let whole = Rect { height: area.height.saturating_sub(1 + FOOT), ..below(area, 1) };
        drill::draw(app, explorer, (lens, place, selected), whole, buf);
        return foot(app, explorer, (lens, place, selected), below(area, area.height.saturating_sub(FOOT)), buf);
    }
    let across = usize::from(area.width.saturating_sub(PLACES + 3) / CELL).max(1);
    let selected = gaze.query.saturating_sub(lens.first).min(n.saturating_sub(1));
    let left = scrolled(0, selected, across, n);
    let place = gaze.place.min(lens.places.len().saturating_sub(1));
    let height = body.height as usize;
    let top = scrolled(drawn.listed.0, place, height, lens.places.len());
    drawn.listed = (top, height);
    let cell = |x: usize, line: Rect| take(skip(line, 1 + PLACES + (x - left) as u16 * CELL), CELL - 1);
    for x in left..n.min(left + across) {
        let (position, is_here) = (lens.first + x, x == selected);
        let style = if is_here { theme.selected.patch(theme.strong) } else { theme.dim };
        let label = explorer.tokens.get(position).map_or("", |(_, label)| label.as_str());
        put(buf, cell(x, row(area, 1)), Span::styled(fit(&format!("({position}) {label}"), CELL as usize - 1), style));
    }
    for (y, (name, cells)) in lens.places.iter().enumerate().skip(top).take(height) {
        let line = row(body, (y - top) as u16);
        let style = if y == place { theme.selected.patch(theme.strong) } else { theme.dim };
        put(buf, take(skip(line, 1), PLACES - 1), Span::styled(name.to_string(), style));
        for x in left..n.min(left + across) {
            let Some(likely) = cells.get(x).and_then(|cell| cell.top.first()) else { continue };
            let mark = if (x, y) == (selected, place) { "▸" } else { " " };
            let text = format!("{mark}{}", explorer.label(likely.id));
            let text = fit(&text, CELL as usize - 1);
            let shade = likely.probability.sqrt();
            let style = on_heat(app, shade);
            let wide = CELL as usize - 1;
            put(buf, cell(x, line), Span::styled(format!("{text:<wide$}"), style));
        }
    }
    scrollbar(buf, body, top, lens.places.len(), theme.dim, theme.rule);
    foot(app, explorer, (lens, place, selected), below(area, area.height.saturating_sub(FOOT)), buf);
}

/// Ink that is read on a shade.
fn on_heat(app: &App, shade: f32) -> Style {
    match app.theme.depth {
        crate::tui::theme::Depth::True | crate::tui::theme::Depth::Indexed => {
            let ink = if shade > 0.55 { app.theme.heat_ink() } else { app.theme.text };
            ink.bg(app.theme.heat(shade))
        }
        _ if shade > 0.7 => app.theme.strong,
        _ if shade > 0.3 => app.theme.text,
        _ => app.theme.faint,
    }
}

/// The selected cell: its likeliest tokens, and how far it is from the end.
fn foot(app: &App, explorer: &Explorer, (lens, place, x): (&LensTable, usize, usize), area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    put(buf, area, Span::styled("─".repeat(area.width as usize), theme.rule));
    let line = |y: u16| Rect { width: area.width.saturating_sub(2), ..skip(row(area, y), 1) };
    let Some((name, cell)) = lens.places.get(place).and_then(|(name, cells)| Some((name, cells.get(x)?))) else {
        return;
    };
    let position = lens.first + x;
    let label = explorer.tokens.get(position).map_or("", |(_, label)| label.as_str());
    let first = format!("after {} at ({position}) {label}: {}", name, words(explorer, cell, position));
    put(buf, line(1), Span::styled(fit(&first, line(1).width as usize), theme.text));
    let mut said = Line::default();
    for likely in &cell.top {
        let next = format!("{} {:.1}%   ", explorer.label(likely.id), 100.0 * likely.probability);
        if said.width() + next.chars().count() > line(2).width as usize {
            break;
        }
        said.push_span(Span::styled(next, theme.text));
    }
    put(buf, line(2), said);
    let massive = if cell.massive { ", a massive activation" } else { "" };
    let facts = format!(
        "KL to the last {:.2} nats · entropy {:.2} nats · ‖x‖/√d {:.1} · largest |x| {:.0} of feature {}{massive}",
        cell.kl, cell.entropy, cell.norm, cell.largest.1, cell.largest.0,
    );
    let legend = "measured";
    let room = (line(3).width as usize).saturating_sub(legend.len() + 2);
    put(buf, line(3), Span::styled(fit(&facts, room), theme.dim));
    put_right(buf, line(3), Span::styled(legend, theme.faint));
}

fn words(explorer: &Explorer, cell: &LensCell, position: usize) -> String {
    match (cell.rank, explorer.tokens.get(position + 1)) {
        (Some(0), Some((_, next))) => format!("{next}, which comes, is first"),
        (Some(rank), Some((_, next))) => format!("{next}, which comes, is number {}", rank + 1),
        _ => "nothing comes in this text".into(),
    }
}
