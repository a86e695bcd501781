//! How a run file of version 1 spells an event: one line of JSON each.
//!
//! ```text
//! {"version":1,"blockscope":…}                                  the header, first
//! {"event":"part","path":"blocks.0.attn","parent":1}
//! {"event":"pass","phase":"prefill",…}
//! {"event":"spans","spans":[[part,start_ns,time_ns,flops,bytes],…]}
//! {"event":"pass_end","time_ns":…}
//! {"event":"token","id":…,"text":…,"top":[[id,text,p],…]}
//! {"event":"end","status":"done"}
//! ```
//!
//! [`traced`] has the lines of a traced pass.
//!
//! These types exist so that the ones in memory can change without changing what old files mean.

pub mod convert;
mod described;
mod traced;

use super::event::{Event, Span};
use super::header::Header;
use super::peaks::Peaks;
use crate::units::Nanos;
use serde::{Deserialize, Serialize};
use std::io::Write;
use traced::{CutLine, MemoryLine, OperatorsLine, SignatureLine};

/// The number that the first line carries.
pub const VERSION: u64 = 1;

/// More blocks than this is not a model; a screen that has a row for each must not be sent there by a file.
pub const MAX_LAYERS: u32 = 1 << 16;

/// The first line.
#[derive(Serialize, Deserialize)]
pub struct HeaderLine {
    pub version: u64,
    blockscope: String,
    libtorch: String,
    created: u64,
    model: ModelWire,
    device: String,
    machine: String,
    threads: u32,
    #[serde(default, skip_serializing_if = "is_unknown")]
    processors: u32,
    /// As `--set` spells them.
    toggles: String,
    prompt_tokens: u32,
    new_tokens: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prompt: Option<String>,
}

/// Left out where it is not known, as in files of before it was written.
pub fn is_unknown(n: &u32) -> bool {
    *n == 0
}

#[derive(Serialize, Deserialize)]
pub struct ModelWire {
    name: String,
    source: String,
    family: String,
    pub n_layers: u32,
    n_heads: u32,
    n_kv_heads: u32,
    d_model: u32,
    d_head: u32,
    d_mlp: u32,
    d_vocab: u32,
    n_ctx: u32,
    parameters: u64,
    weight_bytes: u64,
}

/// Any line after the first, as it is written.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line {
    Part(PartLine),
    Pass(PassLine),
    Spans(SpansLine),
    Peaks(Peaks),
    Signature(SignatureLine),
    Operators(OperatorsLine),
    Memory(MemoryLine),
    Cut(CutLine),
    PassEnd(PassEndLine),
    Token(TokenLine),
    End(EndLine),
}

/// What tells the lines apart when they are read.
#[derive(Deserialize)]
pub struct Tag {
    pub event: String,
}

#[derive(Serialize, Deserialize)]
struct PartLine {
    path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<u32>,
}

#[derive(Serialize, Deserialize)]
struct PassLine {
    phase: PhaseWire,
    repeat: u32,
    step: u32,
    n_new: u32,
    n_past: u32,
    recorded: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    traced: bool,
    start_ns: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhaseWire {
    Prefill,
    Decode,
}

#[derive(Serialize, Deserialize)]
struct SpansLine {
    spans: Vec<SpanWire>,
}

/// An array, because a run has tens of thousands: `[part, start_ns, time_ns, flops, bytes]`.
#[derive(Serialize, Deserialize)]
struct SpanWire(u32, u64, u64, u64, u64);

#[derive(Serialize, Deserialize)]
struct PassEndLine {
    time_ns: u64,
}

#[derive(Serialize, Deserialize)]
struct TokenLine {
    repeat: u32,
    step: u32,
    id: u32,
    text: String,
    p: P,
    latency_ns: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    top: Vec<(u32, String, P)>,
}

/// A probability. JSON has no NaN, which a model with broken weights does produce: it is written as null.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct P(Option<f32>);

#[derive(Serialize, Deserialize)]
pub struct EndLine {
    status: StatusWire,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusWire {
    Done,
    Cancelled,
    Failed,
}

/// Reads the first line of a file whose version has been found to be [`VERSION`].
///
/// # Errors
/// A field that is missing, of another type, or larger than it can be.
pub fn read_header(line: &[u8]) -> Result<Event, String> {
    let header = Header::from(parse::<HeaderLine>(line)?.checked()?);
    Ok(Event::Header(Box::new(Header { model: header.model.described(), ..header })))
}

impl HeaderLine {
    /// # Errors
    /// More blocks than any model has.
    pub fn checked(self) -> Result<Self, String> {
        match self.model.n_layers {
            0..=MAX_LAYERS => Ok(self),
            n_layers => Err(format!("n_layers is {n_layers}; at most {MAX_LAYERS} were expected")),
        }
    }
}

/// Reads a line after the first. An object whose `event` is not known here becomes [`Event::Unknown`].
///
/// # Errors
/// What is no object with an `event`, or an event with a field missing or of another type.
pub fn read(line: &[u8]) -> Result<Event, String> {
    let Tag { event } = parse(line)?;
    Ok(match event.as_str() {
        "part" => Event::Part(parse::<PartLine>(line)?.into()),
        "pass" => Event::PassStart(parse::<PassLine>(line)?.into()),
        "spans" => Event::Spans(parse::<SpansLine>(line)?.spans.into_iter().map(Span::from).collect()),
        "peaks" => {
            let peaks: Box<Peaks> = parse(line)?;
            peaks.check()?;
            Event::Peaks(peaks)
        }
        "signature" => Event::Signature(Box::new(parse::<SignatureLine>(line)?.try_into()?)),
        "operators" => Event::Operators(parse::<OperatorsLine>(line)?.into()),
        "memory" => Event::Memory(Box::new(parse::<MemoryLine>(line)?.try_into()?)),
        "cut" => Event::Cut(parse::<CutLine>(line)?.into()),
        "pass_end" => Event::PassEnd { time: Nanos(parse::<PassEndLine>(line)?.time_ns) },
        "token" => Event::Token(parse::<TokenLine>(line)?.into()),
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
        Event::Part(part) => Line::Part(PartLine { path: part.path.clone(), parent: part.parent }),
        Event::PassStart(start) => Line::Pass((*start).into()),
        Event::Spans(spans) => Line::Spans(SpansLine { spans: spans.iter().map(SpanWire::from).collect() }),
        Event::Peaks(peaks) => Line::Peaks((**peaks).clone()),
        Event::Signature(signature) => Line::Signature((&**signature).into()),
        Event::Operators(operators) => Line::Operators(operators.as_slice().into()),
        Event::Memory(memory) => Line::Memory((&**memory).into()),
        Event::Cut(cut) => Line::Cut((*cut).into()),
        Event::PassEnd { time } => Line::PassEnd(PassEndLine { time_ns: time.0 }),
        Event::Token(token) => Line::Token(token.into()),
        Event::End(status) => Line::End(status.into()),
    };
    serde_json::to_writer(&mut *out, &line)?;
    out.write_all(b"\n")
}

/// Reads JSON; the error says at which column, since the file's line is known to the caller.
pub fn parse<'l, T: Deserialize<'l>>(line: &'l [u8]) -> Result<T, String> {
    serde_json::from_slice(line).map_err(|error| {
        let text = error.to_string();
        match text.rsplit_once(" at line 1 column ") {
            Some((problem, column)) => format!("{problem} (column {column})"),
            None => text,
        }
    })
}
