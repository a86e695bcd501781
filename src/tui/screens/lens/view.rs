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
mod selected;

use crate::record::explored::{LensCell, Place};
use crate::text::shown;
use crate::tui::app::{App, Drawn};
use crate::tui::explorer::{Explorer, Figure};
use crate::tui::kit::{below, fit, heat, put, row, scrollbar, scrolled, skip, take};
use crate::tui::popups::effect;
use crate::tui::sanitize;
use crate::tui::screens::heads::view::unseen;
use crate::worker::Question;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use selected::Selected;

/// Columns of the places, and of a cell.
const PLACES: u16 = 13;
const CELL: u16 = 13;
const FOOT: u16 = 4;

pub fn draw(app: &App, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let Some(explorer) = app.explorer.as_ref().filter(|seen| !seen.text.tokens.is_empty()) else {
        return unseen(app, skip(below(area, 1), 1), buf, drawn);
    };
    let first = Rect { width: area.width.saturating_sub(2), ..skip(row(area, 0), 1) };
    let title = fit(&format!(" · {}", app.selection.figure.name()), first.width.saturating_sub(8) as usize);
    let title = [Span::styled("the lens", theme.strong), Span::styled(title, theme.dim)];
    let used = put(buf, first, Line::from_iter(title));
    let legend = legend(app.selection.figure);
    let wide = legend.chars().count() as u16 + 16;
    if first.width > used + wide + 2 {
        heat::legend(buf, skip(first, first.width - wide), theme, legend);
    }
    let Some(lens) = explorer.lens.as_ref().filter(|lens| lens.positions().contains(&app.selection.query)) else {
        let why = explorer.refused(|question| matches!(question, Question::Lens { .. }));
        let (text, style) = match why {
            Some(why) => (sanitize::label(why), theme.warn),
            None if !explorer.text.lens.contains(&app.selection.query) => {
                let have = &explorer.text.lens;
                let text = format!(
                    "the file has the lens at positions {} to {} alone",
                    have.start,
                    have.end.saturating_sub(1)
                );
                (
                    if have.is_empty() { "the file has no lens: capture --lens says where".into() } else { text },
                    theme.warn,
                )
            }
            None => ("reading the residual stream…".to_owned(), theme.accent),
        };
        put(buf, skip(below(area, 2), 1), Span::styled(text, style));
        return;
    };
    let body = Rect { height: area.height.saturating_sub(2 + FOOT), ..below(area, 2) };
    let selection = &app.selection;
    let n = lens.positions().len();
    let selected = selection.query.saturating_sub(lens.first).min(n.saturating_sub(1));
    let place = selection.place.min(lens.places.len().saturating_sub(1));
    let under = below(area, area.height.saturating_sub(FOOT));
    let chosen = Selected { lens, place, column: selected };
    if selection.drilled {
        let whole = Rect { height: area.height.saturating_sub(1 + FOOT), ..below(area, 1) };
        drill::draw(app, explorer, chosen, whole, buf);
        return foot(app, explorer, chosen, under, buf);
    }
    let across = usize::from(area.width.saturating_sub(PLACES + 3) / CELL).max(1);
    let left = scrolled(0, selected, across, n);
    let height = body.height as usize;
    let top = scrolled(drawn.listed.0, place, height, lens.places.len());
    drawn.listed = (top, height);
    let cell = |x: usize, line: Rect| take(skip(line, 1 + PLACES + (x - left) as u16 * CELL), CELL - 1);
    for x in left..n.min(left + across) {
        let (position, is_here) = (lens.first + x, x == selected);
        let style = if is_here { theme.selected.patch(theme.strong) } else { theme.dim };
        put(buf, cell(x, row(area, 1)), Span::styled(fit(&explorer.at(position), CELL as usize - 1), style));
    }
    let numbers = lens.places.iter().flat_map(|(_, cells)| cells).filter_map(|cell| app.selection.figure.of(cell));
    let most = numbers.fold(f32::MIN_POSITIVE, f32::max);
    for (y, (name, cells)) in lens.places.iter().enumerate().skip(top).take(height) {
        let line = row(body, (y - top) as u16);
        let style = if y == place { theme.selected.patch(theme.strong) } else { theme.dim };
        put(buf, take(skip(line, 1), PLACES - 1), Span::styled(name.to_string(), style));
        for x in left..n.min(left + across) {
            let Some(of) = cells.get(x) else { continue };
            let mark = if (x, y) == (selected, place) { "▸" } else { " " };
            let (text, shade) = says(app, explorer, of, most);
            let wide = CELL as usize - 1;
            let text = fit(&format!("{mark}{text}"), wide);
            let pad = " ".repeat(wide.saturating_sub(shown::width(&text)));
            put(buf, cell(x, line), Span::styled(format!("{text}{pad}"), on_heat(app, shade)));
        }
    }
    scrollbar(buf, body, top, lens.places.len(), theme.dim, theme.rule);
    foot(app, explorer, chosen, under, buf);
}

