//! A profile as text: what ran, the headline numbers, and a table of parts for each phase.

use super::grid::{Align, Table, wrapped};
use super::layout::{Detail, Rows, lines};
use super::piece::Piece;
use super::traced;
use crate::analyse::{Account, Overhead};
use crate::record::{ModelInfo, Phase, Quartiles, Row, Run};
use crate::units::{Nanos, count, digits, many, percent};

/// The report on a run, for a screen of `width` columns: where it is narrow, columns are left out.
pub fn profile(run: &Run, rows: impl Into<Rows>, width: usize) -> Vec<Piece> {
    let rows = rows.into();
    let mut pieces = vec![Piece::Title(title(&run.header.model)), Piece::Text(setting(run))];
    pieces.push(Piece::Table(headline(run)));
    let plain = run.has_plain_passes();
    let basis = if plain { "repeats whose parts were not timed" } else { "a run whose parts were timed" };
    pieces.push(Piece::Note(format!(
        "measured, in {basis}; medians, but for decode: all further tokens over all their time"
    )));
    for phase in [Phase::Prefill, Phase::Decode] {
        pieces.extend(match Account::of(run, phase) {
            Some(account) => traced::phase(run, &account, rows, width),
            None => parts(run, phase, rows.detail, width),
        });
    }
    pieces.extend(traced::summary(run, width));
    let fitted = |piece| match piece {
        Piece::Note(note) => Piece::Note(wrapped(&note, width)),
        other => other,
    };
    pieces.into_iter().map(fitted).collect()
}

/// `SmolLM2-135M · llama · 30 blocks · 135M parameters · 538 MB of weights`
pub fn title(model: &ModelInfo) -> String {
    format!(
        "{} · {} · {} · {} parameters · {} of weights",
        model.name,
        model.family,
        many(model.n_layers, "block"),
        count(model.parameters),
        model.weight_bytes
    )
}

fn setting(run: &Run) -> String {
    let header = &run.header;
    let toggles: Vec<_> = header.toggles.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let (plain, recorded) = (run.repeats(false), run.repeats(true));
    let how = if run.is_traced() { "traced" } else { "recorded" };
    let repeats = match (plain, recorded) {
        (0, 1) => format!("one {how} run, no warm-up"),
        (1, 0) => "one run, not recorded, no warm-up".to_owned(),
        (plain, recorded) => {
            format!("{plain} plain and {} after a warm-up", many(recorded, &format!("{how} repeat")))
        }
    };
    format!(
        "{} · {} · {} · LibTorch {} · Blockscope {}\n{}\n{} · {} · {repeats}",
        header.device,
        many(header.threads, "thread"),
        header.machine,
        header.libtorch,
        header.blockscope,
        toggles.join(","),
        many(header.prompt_tokens, "prompt token"),
        new_tokens(run),
    )
}

/// `16 new tokens`; where the context or a stop token ended a repeat earlier, how many of them were made.
fn new_tokens(run: &Run) -> String {
    let asked = run.header.new_tokens;
    let made = run.tokens.iter().map(|token| token.step + 1).max().unwrap_or(0);
    let context = run.header.model.n_ctx;
    match made < asked {
        true if run.header.prompt_tokens + made > context => {
            format!("{made} of {asked} new tokens, then the context of {context} was full")
        }
        true => format!("{made} of {asked} new tokens"),
        false => format!("{asked} new tokens"),
    }
}

/// The four headline numbers, with quartiles.
fn headline(run: &Run) -> Table {
    let dash = || "–".to_owned();
    let time = |name: &str, quartiles: Option<Quartiles>| match quartiles {
        Some(q) => vec![name.to_owned(), q.median.to_string(), range(q.q1, q.q3)],
        None => vec![name.to_owned(), dash(), dash()],
    };
    let rate = |name: &str, rate: Option<f64>, tokens: u32, quartiles: Option<Quartiles>| match (rate, quartiles) {
        (Some(rate), Some(q)) => {
            let of = |time: Nanos| f64::from(tokens) / time.seconds().max(1e-9);
            let spread = format!("{} – {} tok/s", digits(of(q.q3)), digits(of(q.q1)));
            vec![name.to_owned(), format!("{} tok/s", digits(rate)), spread]
        }
        _ => vec![name.to_owned(), dash(), dash()],
    };
    let prefill = run.headline_wall(Phase::Prefill);
    Table {
        columns: vec![Align::Left, Align::Right, Align::Right],
        rows: vec![
            vec![String::new(), String::new(), "q1 – q3".into()],
            time("TTFT", run.ttft()),
            time("TPOT", run.tpot()),
            rate("prefill", run.prefill_tokens_per_s(), run.header.prompt_tokens, prefill),
            rate("decode", run.decode_tokens_per_s(), 1, run.decode_pace()),
        ],
    }
}

