//! A made-up run of SmolLM2-135M for tests: its real shapes, work by the usual formulas, plausible times.

pub mod explored;
mod traced;

pub use traced::{peaks, traced_events, traced_run};

use crate::arch::Toggles;
use crate::arch::entries::Config;
use crate::arch::path::inside_block;
use crate::arch::{self, Model, families};
use crate::engine::Device;
use crate::measure::{Glimpse, Halt};
use crate::record::{Candidate, Event, Header, ModelInfo, Part, PassStart, Phase, Span, Status, Token, Watched};
use crate::units::{Bytes, Flops, Nanos};
use crate::worker::Card;

const D: u64 = 576;
const MLP: u64 = 1536;
const VOCAB: u64 = 49_152;
const LAYERS: u32 = 30;

/// What the model goes on with: text, its probability.
const WORDS: &[(&str, f32)] = &[
    (" Paris", 0.81),
    (".", 0.93),
    (" It", 0.34),
    (" is", 0.71),
    (" the", 0.44),
    (" largest", 0.29),
    (" city", 0.97),
    (" in", 0.62),
    (" France", 0.78),
    (" and", 0.41),
    (" one", 0.07),
    (" of", 0.99),
    (" the", 0.995),
    (" most", 0.66),
    (" visited", 0.12),
    (" cities", 0.58),
    (" in", 0.52),
    (" the", 0.9),
    (" world", 0.94),
    (",", 0.31),
    (" known", 0.16),
    (" for", 0.88),
    (" its", 0.73),
    (" light", 0.03),
    ("-hearted", 0.01),
    (" café", 0.22),
    ("s", 0.95),
    (".", 0.49),
    ("\n", 0.37),
    ("\n", 0.91),
    ("The", 0.27),
    (" Seine", 0.19),
];

/// The shape of SmolLM2-135M.
pub fn info() -> ModelInfo {
    ModelInfo {
        name: "SmolLM2-135M-Instruct".into(),
        source: "smollm2".into(),
        family: "llama".into(),
        n_layers: LAYERS,
        n_heads: 9,
        n_kv_heads: 3,
        d_model: D as u32,
        d_head: 64,
        d_mlp: MLP as u32,
        d_vocab: VOCAB as u32,
        n_ctx: 8192,
        parameters: 134_515_008,
        weight_bytes: Bytes(538_060_032),
        description: None,
    }
    .described()
}

/// Toggles that do not depend on the machine of the test.
pub fn toggles() -> Toggles {
    Toggles::default().with("threads=1").unwrap()
}

/// The loaded model.
pub fn card() -> Card {
    let config = include_str!("../engine/presets/smollm2-135m.json");
    let config = Config::parse(config, std::path::Path::new("config.json")).unwrap();
    let model = Model { eos: vec![2], ..families::of_config(&config, &info().name).unwrap() };
    Card { model, info: info(), toggles: toggles(), device: Device::Cpu, has_chat_template: true, warnings: Vec::new() }
}

/// The header of a run of 64 new tokens.
pub fn header(prompt_tokens: u32) -> Header {
    Header {
        blockscope: "0.1.0".into(),
        libtorch: "2.11.0".into(),
        created: 1_795_464_900, // 2026-11-23 20:15:00 UTC
        model: info(),
        device: "cpu".into(),
        machine: "Made-up CPU".into(),
        threads: 1,
        processors: 1,
        toggles: toggles().to_pairs(),
        prompt_tokens,
        new_tokens: 64,
        prompt: Some("The capital of France is".into()),
    }
}

/// Header, parts, one prefill, and `tokens` tokens with a decode step between each two; no end.
pub fn events(prompt_tokens: u32, tokens: u32) -> Vec<Event> {
    let mut events = vec![Event::Header(Box::new(header(prompt_tokens)))];
    events.extend(all_parts().into_iter().map(Event::Part));
    events.extend(repeat(0, prompt_tokens, tokens));
    events
}

/// As [`events`], ended well.
pub fn whole(prompt_tokens: u32, tokens: u32) -> Vec<Event> {
    let mut events = events(prompt_tokens, tokens);
    events.push(Event::End(Status::Done));
    events
}

