//! A comparison of two arms.
//!
//! ```text
//!                       A         B   B ÷ A
//! decode TPOT    161.2 ms   63.9 ms   0.396×  ├●┤    ┊    faster (95%: 0.39 – 0.41)
//! prefill TTFT     1.05 s    1.06 s    1.01×       ├─●─┤  no difference seen (within ±2.1%)
//! ```

use super::about::{DASH, refused, setting, watched};
use crate::analyse::comparison::words::{difference, nats};
use crate::analyse::comparison::{Both, Comparison, Figure, PhaseComparison, Rates, Row};
use crate::analyse::statistics::Ratio;
use crate::record::study::{Pairing, PhaseResources, Quality, Resources, Study};
use crate::record::{Category, Phase};
use crate::report::grid::{Align, Table};
use crate::report::layout::Detail;
use crate::report::piece::Piece;
use crate::units::Bytes;
use crate::units::digits;

/// The second arm against the first. Without a width it is for a document.
pub fn report(study: &Study, detail: Detail, width: Option<usize>) -> Vec<Piece> {
    let mut pieces = setting(study).to_vec();
    let Some(comparison) = Comparison::of(study, 0, 1) else {
        pieces.push(Piece::Text("there are no two arms to compare".into()));
        return pieces;
    };
    let [a, b] = [&comparison.names.baseline, &comparison.names.candidate];
    pieces.push(Piece::Title(format!("A: {a}   B: {b}")));
    pieces.push(Piece::List(comparison.sentences()));
    pieces.extend(refused(study));
    pieces.push(Piece::Table(times(&comparison, width)));
    pieces.push(Piece::Note(basis(study, &comparison)));
    if let Some(table) = resources(&comparison, width) {
        pieces.push(Piece::Title("what they take".into()));
        pieces.push(Piece::Table(table));
        pieces.push(Piece::Note("from a traced pass of each; ° by formula".into()));
    }
    if comparison.quality != Both::default() {
        pieces.push(Piece::Title("quality, against the f32, eager, uncached model".into()));
        pieces.push(Piece::Table(quality(&comparison)));
        pieces.push(Piece::Note(text(study)));
    }
    for phase in [&comparison.prefill, &comparison.decode] {
        pieces.extend(parts(phase, detail, width));
    }
    pieces
}

/// How a time is compared, with or without room for a drawing of its interval.
fn heading(first: &str, width: Option<usize>) -> Vec<String> {
    let mut heading: Vec<String> = [first, "A", "B", "B ÷ A"].map(str::to_owned).to_vec();
    heading.extend(draws(width).then(String::new));
    heading.push("verdict".into());
    heading
}

fn columns(width: Option<usize>) -> Vec<Align> {
    let mut columns = vec![Align::Left, Align::Right, Align::Right, Align::Right];
    columns.extend(draws(width).then_some(Align::Left));
    columns.push(Align::Left);
    columns
}

fn draws(width: Option<usize>) -> bool {
    width.is_some_and(|width| width >= 96)
}

/// The headline times and rates.
fn times(comparison: &Comparison, width: Option<usize>) -> Table {
    let phases = [&comparison.prefill, &comparison.decode];
    let scale = Scale::of(phases.iter().filter_map(|phase| phase.time.ratio));
    let mut rows = vec![heading("", width)];
    for phase in phases {
        let name = format!("{} {}", phase.phase.name(), phase.figure_name());
        rows.push(time(name, &phase.time, scale, width));
    }
    for phase in phases {
        let Rates { sides, ratio } = phase.rates();
        let side = sides.map(|side| side.map_or(DASH.to_owned(), |rate| format!("{} tok/s", digits(rate.median))));
        let mut row = vec![phase.phase.name().to_owned(), side.baseline, side.candidate, factor(ratio)];
        row.extend(draws(width).then(String::new));
        row.push(ratio.map_or(String::new(), |ratio| format!("({})", ratio.interval())));
        rows.push(row);
    }
    Table { columns: columns(width), rows }
}

