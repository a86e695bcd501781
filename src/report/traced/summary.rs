//! What a traced run adds up to: counted against modelled, what tracing cost, memory, limits, findings.

use crate::analyse::{Account, Overhead, findings};
use crate::record::{ByCategory, Category, Dtype, PassMemory, Peaks, Phase, Run};
use crate::report::grid::{Align, Table, wrapped};
use crate::report::piece::Piece;
use crate::units::{Bytes, Flops, Nanos, digits, many, percent};

/// More lines than this of one kind are not listed.
const LISTED: usize = 8;

/// The sums of the traced phases, for a screen of `width` columns; nothing where none was traced.
pub fn summary(run: &Run, width: usize) -> Vec<Piece> {
    let accounts: Vec<Account> =
        [Phase::Prefill, Phase::Decode].into_iter().filter_map(|phase| Account::of(run, phase)).collect();
    if accounts.is_empty() {
        return Vec::new();
    }
    let mut pieces = vec![Piece::Title("what it adds up to".into()), Piece::Table(sums(run, &accounts))];
    let details = accounts.iter().flat_map(|account| details(run, account));
    pieces.extend(details.map(|detail| Piece::Text(wrapped(&detail, width))));
    pieces.push(Piece::Note(roofs(run.peaks.as_deref())));
    let found = findings(run);
    pieces.push(Piece::Title("findings".into()));
    match found[..] {
        [] => pieces.push(Piece::Text("nothing stands out".into())),
        _ => pieces.extend([
            Piece::List(found.into_iter().map(|finding| finding.text).collect()),
            Piece::Note("shares measured, in traced passes; savings modelled, at most, and they overlap".into()),
        ]),
    }
    pieces
}

/// A row for each sum, a column for each phase, and what kind of number it is.
fn sums(run: &Run, accounts: &[Account]) -> Table {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let names = accounts.iter().map(|account| account.phase.name().to_owned());
    rows.push(std::iter::once(String::new()).chain(names).chain([String::new()]).collect());
    let mut row = |name: &str, basis: &str, of: &dyn Fn(&Account) -> String| {
        let cells: Vec<String> = accounts.iter().map(of).collect();
        if cells.iter().any(|cell| cell != DASH) {
            rows.push(std::iter::once(name.to_owned()).chain(cells).chain([basis.to_owned()]).collect());
        }
    };
    row("FLOPs", "counted", &|account| account.flops.to_string());
    row("  by formula", "modelled", &|account| compared(account.flops, account.flops_modelled));
    row("  visible keys only", "modelled", &|account| account.flops_causal.to_string());
    row("unaccounted", "measured", &|account| {
        format!("{} ({})", account.unaccounted, percent(account.unaccounted.share_of(account.wall)))
    });
    let pairs =
        accounts.iter().find_map(|account| Overhead::of(run, account.phase)).map_or(0, |overhead| overhead.pairs);
    let basis = format!("measured, {}", many(pairs, "pair"));
    row("traced ÷ plain", &basis, &|account| overhead(Overhead::of(run, account.phase)));
    let full = |account: &Account| account.fullest(run);
    let part = |of: &dyn Fn(&PassMemory, ByCategory) -> String, account: &Account| {
        full(account).map_or(DASH.to_owned(), |(memory, peak)| of(memory, peak))
    };
    row("memory at its peak", "counted", &|account| part(&|_, peak| peak.total().to_string(), account));
    for (category, name) in Category::ALL.into_iter().zip(NAMES) {
        row(name, "counted", &|account| part(&|_, peak| peak.of(category).to_string(), account));
    }
    row("  risen in the pass", "counted", &|account| {
        part(&|memory, peak| (peak.total() - memory.before.total()).to_string(), account)
    });
    row("resident at its peak", "measured", &|account| part(&|memory, peak| resident(memory, peak), account));
    row("  risen in the pass", "measured", &|account| part(&|memory, _| risen(memory), account));
    row("decode limit by bytes", "modelled", &|account| {
        account.decode_limit(run).map_or(DASH.to_owned(), |limit| format!("{} tok/s", digits(limit)))
    });
    row("  decoded", "measured", &|account| {
        let reached = run.decode_tokens_per_s().zip(account.decode_limit(run));
        reached.map_or(DASH.to_owned(), |(rate, limit)| format!("{} tok/s ({})", digits(rate), percent(rate / limit)))
    });
    let mut align = vec![Align::Right; accounts.len() + 1];
    align[0] = Align::Left;
    align.push(Align::Left);
    Table { columns: align, rows }
}

