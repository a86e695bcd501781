//! The table of the Memory screen: what each part took, gave back, had at most and left behind.

use crate::arch::path::{branch_of, full_name_of};
use crate::record::Phase;
use crate::tui::app::{App, Drawn, Hit};
use crate::tui::kit::{bar, below, fit, put, put_right, quantity, row, scrollbar, scrolled, skip, take};
use crate::tui::phase_sums::Sums;
use crate::tui::sanitize;
use crate::units::Bytes;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

const NAME: u16 = 20;
const WIDTH: u16 = 11;

pub fn draw(app: &App, sums: &Sums, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let rows = sums.memory.rows(app.screens.memory.grouping);
    // Of decode steps the amounts are of one, as everywhere.
    let passes = match app.one_phase() {
        Phase::Prefill => 1,
        Phase::Decode => u64::from(sums.account.passes.max(1)),
    };
    let headings = match app.one_phase() {
        Phase::Prefill => ["allocated", "freed", "peak", "alive after"],
        Phase::Decode => ["alloc/step", "freed/step", "peak", "alive after"],
    };
    let inner = Rect { width: area.width.saturating_sub(2), ..area };
    put(buf, skip(inner, 2), Span::styled("part", theme.dim));
    for (n, heading) in headings.iter().enumerate() {
        put_right(
            buf,
            take(skip(inner, NAME + WIDTH * n as u16), WIDTH + n as u16 / 3 * 2),
            Span::styled(*heading, theme.dim),
        );
    }
    let list = below(area, 1);
    let height = list.height as usize;
    let selected = app.screens.memory.index(rows.iter().map(|row| row.name.as_str()));
    let first = scrolled(drawn.listed.0, selected, height, rows.len());
    drawn.listed = (first, height);
    let highest = rows.first().map_or(0, |row| row.memory.peak.0).max(1);
    for (y, entry) in rows.iter().enumerate().skip(first).take(height) {
        let line = row(list, (y - first) as u16);
        if y == selected {
            buf.set_style(line.intersection(buf.area), theme.selected);
        }
        let line = take(line, inner.width);
        let name = sanitize::label(&full_name_of(&entry.name));
        put(buf, skip(line, 2), Span::styled(fit(&name, NAME as usize - 2), theme.text));
        let memory = entry.memory;
        let each = |bytes: Bytes| Bytes(bytes.0 / passes);
        let cells = [each(memory.allocated), each(memory.freed), memory.peak, each(memory.alive)];
        for (n, bytes) in cells.into_iter().enumerate() {
            let sign = if n == 2 && bytes.0 > 0 { "+" } else { "" };
            let ink = if n == 2 { theme.text } else { theme.dim };
            let cell = match bytes.0 {
                0 => vec![Span::styled("0 B", theme.faint)],
                _ => quantity(&format!("{sign}{bytes}"), ink, theme.faint),
            };
            put_right(buf, take(skip(line, NAME + WIDTH * n as u16), WIDTH + n as u16 / 3 * 2), Line::from(cell));
        }
        let rail = skip(line, NAME + WIDTH * 4 + 4);
        let style = theme.bar(theme.part(branch_of(&entry.name)), y % 2 == 1);
        bar::bar(buf, rail, memory.peak.0 as f64 / highest as f64, style, theme);
        drawn.hits.push((line, Hit::Listed(entry.name.clone())));
    }
    scrollbar(buf, list, first, rows.len(), theme.dim, theme.rule);
}
