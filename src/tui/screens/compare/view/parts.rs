//! The parts of both configurations, as a tree.

use crate::arch::path::{branch_of, name_of};
use crate::record::Phase;
use crate::tui::app::{App, Drawn, Hit};
use crate::tui::kit::whisker as whiskers;
use crate::tui::kit::{bar, below, fit, put, put_right, row, scrollbar, scrolled, skip, span, take};
use crate::tui::sanitize;
use crate::tui::screens::compare::rows::{Compared, PartRow};
use crate::tui::screens::compare::view::columns::Columns;
use crate::tui::screens::compare::view::headline::{longest, times};
use crate::tui::screens::compare::view::verdict::scale;
use crate::tui::studies::Studied;
use crate::tui::view::choices;
use crate::units::Nanos;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

pub fn draw(
    app: &App,
    studied: &Studied,
    compared: &Compared,
    columns: Columns,
    area: Rect,
    buf: &mut Buffer,
    drawn: &mut Drawn,
) {
    let theme = &app.theme;
    let phase = app.one_phase();
    put(buf, area, Span::styled("─".repeat(area.width as usize), theme.rule));
    let first = skip(row(area, 0), 2);
    put(buf, first, Span::raw(" ".repeat(26.min(first.width) as usize)));
    choices::phase(phase).draw(theme, skip(first, 1), buf, drawn);
    let rows = compared.rows(&app.screens.compare, phase);
    if rows.is_empty() {
        let why = match (compared.whole, studied.is_going_on()) {
            (false, true) => "The parts are judged at the end: before, that would disturb what is measured.",
            _ => "No parts were timed.",
        };
        put(buf, skip(below(area, 2), 1), Span::styled(why, theme.dim));
        return;
    }
    let ratios = rows.iter().filter_map(|row| row.figure?.ratio.as_ref());
    let scale = scale(ratios, compared.comparison.phase(phase).time.floor);
    whiskers::axis(buf, columns.whisker(skip(row(area, 0), 1)), scale, theme);
    let foot = 2;
    let list = Rect { height: area.height.saturating_sub(1 + foot), ..below(area, 1) };
    let branches: Vec<_> = rows.iter().map(|row| row.branch).collect();
    let selected = app.screens.compare.index(&branches);
    let height = list.height as usize;
    let top = scrolled(drawn.listed.0, selected, height, rows.len());
    drawn.listed = (top, height);
    let longest: Vec<Nanos> = (0..9).map(|depth| level(&rows, depth)).collect();
    for (y, part) in rows.iter().enumerate().skip(top).take(height) {
        let line = row(list, (y - top) as u16);
        if y == selected {
            buf.set_style(line.intersection(buf.area), theme.selected);
        }
        let line = Rect { width: line.width.saturating_sub(2), ..skip(line, 1) };
        name(app, part, take(line, columns.name), buf);
        if let Some(figure) = part.figure {
            times(app, figure, columns, scale, line, buf);
            bars(app, part, y % 2 == 1, longest[part.branch.depth as usize], columns.bars(line), buf);
        }
        drawn.hits.push((line, Hit::Branch(part.branch.path.to_owned())));
    }
    scrollbar(buf, list, top, rows.len(), theme.dim, theme.rule);
    let bottom = below(area, area.height.saturating_sub(foot));
    put(buf, bottom, Span::styled("─".repeat(area.width as usize), theme.rule));
    let line = Rect { width: area.width.saturating_sub(2), ..skip(row(bottom, 1), 1) };
    let legend = match phase {
        Phase::Prefill => "times measured",
        Phase::Decode => "times measured, of one step",
    };
    let room = line.width.saturating_sub(legend.len() as u16 + 2) as usize;
    if let Some(part) = rows.get(selected) {
        let said = [about(part, true), about(part, false)];
        let said = said.iter().find(|said| said.width() <= room).unwrap_or(&said[1]);
        put(buf, line, Span::styled(fit(said, room), theme.text));
    }
    put_right(buf, line, Span::styled(legend, theme.faint));
}

/// The longest time of a level: what a full bar means there.
fn level(rows: &[PartRow], depth: u16) -> Nanos {
    let those = rows.iter().filter(|row| row.branch.depth == depth);
    those.filter_map(|row| row.figure.map(longest)).max().unwrap_or_default()
}

fn name(app: &App, part: &PartRow, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let twist = match (part.branch.openable, part.branch.open) {
        (true, true) => "▾ ",
        (true, false) => "▸ ",
        _ => "  ",
    };
    let style = match part.branch.depth {
        0 => theme.text.patch(theme.strong),
        _ => theme.text,
    };
    // Where there is little room, a level is one column further in.
    let indent = if area.width < 20 { 1 } else { 2 };
    let place = skip(area, indent * part.branch.depth);
    let text = sanitize::label(&name_of(part.branch.path));
    // What has no numbers of its own may take their room.
    let room = if part.figure.is_some() { place.width.saturating_sub(2) } else { 24 };
    let line = Line::from_iter([Span::styled(twist, theme.dim), Span::styled(fit(&text, room as usize), style)]);
    put(buf, Rect { width: place.width.max(room + 2), ..place }, line);
}

/// The times of both on the scale of their level, A over B.
fn bars(app: &App, part: &PartRow, odd: bool, longest: Nanos, area: Rect, buf: &mut Buffer) {
    let (theme, Some(figure)) = (&app.theme, part.figure) else { return };
    let sides = [figure.sides.baseline, figure.sides.candidate];
    let shares = sides.map(|side| side.map_or(0.0, |quartiles| quartiles.median.share_of(longest)));
    let kind = theme.part(branch_of(part.branch.path));
    bar::pair(buf, area, shares, [theme.bar(theme.other, odd), theme.bar(kind, odd)], theme);
}

/// The selected part in a line, with the quartiles if there is room.
fn about(part: &PartRow, quartiles: bool) -> String {
    let path = part.branch.path;
    let name = sanitize::label(&name_of(path));
    let Some(figure) = part.figure else { return format!("{name}: every part of a block, added up over all of them") };
    let side = |name: &str, side: Option<crate::record::Quartiles>| {
        side.map(|q| match quartiles {
            true => format!("{name} {} (quartiles {})", q.median, span(q.q1, q.q3)),
            false => format!("{name} {}", q.median),
        })
    };
    let sides = [side("A", figure.sides.baseline), side("B", figure.sides.candidate)];
    let said = [Some(name), figure.words()].into_iter().chain(sides).flatten();
    said.collect::<Vec<_>>().join(" · ")
}