/// The table of one phase: nothing where none of its passes was recorded.
fn parts(run: &Run, phase: Phase, detail: Detail, width: usize) -> Vec<Piece> {
    let (Some(recorded), Some((_, wall))) = (run.wall(Some(phase)), run.typical_repeat(Some(phase))) else {
        return Vec::new();
    };
    let lines = lines(run, phase, detail);
    // Time and share are why one looks; the rest goes first where there is no room.
    let columns: &[PartColumn] = match width {
        96.. => &[
            PartColumn::Calls,
            PartColumn::Time,
            PartColumn::Spread,
            PartColumn::Share,
            PartColumn::Rate,
            PartColumn::Flops,
            PartColumn::Bytes,
        ],
        72.. => &[PartColumn::Time, PartColumn::Spread, PartColumn::Share, PartColumn::Rate, PartColumn::Flops],
        _ => &[PartColumn::Time, PartColumn::Share, PartColumn::Rate],
    };
    let heading = std::iter::once("part").chain(columns.iter().map(|column| column.title()));
    let mut rows: Vec<Vec<String>> = vec![heading.map(str::to_owned).collect()];
    for line in &lines {
        let name = format!("{}{}", "  ".repeat(line.depth.min(8)), line.name);
        rows.push(std::iter::once(name).chain(columns.iter().map(|column| column.of(&line.row, wall))).collect());
    }
    let accounted: Nanos = lines.iter().filter(|line| line.depth == 0).map(|line| line.row.typical).sum();
    let rest = wall - accounted;
    let last = |name: &str, time: String, share: String| {
        let cells = columns.iter().map(move |column| match column {
            PartColumn::Time => time.clone(),
            PartColumn::Share => share.clone(),
            _ => String::new(),
        });
        std::iter::once(name.to_owned()).chain(cells).collect::<Vec<_>>()
    };
    rows.push(last("unaccounted", rest.to_string(), percent(rest.share_of(wall))));
    rows.push(last("wall", wall.to_string(), percent(1.0)));
    let mut align = vec![Align::Right; columns.len() + 1];
    align[0] = Align::Left;
    let title = match phase {
        Phase::Prefill => format!("prefill: {} at once", many(run.header.prompt_tokens, "token")),
        Phase::Decode => "decode: one token after another, all steps of a repeat added up".to_owned(),
    };
    let table = Table { columns: align, rows };
    vec![Piece::Title(title), Piece::Table(table), Piece::Note(phase_note(run, phase, &recorded))]
}

/// Where the numbers of a phase's table come from, and what recording them cost.
fn phase_note(run: &Run, phase: Phase, recorded: &Quartiles) -> String {
    let mut note = format!(
        "time measured ({}); FLOPs and bytes modelled by formula; a multiply-add is two FLOPs",
        match recorded.n {
            1 => "1 recorded repeat".to_owned(),
            n => format!("of {n} recorded repeats the one with the median wall time; q1 – q3 over all of them"),
        }
    );
    if let Some(Overhead { median, .. }) = Overhead::of(run, phase) {
        note.push_str(&format!("\nrecorded ÷ plain: {median:.2}"));
        if median > Overhead::TOLERATED {
            note.push_str("; timing slowed the parts, or the machine was busy: trust shares more than times");
        }
    }
    note
}

/// A column of the table of parts.
#[derive(Clone, Copy)]
enum PartColumn {
    Calls,
    Time,
    Spread,
    Share,
    Rate,
    Flops,
    Bytes,
}

impl PartColumn {
    fn title(self) -> &'static str {
        match self {
            PartColumn::Calls => "calls",
            PartColumn::Time => "time",
            PartColumn::Spread => "q1 – q3",
            PartColumn::Share => "share",
            PartColumn::Rate => "GFLOP/s",
            PartColumn::Flops => "FLOPs",
            PartColumn::Bytes => "bytes",
        }
    }

    fn of(self, row: &Row, wall: Nanos) -> String {
        let dash = || "–".to_owned();
        match self {
            PartColumn::Calls => row.calls_of_one_repeat().to_string(),
            PartColumn::Time => row.typical.to_string(),
            PartColumn::Spread => range(row.time.q1, row.time.q3),
            PartColumn::Share => percent(row.typical.share_of(wall)),
            PartColumn::Rate => row.flops.gflops_per_second(row.typical).map_or_else(dash, digits),
            PartColumn::Flops if row.flops.0 == 0 => dash(),
            PartColumn::Flops => row.flops.to_string(),
            PartColumn::Bytes if row.bytes.0 == 0 => dash(),
            PartColumn::Bytes => row.bytes.to_string(),
        }
    }
}

/// `12.1 – 12.8 ms`, the unit once where it is the same.
pub fn range(low: Nanos, high: Nanos) -> String {
    let (low, high) = (low.to_string(), high.to_string());
    match (low.split_once(' '), high.split_once(' ')) {
        (Some((number, unit)), Some((_, same))) if unit == same => format!("{number} – {high}"),
        _ => format!("{low} – {high}"),
    }
}
