//! The pattern of one head: queries and keys with their tokens, a cross-hair, and where the selected query looks.

use crate::trace::explored::Pattern;
use crate::tui::app::{App, Drawn, Hit};
use crate::tui::explorer::{Explorer, Links};
use crate::tui::widget::{bar, below, fit, heat, put, put_right, row, skip, take};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Columns of the labels, of a cell, and of the list of links.
const LABELS: u16 = 14;
const CELL: u16 = 2;
const LINKS: u16 = 30;

pub fn title(app: &App, explorer: &Explorer) -> Line<'static> {
    let (theme, gaze) = (&app.theme, &app.gaze);
    let share = explorer.links.as_ref().filter(|links| links.head == gaze.selected && links.query == gaze.query);
    let share = share.and_then(|links| links.shares.get(gaze.key)).copied();
    let at = format!("A[{},{}]", gaze.query, gaze.key);
    let value = match share {
        Some(share) if share.is_nan() => format!("{at} absent: the query does not see this key"),
        Some(share) => format!("{at} = {share:.4}"),
        None => at,
    };
    let convention = if gaze.columns { "columns sum to 1" } else { "rows sum to 1" };
    let zoom = if gaze.bin > 1 { format!(" · {} positions a cell, the largest", gaze.bin) } else { String::new() };
    Line::from_iter([
        Span::styled(format!("head {}", gaze.selected), theme.strong),
        Span::styled(format!(" · {value}"), theme.text),
        Span::styled(format!(" · {convention}{zoom}"), theme.dim),
    ])
}

pub fn draw(app: &App, explorer: &Explorer, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let (theme, gaze) = (&app.theme, &app.gaze);
    let links = if area.width >= 70 { LINKS } else { 0 };
    let map = Rect { width: area.width.saturating_sub(links + 3), ..skip(area, 1) };
    let cells = below(skip(map, LABELS), 2);
    // As many as the next answer is to fill.
    drawn.cells = (cells.height as usize, (cells.width / CELL) as usize);
    if let Some(tile) = explorer.tile.as_ref().filter(|tile| tile.head == gaze.selected) {
        pattern(app, explorer, tile, map, buf, drawn);
    } else {
        put(buf, below(map, 2), Span::styled("…", theme.dim));
    }
    if links > 0 {
        let place = skip(area, area.width - links);
        if let Some(links) = explorer.links.as_ref().filter(|links| links.head == gaze.selected) {
            draw_links(app, explorer, links, place, buf);
        }
    }
}

fn pattern(app: &App, explorer: &Explorer, tile: &Pattern, map: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let (theme, gaze) = (&app.theme, &app.gaze);
    let (queries, keys) = (&tile.area.queries, &tile.area.keys);
    let n_keys = keys.len().div_ceil(tile.bin);
    let (down, across) = if gaze.columns { (keys, queries) } else { (queries, keys) };
    let (at_down, at_across) = if gaze.columns { (gaze.key, gaze.query) } else { (gaze.query, gaze.key) };
    let (n_down, n_across) = (down.len().div_ceil(tile.bin), across.len().div_ceil(tile.bin));
    let cells = below(skip(map, LABELS), 2);
    let (what_down, what_across) = if gaze.columns { ("keys", "queries") } else { ("queries", "keys") };
    put_right(buf, take(row(map, 1), LABELS - 1), Span::styled(format!("{what_down} ↓"), theme.dim));
    across_labels(app, explorer, (across.start, tile.bin, n_across, at_across), (what_across, skip(map, LABELS)), buf);
    for y in 0..n_down.min(cells.height as usize) {
        let position = down.start + y * tile.bin;
        let is_here = (position..position + tile.bin).contains(&at_down);
        let style = if is_here { theme.selected.patch(theme.strong) } else { theme.dim };
        let label = fit(&named(explorer, position), LABELS as usize - 1);
        put_right(buf, take(row(below(map, 2), y as u16), LABELS - 1), Span::styled(label, style));
        for x in 0..n_across.min((cells.width / CELL) as usize) {
            let (query, key) = if gaze.columns { (x, y) } else { (y, x) };
            let place = take(skip(row(cells, y as u16), x as u16 * CELL), CELL);
            let share = tile.cells.get(query * n_keys + key).copied().unwrap_or(f32::NAN);
            let column = across.start + x * tile.bin;
            let in_column = (column..column + tile.bin).contains(&at_across);
            if !share.is_nan() {
                heat::cell(buf, place, theme, gaze.scale.of(share));
            }
            // The cross-hair leaves the shade to be seen.
            let mark = match (is_here, in_column) {
                (true, true) => "[]",
                (true, false) if share.is_nan() => "──",
                (false, true) if share.is_nan() => "│ ",
                _ => "",
            };
            if !mark.is_empty() {
                let ground = if share.is_nan() || gaze.scale.of(share) < 0.5 { theme.strong } else { theme.heat_ink() };
                put(buf, place, Span::styled(mark, if is_here && in_column { ground } else { theme.rule }));
            }
            drawn.hits.push((place, Hit::Cell(queries.start + query * tile.bin, keys.start + key * tile.bin)));
        }
    }
}

/// The label of the selected position across, and where each tenth stands.
fn across_labels(
    app: &App,
    explorer: &Explorer,
    (start, bin, n, at): (usize, usize, usize, usize),
    (what, area): (&str, Rect),
    buf: &mut Buffer,
) {
    let theme = &app.theme;
    put(buf, area, Span::styled(format!("{what} →"), theme.dim));
    let x = (at.saturating_sub(start) / bin) as u16 * CELL;
    let label = named(explorer, at);
    let room = area.width.saturating_sub(x) as usize;
    let ticks = skip(row(area, 1), 0);
    for i in (0..n).step_by(5) {
        let place = skip(ticks, i as u16 * CELL);
        put(buf, place, Span::styled((start + i * bin).to_string(), theme.faint));
    }
    // What stands there gives way to the label.
    let label = fit(&label, room.max(8));
    let place = skip(ticks, x.min(area.width.saturating_sub(label.chars().count() as u16 + 1)));
    put(buf, place, Span::styled(format!("{label} "), theme.strong));
}

/// Where the selected query looks, most first.
fn draw_links(app: &App, explorer: &Explorer, links: &Links, area: Rect, buf: &mut Buffer) {
    let (theme, gaze) = (&app.theme, &app.gaze);
    put(
        buf,
        area,
        Line::from_iter([
            Span::styled("query ", theme.dim),
            Span::styled(fit(&named(explorer, links.query), area.width.saturating_sub(14) as usize), theme.strong),
            Span::styled(" looks at", theme.dim),
        ]),
    );
    let mut shares: Vec<(usize, f32)> = links.shares.iter().copied().enumerate().filter(|(_, s)| !s.is_nan()).collect();
    shares.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    for (y, (key, share)) in shares.iter().take(area.height.saturating_sub(2) as usize).enumerate() {
        let line = row(below(area, 1), y as u16);
        let is_here = *key == gaze.key;
        let style = if is_here { theme.selected.patch(theme.strong) } else { theme.text };
        put(buf, take(line, 13), Span::styled(fit(&named(explorer, *key), 13), style));
        put_right(buf, take(skip(line, 14), 5), Span::styled(format!("{share:.3}"), style));
        bar::bar(buf, skip(take(line, area.width.saturating_sub(1)), 20), f64::from(*share), theme.attention, theme);
    }
}

/// `(4) ·went`: the same token may come twice.
fn named(explorer: &Explorer, position: usize) -> String {
    let label = explorer.tokens.get(position).map_or("", |(_, label)| label.as_str());
    format!("({position}) {label}")
}
