//! What heads matter beside what they cost: those that matter most in a table, all of them in a chart.
//!
//! ```text
//!  head        KL   Δ −ln p   time  KV bytes     KL
//!  ▌29.1   0.0412   +0.0310   0.31%   0.37%    0.1 ┤     ●
//!   23.0   0.0108   +0.0021   0.30%   0.37%   0.01 ┤  · ··
//!                                                  └───────── share of the time
//! ```

use crate::analyse::worth::Worth;
use crate::record::explored::{Component, Importance};
use crate::tui::action::{self, Act, Scope};
use crate::tui::app::{App, Drawn, Hit};
use crate::tui::explorer::Explorer;
use crate::tui::kit::axes::{Axes, GUTTER, bounds};
use crate::tui::kit::{below, put, put_right, row, scrollbar, scrolled, skip, take};
use crate::tui::screens::list::Screen;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Columns of the table.
const TABLE: u16 = 48;
const COLUMNS: [(&str, u16); 5] = [("head", 8), ("KL", 10), ("Δ −ln p", 10), ("time", 9), ("KV bytes", 9)];
/// What matters less than this is drawn as if it mattered so much.
const LEAST: f64 = 1e-6;

pub fn title(app: &App, explorer: &Explorer) -> Line<'static> {
    let theme = &app.theme;
    let (blocks, all) = (explorer.weighed_blocks(), explorer.text.n_layers);
    let how_far = match &explorer.worth {
        Some(table) => format!(" · share of a prefill of {}, median of {}", table.prefill, table.repeats),
        None if !explorer.weighs => {
            format!(
                " · ended before it was known: {} begins again",
                action::key_of(&[Scope::On(Screen::Heads)], Act::Weigh)
            )
        }
        None if blocks < all => format!(" · {blocks} of {all} blocks so far"),
        None => " · timing the text…".to_owned(),
    };
    Line::from_iter([
        Span::styled("what heads matter, and what they cost", theme.strong),
        Span::styled(how_far, theme.dim),
    ])
}

pub fn draw(app: &App, explorer: &Explorer, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let heads = explorer.weighed();
    if heads.is_empty() {
        let (text, style) = match explorer.weighs {
            true => ("every head is switched off by itself…".to_owned(), theme.accent),
            false => {
                let key = action::key_of(&[Scope::On(Screen::Heads)], Act::Weigh);
                (format!("{key} switches every head off by itself, and then times the text"), theme.text)
            }
        };
        put(buf, skip(below(area, 1), 1), Span::styled(text, style));
        return;
    }
    let list = take(skip(below(area, 1), 1), TABLE);
    let cells = |texts: [String; 5], style, line: Rect, buf: &mut Buffer| {
        let mut rest = line;
        for (text, (_, width)) in texts.into_iter().zip(COLUMNS) {
            put_right(buf, take(rest, width), Span::styled(text, style));
            rest = skip(rest, width);
        }
    };
    cells(COLUMNS.map(|(name, _)| name.to_owned()), theme.dim, take(skip(row(area, 0), 1), TABLE), buf);
    let selected = heads.iter().position(|it| it.component == Component::Head(app.selection.selected)).unwrap_or(0);
    let height = list.height as usize;
    let first = scrolled(drawn.listed.0, selected, height, heads.len());
    drawn.listed = (first, height);
    for (y, it) in heads.iter().enumerate().skip(first).take(height) {
        let line = row(list, (y - first) as u16);
        let style = if y == selected { theme.selected.patch(theme.strong) } else { theme.text };
        let worth = explorer.worth.as_ref().and_then(|table| table.get(it.component));
        let share =
            |of: fn(&Worth) -> f64| worth.map_or("…".to_owned(), |worth| format!("{:.2}%", 100.0 * of(worth)));
        let name = match it.component {
            Component::Head(head) => head.to_string(),
            other => other.to_string(),
        };
        let texts = [
            name,
            format!("{:.5}", it.kl),
            format!("{:+.5}", it.more_nll).replace('-', "−"),
            share(|worth| worth.time_share),
            share(|worth| worth.kv_share),
        ];
        cells(texts, style, line, buf);
        if let Component::Head(head) = it.component
            && let Some(index) = explorer.index(head)
        {
            drawn.hits.push((line, Hit::Head(index)));
        }
    }
    scrollbar(buf, Rect { width: TABLE + 2, ..list }, first, heads.len(), theme.dim, theme.rule);
    let chart_area = skip(area, TABLE + 4);
    if chart_area.width > GUTTER + 20 && chart_area.height > 6 {
        chart(app, explorer, &heads, selected, Rect { width: chart_area.width - 1, ..chart_area }, buf);
    }
}

/// Every head as a point: across its share of the time, up what it matters.
fn chart(app: &App, explorer: &Explorer, heads: &[Importance], selected: usize, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let Some(table) = &explorer.worth else {
        put(buf, area, Span::styled("the chart comes when the text has been timed", theme.dim));
        return;
    };
    let place = |it: &Importance| Some((table.get(it.component)?.time_share * 100.0, f64::from(it.kl).max(LEAST)));
    let places: Vec<(f64, f64)> = heads.iter().filter_map(place).collect();
    let field = Rect { width: area.width - GUTTER - 1, height: area.height - 2, ..skip(area, GUTTER) };
    let x = bounds(places.iter().map(|place| place.0).filter(|x| *x > 0.0), 0.3);
    let axes = Axes { x, y: bounds(places.iter().map(|place| place.1), 1.0), field };
    axes.labels(area, "% of the time", "KL", None, theme, buf);
    for cell in places.iter().filter_map(|&(x, y)| axes.cell(x, y)) {
        put(buf, Rect::new(cell.x, cell.y, 1, 1), Span::styled("•", theme.attention));
    }
    // Last, so that it lies on the others.
    if let Some(cell) = places.get(selected).and_then(|&(x, y)| axes.cell(x, y)) {
        put(buf, Rect::new(cell.x, cell.y, 1, 1), Span::styled("●", theme.accent));
    }
}
