//! The table of the Matrix screen.

use crate::analyse::comparison::words;
use crate::analyse::pareto::Standing;
use crate::record::Phase;
use crate::tui::app::{App, Drawn, Hit};
use crate::tui::kit::{below, figure, fit, put, put_right, quantity, row, scrollbar, scrolled, skip, take};
use crate::tui::sanitize;
use crate::tui::screens::compare::view::sign;
use crate::tui::screens::matrix::ranking::{Ranked, RankingColumn};
use crate::units::percent;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Columns of characters that the table takes where the plot stands beside it.
pub const WIDTH: u16 = 104;

/// From this width on there is room for everything.
const ROOMY: u16 = 90;

/// The columns of numbers: heading and width.
const COLUMNS: [(RankingColumn, &str, u16); 6] = [
    (RankingColumn::Prefill, "prefill", 11),
    (RankingColumn::Decode, "decode", 10),
    (RankingColumn::Ratio, "time ÷ 1st", 12),
    (RankingColumn::Kl, "KL", 10),
    (RankingColumn::Top1, "top-1", 8),
    (RankingColumn::Memory, "memory", 10),
];

/// The columns that there is room for: where there is little, the rate of the other phase makes room for names.
fn columns(app: &App, width: u16) -> Vec<(RankingColumn, &'static str, u16)> {
    let other = if app.one_phase() == Phase::Prefill { RankingColumn::Decode } else { RankingColumn::Prefill };
    let wanted = |column: RankingColumn| width >= ROOMY || column != other || app.screens.matrix.column == other;
    COLUMNS.into_iter().filter(|&(column, ..)| wanted(column)).collect()
}

pub fn draw(app: &App, rows: &[&Ranked], selected: usize, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let inner = Rect { width: area.width.saturating_sub(3), ..skip(area, 1) };
    let columns = columns(app, inner.width);
    let numbers: u16 = columns.iter().map(|&(.., width)| width).sum();
    let names = inner.width.saturating_sub(numbers).max(10);
    headings(app, &columns, names, inner, buf);
    let list = below(area, 1);
    let height = list.height as usize;
    let first = scrolled(drawn.listed.0, selected, height, rows.len());
    drawn.listed = (first, height);
    for (y, arm) in rows.iter().enumerate().skip(first).take(height) {
        let line = row(list, (y - first) as u16);
        if y == selected {
            buf.set_style(line.intersection(buf.area), theme.selected);
        }
        let line = Rect { width: inner.width, ..skip(line, 1) };
        let dominated = matches!(arm.phases[app.one_phase() as usize].standing, Some(Standing::Dominated { .. }));
        let style = match (arm.arm, &arm.refused) {
            (_, Some(_)) => theme.faint,
            (0, _) => theme.strong,
            _ if dominated => theme.dim,
            _ => theme.text,
        };
        put(buf, line, Span::styled(fit(&sanitize::label(&arm.name), names as usize - 1), style));
        let mut rest = skip(line, names);
        match &arm.refused {
            Some(why) => {
                let text = fit(&format!("✗ {}", sanitize::label(why)), rest.width as usize);
                put(buf, rest, Span::styled(text, theme.warn));
            }
            None => {
                for &(column, _, width) in &columns {
                    put_right(buf, take(rest, width), cell(app, column, arm));
                    rest = skip(rest, width);
                }
            }
        }
        drawn.hits.push((line, Hit::Arm(arm.arm)));
    }
    scrollbar(buf, list, first, rows.len(), theme.dim, theme.rule);
}

/// The headings, that of the sorted column marked.
fn headings(app: &App, columns: &[(RankingColumn, &str, u16)], names: u16, area: Rect, buf: &mut Buffer) {
    let (theme, ranking) = (&app.theme, &app.screens.matrix);
    let mark = if ranking.reversed { "▴" } else { "▾" };
    let heading = |column: RankingColumn, text: &str| match ranking.column == column {
        true => Span::styled(format!("{text}{mark}"), theme.accent),
        false => Span::styled(text.to_owned(), theme.dim),
    };
    put(buf, area, heading(RankingColumn::Name, "configuration"));
    let mut rest = skip(area, names);
    for &(column, text, width) in columns {
        // Rates are tokens per second.
        let unit = matches!(column, RankingColumn::Prefill | RankingColumn::Decode);
        let text = if unit { format!("{text}/s") } else { text.to_owned() };
        put_right(buf, take(rest, width), heading(column, &text));
        rest = skip(rest, width);
    }
}

fn cell(app: &App, column: RankingColumn, arm: &Ranked) -> Line<'static> {
    let theme = &app.theme;
    let rate = |phase: usize| arm.phases[phase].rate.map(figure);
    let text = match column {
        RankingColumn::Name => None,
        RankingColumn::Prefill => rate(0),
        RankingColumn::Decode => rate(1),
        RankingColumn::Kl => arm.quality.map(|quality| words::nats(quality.kl_mean)),
        RankingColumn::Top1 => arm.quality.map(|quality| percent(quality.top1)),
        RankingColumn::Memory => {
            let shown = arm.memory.map(|memory| Line::from(quantity(&memory.to_string(), theme.text, theme.dim)));
            return shown.unwrap_or_else(|| nothing(app));
        }
        RankingColumn::Ratio => {
            let figure = match &arm.phases[app.one_phase() as usize].figure {
                Some(figure) => figure,
                None => return Line::from(Span::styled("baseline", theme.dim)),
            };
            let (Some(ratio), Some(verdict)) = (figure.ratio, figure.verdict) else { return nothing(app) };
            let (sign, style) = sign(&verdict, theme);
            return Line::from_iter([Span::styled(ratio.times(), theme.text), Span::styled(format!(" {sign}"), style)]);
        }
    };
    text.map_or_else(|| nothing(app), |text| Line::from(Span::styled(text, theme.text)))
}

fn nothing(app: &App) -> Line<'static> {
    Line::from(Span::styled("–", app.theme.faint))
}
