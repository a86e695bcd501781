//! A map of cells with tokens on both axes, a cross-hair, and margins: shares of attention, or what is more and less
//! of them here than on the pinned text.
//!
//! ```text
//!                 keys →
//!     queries ↓   0    5
//!      (9) ·John  ▓▓░░  ░░                 ▊
//!   this query    ▁▁█                      ↑
//!     received    █▂▁                      entropy
//! ```

use crate::record::explored::{Area, Pattern};
use crate::text::shown;
use crate::tui::app::{App, Drawn, Hit};
use crate::tui::explorer::{Explorer, Selection};
use crate::tui::kit::{bar, below, fit, heat, put, put_right, row, skip, take};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;
use std::ops::Range;

/// Columns of the labels and of a cell; lines above the cells and below.
pub const LABELS: u16 = 14;
pub const CELL: u16 = 2;
const ABOVE: u16 = 2;
/// Lines and columns of the margins, and from which size on there are any.
const MARGIN: (u16, u16) = (2, 4);
const ROOMY: (u16, u16) = (40, 10);

/// What is mapped.
pub enum Shown<'a> {
    /// A head of the present text.
    Head(&'a Pattern),
    /// One of the pinned text, whose labels these are.
    Pinned(&'a Pattern, &'a [String]),
    /// The first less the second.
    Difference(&'a Pattern, &'a Pattern),
}

/// Where the cells lie.
pub fn cells(map: Rect) -> Rect {
    let (right, under) = margins(map);
    let inner = below(skip(map, LABELS), ABOVE);
    Rect { width: inner.width.saturating_sub(right), height: inner.height.saturating_sub(under), ..inner }
}

fn margins(map: Rect) -> (u16, u16) {
    if map.width >= ROOMY.0 && map.height >= ROOMY.1 { (MARGIN.1 + 1, MARGIN.0) } else { (0, 0) }
}

pub fn draw(app: &App, explorer: &Explorer, shown: &Shown, name: &str, map: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let (theme, selection) = (&app.theme, &app.selection);
    let (Shown::Head(first) | Shown::Pinned(first, _) | Shown::Difference(first, _)) = shown;
    let axes = Axes::of(&first.area, first.bin, selection);
    let label = |position: usize| match shown {
        Shown::Pinned(_, labels) => {
            format!("({position}) {}", labels.get(position).map_or("", String::as_str))
        }
        _ => explorer.at(position),
    };
    let place = cells(map);
    put_right(buf, take(row(map, 1), LABELS - 1), Span::styled(format!("{} ↓", axes.names.0), theme.dim));
    across(app, &axes, &label, name, skip(map, LABELS), buf);
    for y in 0..axes.down.n.min(place.height as usize) {
        let (line, is_here) = (row(place, y as u16), axes.down.at == y);
        let style = if is_here { theme.selected.patch(theme.strong) } else { theme.dim };
        let text = fit(&label(axes.down.position(y)), LABELS as usize - 1);
        put_right(buf, take(row(below(map, ABOVE), y as u16), LABELS - 1), Span::styled(text, style));
        let most = row_most(shown, &axes, y);
        for x in 0..axes.across.n.min((place.width / CELL) as usize) {
            let (query, key) = axes.cell(y, x);
            let cell = take(skip(line, x as u16 * CELL), CELL);
            let value = value(shown, query, key);
            let shade = match shown {
                Shown::Difference(..) => heat::difference(buf, cell, theme, value),
                _ => value
                    .map(|share| selection.scale.shade(share, most))
                    .inspect(|&shade| heat::cell(buf, cell, theme, shade)),
            };
            // The cross-hair leaves the shade to be seen.
            let mark = match (is_here, axes.across.at == x) {
                (true, true) => "[]",
                (true, false) if shade.is_none() => "──",
                (false, true) if shade.is_none() => "│ ",
                _ => "",
            };
            if !mark.is_empty() {
                let ground = if shade.is_none_or(|shade| shade < 0.5) { theme.strong } else { theme.heat_ink() };
                put(buf, cell, Span::styled(mark, if is_here && axes.across.at == x { ground } else { theme.rule }));
            }
            if !matches!(shown, Shown::Pinned(..)) {
                let (queries, keys) = (&first.area.queries, &first.area.keys);
                drawn.hits.push((cell, Hit::Cell(queries.start + query * first.bin, keys.start + key * first.bin)));
            }
        }
    }
    if let Shown::Head(_) = shown {
        draw_margins(app, explorer, &axes, map, place, buf);
    }
}

/// One axis: what it begins with, how many cells it has, and which of them is selected.
struct Axis {
    start: usize,
    bin: usize,
    n: usize,
    at: usize,
}

struct Axes {
    down: Axis,
    across: Axis,
    /// What lies down and across.
    names: (&'static str, &'static str),
    columns: bool,
}

impl Axis {
    fn of(range: &Range<usize>, bin: usize, at: usize) -> Self {
        Self { start: range.start, bin, n: range.len().div_ceil(bin), at: at.saturating_sub(range.start) / bin }
    }

    fn position(&self, cell: usize) -> usize {
        self.start + cell * self.bin
    }

    /// The largest of what lies in a cell.
    fn most(&self, cell: usize, values: &[f32]) -> Option<f32> {
        let range = self.position(cell)..(self.position(cell) + self.bin).min(values.len());
        values.get(range)?.iter().copied().filter(|value| !value.is_nan()).reduce(f32::max)
    }
}