/// A time of both arms, and what can be said of it.
fn time(name: String, figure: &Figure, scale: Scale, width: Option<usize>) -> Vec<String> {
    let side = figure.sides.map(|side| side.map_or(DASH.to_owned(), |side| side.median.to_string()));
    let only = match figure.sides {
        Both { baseline: Some(_), candidate: None } => "only in A",
        Both { baseline: None, candidate: Some(_) } => "only in B",
        _ => "",
    };
    let mut row = vec![name, side.baseline, side.candidate, factor(figure.ratio)];
    row.extend(draws(width).then(|| figure.ratio.map_or(String::new(), |ratio| scale.whisker(&ratio))));
    row.push(figure.words().unwrap_or_else(|| only.to_owned()));
    row
}

fn factor(ratio: Option<Ratio>) -> String {
    ratio.map_or(DASH.to_owned(), |ratio| ratio.times())
}

/// How wide the intervals of a table are drawn: the same scale in all its rows, 1 in the middle.
#[derive(Clone, Copy)]
struct Scale {
    /// The logarithm at either end.
    end: f64,
}

impl Scale {
    /// Cells on either side of 1.
    const HALF: i64 = 8;

    fn of(ratios: impl Iterator<Item = Ratio>) -> Self {
        let far = ratios.flat_map(|ratio| [ratio.low, ratio.high]).map(|bound| bound.ln().abs());
        // One interval without an end must not press the others together.
        Self { end: far.fold(0.1, f64::max).min(2.5) }
    }

    fn cell(self, value: f64) -> i64 {
        let at = (value.ln() / self.end * Self::HALF as f64).round();
        (at.clamp(-(Self::HALF as f64), Self::HALF as f64)) as i64
    }

    /// `├─●─┤   ┊`
    fn whisker(self, ratio: &Ratio) -> String {
        let [low, at, high] = [ratio.low, ratio.ratio, ratio.high].map(|value| self.cell(value));
        let cell = |cell: i64| match cell {
            cell if cell == at => '●',
            cell if cell == low => '├',
            cell if cell == high => '┤',
            cell if low < cell && cell < high => '─',
            0 => '┊',
            _ => ' ',
        };
        (-Self::HALF..=Self::HALF).map(cell).collect()
    }
}

/// Where the times come from, and how sure they are.
fn basis(study: &Study, comparison: &Comparison) -> String {
    let floor = comparison.noise_floor().map_or("noise floor not measured".to_owned(), |floor| {
        format!("noise floor ±{:.1}%, by the baseline against itself", 100.0 * floor)
    });
    let (how, test) = match comparison.pairing {
        Pairing::Interleaved => (format!("{} pairs", comparison.pairs), "signed-rank test"),
        Pairing::Separate => (
            format!(
                "{} repeats that do not pair: what the machine did between the runs is in the ratio",
                comparison.pairs
            ),
            "rank-sum test",
        ),
    };
    format!(
        "{}; medians of {how}; {floor}\nratio of medians with its bootstrap percentile interval; a change needs an interval \
         without 1, an exact {test}, and more than the noise floor",
        watched(study)
    )
}

/// Memory, work and traffic, where both were traced. On a narrow screen the ratio stands for the difference.
fn resources(comparison: &Comparison, width: Option<usize>) -> Option<Table> {
    let both = comparison.resources.both()?;
    let mut rows = vec![vec![String::new(), "A".into(), "B".into(), "B ÷ A".into(), "B − A".into(), String::new()]];
    let line = |name: &str, basis: &str, both: Both<Bytes>| {
        let factor = both.ratio().map_or(DASH.to_owned(), |ratio| format!("{}×", digits(ratio)));
        let side = both.map(|bytes| bytes.to_string());
        (both != Both::default())
            .then(|| vec![name.into(), side.baseline, side.candidate, factor, difference(both), basis.into()])
    };
    let bytes = |name: &str, basis: &str, of: &dyn Fn(Resources) -> Bytes| line(name, basis, both.map(of));
    rows.extend(bytes("memory at its peak", "counted", &|resources| resources.peak.total()));
    for (category, name) in Category::ALL.into_iter().zip(["  weights", "  KV cache", "  activations", "  temporaries"])
    {
        rows.extend(bytes(name, "counted", &|resources| resources.peak.of(category)));
    }
    rows.extend(bytes("  KV cache by formula°", "modelled", &|resources| resources.kv_formula));
    if let Some(over) = both.candidate.kv_over_formula() {
        let of_a = both.baseline.kv_over_formula().map_or(DASH.to_owned(), digits);
        let name = "  KV cache, counted ÷ formula".to_owned();
        rows.push(vec![name, of_a, digits(over), String::new(), String::new(), String::new()]);
    }
    for phase in [Phase::Prefill, Phase::Decode] {
        let Some(work) = comparison.work(phase) else { continue };
        let what = if phase == Phase::Decode { "decode, a step" } else { "prefill" };
        rows.extend(line(&format!("{what}: bytes moved"), "counted", work.map(|work| work.moved)));
        rows.extend(line("  compulsory bytes°", "modelled", work.map(|work| work.bytes)));
        let Both { baseline, candidate } = work;
        rows.extend(flops(baseline, candidate));
        rows.extend(least(baseline, candidate));
    }
    let mut columns = vec![Align::Left, Align::Right, Align::Right, Align::Right, Align::Right, Align::Left];
    if width.is_some_and(|width| width < 84) {
        rows.iter_mut().for_each(|row| drop(row.remove(4)));
        columns.remove(4);
    }
    Some(Table { columns, rows })
}