/// A run in the middle of its prefill: `blocks` blocks are done.
pub fn mid_prefill(prompt_tokens: u32, blocks: u32) -> Vec<Event> {
    let mut events = vec![Event::Header(Box::new(header(prompt_tokens)))];
    // A part is announced when it begins: those of the block that goes on, and of nothing after it.
    let known = |part: &Part| part.path == "embed" || part.block().is_some_and(|block| block < blocks);
    let parts = all_parts();
    events.extend(parts.iter().filter(|part| known(part)).cloned().map(Event::Part));
    events.push(start(Phase::Prefill, 0, 0, prompt_tokens, 0, Nanos(0)));
    let spans = spans(&parts, prompt_tokens, 0, 0).0;
    let done = spans.into_iter().filter(|span| known(&parts[span.part as usize])).collect();
    events.push(Event::Spans(done));
    events.push(Event::Part(Part { path: format!("blocks.{blocks}"), parent: None }));
    events
}

/// The passes of one repeat.
pub fn repeat(repeat: u32, prompt_tokens: u32, tokens: u32) -> Vec<Event> {
    let parts = all_parts();
    let mut events = Vec::new();
    let mut began = Nanos(u64::from(repeat) * 10_000_000_000);
    for token in 0..tokens {
        let (phase, step, n_new, n_past) = match token {
            0 => (Phase::Prefill, 0, prompt_tokens, 0),
            _ => (Phase::Decode, token - 1, 1, prompt_tokens + token - 1),
        };
        events.push(start(phase, repeat, step, n_new, n_past, began));
        let (spans, time) = spans(&parts, n_new, n_past, u64::from(repeat * 7 + token));
        events.push(Event::Spans(spans));
        let wall = Nanos(time.0 + time.0 / 160);
        events.push(Event::PassEnd { time: wall });
        let latency = Nanos(wall.0 + 210_000);
        began += latency;
        events.push(Event::Token(word(repeat, token, latency)));
    }
    events
}

/// Where a single-stepped run stands.
pub fn halt(path: &str) -> Box<Halt> {
    let glimpse = |name: &str, heads: i64, mean: f64| Glimpse {
        name: name.into(),
        shape: vec![1, heads, 5, 64],
        kind: "f32".into(),
        mean,
        std: 1.0247,
        min: -4.3125,
        max: 5.2019,
        values: vec![0.1234, -0.4417, 1.2011, -2.0388, 0.0042, 0.7719, -0.9031, 0.3300],
    };
    let made = match path.rsplit('.').next() {
        Some("qkv") => vec![glimpse("q", 9, 0.0131), glimpse("k", 3, -0.2204), glimpse("v", 3, 0.0009)],
        _ => vec![Glimpse { shape: vec![1, 5, 576], ..glimpse("", 1, 0.0131) }],
    };
    Box::new(Halt { path: path.into(), time: Nanos(412_000), made })
}

fn start(phase: Phase, repeat: u32, step: u32, n_new: u32, n_past: u32, start: Nanos) -> Event {
    Event::PassStart(PassStart { phase, repeat, step, n_new, n_past, watched: Watched::Parts, start })
}

fn all_parts() -> Vec<Part> {
    let card = card();
    let parts = card.model.parts(&card.toggles);
    let number = |path| parts.iter().position(|part| part.path == path).map(|number| number as u32);
    let recorded =
        |part: &arch::parts::Part| Part { path: part.path.to_string(), parent: part.path.parent().and_then(number) };
    parts.iter().map(recorded).collect()
}

