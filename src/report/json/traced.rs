//! A traced run as JSON: what `profile --trace --json` says beside what every profile says.

use super::object::object;
use crate::analyse::account::PartAccount;
use crate::analyse::roofline::Bound;
use crate::analyse::{Account, Finding, Overhead, findings};
use crate::record::{ByCategory, Category, PassMemory, Peaks, Phase, Run};
use crate::units::{Bytes, Flops, Nanos};
use serde_json::{Map, Value, json};

/// The totals; empty where nothing was traced.
pub fn totals(run: &Run) -> Map<String, Value> {
    let accounts: Vec<Account> =
        [Phase::Prefill, Phase::Decode].into_iter().filter_map(|phase| Account::of(run, phase)).collect();
    if accounts.is_empty() {
        return Map::new();
    }
    let sum = |of: fn(&Account) -> Flops| accounts.iter().map(of).sum::<Flops>();
    let by_phase = |of: &dyn Fn(&Account) -> Value| -> Value {
        accounts.iter().map(|account| (account.phase.name().to_owned(), of(account))).collect::<Map<_, _>>().into()
    };
    let fullest = accounts.iter().filter_map(|account| Some((account, account.fullest(run)?)));
    let fullest = fullest.max_by_key(|(_, (_, peak))| peak.total());
    let decode = accounts.iter().find(|account| account.phase == Phase::Decode);
    let overhead = Overhead::of(run, None);
    let (rest, wall) =
        (sum_times(&accounts, |account| account.unaccounted), sum_times(&accounts, |account| account.wall));
    let cut = accounts.iter().any(|account| account.cut.is_some());
    object(json!({
        "flops_counted": sum(|account| account.flops),
        "flops_analytic": sum(|account| account.flops_modelled),
        "flops_causal": sum(|account| account.flops_causal),
        "overhead_ratio": overhead.map(|overhead| overhead.median),
        "overhead_quartiles": overhead.map(quartiles),
        "unaccounted": rest.share_of(wall),
        "peak_memory": fullest.map(|(account, (memory, peak))| peak_memory(account, memory, peak)),
        "decode_limit_tokens_per_s": decode.and_then(|account| account.decode_limit(run)),
        "peaks": run.peaks,
        "findings": findings(run).iter().map(|found| finding(run, found)).collect::<Vec<_>>(),
        "cut": cut.then(|| by_phase(&|account| account.cut.map_or(Value::Null, |cut| json!({
            "operators": cut.operators,
            "allocations": cut.allocations,
        })))),
        "unknown_operators": accounts.iter().flat_map(unknown).collect::<Vec<_>>(),
        "operators": accounts.iter().flat_map(operators).collect::<Vec<_>>(),
    }))
}

/// What a traced phase adds up to, beside its times.
pub fn phase(run: &Run, account: &Account) -> Value {
    let peak = account.fullest(run).map(|(memory, peak)| peak_memory(account, memory, peak));
    let overhead = Overhead::of(run, account.phase);
    json!({
        "flops_counted": account.flops,
        "flops_analytic": account.flops_modelled,
        "flops_causal": account.flops_causal,
        "overhead_ratio": overhead.map(|overhead| overhead.median),
        "overhead_quartiles": overhead.map(quartiles),
        "unaccounted": account.unaccounted.share_of(account.wall),
        "peak_memory": peak,
    })
}

/// What is known of a traced part, beside what is known of every part. The times go into `time_s`.
pub fn part(part: &PartAccount, peaks: Option<&Peaks>) -> (Value, Value) {
    let standing = peaks.and_then(|peaks| part.standing(peaks));
    let time = json!({ "total": part.total.seconds(), "self": part.own.seconds() });
    let rest = json!({
        "flops_counted": part.flops,
        "flops_causal": part.flops_causal,
        "bytes_moved": part.moved,
        "intensity": (part.bytes.0 > 0).then(|| part.flops.0 as f64 / part.bytes.0 as f64),
        "flops_per_s": (part.total.0 > 0).then(|| part.flops.0 as f64 / part.total.seconds()),
        "roof_share": standing.map(|standing| standing.share),
        "bound": standing.map(|standing| match standing.bound {
            Bound::Compute => "compute",
            Bound::Memory => "memory",
        }),
        "memory": {
            "allocated": part.memory.allocated,
            "freed": part.memory.freed,
            "peak": part.memory.peak,
            "alive": part.memory.alive,
        },
        "unknown_operators": part.unknown,
    });
    (time, rest)
}