const DASH: &str = "–";
/// As [`Category::ALL`].
const NAMES: [&str; 4] = ["  weights", "  KV cache", "  activations", "  temporaries"];

/// What could not be told in a number: where counts and formulas differ, what is not known, what was cut,
/// what tracing did to the times.
fn details(run: &Run, account: &Account) -> Vec<String> {
    let phase = account.phase.name();
    let mut details = Vec::new();
    let differing: Vec<_> = account.disagreements(run).collect();
    for (part, row) in differing.iter().take(LISTED) {
        let path = &run.parts[*part as usize].path;
        details.push(format!("{phase} · {path}: counted {}, by formula {}", row.flops, row.flops_modelled));
    }
    details.extend(more(differing.len()).map(|more| format!("{phase} · {more} parts differ from their formulas")));
    let unknown = account.unknown();
    for (name, calls, own) in unknown.iter().take(LISTED) {
        details.push(format!("{phase} · {name}: its FLOPs are unknown ({}, {own})", many(*calls, "call")));
    }
    details.extend(more(unknown.len()).map(|more| format!("{phase} · {more} operators are unknown")));
    if let Some(cut) = account.cut {
        details.push(format!(
            "{phase} · cut: {} operators and {} allocations had no room in the trace",
            cut.operators, cut.allocations
        ));
    }
    match Overhead::of(run, account.phase) {
        Some(overhead) if overhead.median > Overhead::TOLERATED => details.push(format!(
            "{phase} · warning: traced ÷ plain is {:.2}, above {:.2}: tracing slowed the parts, or the machine was busy; trust shares more than times",
            overhead.median,
            Overhead::TOLERATED
        )),
        Some(_) => {}
        None => details.push(format!(
            "{phase} · what tracing cost is not known: there is no plain repeat of the same length before the traced one"
        )),
    }
    details
}

fn more(found: usize) -> Option<String> {
    found.checked_sub(LISTED).filter(|&more| more > 0).map(|more| format!("{more} more"))
}

/// `the same`, or by how much it differs from what was counted.
fn compared(counted: Flops, modelled: Flops) -> String {
    match counted == modelled {
        true => "the same".into(),
        false => {
            let by = (modelled.0 as f64 - counted.0 as f64) / counted.0.max(1) as f64;
            format!("{modelled} ({:+.2}%)", by * 100.0)
        }
    }
}

/// `1.02 (1.01 – 1.03)`: the median and the quartiles; one pair has none.
fn overhead(overhead: Option<Overhead>) -> String {
    overhead.map_or(DASH.to_owned(), |Overhead { pairs, q1, median, q3 }| match pairs {
        1 => format!("{median:.2}"),
        _ => format!("{median:.2} ({q1:.2} – {q3:.2})"),
    })
}

/// `612 MB (+51.3 MB)`: the high-water mark of the process, and how much more that is than was counted.
fn resident(memory: &PassMemory, peak: ByCategory) -> String {
    memory.resident.map_or(DASH.to_owned(), |resident| {
        let since = if resident.is_of_pass { "" } else { ", since it began" };
        format!("{} ({}{since})", resident.peak, difference(resident.peak, peak.total()))
    })
}

fn risen(memory: &PassMemory) -> String {
    let resident = memory.resident.filter(|resident| resident.is_of_pass);
    resident.map_or(DASH.to_owned(), |resident| (resident.peak - resident.before).to_string())
}

/// `+51.3 MB`, `−1.20 MB`
fn difference(one: Bytes, other: Bytes) -> String {
    if one >= other { format!("+{}", one - other) } else { format!("−{}", other - one) }
}

/// The roofs, or how to get them.
fn roofs(peaks: Option<&Peaks>) -> String {
    let Some(peaks) = peaks else {
        return "no roofs: blockscope doctor measures what this machine can do".into();
    };
    let gemm =
        peaks.gemm.iter().map(|gemm| format!("{} {} GFLOP/s", Dtype::name(gemm.dtype), digits(gemm.flops.best / 1e9)));
    let doubt = match peaks.is_steady() {
        true => "",
        false => "; their spread is wide, as if something else ran: blockscope doctor --refresh measures them anew",
    };
    format!(
        "roofs measured, best of several: {}, memory {} GB/s; {} to call an operator, the median; {} threads of {}{doubt}",
        gemm.collect::<Vec<_>>().join(", "),
        digits(peaks.bandwidth.best / 1e9),
        Nanos::to_string(&peaks.dispatch.median),
        peaks.threads,
        peaks.machine,
    )
}