impl Axes {
    fn of(area: &Area, bin: usize, selection: &Selection) -> Self {
        let columns = selection.columns;
        let queries = Axis::of(&area.queries, bin, selection.query);
        let keys = Axis::of(&area.keys, bin, selection.key);
        match columns {
            false => Self { down: queries, across: keys, names: ("queries", "keys"), columns },
            true => Self { down: keys, across: queries, names: ("keys", "queries"), columns },
        }
    }

    /// Query and key of a cell.
    fn cell(&self, y: usize, x: usize) -> (usize, usize) {
        if self.columns { (x, y) } else { (y, x) }
    }
}

/// What a cell shows; `None` where it is absent.
fn value(shown: &Shown, query: usize, key: usize) -> Option<f32> {
    let of = |pattern: &Pattern| {
        let n_keys = pattern.area.keys.len().div_ceil(pattern.bin);
        let n_queries = pattern.area.queries.len().div_ceil(pattern.bin);
        let is_there = key < n_keys && query < n_queries;
        pattern.cells.get(query * n_keys + key).copied().filter(|share| is_there && !share.is_nan())
    };
    match shown {
        Shown::Head(pattern) | Shown::Pinned(pattern, _) => of(pattern),
        Shown::Difference(one, other) => Some(of(one)? - of(other)?),
    }
}

/// The largest of a query's shares, for the scale that is relative to it.
fn row_most(shown: &Shown, axes: &Axes, y: usize) -> f32 {
    let row = (0..axes.across.n).filter_map(|x| {
        let (query, key) = axes.cell(y, x);
        value(shown, query, key)
    });
    row.fold(0.0, f32::max)
}

/// What lies across: its name, where each fifth stands, the label of the selected position.
fn across(app: &App, axes: &Axes, label: &dyn Fn(usize) -> String, name: &str, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    // A name, where several maps have one, says more than what lies across.
    match name {
        "" => put(buf, area, Span::styled(format!("{} →", axes.names.1), theme.dim)),
        name => put(buf, area, Span::styled(fit(name, area.width as usize), theme.strong)),
    };
    let ticks = row(area, 1);
    for i in (0..axes.across.n).step_by(5) {
        let text = axes.across.position(i).to_string();
        put(buf, skip(ticks, i as u16 * CELL), Span::styled(text, theme.faint));
    }
    // What stands there gives way to the label.
    let x = axes.across.at as u16 * CELL;
    let position = axes.across.position(axes.across.at);
    let position = if axes.across.bin == 1 { position } else { axes.selected(app) };
    let label = fit(&label(position), (area.width.saturating_sub(x) as usize).max(8));
    let x = x.min(area.width.saturating_sub(shown::width(&label) as u16 + 1));
    let (x, gap) = if x > 0 { (x - 1, " ") } else { (x, "") };
    put(buf, skip(ticks, x), Span::styled(format!("{gap}{label} "), theme.strong));
}

impl Axes {
    /// The selected position across.
    fn selected(&self, app: &App) -> usize {
        if self.columns { app.selection.query } else { app.selection.key }
    }
}

/// The selected query's row and what each key receives, and how spread each query is.
fn draw_margins(app: &App, explorer: &Explorer, axes: &Axes, map: Rect, place: Rect, buf: &mut Buffer) {
    let (theme, selection) = (&app.theme, &app.selection);
    let (right, under) = margins(map);
    let Some(margins) = explorer.margins.as_ref().filter(|it| it.head == selection.selected && under > 0) else {
        return;
    };
    let (of_down, of_across) = match axes.columns {
        false => (("entropy", &margins.entropy), ("received", &margins.received)),
        true => (("received", &margins.received), ("entropy", &margins.entropy)),
    };
    let mut line = below(map, ABOVE + axes.down.n.min(place.height as usize) as u16);
    let mut bars = |name: &str, values: &[f32]| {
        put_right(buf, take(row(line, 0), LABELS - 1), Span::styled(name, theme.dim));
        for x in 0..axes.across.n.min((place.width / CELL) as usize) {
            let Some(value) = axes.across.most(x, values) else { continue };
            let cell = take(skip(row(line, 0), LABELS + x as u16 * CELL), CELL);
            let symbol = bar::level(selection.scale.of(value)).repeat(CELL as usize);
            put(buf, cell, Span::styled(symbol, theme.attention));
        }
        line = below(line, 1);
    };
    if let Some(links) = explorer.links.as_ref().filter(|it| !axes.columns && it.head == selection.selected) {
        bars("this query", &links.shares);
    }
    bars(of_across.0, of_across.1);
    let column = skip(place, (axes.across.n as u16 * CELL).min(place.width / CELL * CELL) + 1);
    let column = Rect { width: (right - 1).min(map.right().saturating_sub(column.x)), ..column };
    let under = below(map, ABOVE + axes.down.n.min(place.height as usize) as u16);
    put(buf, Rect { x: column.x, width: 1, height: 1, ..under }, Span::styled("↑", theme.dim));
    // Against the edge where it does not fit under its arrow.
    let x = column.x.min(map.right().saturating_sub(of_down.0.len() as u16));
    put(buf, Rect { x, width: map.right() - x, ..row(under, 1) }, Span::styled(of_down.0, theme.dim));
    for y in 0..axes.down.n.min(place.height as usize) {
        if let Some(value) = axes.down.most(y, of_down.1) {
            bar::bar(buf, row(column, y as u16), f64::from(selection.scale.of(value)), theme.attention, theme);
        }
    }
}
