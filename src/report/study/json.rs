//! A study as JSON: one object. Times are in seconds; what could not be measured is null.

use crate::analyse::Sweep;
use crate::analyse::comparison::{Both, Comparison, Figure, PhaseComparison, Rate, Row};
use crate::analyse::pareto::{self, Standing};
use crate::analyse::statistics::{Ratio, Verdict};
use crate::analyse::sweep::{Line, Measured, Point, Power, Series};
use crate::record::study::{Arm, Pairing, PhaseResources, Quality, Resources, Study, StudyKind};
use crate::record::{Category, Phase, Quartiles, Status, Watched};
use crate::report::json::{model, object};
use crate::units::Nanos;
use serde_json::{Map, Value, json};

/// What `compare --json`, `sweep --json` and `export --to json` print.
pub fn study(study: &Study) -> Value {
    let header = &study.header;
    let mut whole = object(json!({
        "study": match header.kind {
            StudyKind::Compare => "compare",
            StudyKind::Matrix => "matrix",
            StudyKind::Sweep { .. } => "sweep",
        },
        "model": model(&header.model),
        "device": header.device,
        "machine": header.machine,
        "processors": header.processors,
        "libtorch": header.libtorch,
        "blockscope": header.blockscope,
        "created": header.created,
        "seed": header.seed,
        "pairing": match header.pairing {
            Pairing::Interleaved => "interleaved",
            Pairing::Separate => "separate",
        },
        "text": header.text.as_ref().map(|text| json!({ "name": text.name, "tokens": text.tokens })),
        "rounds": study.rounds(),
        "status": study.status.as_ref().map(|status| match status {
            Status::Done => "done",
            Status::Cancelled => "cancelled",
            Status::Failed(_) => "failed",
        }),
        "basis": basis(study),
        "arms": (0..).zip(&study.arms).map(|(number, arm)| self::arm(study, number, arm)).collect::<Vec<_>>(),
    }));
    match &header.kind {
        StudyKind::Compare => {
            let comparisons: Vec<Value> = Comparison::of(study, 0, 1).iter().map(comparison).collect();
            whole.insert("comparisons".into(), comparisons.into());
        }
        StudyKind::Matrix => {
            let comparisons: Vec<Value> = Comparison::all(study).iter().map(comparison).collect();
            whole.insert("comparisons".into(), comparisons.into());
            let standings = pareto::of_study(study, Phase::Decode);
            whole.insert("pareto".into(), standings.into_iter().map(standing).collect::<Vec<_>>().into());
        }
        StudyKind::Sweep { .. } => {
            let sweep = Sweep::of(study);
            whole.insert("over".into(), sweep.over.clone().into());
            whole.insert("series".into(), sweep.series.iter().map(series).collect::<Vec<_>>().into());
        }
    }
    whole.into()
}

/// An arm by itself.
fn arm(study: &Study, number: u32, arm: &Arm) -> Value {
    let toggles: Map<String, Value> =
        arm.toggles.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
    let itself = Comparison::headline(study, number, number);
    let itself = itself.as_ref();
    json!({
        "name": arm.name,
        "toggles": toggles,
        "prompt_tokens": arm.prompt_tokens,
        "new_tokens": arm.new_tokens,
        "refused": arm.refused,
        "ttft_s": itself.and_then(|arm| arm.prefill.time.sides.candidate).map(times),
        "tpot_s": itself.and_then(|arm| arm.decode.time.sides.candidate).map(times),
        "prefill_tokens_per_s": itself.and_then(|arm| arm.prefill.rates().sides.candidate).map(rate),
        "decode_tokens_per_s": itself.and_then(|arm| arm.decode.rates().sides.candidate).map(rate),
        "resources": arm.resources.as_deref().map(resources),
        "quality": arm.quality.as_ref().map(quality),
    })
}

