//! A run as JSON: the machine-readable forms of `generate` and `profile`.
//!
//! Times are in seconds. What could not be measured is null.

mod object;
mod traced;

pub use object::object;

use crate::analyse::{Account, Overhead};
use crate::record::{Header, ModelInfo, Phase, Quartiles, Run, Status};
use crate::units::Nanos;
use serde_json::{Map, Value, json};

/// The version of the objects that `--json` prints. It grows when a field goes away, gets another name or means something
/// else; fields that are added change nothing. `docs/json.md` describes them.
pub const SCHEMA: u32 = 1;

/// An object as it is printed: its version is its first field.
pub fn versioned(whole: Value) -> Value {
    let mut versioned = object(json!({ "schema": SCHEMA }));
    versioned.extend(object(whole));
    versioned.into()
}

/// What `profile --json` prints.
pub fn profile(run: &Run) -> Value {
    let mut object = object(header(&run.header));
    object.extend(self::object(json!({
        "prompt_tokens": run.header.prompt_tokens,
        "new_tokens": run.header.new_tokens,
        "repeats": { "plain": run.repeats(false), "recorded": run.repeats(true) },
        "status": status(run),
    })));
    object.extend(self::object(headline(run)));
    object.extend(self::object(json!({
        "quartiles": {
            "ttft_s": run.ttft().map(times),
            "tpot_s": run.tpot().map(times),
            "prefill_tokens_per_s": run.headline_wall(Phase::Prefill).map(|q| rates(run.header.prompt_tokens, q)),
            "decode_tokens_per_s": run.decode_pace().map(|q| rates(1, q)),
        },
        "basis": basis(run),
        "phases": { "prefill": phase(run, Phase::Prefill), "decode": phase(run, Phase::Decode) },
        "parts": parts(run),
    })));
    object.extend(traced::totals(run));
    Value::Object(object)
}

/// What ran, where and how.
pub fn header(header: &Header) -> Value {
    let toggles: Map<String, Value> =
        header.toggles.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
    json!({
        "model": model(&header.model),
        "device": header.device,
        "machine": header.machine,
        "threads": header.threads,
        "toggles": toggles,
        "libtorch": header.libtorch,
        "blockscope": header.blockscope,
        "created": header.created,
    })
}

/// The headline numbers of a run, as `generate` and `profile` both name them.
pub fn headline(run: &Run) -> Value {
    json!({
        "ttft_s": run.ttft().map(|q| q.median.seconds()),
        "tpot_s": run.tpot().map(|q| q.median.seconds()),
        "prefill_tokens_per_s": run.prefill_tokens_per_s(),
        "decode_tokens_per_s": run.decode_tokens_per_s(),
    })
}

/// The shape of a model.
pub fn model(info: &ModelInfo) -> Value {
    json!({
        "name": info.name,
        "source": info.source,
        "family": info.family,
        "n_layers": info.n_layers,
        "n_heads": info.n_heads,
        "n_kv_heads": info.n_kv_heads,
        "d_model": info.d_model,
        "d_head": info.d_head,
        "d_mlp": info.d_mlp,
        "d_vocab": info.d_vocab,
        "n_ctx": info.n_ctx,
        "parameters": info.parameters,
        "weight_bytes": info.weight_bytes,
    })
}

/// How the run ended: `done`, `cancelled`, `failed`, or null while it has not.
pub fn status(run: &Run) -> Option<&'static str> {
    run.status.as_ref().map(|status| match status {
        Status::Done => "done",
        Status::Cancelled => "cancelled",
        Status::Failed(_) => "failed",
    })
}

/// Where the headline numbers come from.
pub fn headline_basis(run: &Run) -> &'static str {
    if run.has_plain_passes() { "measured, while no parts were timed" } else { "measured, while the parts were timed" }
}

/// Where each number comes from.
fn basis(run: &Run) -> Value {
    let headline = headline_basis(run);
    let mut basis = object(json!({
        "ttft_s": headline,
        "tpot_s": headline,
        "prefill_tokens_per_s": headline,
        "decode_tokens_per_s": headline,
        "parts.calls": "counted, of one repeat",
        "phases": "measured, in the recorded repeat with the median wall time",
        "parts.time_s": "measured, all calls of one repeat added up, parts inside included; typical is that of the repeat of phases, so that it adds up",
        "parts.flops": "modelled by formula from the shapes that ran, of one repeat; a multiply-add counts as two",
        "parts.bytes": "modelled by formula, of one repeat: weights, inputs and outputs, each once",
    }));
    if run.is_traced() {
        basis.extend(traced::basis());
    }
    basis.into()
}

/// How a phase adds up, in the recorded repeat with the median wall time; null where none was recorded.
fn phase(run: &Run, phase: Phase) -> Value {
    let Some((_, wall)) = run.typical_repeat(Some(phase)) else { return Value::Null };
    let top = run.rows(Some(phase)).into_iter().filter(|row| run.parts[row.part as usize].parent.is_none());
    let accounted: Nanos = top.map(|row| row.typical).sum();
    let mut object = object(json!({
        "wall_s": wall.seconds(),
        "unaccounted_s": (wall - accounted).seconds(),
        "recorded_over_plain": Overhead::of(run, phase).map(|overhead| overhead.median),
    }));
    if let Some(account) = Account::of(run, phase) {
        object.extend(self::object(traced::phase(run, &account)));
    }
    object.into()
}

/// Every part that ran, first in the prefill, then in decoding.
pub fn parts(run: &Run) -> Vec<Value> {
    let of_phase = |phase: Phase| {
        let rows = run.rows(Some(phase)).into_iter();
        let account = Account::of(run, phase);
        rows.map(move |row| {
            let mut part = object(json!({
                "name": run.parts[row.part as usize].path,
                "phase": phase.name(),
                "calls": row.calls_of_one_repeat(),
                "time_s": {
                    "typical": row.typical.seconds(),
                    "median": row.time.median.seconds(),
                    "q1": row.time.q1.seconds(),
                    "q3": row.time.q3.seconds(),
                },
                "flops": row.flops,
                "bytes": row.bytes,
            }));
            if let Some(traced) = account.as_ref().and_then(|account| account.part(row.part)) {
                let (times, rest) = traced::part(traced, run.peaks.as_deref());
                if let Some(Value::Object(time)) = part.get_mut("time_s") {
                    time.extend(object(times));
                }
                part.extend(object(rest));
            }
            Value::Object(part)
        })
    };
    of_phase(Phase::Prefill).chain(of_phase(Phase::Decode)).collect()
}

/// Quartiles of a time, in seconds.
fn times(q: Quartiles) -> Value {
    json!({ "q1": q.q1.seconds(), "median": q.median.seconds(), "q3": q.q3.seconds(), "n": q.n })
}

/// Quartiles of a rate, of which the slowest has the longest time.
fn rates(tokens: u32, q: Quartiles) -> Value {
    let rate = |time: Nanos| (time.0 > 0).then(|| f64::from(tokens) / time.seconds());
    json!({ "q1": rate(q.q3), "median": rate(q.median), "q3": rate(q.q1), "n": q.n })
}
