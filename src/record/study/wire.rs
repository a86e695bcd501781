//! How a study file of version 1 spells an event: one line of JSON each.
//!
//! ```text
//! {"version":1,"study":"compare",…}                             the header, first
//! {"event":"arm","name":"attention=eager","toggles":"attention=eager,…",…}
//! {"event":"part","path":"blocks.0.attn"}
//! {"event":"resources","arm":0,"prefill":{…},"decode":{…},"peak":[weights,kv,activations,temporaries],…}
//! {"event":"quality","arm":0,"positions":…,"kl_mean":…,…}
//! {"event":"sample","arm":0,"round":0,"watched":"plain","ttft_ns":…,"steps_ns":[…],"prefill":[[part,time_ns],…],…}
//! {"event":"end","status":"done"}
//! ```
//!
//! Models, lengths and ends are spelled as in run files ([`crate::record::v1`]).

mod convert;

use super::Event;
use crate::record::v1::{EndLine, MAX_LAYERS, ModelWire, Tag, is_unknown, parse};
use serde::{Deserialize, Serialize};
use std::io::Write;

/// The number that the first line carries.
pub const VERSION: u64 = 1;

#[derive(Serialize, Deserialize)]
struct HeaderLine {
    version: u64,
    study: KindWire,
    /// The setting of a sweep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    over: Option<String>,
    blockscope: String,
    libtorch: String,
    created: u64,
    model: ModelWire,
    device: String,
    machine: String,
    #[serde(default, skip_serializing_if = "is_unknown")]
    processors: u32,
    seed: u64,
    pairing: PairingWire,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<TextWire>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KindWire {
    Compare,
    Matrix,
    Sweep,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PairingWire {
    Interleaved,
    Separate,
}

#[derive(Serialize, Deserialize)]
struct TextWire {
    name: String,
    tokens: u32,
}

/// Any line after the first, as it is written.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line {
    Arm(Box<ArmLine>),
    Part(PartLine),
    Resources(OfArm<ResourcesWire>),
    Quality(OfArm<QualityWire>),
    Sample(SampleLine),
    End(EndLine),
}

#[derive(Serialize, Deserialize)]
struct ArmLine {
    name: String,
    /// As `--set` spells them.
    toggles: String,
    prompt_tokens: u32,
    new_tokens: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    /// Where they were known before the arm was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resources: Option<ResourcesWire>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quality: Option<QualityWire>,
}

#[derive(Serialize, Deserialize)]
struct PartLine {
    path: String,
}

/// Something that became known of an arm.
#[derive(Serialize, Deserialize)]
struct OfArm<T> {
    arm: u32,
    #[serde(flatten)]
    what: T,
}

#[derive(Serialize, Deserialize)]
struct ResourcesWire {
    prefill: PhaseWire,
    decode: PhaseWire,
    /// Bytes of weights, KV cache, activations and temporaries.
    peak: [u64; 4],
    kv_formula: u64,
}

#[derive(Serialize, Deserialize)]
struct PhaseWire {
    flops: u64,
    bytes: u64,
    moved: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    floor_ns: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct QualityWire {
    positions: u32,
    kl_mean: Number,
    kl_p99: Number,
    top1: Number,
    nll: Number,
    nll_reference: Number,
    max_logit: Number,
}

/// JSON has no NaN, which a model with broken weights does produce: it is written as null.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Number(Option<f64>);

#[derive(Serialize, Deserialize)]
struct SampleLine {
    arm: u32,
    round: u32,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    again: bool,
    watched: WatchedWire,
    ttft_ns: u64,
    steps_ns: Vec<u64>,
    /// `[part, time_ns]` each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    prefill: Vec<(u32, u64)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    decode: Vec<(u32, u64)>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WatchedWire {
    Plain,
    Parts,
    Operators,
}

/// Reads the first line of a file whose version has been found to be [`VERSION`].
///
/// # Errors
/// A field that is missing, of another type, or larger than it can be.
pub fn read_header(line: &[u8]) -> Result<Event, String> {
    let wire: HeaderLine = parse(line)?;
    if wire.model.n_layers > MAX_LAYERS {
        return Err(format!("n_layers is {}; at most {MAX_LAYERS} were expected", wire.model.n_layers));
    }
    Ok(Event::Header(Box::new(wire.try_into()?)))
}

/// Reads a line after the first. An object whose `event` is not known here becomes [`Event::Unknown`].
///
/// # Errors
/// What is no object with an `event`, or an event with a field missing or of another type.
pub fn read(line: &[u8]) -> Result<Event, String> {
    let Tag { event } = parse(line)?;
    Ok(match event.as_str() {
        "arm" => Event::Arm(Box::new(parse::<ArmLine>(line)?.into())),
        "part" => Event::Part(parse::<PartLine>(line)?.path),
        "resources" => {
            let OfArm { arm, what } = parse::<OfArm<ResourcesWire>>(line)?;
            Event::Resources { arm, resources: Box::new(what.into()) }
        }
        "quality" => {
            let OfArm { arm, what } = parse::<OfArm<QualityWire>>(line)?;
            Event::Quality { arm, quality: what.into() }
        }
        "sample" => Event::Sample(parse::<SampleLine>(line)?.into()),
        "end" => Event::End(parse::<EndLine>(line)?.into()),
        _ => Event::Unknown(parse(line)?),
    })
}

/// Writes an event and the end of its line.
///
/// # Errors
/// Those of `out`.
pub fn write(event: &Event, out: &mut impl Write) -> std::io::Result<()> {
    let line = match event {
        Event::Header(header) => {
            serde_json::to_writer(&mut *out, &HeaderLine::from(&**header))?;
            return out.write_all(b"\n");
        }
        Event::Unknown(line) => {
            serde_json::to_writer(&mut *out, line)?;
            return out.write_all(b"\n");
        }
        Event::Arm(arm) => Line::Arm(Box::new((&**arm).into())),
        Event::Part(path) => Line::Part(PartLine { path: path.clone() }),
        Event::Resources { arm, resources } => Line::Resources(OfArm { arm: *arm, what: (&**resources).into() }),
        Event::Quality { arm, quality } => Line::Quality(OfArm { arm: *arm, what: quality.into() }),
        Event::Sample(sample) => Line::Sample(sample.into()),
        Event::End(status) => Line::End(status.into()),
    };
    serde_json::to_writer(&mut *out, &line)?;
    out.write_all(b"\n")
}
