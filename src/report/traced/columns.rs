//! The columns of the table of a traced phase, and which of them a screen has room for.

use crate::analyse::Account;
use crate::analyse::account::{OperatorAccount, PartAccount};
use crate::analyse::roofline::{Bound, Standing};
use crate::record::Peaks;
use crate::units::digits;
use crate::units::{Bytes, Flops, Nanos, percent};

/// What a row is about.
pub enum Subject {
    Part(Box<PartAccount>),
    Operator(Box<OperatorAccount>),
    /// Time in no part.
    Rest(Nanos),
    /// All of it: every part, over the wall time.
    Wall(Box<PartAccount>),
}

impl From<OperatorAccount> for Subject {
    fn from(operator: OperatorAccount) -> Self {
        Subject::Operator(Box::new(operator))
    }
}

/// A column. `°` marks what is modelled, here as on the screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TracedColumn {
    Calls,
    Time,
    Own,
    Share,
    Work,
    Rate,
    Intensity,
    Roof,
    Traffic,
    Moved,
    Allocated,
    Peak,
}

use TracedColumn::{Allocated, Calls, Intensity, Moved, Own, Peak, Rate, Roof, Share, Time, Traffic, Work};

/// From all to the least that is of use: each is taken where the ones before it do not fit.
const SETS: [&[TracedColumn]; 5] = [
    &[Calls, Time, Own, Share, Work, Rate, Intensity, Roof, Traffic, Moved, Allocated, Peak],
    &[Time, Own, Share, Work, Rate, Intensity, Roof, Moved, Peak],
    &[Time, Share, Work, Rate, Roof, Peak],
    &[Time, Share, Rate, Roof],
    &[Time, Share],
];

/// With operators, whose times lie in one another, the own time is what one looks for.
const OPERATOR_SETS: [&[TracedColumn]; 5] = [
    &[Calls, Time, Own, Share, Work, Rate, Intensity, Roof, Traffic, Moved, Allocated, Peak],
    &[Calls, Time, Own, Share, Work, Rate, Roof, Moved],
    &[Calls, Time, Own, Share, Work, Roof],
    &[Calls, Own, Share, Rate],
    &[Own, Share],
];

/// The most columns that fit into so much room.
pub fn fitting(room: usize, operators: bool) -> &'static [TracedColumn] {
    let sets = if operators { &OPERATOR_SETS } else { &SETS };
    let fits = |set: &&&[TracedColumn]| set.iter().map(|column| column.width()).sum::<usize>() <= room;
    sets.iter().find(fits).unwrap_or(&sets[sets.len() - 1])
}

impl TracedColumn {
    pub fn title(self) -> &'static str {
        match self {
            Calls => "calls",
            Time => "time",
            Own => "own",
            Share => "share",
            Work => "FLOPs",
            Rate => "GFLOP/s",
            Intensity => "FLOP/B°",
            Roof => "of roof°",
            Traffic => "bytes°",
            Moved => "moved",
            Allocated => "allocated",
            Peak => "peak",
        }
    }

    /// Columns of the screen that it takes, the gap before it included.
    pub fn width(self) -> usize {
        2 + match self {
            Calls => 6,
            Time | Own | Rate | Intensity | Traffic | Moved | Peak => 7,
            Share => 6,
            Work => 11,
            Roof => 12,
            Allocated => 9,
        }
    }

    /// Whether a part took less time than its roof allows.
    pub fn is_above_roof(subject: &Subject, peaks: Option<&Peaks>) -> bool {
        let standing = |peaks: &Peaks| match subject {
            Subject::Part(part) => part.standing(peaks),
            Subject::Operator(operator) => operator.standing(peaks),
            Subject::Rest(_) | Subject::Wall(_) => None,
        };
        peaks.and_then(standing).is_some_and(|standing| standing.share > 1.0)
    }

    /// The cell of a row.
    pub fn of(self, subject: &Subject, account: &Account, peaks: Option<&Peaks>) -> String {
        match subject {
            Subject::Part(part) => self.of_part(part, account, peaks),
            Subject::Operator(operator) => self.of_operator(operator, account, peaks),
            Subject::Rest(rest) => match self {
                Time | Own => rest.to_string(),
                Share => percent(rest.share_of(account.wall)),
                _ => String::new(),
            },
            Subject::Wall(whole) => match self {
                // Parts of parts are among its calls, the time of all is nobody's own, and the highest peak is a part's.
                Calls | Own | Allocated | Peak => String::new(),
                _ => self.of_part(whole, account, peaks),
            },
        }
    }

    fn of_part(self, part: &PartAccount, account: &Account, peaks: Option<&Peaks>) -> String {
        let standing = || part.standing(peaks?);
        match self {
            Calls => part.calls.to_string(),
            Time => part.total.to_string(),
            Own => part.own.to_string(),
            Share => percent(part.total.share_of(account.wall)),
            // Without the unknown ones the sum is too low.
            Work if part.unknown > 0 && part.flops.0 == 0 => "?".into(),
            Work if part.unknown > 0 => format!("≥{}", part.flops),
            Work => work(part.flops),
            Rate if part.unknown > 0 => {
                part.flops.gflops_per_second(part.total).map_or("?".into(), |rate| format!("≥{}", digits(rate)))
            }
            Rate => rate(part.flops, part.total),
            Intensity => intensity(part.flops, part.bytes),
            Roof => roof(standing()),
            Traffic => size(part.bytes),
            Moved => size(part.moved),
            Allocated => size(part.memory.allocated),
            Peak => size(part.memory.peak),
        }
    }

    fn of_operator(self, operator: &OperatorAccount, account: &Account, peaks: Option<&Peaks>) -> String {
        match self {
            Calls => operator.calls.to_string(),
            Time => operator.total.to_string(),
            Own => operator.own.to_string(),
            Share => percent(operator.own.share_of(account.wall)),
            Work => operator.flops.map_or("?".into(), work),
            Rate => operator.flops.map_or("?".into(), |flops| rate(flops, operator.own)),
            Intensity => operator.flops.zip(operator.moved).map_or(dash(), |(flops, moved)| intensity(flops, moved)),
            Roof => roof(peaks.and_then(|peaks| operator.standing(peaks))),
            Moved if operator.passes_on => dash(),
            Moved => operator.moved.map_or("?".into(), size),
            Traffic | Allocated | Peak => String::new(),
        }
    }
}

fn dash() -> String {
    "–".to_owned()
}

fn work(flops: Flops) -> String {
    if flops.0 == 0 { dash() } else { flops.to_string() }
}

fn size(bytes: Bytes) -> String {
    if bytes.0 == 0 { dash() } else { bytes.to_string() }
}

fn rate(flops: Flops, time: Nanos) -> String {
    flops.gflops_per_second(time).map_or(dash(), digits)
}

fn intensity(flops: Flops, bytes: Bytes) -> String {
    if flops.0 == 0 || bytes.0 == 0 { dash() } else { digits(flops.0 as f64 / bytes.0 as f64) }
}

/// `76% compute`, `88% memory`: how near it comes, and to which roof.
fn roof(standing: Option<Standing>) -> String {
    standing.map_or(dash(), |standing| {
        let bound = match standing.bound {
            Bound::Compute => "compute",
            Bound::Memory => "memory",
        };
        format!("{:.0}% {bound}", standing.share * 100.0)
    })
}
