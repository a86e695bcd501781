//! A traced run as text: the table of parts with their work, traffic and memory, what it all adds up to,
//! and the findings.

mod columns;
mod summary;

pub use summary::summary;

use super::grid::{Align, Table};
use super::layout::{Layout, Rows};
use super::piece::Piece;
use crate::analyse::Account;
use crate::analyse::account::OperatorAccount;
use crate::record::{Phase, Run};
use columns::{Subject, TracedColumn};
use unicode_width::UnicodeWidthStr;

/// Names of operators are cut to this many columns, and further where there is no room.
const LONGEST: usize = 46;
const SHORTEST: usize = 16;

/// The table of a traced phase.
pub fn phase(run: &Run, account: &Account, rows: Rows, width: usize) -> Vec<Piece> {
    let layout = Layout::of(run, rows.detail);
    let lines = lines(run, account, &layout, rows);
    let widest = lines.iter().map(|line| line.name.width()).max().unwrap_or(0).clamp(SHORTEST, LONGEST);
    let columns = columns::fitting(width.saturating_sub(widest), rows.operators);
    let room = width.saturating_sub(columns.iter().map(|column| column.width()).sum());
    let name = |line: &Line| shortened(&line.name, room.clamp(SHORTEST, LONGEST));
    let heading = std::iter::once("part").chain(columns.iter().map(|column| column.title())).map(str::to_owned);
    let mut cells: Vec<Vec<String>> = vec![heading.collect()];
    for line in &lines {
        let row = columns.iter().map(|column| column.of(&line.subject, account, run.peaks.as_deref()));
        cells.push(std::iter::once(name(line)).chain(row).collect());
    }
    let mut align = vec![Align::Right; columns.len() + 1];
    align[0] = Align::Left;
    let title = match account.phase {
        Phase::Prefill => format!("prefill: {} tokens at once, traced", run.header.prompt_tokens),
        Phase::Decode => "decode: one token after another, all steps of a traced repeat added up".to_owned(),
    };
    let table = Table { columns: align, rows: cells };
    vec![Piece::Title(title), Piece::Table(table), Piece::Note(note(run, account, &lines, columns))]
}

/// A row of the table.
struct Line {
    name: String,
    subject: Subject,
}

/// Parts in the model's order, each with the operators that it called itself, then what is left over.
fn lines(run: &Run, account: &Account, layout: &Layout, rows: Rows) -> Vec<Line> {
    let operators = match rows.operators {
        true => account.operators_by(|part| part.map(|part| layout.holds(part))),
        false => Vec::new(),
    };
    let below = |part: Option<u32>, depth: usize| {
        let called = operators.iter().filter(move |operator| operator.part == part);
        called.map(move |operator| Line {
            name: indented(depth, called_name(operator)),
            subject: operator.clone().into(),
        })
    };
    let parts = (0..).zip(account.parts_by(|part| layout.stands(part))).filter_map(|(part, row)| Some((part, row?)));
    let mut lines: Vec<Line> = Vec::new();
    for (part, row) in parts.filter(|&(part, _)| layout.shows(part)) {
        let depth = layout.depth(part);
        lines.push(Line { name: indented(depth, layout.name(part)), subject: Subject::Part(Box::new(row)) });
        lines.extend(below(Some(part), depth + 1));
    }
    lines.push(Line { name: "unaccounted".into(), subject: Subject::Rest(account.unaccounted) });
    lines.extend(below(None, 1));
    lines.push(Line { name: "wall".into(), subject: Subject::Wall(Box::new(account.whole(run))) });
    lines
}

fn indented(depth: usize, name: &str) -> String {
    format!("{}{name}", "  ".repeat(depth.min(8)))
}

/// LibTorch's own operators without their namespace; others keep theirs.
fn called_name(operator: &OperatorAccount) -> &str {
    operator.name.strip_prefix("aten::").unwrap_or(&operator.name)
}

/// A name in at most so many columns.
fn shortened(name: &str, columns: usize) -> String {
    if name.width() <= columns {
        return name.to_owned();
    }
    let mut short = String::new();
    for character in name.chars() {
        if short.width() + character.to_string().width() + 1 > columns {
            break;
        }
        short.push(character);
    }
    short + "…"
}

/// Where the numbers of the table come from.
fn note(run: &Run, account: &Account, lines: &[Line], columns: &[TracedColumn]) -> String {
    let has = |column: TracedColumn| columns.contains(&column);
    let traced = run.repeats(true);
    let which = match traced {
        1 => "1 traced repeat".to_owned(),
        n => format!("of {n} traced repeats the one with the median wall time"),
    };
    let mut note = format!("time measured ({which})");
    if lines.iter().any(|line| matches!(line.subject, Subject::Operator(_))) {
        note.push_str("; an operator's share is of its own time");
    }
    if has(TracedColumn::Work) || has(TracedColumn::Rate) {
        note.push_str("\nFLOPs counted from the shapes that ran; a multiply-add is two FLOPs");
    }
    if has(TracedColumn::Peak) {
        note.push_str("\npeak counted, over every allocation: how far memory rose in one call");
    }
    if has(TracedColumn::Moved) {
        note.push_str("; moved counted: what operators read and wrote");
    }
    if has(TracedColumn::Roof) {
        note.push_str("\n° against the measured peaks, by counted FLOPs and modelled bytes");
        if run.peaks.is_none() {
            note.push_str(": they are not measured yet; see blockscope doctor");
        }
        if lines.iter().any(|line| TracedColumn::is_above_roof(&line.subject, run.peaks.as_deref())) {
            note.push_str("; above 100% caches held what counts as memory");
        }
    }
    if account.cut.is_some() {
        note.push_str("\nthe trace was cut: what is counted is too low");
    }
    note
}