/// Where each of these numbers comes from.
pub fn basis() -> Map<String, Value> {
    object(json!({
        "flops_counted": "counted from the shapes on which operators ran, of one repeat; what unknown_operators lists is not in it",
        "flops_analytic": "modelled by formula, of one repeat, attention over all keys",
        "flops_causal": "modelled by formula, of one repeat, attention over the visible keys only",
        "overhead_ratio": "measured: time of the passes of a traced repeat over that of the plain one before it, the median over the pairs; of one phase in phases",
        "unaccounted": "measured: share of the wall time that lies in no part, in the traced repeats with the median wall times; of one phase in phases",
        "peak_memory": "counted over every allocation, at the moment of a pass when most was alive, in bytes",
        "peak_memory.resident": "measured by the operating system: pages of the whole process; difference is its peak less the counted total",
        "decode_limit_tokens_per_s": "modelled: measured bandwidth over the compulsory bytes of a mean decode step",
        "peaks": "measured, apart from the run; roofs are the best of several",
        "findings": "shares measured, in traced passes; saves_s modelled: at most, in one repeat; they overlap",
        "operators": "of one repeat: calls counted, times measured, flops and bytes_moved counted (null: unknown), without those of the operators inside",
        "parts.time_s.total": "measured, in the traced repeat with the median wall time, parts inside included; self is without them",
        "parts.flops_counted": "counted from the shapes on which operators ran",
        "parts.flops_causal": "modelled by formula, attention over the visible keys only",
        "parts.bytes_moved": "counted: what operators read and wrote, one after the other",
        "parts.intensity": "flops_counted over bytes, which are modelled",
        "parts.flops_per_s": "flops_counted over the measured time",
        "parts.roof_share": "the time that counted FLOPs and modelled bytes take at the measured peaks, over the measured time; 1 is the roof",
        "parts.memory": "counted over every allocation, in bytes; peak is how far memory rose in one call",
        "parts.unknown_operators": "counted: calls of operators whose FLOPs are unknown",
    }))
}

/// The quartiles of a ratio, over `n` pairs.
fn quartiles(overhead: Overhead) -> Value {
    json!({ "q1": overhead.q1, "median": overhead.median, "q3": overhead.q3, "n": overhead.pairs })
}

fn sum_times(accounts: &[Account], of: fn(&Account) -> Nanos) -> Nanos {
    accounts.iter().map(of).sum()
}

fn peak_memory(account: &Account, memory: &PassMemory, peak: ByCategory) -> Value {
    let mut fields: Map<String, Value> =
        Category::ALL.into_iter().map(|category| (category.name().to_owned(), json!(peak.of(category)))).collect();
    let resident = memory.resident.map(|resident| {
        json!({
            "before": resident.before,
            "peak": resident.peak,
            "is_of_pass": resident.is_of_pass,
            "difference": less(resident.peak, peak.total()),
        })
    });
    fields.extend(object(json!({
        "total": peak.total(),
        "before": memory.before.total(),
        "phase": account.phase.name(),
        "resident": resident,
    })));
    fields.into()
}

/// A difference of sizes, which may be negative.
fn less(one: Bytes, other: Bytes) -> i64 {
    let difference = i128::from(one.0) - i128::from(other.0);
    i64::try_from(difference).unwrap_or(if difference < 0 { i64::MIN } else { i64::MAX })
}

fn finding(run: &Run, finding: &Finding) -> Value {
    json!({
        "id": finding.id,
        "phase": finding.phase.name(),
        "part": finding.part.map(|part| &run.parts[part as usize].path),
        "text": finding.text,
        "saves_s": finding.saves.seconds(),
    })
}

fn unknown(account: &Account) -> Vec<Value> {
    let of = |(name, calls, own): (&str, u32, Nanos)| json!({ "name": name, "phase": account.phase.name(), "calls": calls, "self_s": own.seconds() });
    account.unknown().into_iter().map(of).collect()
}

/// Each operator once, whichever part called it.
fn operators(account: &Account) -> Vec<Value> {
    let all = account.operators_by(|_| None).into_iter();
    let operator = all.map(|operator| {
        json!({
            "name": operator.name,
            "phase": account.phase.name(),
            "calls": operator.calls,
            "total_s": operator.total.seconds(),
            "self_s": operator.own.seconds(),
            "flops": operator.flops,
            "bytes_moved": operator.moved,
        })
    });
    operator.collect()
}
