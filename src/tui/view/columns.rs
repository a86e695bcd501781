//! The columns of the Blocks table: which ones fit, and what stands in them.

use crate::analyse::roofline::Standing;
use crate::record::{Phase, Quartiles, Row};
use crate::tui::kit::{figure, quantity};
use crate::tui::live::Live;
use crate::tui::phase_sums::Sums;
use crate::tui::screens::blocks::outline::{Node, What};
use crate::tui::shown::Shown;
use crate::tui::theme::Theme;
use crate::units::{Bytes, Flops, Nanos, percent};
use ratatui::text::{Line, Span};

/// A column of numbers; the name and the bar are always there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlocksColumn {
    Time,
    Share,
    Rate,
    Work,
    Traffic,
    Bandwidth,
    Spread,
    Calls,
    /// Of a traced run: the percentage of the attainable.
    Roof,
    /// Of a traced run: the highest that live memory rose.
    Peak,
    /// Of a traced run: what its operators read and wrote.
    Moved,
    /// Of a traced run: with everything that it calls.
    Total,
}

/// A row's numbers, of one step or of a whole repeat.
pub struct Figures {
    /// With parts inside; of an operator without the operators that it calls.
    pub time: Nanos,
    /// With everything inside.
    pub total: Nanos,
    /// Counted in a traced run, else modelled; `None` where it is not known.
    pub flops: Option<Flops>,
    /// Calls of operators whose work is not in `flops`.
    pub unknown: u32,
    /// Compulsory traffic of a part. Modelled.
    pub bytes: Option<Bytes>,
    /// Of a traced run. Counted.
    pub moved: Option<Bytes>,
    /// Whether it only calls operators, which have its work and its traffic.
    pub passes_on: bool,
    pub standing: Option<Standing>,
    /// Of a traced part.
    pub peak: Option<Bytes>,
    pub share: f64,
    pub calls: u32,
    /// Half the distance between the quartiles, as a share of the median; `None` with one measurement.
    pub spread: Option<f64>,
}

/// Columns in the order in which they are given room.
const WANTED: [BlocksColumn; 8] = [
    BlocksColumn::Time,
    BlocksColumn::Share,
    BlocksColumn::Rate,
    BlocksColumn::Work,
    BlocksColumn::Traffic,
    BlocksColumn::Bandwidth,
    BlocksColumn::Spread,
    BlocksColumn::Calls,
];

/// The same for a traced run.
const WANTED_OF_TRACED: [BlocksColumn; 11] = [
    BlocksColumn::Time,
    BlocksColumn::Share,
    BlocksColumn::Rate,
    BlocksColumn::Roof,
    BlocksColumn::Peak,
    BlocksColumn::Moved,
    BlocksColumn::Calls,
    BlocksColumn::Total,
    BlocksColumn::Work,
    BlocksColumn::Traffic,
    BlocksColumn::Spread,
];

/// The columns for so many columns of characters, keeping `bar` for the bar; and what is left for it.
pub fn fitting(width: u16, bar: u16, traced: bool) -> (Vec<BlocksColumn>, u16) {
    let (mut columns, mut left) = (Vec::new(), width);
    let wanted: &[BlocksColumn] = if traced { &WANTED_OF_TRACED } else { &WANTED };
    for &column in wanted {
        if left < bar + column.width() {
            break;
        }
        left -= column.width();
        columns.push(column);
    }
    (columns, left)
}

impl BlocksColumn {
    /// Its width, with the gap before it.
    pub fn width(self) -> u16 {
        match self {
            BlocksColumn::Time => 10,
            BlocksColumn::Share => 7,
            BlocksColumn::Rate => 9,
            BlocksColumn::Work => 12,
            BlocksColumn::Traffic | BlocksColumn::Moved => 9,
            BlocksColumn::Bandwidth => 7,
            BlocksColumn::Spread => 8,
            BlocksColumn::Calls => 7,
            BlocksColumn::Roof => 10,
            BlocksColumn::Peak => 10,
            BlocksColumn::Total => 10,
        }
    }