/// Two arms.
pub fn comparison(comparison: &Comparison) -> Value {
    let differ: Map<String, Value> = comparison
        .differ
        .iter()
        .map(|setting| (setting.name.clone(), json!([setting.value.baseline, setting.value.candidate])))
        .collect();
    json!({
        "baseline": comparison.arms.baseline,
        "candidate": comparison.arms.candidate,
        "pairs": comparison.pairs,
        "noise_floor": comparison.noise_floor(),
        "differ": differ,
        "prefill": phase(&comparison.prefill),
        "decode": phase(&comparison.decode),
        "memory_peak_ratio": comparison.peak().and_then(|peak| peak.map(|peak| peak.total()).ratio()),
        "sentences": comparison.sentences(),
    })
}

fn phase(phase: &PhaseComparison) -> Value {
    let of = |rows: &[Row]| -> Vec<Value> {
        let row = |row: &Row| {
            let mut object = object(json!({ "name": row.path }));
            object.extend(self::object(figure(&row.time)));
            Value::Object(object)
        };
        rows.iter().map(row).collect()
    };
    json!({
        phase.figure_name().to_lowercase(): figure(&phase.time),
        "rate_ratio": phase.rates().ratio.map(ratio),
        "blocks": of(&phase.blocks),
        "parts_in_blocks": of(&phase.kinds),
        "parts_outside": of(&phase.outside),
    })
}

fn figure(figure: &Figure) -> Value {
    let Both { baseline, candidate } = figure.sides.map(|side| side.map(times));
    json!({
        "baseline_s": baseline,
        "candidate_s": candidate,
        "ratio": figure.ratio.map(ratio),
        "noise_floor": figure.floor,
        "verdict": figure.verdict.map(|verdict| match verdict {
            Verdict::Faster => "faster",
            Verdict::Slower => "slower",
            Verdict::NoDifference { .. } => "no_difference",
            Verdict::TooNoisy { .. } => "too_noisy",
        }),
        "within": figure.verdict.and_then(|verdict| match verdict {
            Verdict::NoDifference { within } => Some(within),
            _ => None,
        }),
        "pairs_needed": figure.verdict.and_then(|verdict| match verdict {
            Verdict::TooNoisy { pairs } => Some(pairs),
            _ => None,
        }),
    })
}

fn ratio(ratio: Ratio) -> Value {
    let Ratio { ratio, low, high, level, n, paired, p } = ratio;
    json!({ "ratio": ratio, "low": low, "high": high, "level": level, "n": n, "paired": paired, "p": p })
}

fn times(q: Quartiles) -> Value {
    json!({ "q1": q.q1.seconds(), "median": q.median.seconds(), "q3": q.q3.seconds(), "n": q.n })
}

fn rate(rate: Rate) -> Value {
    json!({ "q1": rate.q1, "median": rate.median, "q3": rate.q3 })
}

fn resources(resources: &Resources) -> Value {
    let phase = |phase: &PhaseResources| {
        json!({
            "flops_counted": phase.flops,
            "bytes": phase.bytes,
            "bytes_moved": phase.moved,
            "floor_s": phase.floor.map(Nanos::seconds),
        })
    };
    let mut peak: Map<String, Value> = Category::ALL
        .into_iter()
        .map(|category| (category.name().replace(' ', "_").to_lowercase(), json!(resources.peak.of(category))))
        .collect();
    peak.insert("total".into(), json!(resources.peak.total()));
    json!({
        "prefill": phase(&resources.prefill),
        "decode": phase(&resources.decode),
        "peak": peak,
        "kv_formula": resources.kv_formula,
        "kv_over_formula": resources.kv_over_formula(),
    })
}

fn quality(quality: &Quality) -> Value {
    json!({
        "positions": quality.positions,
        "kl_mean": quality.kl_mean,
        "kl_p99": quality.kl_p99,
        "top1": quality.top1,
        "nll": quality.nll,
        "nll_reference": quality.nll_reference,
        "delta_nll": quality.delta_nll(),
        "perplexity": quality.perplexity(),
        "max_logit": quality.max_logit,
    })
}

fn standing(standing: Standing) -> Value {
    match standing {
        Standing::Best => json!({ "best": true }),
        Standing::Dominated { by } => json!({ "best": false, "dominated_by": by }),
        Standing::Unknown => Value::Null,
    }
}

