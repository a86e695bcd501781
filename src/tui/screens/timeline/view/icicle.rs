//! The slices: a row for each depth, a column for each stretch of time.

use crate::analyse::timeline::{Coverage, SliceKind};
use crate::tui::app::{App, Drawn, Hit};
use crate::tui::kit::{fit, put, row, scrollbar, scrolled, skip, take, titled_rule};
use crate::tui::sanitize;
use crate::tui::screens::timeline::chart::ChartLine;
use crate::tui::screens::timeline::{At, Chart};
use crate::tui::theme::Depth;
use crate::units::Nanos;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// Columns at the left for the names of rows: as many as the chart of memory has for its scale.
pub const GUTTER: u16 = 8;
/// Where several slices share a column, how much of its time they take.
const SHADES: [&str; 4] = ["░", "▒", "▓", "█"];
/// Where one slice takes less than a column.
const EIGHTHS: [&str; 8] = ["▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"];
/// Narrower slices have no name on them.
const NAMED: u16 = 4;

/// Where time runs in an area: beside the names of rows, and before the scrollbar.
pub fn field(area: Rect) -> Rect {
    let field = skip(area, GUTTER);
    Rect { width: field.width.saturating_sub(1), ..field }
}

/// Returns how many rows it took.
pub fn draw(app: &App, chart: &Chart, field: Rect, buf: &mut Buffer, drawn: &mut Drawn) -> u16 {
    let theme = &app.theme;
    let lines = chart.lines();
    let selected = app.screens.timeline.selected;
    let depth = chart.slice(selected).depth;
    let at = lines.iter().position(|line| *line == ChartLine::Row(selected.track, depth)).unwrap_or(0);
    let height = field.height as usize;
    let first = scrolled(drawn.listed.0, at, height, lines.len());
    drawn.listed = (first, height);
    let mut above = None;
    for (y, line) in lines.iter().skip(first).take(height).enumerate() {
        let place = row(field, y as u16);
        let whole = Rect { x: field.x - GUTTER, width: field.width + GUTTER, ..place };
        match *line {
            ChartLine::Title(track) => {
                let track = &chart.timeline.tracks[track];
                let group = if track.group.is_empty() { String::new() } else { format!("{} · ", track.group) };
                let title = sanitize::label(&format!("{group}{}", track.name));
                let title = Line::from(Span::styled(fit(&title, whole.width as usize / 2), theme.dim));
                titled_rule(buf, whole, title, theme.rule);
                above = None;
            }
            ChartLine::Row(track, depth) => {
                let (of, window) = (&chart.timeline.tracks[track], app.screens.timeline.window);
                let longest = chart.rows[track].seen(of, depth, window.from, window.to());
                let word = longest.map(|seen| word(chart.slice(At { track, slice: seen.slice }).kind));
                if word.is_some() && word != above {
                    put(buf, skip(whole, 1), Span::styled(word.unwrap_or_default(), theme.faint));
                }
                above = word.or(above);
                draw_row(app, chart, track, depth, place, buf, drawn);
            }
        }
    }
    let bar = Rect { x: field.right(), width: 1, ..field };
    scrollbar(buf, bar, first, lines.len(), theme.dim, theme.rule);
    lines.len().min(height) as u16
}

/// What the slices of a row are.
fn word(kind: SliceKind) -> &'static str {
    match kind {
        SliceKind::Pass => "pass",
        SliceKind::Part | SliceKind::Attention | SliceKind::Mlp => "part",
        SliceKind::Module => "module",
        SliceKind::Operator => "op",
        SliceKind::Kernel => "kernel",
        SliceKind::Runtime => "driver",
        SliceKind::Function => "code",
        SliceKind::Annotation => "region",
    }
}

fn draw_row(app: &App, chart: &Chart, track: usize, depth: u16, place: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let (window, width) = (app.screens.timeline.window, place.width);
    let (rows, of) = (&chart.rows[track], &chart.timeline.tracks[track]);
    let mut x = 0;
    while x < width {
        let (from, to) = (window.at(x, width), window.at(x + 1, width));
        let Some(seen) = rows.seen(of, depth, from, to) else {
            x += 1;
            continue;
        };
        let at = At { track, slice: seen.slice };
        let end = window.column(chart.slice(at).end(), width).max(x + 1);
        let columns = if seen.slices == 1 || end > x + 1 { end - x } else { 1 };
        let cell = Rect { x: place.x + x, width: columns, ..place };
        slab(app, chart, at, seen, to - from, cell, buf);
        drawn.hits.push((cell, Hit::Slice(at)));
        x += columns;
    }
}

/// What says most of a name that does not fit: an operator without its namespace, a function without its file.
fn short(name: &str) -> &str {
    let function = name.rsplit_once("): ").map_or(name, |(_, function)| function);
    function.rsplit_once("::").map_or(function, |(_, operator)| operator)
}

/// One slice, or all those that share a column, which stands for so much time.
fn slab(app: &App, chart: &Chart, at: At, seen: Coverage, column: Nanos, cell: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let slice = chart.slice(at);
    let is_selected = app.screens.timeline.selected == at;
    let is_sought = app.screens.timeline.sought.is_none_or(|name| name == slice.name);
    let odd = chart.rows[at.track].slices(slice.depth).binary_search(&at.slice).is_ok_and(|n| n % 2 == 1);
    let dark = if slice.kind == SliceKind::Operator { 2 } else { 0 };
    let colour = if is_sought { theme.slice(chart.stage(at)) } else { theme.rule };
    let style = match is_selected {
        true if theme.depth == Depth::Plain => Style::new().add_modifier(Modifier::REVERSED),
        true => theme.slab(theme.strong, 0).add_modifier(Modifier::BOLD),
        false => theme.slab(colour, dark + u8::from(odd)),
    };
    if cell.width == 1 {
        let share = seen.busy.share_of(column).clamp(0.0, 1.0);
        let sign = |signs: &[&'static str]| signs[((share * signs.len() as f64).ceil() as usize).max(1) - 1];
        let sign = if seen.slices > 1 { sign(&SHADES) } else { sign(&EIGHTHS) };
        let ink = Style::new().fg(style.bg.unwrap_or_default());
        let ink = if theme.depth == Depth::Plain { style } else { ink };
        put(buf, cell, Span::styled(sign, ink));
        return;
    }
    buf.set_style(cell.intersection(buf.area), style);
    let edge = if theme.depth == Depth::True { "" } else { "▏" };
    let mut text = edge.to_owned();
    if cell.width >= NAMED {
        let pad = if edge.is_empty() && cell.width > NAMED + 1 { " " } else { "" };
        let name = sanitize::label(chart.name(at));
        let room = (cell.width as usize).saturating_sub(edge.width() + pad.len());
        text = format!("{edge}{pad}{}", if name.width() > room { short(&name) } else { &name });
    }
    let text = fit(&text, cell.width as usize);
    let used = text.width() as u16;
    put(buf, take(cell, used), Span::styled(text, style));
    if theme.depth == Depth::Plain && !is_selected {
        put(buf, skip(cell, used), Span::styled("─".repeat((cell.width - used) as usize), theme.rule));
    }
}