fn flops(baseline: PhaseResources, candidate: PhaseResources) -> Option<Vec<String>> {
    let [a, b] = [baseline.flops, candidate.flops];
    let ratio = (a.0 > 0).then(|| format!("{}×", digits(b.0 as f64 / a.0 as f64)))?;
    Some(vec!["  FLOPs".into(), a.to_string(), b.to_string(), ratio, String::new(), "counted".into()])
}

fn least(baseline: PhaseResources, candidate: PhaseResources) -> Option<Vec<String>> {
    let (a, b) = (baseline.floor?, candidate.floor?);
    let ratio = (a.0 > 0).then(|| format!("{}×", digits(b.share_of(a))))?;
    Some(vec![
        "  least time at the roofs°".into(),
        a.to_string(),
        b.to_string(),
        ratio,
        String::new(),
        "modelled".into(),
    ])
}

/// How far the predictions of both are from the reference's.
fn quality(comparison: &Comparison) -> Table {
    let mut rows = vec![vec![String::new(), "A".into(), "B".into()]];
    let mut row = |name: &str, of: &dyn Fn(&Quality) -> String| {
        let side = comparison.quality.map(|quality| quality.as_ref().map_or(DASH.to_owned(), of));
        rows.push(vec![name.to_owned(), side.baseline, side.candidate]);
    };
    row("KL, mean", &|quality| nats(quality.kl_mean));
    row("KL, 99th percentile", &|quality| nats(quality.kl_p99));
    row("same likeliest token", &|quality| format!("{:.2}%", 100.0 * quality.top1));
    row("ΔNLL", &|quality| format!("{:+.5}", quality.delta_nll()));
    row("perplexity", &|quality| format!("{:.3}", quality.perplexity()));
    row("largest difference of a logit", &|quality| nats(quality.max_logit));
    Table { columns: vec![Align::Left, Align::Right, Align::Right], rows }
}

/// On what text the quality was measured.
fn text(study: &Study) -> String {
    let on =
        study.header.text.as_ref().map_or(String::new(), |text| format!(" on {} ({} tokens)", text.name, text.tokens));
    format!("measured{on}; KL and NLL in nats a token")
}

/// The parts of one phase.
fn parts(phase: &PhaseComparison, detail: Detail, width: Option<usize>) -> Vec<Piece> {
    let inner: Vec<&Row> = match detail {
        Detail::Summed => phase.kinds.iter().collect(),
        Detail::Blocks => phase.blocks.iter().collect(),
        Detail::Parts => phase.blocks.iter().chain(&phase.kinds).collect(),
    };
    let shown: Vec<&Row> = inner.into_iter().chain(&phase.outside).collect();
    if shown.is_empty() {
        return Vec::new();
    }
    let scale = Scale::of(shown.iter().filter_map(|row| row.time.ratio));
    let mut rows = vec![heading("part", width)];
    for row in shown {
        rows.push(time(format!("{}{}", "  ".repeat(row.depth.min(8)), row.name()), &row.time, scale, width));
    }
    let summed = if detail == Detail::Blocks { "" } else { ", those of a kind added up over all blocks" };
    vec![
        Piece::Title(format!("{}: parts{summed}", phase.phase.name())),
        Piece::Table(Table { columns: columns(width), rows }),
        Piece::Note(
            "measured, in executions whose parts were timed; corrected for the number of rows (Holm): the more there are, \
             the wider each interval"
                .into(),
        ),
    ]
}
