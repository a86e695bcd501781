//! What was alive, on the same axis as the slices.

use crate::analyse::timeline::{Curve, Level};
use crate::tui::app::App;
use crate::tui::kit::plot::GUTTER;
use crate::tui::kit::stack;
use crate::tui::kit::stack::Stack;
use crate::tui::kit::{below, skip, titled_rule};
use crate::tui::sanitize;
use crate::tui::screens::memory::rows::STACKED;
use crate::tui::screens::timeline::{Chart, Window};
use crate::units::Bytes;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

pub fn draw(app: &App, chart: &Chart, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let curves = &chart.timeline.memory;
    // Of several ranks, the one that is looked at.
    let group = &chart.timeline.tracks[app.screens.timeline.selected.track].group;
    let Some(curve) = curves.iter().find(|curve| curve.name.starts_with(group.as_str())).or(curves.first()) else {
        return;
    };
    let columns = levels(curve, app.screens.timeline.window, area.width.saturating_sub(GUTTER));
    let is_split = matches!(curve.points.first(), Some((_, Level::Split(_))));
    let layers: Vec<Style> = match is_split {
        true => STACKED.map(|category| theme.category(category)).to_vec(),
        false => vec![theme.memory[2]],
    };
    let (unit, _) = stack::unit(stack::largest(&columns, &[]));
    let mut title = vec![Span::styled(format!("alive, {unit}"), theme.text)];
    if is_split {
        title.push(Span::styled(" · weights left out", theme.dim));
    } else if curves.len() > 1 {
        title.push(Span::styled(format!(" · {}", sanitize::label(&curve.name)), theme.dim));
    }
    let title = Line::from(title);
    let rest = skip(Rect { width: area.width.saturating_sub(2), ..area }, title.width() as u16 + 6);
    titled_rule(buf, area, title, theme.rule);
    if is_split {
        crate::tui::screens::memory::view::legend(theme, rest, buf);
    }
    let whole = |column: &Vec<Bytes>| column.iter().copied().sum::<Bytes>();
    let peak = columns.iter().enumerate().rev().max_by_key(|(_, column)| whole(column));
    let pointed = peak.filter(|(_, column)| whole(column).0 > 0).map(|(x, column)| {
        let most = whole(column);
        (x, format!("most in this window {most}"))
    });
    let ends = (String::new(), String::new());
    let stack = Stack { columns: &columns, layers: &layers, marks: &[], apart: false, pointed, ends };
    stack.draw(buf, below(area, 1), theme);
}

/// The highest level of each column of a window.
fn levels(curve: &Curve, window: Window, width: u16) -> Vec<Vec<Bytes>> {
    let layers = |level: Level| match level {
        Level::Split(split) => STACKED.map(|category| split.of(category)).to_vec(),
        Level::Total(bytes) => vec![bytes],
    };
    let before = |at| curve.points.partition_point(|(time, _)| *time < at);
    let columns = (0..width).map(|x| {
        let (first, end) = (before(window.at(x, width)), before(window.at(x + 1, width)));
        // What was alive when the column begins is alive in it.
        let seen = &curve.points[first.saturating_sub(1)..end];
        let stacked = |level: &Level| match level {
            Level::Split(split) => STACKED.into_iter().map(|category| split.of(category)).sum(),
            Level::Total(bytes) => *bytes,
        };
        let most = seen.iter().map(|(_, level)| level).max_by_key(|level| stacked(level));
        most.map(|level| layers(*level)).unwrap_or_default()
    });
    columns.collect()
}