/// What the shades of a figure mean.
fn legend(figure: Figure) -> &'static str {
    match figure {
        Figure::Token => "√ probability",
        Figure::Rank => "log rank, of the most",
        _ => "√ of the most",
    }
}

/// A cell's text, and its shade from 0 to 1. `most` is the largest number of all cells.
fn says(app: &App, explorer: &Explorer, cell: &LensCell, most: f32) -> (String, f32) {
    let Some(number) = app.selection.figure.of(cell) else { return ("·".into(), 0.0) };
    let of_most = (number / most).max(0.0).sqrt();
    match app.selection.figure {
        Figure::Token => (cell.top.first().map_or(String::new(), |likely| explorer.label(likely.id)), number.sqrt()),
        Figure::Rank => (format!("{}", number as u32 + 1), (number + 1.0).ln() / (most + 1.0).ln().max(1.0)),
        Figure::Norm if cell.massive => (format!("{number:.2} !"), of_most),
        _ => (format!("{number:.2}"), of_most),
    }
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
fn foot(app: &App, explorer: &Explorer, selected: Selected, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    put(buf, area, Span::styled("─".repeat(area.width as usize), theme.rule));
    let line = |y: u16| Rect { width: area.width.saturating_sub(2), ..skip(row(area, y), 1) };
    let Some((name, cell)) = selected.cell() else { return };
    let position = selected.position();
    // Where the branches of a block are side by side, no stream of the model lies between them.
    let is_parallel = |block: usize| {
        app.card().and_then(|card| card.model.stack.blocks.get(block)).is_some_and(|block| block.order.is_parallel())
    };
    let without = match name {
        Place::Mid(block) if is_parallel(block) => ", the MLP beside it left out,",
        _ => "",
    };
    let first = format!("after {name}{without} at {}: {}", explorer.at(position), words(explorer, cell, position));
    put(buf, line(1), Span::styled(fit(&first, line(1).width as usize), theme.text));
    let mut said = Line::default();
    for likely in &cell.top {
        let next = format!("{} {:.1}%   ", explorer.label(likely.id), 100.0 * likely.probability);
        if said.width() + shown::width(&next) > line(2).width as usize {
            break;
        }
        said.push_span(Span::styled(next, theme.text));
    }
    put(buf, line(2), said);
    let massive = if cell.massive { ", a massive activation" } else { "" };
    let write = cell.write.map_or(String::new(), |write| format!(" · wrote {write:.2} of it"));
    let facts = format!(
        "KL to the last {:.2} nats · entropy {:.2} nats · ‖x‖/√D {:.1}{write} · largest |x| {:.0} of feature {}{massive}",
        cell.kl, cell.entropy, cell.norm, cell.largest.1, cell.largest.0,
    );
    // What changes do takes the place of the numbers.
    let [effect, _] = effect::brief(app, explorer, line(3).width as usize);
    match app.selection.changes.is_empty() {
        true => put(buf, line(3), Span::styled(fit(&facts, line(3).width as usize), theme.dim)),
        false => put(buf, line(3), effect),
    };
}

fn words(explorer: &Explorer, cell: &LensCell, position: usize) -> String {
    match (cell.rank, explorer.text.tokens.get(position + 1)) {
        (Some(0), Some((_, next))) => format!("{next}, which comes, is first"),
        (Some(rank), Some((_, next))) => format!("{next}, which comes, is number {}", rank + 1),
        _ => "nothing comes in this text".into(),
    }
}