/// The spans of one pass, children before parents as they end, and their sum at the top level.
fn spans(parts: &[Part], t: u32, past: u32, seed: u64) -> (Vec<Span>, Nanos) {
    let mut made: Vec<Span> = parts
        .iter()
        .enumerate()
        .map(|(id, part)| {
            let (flops, bytes) = work(&part.path, u64::from(t), u64::from(past));
            // 110 GFLOP/s, 12 GB/s, 4 µs to begin, and up to 8% of noise that differs from part to part.
            let noise = (id as u64 * 7919 + seed * 104_729) % 83;
            let time = (flops / 110 + bytes / 12 + 4_000) * (1000 + noise) / 1000;
            let slow = if part.path.starts_with("blocks.17.mlp") { 2 } else { 1 };
            Span {
                part: id as u32,
                start: Nanos(0),
                time: Nanos(if is_group(&part.path) { 0 } else { slow * time }),
                flops: Flops(flops),
                bytes: Bytes(bytes),
            }
        })
        .collect();
    for id in (0..parts.len()).rev() {
        if let Some(parent) = parts[id].parent {
            let Span { time, flops, bytes, .. } = made[id];
            let parent = &mut made[parent as usize];
            parent.time += Nanos(time.0 + 300);
            parent.flops += flops;
            parent.bytes += bytes;
        }
    }
    // One after the other, a parent before its children, with a little of its own before each.
    let mut begin = Nanos(0);
    let mut inside = vec![Nanos(0); parts.len()];
    for id in 0..parts.len() {
        let next = parts[id].parent.map_or(&mut begin, |parent| &mut inside[parent as usize]);
        made[id].start = *next + Nanos(if parts[id].parent.is_some() { 300 } else { 0 });
        *next = made[id].start + made[id].time;
        inside[id] = made[id].start;
    }
    // In the order in which they end: a stage after its parts, a block after its stages.
    let depth_first = |parent: Option<u32>| ended(parts, parent);
    let order = depth_first(None);
    (order.into_iter().map(|id| made[id as usize]).collect(), begin)
}

fn ended(parts: &[Part], parent: Option<u32>) -> Vec<u32> {
    let inside = |id: usize| parts[id].parent == parent;
    let first = parent.map_or(0, |parent| parent as usize + 1);
    let mut order = Vec::new();
    for id in
        (first..parts.len()).take_while(|&id| parent.is_none() || parts[id].parent.is_some()).filter(|&id| inside(id))
    {
        order.extend(ended(parts, Some(id as u32)));
        order.push(id as u32);
    }
    order
}

fn is_group(path: &str) -> bool {
    matches!(inside_block(path), Some("" | "attn" | "mlp"))
}

/// FLOPs and bytes of a leaf.
fn work(path: &str, t: u64, past: u64) -> (u64, u64) {
    let product = |rows: u64, from: u64, to: u64| (2 * rows * from * to, 4 * (from * to + rows * (from + to)));
    let (q, kv, keys) = (576, 192, t + past);
    match inside_block(path).unwrap_or(path) {
        "embed" => (0, 8 * t * D),
        "lm_head" => product(1, D, VOCAB),
        "attn.qkv" => product(t, D, q + 2 * kv),
        "attn.rope" => (6 * t * (q + kv), 8 * t * (q + kv)),
        "attn.cache" => (0, 16 * t * kv),
        "attn.fused" => (4 * t * keys * q, 4 * (2 * t * q + 2 * keys * kv)),
        "attn.out" => product(t, q, D),
        "mlp.gate" | "mlp.up" => product(t, D, MLP),
        "mlp.down" => product(t, MLP, D),
        "mlp.act" => (5 * t * MLP, 12 * t * MLP),
        "attn_residual" | "mlp_residual" => (t * D, 12 * t * D),
        "attn.norm" | "mlp.norm" | "final_norm" => (4 * t * D, 8 * t * D),
        _ => (0, 0),
    }
}

fn word(repeat: u32, step: u32, latency: Nanos) -> Token {
    let (text, p) = WORDS[step as usize % WORDS.len()];
    let others = [" a", " home", " the", " located", " known", "\n", " also", " called", " «"];
    let mut left = 1.0 - p;
    let mut top = vec![Candidate { id: 1000 + step, text: text.into(), p }];
    for (id, other) in others.iter().enumerate() {
        left *= 0.45;
        top.push(Candidate { id: id as u32, text: (*other).into(), p: left });
    }
    top.sort_by(|a, b| b.p.total_cmp(&a.p));
    Token { repeat, step, id: 1000 + step, text: text.into(), p, latency, top }
}
