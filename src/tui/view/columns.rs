//! The columns of the Blocks table: which ones fit, and what stands in them.

use crate::trace::{Phase, Quartiles, Row};
use crate::tui::live::Live;
use crate::tui::outline::Outline;
use crate::tui::theme::Theme;
use crate::tui::widget::{figure, quantity};
use crate::units::{Bytes, Flops, Nanos, percent};
use ratatui::text::{Line, Span};

/// A column of numbers; the name and the bar are always there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    Time,
    Share,
    Rate,
    Work,
    Traffic,
    Bandwidth,
    Spread,
    Calls,
}

/// A row's numbers, of one step or of a whole repeat.
pub struct Figures {
    pub time: Nanos,
    pub flops: Flops,
    pub bytes: Bytes,
    pub share: f64,
    pub calls: u32,
    /// Half the distance between the quartiles, as a share of the median; `None` with one measurement.
    pub spread: Option<f64>,
}

/// Columns in the order in which they are given room.
const WANTED: [Column; 8] = [
    Column::Time,
    Column::Share,
    Column::Rate,
    Column::Work,
    Column::Traffic,
    Column::Bandwidth,
    Column::Spread,
    Column::Calls,
];

/// The columns for so many columns of characters, keeping `bar` for the bar; and what is left for it.
pub fn fitting(width: u16, bar: u16) -> (Vec<Column>, u16) {
    let (mut columns, mut left) = (Vec::new(), width);
    for column in WANTED {
        if left < bar + column.width() {
            break;
        }
        left -= column.width();
        columns.push(column);
    }
    (columns, left)
}

impl Column {
    /// Its width, with the gap before it.
    pub fn width(self) -> u16 {
        match self {
            Column::Time => 10,
            Column::Share => 7,
            Column::Rate => 9,
            Column::Work => 12,
            Column::Traffic => 9,
            Column::Bandwidth => 7,
            Column::Spread => 8,
            Column::Calls => 7,
        }
    }

    /// Whether it stands before the bar.
    pub fn leads(self) -> bool {
        matches!(self, Column::Time | Column::Share)
    }

    /// Its heading; `°` marks what rests on a formula.
    pub fn heading(self, per_step: bool) -> &'static str {
        match self {
            Column::Time if per_step => "time/step",
            Column::Time => "time",
            Column::Share => "share",
            Column::Rate => "GFLOP/s°",
            Column::Work => "FLOPs°",
            Column::Traffic => "bytes°",
            Column::Bandwidth => "GB/s°",
            Column::Spread => "spread",
            Column::Calls => "calls",
        }
    }

    /// What stands in it.
    pub fn cell(self, figures: &Figures, theme: &Theme) -> Line<'static> {
        let rate = |rate: Option<f64>| match rate {
            Some(rate) => Line::from(Span::styled(figure(rate), theme.text)),
            None => nothing(theme),
        };
        let text = match self {
            Column::Time => {
                return Line::from_iter(quantity(&figures.time.to_string(), theme.text, theme.dim));
            }
            Column::Rate => return rate(figures.flops.gflops_per_second(figures.time)),
            Column::Bandwidth => return rate(figures.bytes.gigabytes_per_second(figures.time)),
            Column::Work if figures.flops.0 == 0 => return nothing(theme),
            Column::Work => figures.flops.to_string(),
            Column::Traffic => figures.bytes.to_string(),
            Column::Share => percent(figures.share),
            Column::Spread => match figures.spread {
                Some(spread) => format!("±{}", percent(spread)),
                None => return nothing(theme),
            },
            Column::Calls => figures.calls.to_string(),
        };
        Line::from_iter(quantity(&text, theme.dim, theme.faint))
    }
}

fn nothing(theme: &Theme) -> Line<'static> {
    Line::from(Span::styled("–", theme.faint))
}

impl Figures {
    /// The numbers of a part in the phase shown; `None` while it has not run there.
    pub fn of(live: &Live, part: u32, outline: &Outline, whole: Nanos) -> Option<Self> {
        let row = live.tally.row(part, outline.phase)?;
        let share = row.typical.share_of(whole);
        let steps = if per_step(outline) { executions(&row) } else { 1 };
        let by = |value: u64| value / u64::from(steps.max(1));
        Some(Self {
            time: Nanos(by(row.typical.0)),
            flops: Flops(by(row.flops.0)),
            bytes: Bytes(by(row.bytes.0)),
            share,
            calls: row.calls,
            spread: spread(live, &row, outline.phase),
        })
    }
}

/// Whether the numbers are of one decode step.
pub fn per_step(outline: &Outline) -> bool {
    outline.per_step && outline.phase == Some(Phase::Decode)
}

/// How often a part runs in one repeat.
fn executions(row: &Row) -> u32 {
    row.calls / (row.time.n as u32).max(1)
}

/// The spread over the repeats; over the steps where there is one repeat of many steps.
fn spread(live: &Live, row: &Row, phase: Option<Phase>) -> Option<f64> {
    let quartiles = match phase {
        _ if row.time.n > 1 => row.time,
        Some(Phase::Decode) => Quartiles::of(live.tally.times(row.part, Phase::Decode)).filter(|q| q.n > 3)?,
        _ => return None,
    };
    Some((quartiles.q3 - quartiles.q1).share_of(quartiles.median) / 2.0)
}
