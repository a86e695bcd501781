//! A sweep: a table for each series, and the laws that its times follow.

use super::about::{DASH, refused, setting, watched};
use crate::analyse::Sweep;
use crate::analyse::sweep::{Line, Measured, Point, Power, Series};
use crate::record::study::Study;
use crate::report::grid::{Align, Table};
use crate::report::piece::Piece;
use crate::report::table::range;
use crate::units::Nanos;

/// All series. Without a width it is for a document.
pub fn report(study: &Study, width: Option<usize>) -> Vec<Piece> {
    let mut pieces = setting(study).to_vec();
    let sweep = Sweep::of(study);
    if sweep.series.is_empty() {
        pieces.push(Piece::Text(format!("no arm has a number as its {}", sweep.over)));
    }
    for series in &sweep.series {
        let name = if series.name.is_empty() { String::new() } else { format!("{}: ", series.name) };
        pieces.push(Piece::Title(format!("{name}over {}", sweep.over)));
        pieces.push(Piece::Table(table(series, &sweep.over, width)));
        let laws = laws(series, &sweep.over);
        if !laws.is_empty() {
            pieces.push(Piece::List(laws));
        }
    }
    pieces.push(Piece::Note(format!(
        "{}; medians with 95% bootstrap intervals; least° is what the measured limits of the machine allow, modelled; \
         exponents and lines fitted by least squares, their intervals by drawing the samples again",
        watched(study)
    )));
    pieces.extend(refused(study).map(|list| [Piece::Title("not measured".into()), list]).into_iter().flatten());
    pieces
}

fn table(series: &Series, over: &str, width: Option<usize>) -> Table {
    let roomy = width.is_none_or(|width| width >= 84);
    let mut heading = vec![over.to_owned(), "n".into()];
    for name in ["TTFT", "TPOT"] {
        heading.extend([name.to_owned(), "95%".into()]);
        heading.extend(roomy.then(|| "least°".to_owned()));
    }
    let mut rows = vec![heading];
    for point in &series.points {
        let n = point.ttft.map_or(0, |ttft| ttft.quartiles.n);
        let mut row = vec![number(point.x), n.to_string()];
        for (time, floor) in times(point) {
            row.extend(measured(time));
            row.extend(roomy.then(|| floor.map_or(DASH.to_owned(), |floor| floor.to_string())));
        }
        rows.push(row);
    }
    Table { columns: vec![Align::Right; rows[0].len()], rows }
}

fn times(point: &Point) -> [(Option<Measured>, Option<Nanos>); 2] {
    [(point.ttft, point.ttft_floor), (point.tpot, point.tpot_floor)]
}

fn measured(time: Option<Measured>) -> [String; 2] {
    let interval = time.and_then(|time| time.interval);
    [
        time.map_or(DASH.to_owned(), |time| time.quartiles.median.to_string()),
        interval.map_or(DASH.to_owned(), |(low, high)| range(low, high)),
    ]
}

/// What the times follow, a sentence each.
fn laws(series: &Series, over: &str) -> Vec<String> {
    let power = |name: &str, power: &Option<Power>| {
        let Power { exponent, interval, from, to, points, .. } = power.as_ref()?;
        let interval = interval
            .map_or("no interval of single samples".to_owned(), |(low, high)| format!("95%: {low:.2} – {high:.2}"));
        let (from, to) = (number(*from), number(*to));
        Some(format!("{name} grows with the power {exponent:.2} ({interval}) from {from} to {to}, {points} points"))
    };
    let line = |line: &Option<Line>| {
        let Line { a, b, interval, .. } = line.as_ref()?;
        let each = |slope: f64| signed(1e3 * slope);
        let interval = interval.map_or(String::new(), |(low, high)| format!(" (95%: {} – {})", each(low), each(high)));
        Some(format!("TPOT is about {} + {}{interval} for each 1,000 of {over}", signed(*a), each(*b)))
    };
    [power("TTFT", &series.ttft), power("TPOT", &series.tpot), line(&series.tpot_line)].into_iter().flatten().collect()
}

/// A number of tokens, or of what the sweep goes along.
fn number(x: f64) -> String {
    if x.fract() == 0.0 && (0.0..1e15).contains(&x) { crate::units::exactly(x as u64) } else { format!("{x}") }
}

/// A fitted time, which may come out below zero.
fn signed(seconds: f64) -> String {
    let sign = if seconds < 0.0 { "−" } else { "" };
    format!("{sign}{}", Nanos::from_seconds(seconds.abs()))
}