    /// Whether it stands before the bar.
    pub fn leads(self) -> bool {
        matches!(self, BlocksColumn::Time | BlocksColumn::Share)
    }

    /// Its heading; `°` marks what rests on a formula: in a traced run work is counted.
    pub fn heading(self, per_step: bool, traced: bool) -> &'static str {
        match self {
            BlocksColumn::Time if per_step => "time/step",
            BlocksColumn::Time => "time",
            BlocksColumn::Share => "share",
            BlocksColumn::Rate if traced => "GFLOP/s",
            BlocksColumn::Rate => "GFLOP/s°",
            BlocksColumn::Work if traced => "FLOPs",
            BlocksColumn::Work => "FLOPs°",
            BlocksColumn::Traffic => "bytes°",
            BlocksColumn::Bandwidth => "GB/s°",
            BlocksColumn::Spread => "spread",
            BlocksColumn::Calls => "calls",
            BlocksColumn::Roof => "% roof",
            BlocksColumn::Peak => "peak",
            BlocksColumn::Moved => "moved",
            BlocksColumn::Total => "total",
        }
    }

    /// What stands in it.
    pub fn cell(self, figures: &Figures, theme: &Theme) -> Line<'static> {
        // With calls of unknown work beside, what is known is the least that it can be.
        let least = if figures.unknown > 0 { "≥" } else { "" };
        let text = match self {
            BlocksColumn::Time => {
                return Line::from_iter(quantity(&figures.time.to_string(), theme.text, theme.dim));
            }
            BlocksColumn::Rate => match figures.flops.map(|flops| flops.gflops_per_second(figures.time)) {
                Some(Some(rate)) => return Line::from(Span::styled(format!("{least}{}", figure(rate)), theme.text)),
                Some(None) if figures.unknown == 0 => return nothing(theme),
                _ => return Line::from(Span::styled("unknown", theme.faint)),
            },
            BlocksColumn::Bandwidth => match figures.bytes.and_then(|bytes| bytes.gigabytes_per_second(figures.time)) {
                Some(rate) => return Line::from(Span::styled(figure(rate), theme.text)),
                None => return nothing(theme),
            },
            BlocksColumn::Roof => match figures.standing {
                Some(standing) if standing.intensity > 0.0 => {
                    return Line::from(Span::styled(format!("{least}{}", share(&standing)), theme.text));
                }
                Some(standing) => {
                    return Line::from(Span::styled(format!("({} of bandwidth)", share(&standing)), theme.dim));
                }
                None => return nothing(theme),
            },
            BlocksColumn::Work => match figures.flops {
                Some(Flops(0)) if figures.unknown == 0 => return nothing(theme),
                Some(flops) if flops.0 > 0 => format!("{least}{flops}"),
                _ => return Line::from(Span::styled("unknown", theme.faint)),
            },
            BlocksColumn::Peak => match figures.peak {
                Some(Bytes(0)) => return Line::from(Span::styled("0 B", theme.faint)),
                Some(peak) => format!("+{peak}"),
                None => return nothing(theme),
            },
            BlocksColumn::Traffic => match figures.bytes {
                Some(bytes) => bytes.to_string(),
                None => return nothing(theme),
            },
            BlocksColumn::Moved => match figures.moved {
                _ if figures.passes_on => return nothing(theme),
                Some(moved) => moved.to_string(),
                None => return Line::from(Span::styled("unknown", theme.faint)),
            },
            BlocksColumn::Total => figures.total.to_string(),
            BlocksColumn::Share => percent(figures.share),
            BlocksColumn::Spread => match figures.spread {
                Some(spread) => format!("±{}", percent(spread)),
                None => return nothing(theme),
            },
            BlocksColumn::Calls => figures.calls.to_string(),
        };
        Line::from_iter(quantity(&text, theme.dim, theme.faint))
    }
}

