//! Slices added up by name: operators, or parts and modules.
//!
//! ```text
//!   name                          calls      total        own    share
//! ▌ aten::mm                        211     812 ms     812 ms    43.1%  ███████████████▎
//! ```

use crate::analyse::timeline::Grouped;
use crate::tui::action::{self, Act, Scope};
use crate::tui::app::{App, Drawn, Hit};
use crate::tui::kit::{bar, below, fit, put, row, scrollbar, scrolled, skip, take};
use crate::tui::sanitize;
use crate::tui::screens::list::Screen;
use crate::tui::screens::timeline::Chart;
use crate::units::{exactly, percent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// Columns of calls, total, own and share, each with the space before it.
pub const FIGURES: usize = 10 + 11 + 11 + 9;

/// Fewer rows than this are left empty.
const LEAST_PANEL: u16 = 6;

pub fn draw(app: &App, chart: &Chart, groups: &[Grouped], area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let named = (area.width as usize).saturating_sub(FIGURES + 18).clamp(16, 72);
    let head = format!("{:<named$}{:>10}{:>11}{:>11}{:>9}", "name", "calls", "total", "own", "share");
    put(buf, skip(area, 2), Span::styled(head, theme.dim));
    let list = Rect { height: area.height.saturating_sub(2), ..below(area, 1) };
    let height = list.height as usize;
    let first = scrolled(drawn.listed.0, app.screens.timeline.row, height, groups.len());
    drawn.listed = (first, height);
    let most = groups.first().map_or(0.0, |group| group.share);
    for (index, group) in groups.iter().enumerate().skip(first).take(height) {
        let line = row(list, (index - first) as u16);
        if index == app.screens.timeline.row {
            buf.set_style(line.intersection(buf.area), theme.selected);
            put(buf, line, Span::styled("▌", theme.accent));
        }
        let used = put(buf, skip(line, 2), entry(app, chart, group, named));
        let rail = Rect { width: line.width.saturating_sub(used + 6), ..skip(line, used + 4) };
        bar_of(app, chart, index, group, most, rail, buf);
        drawn.hits.push((line, Hit::Named(index)));
    }
    scrollbar(buf, list, first, groups.len(), theme.dim, theme.rule);
    let open = action::key_of(&[Scope::On(Screen::Timeline)], Act::Open);
    let foot = format!("of all passes together · own: without what is inside and listed · {open}: the longest");
    let place = skip(row(area, area.height.saturating_sub(1)), 2);
    put(buf, place, Span::styled(fit(&foot, place.width as usize), theme.faint));
}

/// Where the slices leave room, the names that take most time, for the whole of the timeline.
pub fn panels(app: &App, chart: &Chart, area: Rect, buf: &mut Buffer) {
    if area.height < LEAST_PANEL {
        return;
    }
    let modules = if app.imported.is_some() { "modules" } else { "parts" };
    let lists = [("operators", &chart.operators), (modules, &chart.modules)];
    let lists: Vec<_> = lists.into_iter().filter(|(_, groups)| !groups.is_empty()).collect();
    let n = if area.width < 2 * (FIGURES as u16 + 30) { 1 } else { 2 }.min(lists.len());
    for (at, (title, groups)) in lists.into_iter().take(n).enumerate() {
        let width = area.width / n as u16;
        let place = Rect { x: area.x + at as u16 * width, width: width.saturating_sub(2), ..area };
        let named = (width as usize).saturating_sub(FIGURES + 22).clamp(16, 60);
        let theme = &app.theme;
        let title = format!("{title} by name");
        let head = format!("{title:<named$}{:>10}{:>11}{:>11}{:>9}", "calls", "total", "own", "share");
        put(buf, skip(place, 1), Span::styled(head, theme.dim));
        let most = groups.first().map_or(0.0, |group| group.share);
        for (index, group) in groups.iter().take(place.height.saturating_sub(2) as usize).enumerate() {
            let line = row(place, 1 + index as u16);
            let used = put(buf, skip(line, 1), entry(app, chart, group, named)) + 3;
            bar_of(app, chart, index, group, most, skip(line, used), buf);
        }
    }
}

/// Its share beside the largest, in the colour of its longest slice.
fn bar_of(app: &App, chart: &Chart, index: usize, group: &Grouped, most: f64, rail: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let style = chart.longest_named(group.name).map_or(theme.other, |at| theme.slice(chart.stage(at)));
    let share = if most > 0.0 { group.share / most } else { 0.0 };
    bar::bar(buf, take(rail, 60), share, theme.bar(style, index % 2 == 1), theme);
}

/// A name with its figures.
pub fn entry(app: &App, chart: &Chart, group: &Grouped, named: usize) -> Line<'static> {
    let theme = &app.theme;
    let name = fit(&sanitize::label(&chart.timeline.names[group.name as usize]), named - 1);
    let pad = " ".repeat(named - name.width());
    Line::from_iter([
        Span::styled(format!("{name}{pad}"), theme.text),
        Span::styled(format!("{:>10}", exactly(group.calls)), theme.dim),
        Span::styled(format!("{:>11}", group.total.to_string()), theme.text),
        Span::styled(format!("{:>11}", group.own.to_string()), theme.text),
        Span::styled(format!("{:>9}", percent(group.share)), theme.strong),
    ])
}
