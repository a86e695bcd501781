//! Between the lines of a run file of version 1 and the events in memory.

use super::{
    EndLine, HeaderLine, ModelWire, P, PartLine, PassLine, PhaseWire, SpanWire, StatusWire, TokenLine, VERSION,
};
use crate::record::event::{Candidate, Part, PassStart, Phase, Span, Status, Token, Watched};
use crate::record::header::{Header, ModelInfo};
use crate::units::{Bytes, Flops, Nanos};

impl From<HeaderLine> for Header {
    fn from(wire: HeaderLine) -> Self {
        Header {
            blockscope: wire.blockscope,
            libtorch: wire.libtorch,
            created: wire.created,
            model: wire.model.into(),
            device: wire.device,
            machine: wire.machine,
            threads: wire.threads,
            processors: wire.processors,
            toggles: toggles(&wire.toggles),
            prompt_tokens: wire.prompt_tokens,
            new_tokens: wire.new_tokens,
            prompt: wire.prompt,
        }
    }
}

impl From<&Header> for HeaderLine {
    fn from(header: &Header) -> Self {
        HeaderLine {
            version: VERSION,
            blockscope: header.blockscope.clone(),
            libtorch: header.libtorch.clone(),
            created: header.created,
            model: (&header.model).into(),
            device: header.device.clone(),
            machine: header.machine.clone(),
            threads: header.threads,
            processors: header.processors,
            toggles: spelled(&header.toggles),
            prompt_tokens: header.prompt_tokens,
            new_tokens: header.new_tokens,
            prompt: header.prompt.clone(),
        }
    }
}

/// Toggles as a line spells them: `attention=fused,kv_cache=on`.
pub fn toggles(text: &str) -> Vec<(String, String)> {
    let pair = |text: &str| {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        (name.to_owned(), value.to_owned())
    };
    text.split(',').filter(|text| !text.is_empty()).map(pair).collect()
}

/// The reverse.
pub fn spelled(toggles: &[(String, String)]) -> String {
    toggles.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(",")
}

impl From<ModelWire> for ModelInfo {
    fn from(wire: ModelWire) -> Self {
        ModelInfo {
            name: wire.name,
            source: wire.source,
            family: wire.family,
            n_layers: wire.n_layers,
            n_heads: wire.n_heads,
            n_kv_heads: wire.n_kv_heads,
            d_model: wire.d_model,
            d_head: wire.d_head,
            d_mlp: wire.d_mlp,
            d_vocab: wire.d_vocab,
            n_ctx: wire.n_ctx,
            parameters: wire.parameters,
            weight_bytes: Bytes(wire.weight_bytes),
            description: None,
        }
    }
}

impl From<&ModelInfo> for ModelWire {
    fn from(info: &ModelInfo) -> Self {
        ModelWire {
            name: info.name.clone(),
            source: info.source.clone(),
            family: info.family.clone(),
            n_layers: info.n_layers,
            n_heads: info.n_heads,
            n_kv_heads: info.n_kv_heads,
            d_model: info.d_model,
            d_head: info.d_head,
            d_mlp: info.d_mlp,
            d_vocab: info.d_vocab,
            n_ctx: info.n_ctx,
            parameters: info.parameters,
            weight_bytes: info.weight_bytes.0,
        }
    }
}

impl From<PartLine> for Part {
    fn from(wire: PartLine) -> Self {
        Part { path: wire.path, parent: wire.parent }
    }
}

impl From<PassLine> for PassStart {
    fn from(wire: PassLine) -> Self {
        PassStart {
            phase: match wire.phase {
                PhaseWire::Prefill => Phase::Prefill,
                PhaseWire::Decode => Phase::Decode,
            },
            repeat: wire.repeat,
            step: wire.step,
            n_new: wire.n_new,
            n_past: wire.n_past,
            watched: match (wire.recorded, wire.traced) {
                (_, true) => Watched::Operators,
                (true, false) => Watched::Parts,
                (false, false) => Watched::Plain,
            },
            start: Nanos(wire.start_ns),
        }
    }
}

impl From<PassStart> for PassLine {
    fn from(start: PassStart) -> Self {
        PassLine {
            phase: match start.phase {
                Phase::Prefill => PhaseWire::Prefill,
                Phase::Decode => PhaseWire::Decode,
            },
            repeat: start.repeat,
            step: start.step,
            n_new: start.n_new,
            n_past: start.n_past,
            recorded: start.watched.has_parts(),
            traced: start.watched == Watched::Operators,
            start_ns: start.start.0,
        }
    }
}

impl From<SpanWire> for Span {
    fn from(SpanWire(part, start, time, flops, bytes): SpanWire) -> Self {
        Span { part, start: Nanos(start), time: Nanos(time), flops: Flops(flops), bytes: Bytes(bytes) }
    }
}

impl From<&Span> for SpanWire {
    fn from(span: &Span) -> Self {
        SpanWire(span.part, span.start.0, span.time.0, span.flops.0, span.bytes.0)
    }
}

impl From<TokenLine> for Token {
    fn from(wire: TokenLine) -> Self {
        Token {
            repeat: wire.repeat,
            step: wire.step,
            id: wire.id,
            text: wire.text,
            p: wire.p.into(),
            latency: Nanos(wire.latency_ns),
            top: wire.top.into_iter().map(|(id, text, p)| Candidate { id, text, p: p.into() }).collect(),
        }
    }
}

impl From<&Token> for TokenLine {
    fn from(token: &Token) -> Self {
        TokenLine {
            repeat: token.repeat,
            step: token.step,
            id: token.id,
            text: token.text.clone(),
            p: token.p.into(),
            latency_ns: token.latency.0,
            top: token.top.iter().map(|other| (other.id, other.text.clone(), other.p.into())).collect(),
        }
    }
}

impl From<P> for f32 {
    /// Bars are drawn as long as this says, so what is no probability is not let in.
    fn from(P(p): P) -> Self {
        p.map_or(f32::NAN, |p| p.clamp(0.0, 1.0))
    }
}

impl From<f32> for P {
    fn from(p: f32) -> Self {
        P(p.is_finite().then_some(p))
    }
}

impl From<EndLine> for Status {
    fn from(wire: EndLine) -> Self {
        match wire.status {
            StatusWire::Done => Status::Done,
            StatusWire::Cancelled => Status::Cancelled,
            StatusWire::Failed => Status::Failed(wire.reason.unwrap_or_default()),
        }
    }
}

impl From<&Status> for EndLine {
    fn from(status: &Status) -> Self {
        match status {
            Status::Done => EndLine { status: StatusWire::Done, reason: None },
            Status::Cancelled => EndLine { status: StatusWire::Cancelled, reason: None },
            Status::Failed(reason) => EndLine { status: StatusWire::Failed, reason: Some(reason.clone()) },
        }
    }
}