fn nothing(theme: &Theme) -> Line<'static> {
    Line::from(Span::styled("–", theme.faint))
}

/// The percentage of the attainable.
pub fn share(standing: &Standing) -> String {
    format!("{:.0}%", 100.0 * standing.share.min(99.0))
}

impl Figures {
    /// The numbers of a row in the phase shown; `None` while it has not run there.
    pub fn of(live: &Live, node: &Node, shown: &Shown, whole: Nanos) -> Option<Self> {
        let part = node.part?;
        let sums = shown.phase.and_then(|phase| live.traced.of(phase));
        match (node.what, sums) {
            (What::Part, _) => {
                let row = live.tally.row(part, shown.phase)?;
                let steps = if shown.is_of_a_step() { executions(&row) } else { 1 };
                let figures = Self::of_part(live, &row, shown, whole, steps);
                Some(match sums {
                    Some(sums) => figures.traced(live, sums, part, shown),
                    None => figures,
                })
            }
            (What::Operator(index), Some(sums)) => Some(Self::of_operator(live, sums, index, shown, whole)),
            (What::Between, Some(sums)) => Some(Self::between(sums, part, shown, whole)),
            (_, None) => None,
        }
    }

    fn of_part(live: &Live, row: &Row, shown: &Shown, whole: Nanos, steps: u32) -> Self {
        let by = |value: u64| value / u64::from(steps.max(1));
        let time = Nanos(by(row.typical.0));
        Self {
            time,
            total: time,
            flops: Some(Flops(by(row.flops.0))),
            unknown: 0,
            bytes: Some(Bytes(by(row.bytes.0))),
            moved: None,
            passes_on: false,
            standing: None,
            peak: None,
            share: row.typical.share_of(whole),
            calls: executions(row),
            spread: spread(live, row, shown.phase),
        }
    }

    /// With what only a traced pass knows.
    fn traced(self, live: &Live, sums: &Sums, part: u32, shown: &Shown) -> Self {
        let Some(account) = sums.account.part(part) else { return self };
        let by = by_step(sums, shown);
        Self {
            flops: Some(Flops(by(account.flops.0))),
            unknown: account.unknown,
            moved: Some(Bytes(by(account.moved.0))),
            standing: live.run.peaks.as_deref().and_then(|peaks| account.standing(peaks)),
            peak: Some(account.memory.peak),
            ..self
        }
    }

    fn of_operator(live: &Live, sums: &Sums, index: u32, shown: &Shown, whole: Nanos) -> Self {
        let operator = sums.operator(index);
        let by = by_step(sums, shown);
        Self {
            time: Nanos(by(operator.own.0)),
            total: Nanos(by(operator.total.0)),
            flops: operator.flops.map(|flops| Flops(by(flops.0))),
            unknown: 0,
            bytes: None,
            moved: operator.moved.map(|moved| Bytes(by(moved.0))),
            passes_on: operator.passes_on,
            standing: live.run.peaks.as_deref().and_then(|peaks| operator.standing(peaks)),
            peak: None,
            share: operator.own.share_of(whole),
            calls: operator.calls,
            spread: None,
        }
    }

    fn between(sums: &Sums, part: u32, shown: &Shown, whole: Nanos) -> Self {
        let account = sums.account.part(part);
        let between = account.map_or(Nanos(0), |account| account.between);
        let time = Nanos(by_step(sums, shown)(between.0));
        Self {
            time,
            total: time,
            flops: Some(Flops(0)),
            unknown: 0,
            bytes: None,
            moved: Some(Bytes(0)),
            passes_on: false,
            standing: None,
            peak: None,
            share: between.share_of(whole),
            calls: account.map_or(0, |account| account.calls),
            spread: None,
        }
    }
}

/// Divides by the steps where numbers are of one.
fn by_step(sums: &Sums, shown: &Shown) -> impl Fn(u64) -> u64 {
    let steps = if shown.is_of_a_step() { u64::from(sums.account.passes.max(1)) } else { 1 };
    move |value| value / steps
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