fn series(series: &Series) -> Value {
    let measured = |time: Option<Measured>| {
        time.map(|time| {
            let mut object = object(times(time.quartiles));
            let interval = time.interval.map(|(low, high)| [low.seconds(), high.seconds()]);
            object.insert("interval".into(), json!(interval));
            object
        })
    };
    let point = |point: &Point| {
        json!({
            "arm": point.arm,
            "x": point.x,
            "ttft_s": measured(point.ttft),
            "tpot_s": measured(point.tpot),
            "ttft_floor_s": point.ttft_floor.map(Nanos::seconds),
            "tpot_floor_s": point.tpot_floor.map(Nanos::seconds),
            "refused": point.refused,
        })
    };
    let power = |power: Power| {
        let Power { exponent, interval, factor, from, to, points } = power;
        json!({ "exponent": exponent, "interval": interval, "factor_s": factor, "from": from, "to": to, "points": points })
    };
    let line =
        |Line { a, b, interval, points }: Line| json!({ "a_s": a, "b_s": b, "b_interval": interval, "points": points });
    json!({
        "name": series.name,
        "points": series.points.iter().map(point).collect::<Vec<_>>(),
        "ttft_power": series.ttft.map(power),
        "tpot_power": series.tpot.map(power),
        "tpot_line": series.tpot_line.map(line),
    })
}

/// Where each number comes from.
fn basis(study: &Study) -> Value {
    let plain = study.samples.iter().any(|sample| sample.watched == Watched::Plain);
    let headline = if plain { "measured, while no parts were timed" } else { "measured, while the parts were timed" };
    let mut basis = object(json!({
        "arms.ttft_s": headline,
        "arms.tpot_s": format!("{headline}; of each execution the median step"),
        "arms.prefill_tokens_per_s": format!("{headline}: prompt tokens over TTFT"),
        "arms.decode_tokens_per_s": format!("{headline}: further tokens over all their time"),
        "arms.resources.flops_counted": "counted, in a traced pass; of all decode steps together",
        "arms.resources.bytes": "modelled by formula: weights, inputs and outputs, each once",
        "arms.resources.bytes_moved": "counted: what the operators read and wrote",
        "arms.resources.floor_s": "modelled: the least time by the measured limits of the machine",
        "arms.resources.peak": "counted, when most memory was in use",
        "arms.resources.kv_formula": "modelled by formula",
        "arms.resources.kv_over_formula": "counted over modelled",
        "arms.quality": "measured against the f32, eager, uncached model on the text; nats a token, accumulated in f64",
    }));
    let more = match study.header.kind {
        StudyKind::Compare | StudyKind::Matrix => json!({
            "comparisons.ratio": "measured: candidate over baseline, of medians; bootstrap percentile interval, pairs drawn as pairs; p by an exact rank test",
            "comparisons.rate_ratio": "measured: candidate over baseline, of tokens per second",
            "comparisons.noise_floor": "measured: how far from 1 the baseline comes out against itself, as a factor less one",
            "comparisons.verdict": "a change needs an interval without 1, p below 1 − level, and more than the noise floor; levels of several rows or arms by Holm",
            "comparisons.blocks": "measured, while the parts were timed; so are parts_in_blocks, added up over all blocks, and parts_outside",
            "comparisons.memory_peak_ratio": "counted",
            "pareto": "by the medians of TPOT and KL",
        }),
        StudyKind::Sweep { .. } => json!({
            "series.points.ttft_s": format!("{headline}; the interval is that of the median, 95%, by bootstrap"),
            "series.points.tpot_s": headline,
            "series.points.ttft_floor_s": "modelled: the least time by the measured limits of the machine",
            "series.points.tpot_floor_s": "modelled, of one step",
            "series.ttft_power": "fitted: factor · x^exponent, least squares of logarithms over the upper part of the range",
            "series.tpot_power": "fitted, as ttft_power",
            "series.tpot_line": "fitted: a + b · x, least squares weighted by 1/t²",
        }),
    };
    basis.extend(object(more));
    basis.into()
}
