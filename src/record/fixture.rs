//! Made-up traced runs for tests: each part calls one operator, and every number follows from a few lines.

use super::operator::{Argument, Dtype, Operator, Signature, Tensor};
use super::peaks::{Gemm, Peaks, Rate, Times};
use super::{
    Allocation, ByCategory, Category, Event, Header, ModelInfo, Part, PassMemory, PassStart, Phase, Resident, Run,
    Span, Status, Token, Watched,
};
use crate::units::{Bytes, Flops, Nanos};

const D: u64 = 64;
const MLP: u64 = 192;
const VOCAB: u64 = 4096;
const LAYERS: u64 = 2;
/// Query heads, key heads, head size.
const HEADS: [u64; 3] = [4, 2, 16];
const WEIGHTS: u64 = 4 * (LAYERS * (D * 128 + D * D + 2 * D * MLP) + VOCAB * D);

/// A part that calls one operator.
#[derive(Debug, Clone)]
pub struct Leaf {
    pub path: String,
    pub operator: &'static str,
    pub dtype: Dtype,
    pub inputs: Vec<Vec<u64>>,
    pub output: Vec<u64>,
    /// Of the part; its operator takes all but the first microsecond of it.
    pub time: Nanos,
    /// By formula.
    pub flops: u64,
    pub bytes: u64,
    /// Memory that the operator takes beside its result, and gives back.
    pub scratch: u64,
}

/// One forward pass.
#[derive(Debug, Clone)]
pub struct Sketch {
    pub phase: Phase,
    pub new: u32,
    pub past: u32,
    pub leaves: Vec<Leaf>,
    /// Time in no part.
    pub rest: Nanos,
    /// Traced ÷ plain.
    pub overhead: f64,
}

/// Roofs of 100 GFLOP/s in f32, four times as much in bf16, and 20 GB/s; 500 ns to call an operator.
pub fn peaks() -> Peaks {
    let rate = |best: f64| Rate { n: 7, q1: 0.96 * best, median: 0.98 * best, q3: 0.99 * best, best };
    let gemm = |dtype, best| Gemm { dtype, size: 1024, flops: rate(best) };
    Peaks {
        machine: "A processor".into(),
        device: "cpu".into(),
        threads: 2,
        libtorch: "2.11.0".into(),
        measured: 1_767_225_600,
        gemm: vec![gemm(Dtype::F32, 100e9), gemm(Dtype::Bf16, 400e9)],
        cache_bytes: Some(32 << 20),
        buffer_bytes: 256 << 20,
        reader: "sum f32".into(),
        bandwidth: rate(20e9),
        cache_bandwidth: None,
        dispatch: Times { n: 7, best: Nanos(480), q1: Nanos(490), median: Nanos(500), q3: Nanos(510) },
    }
}

/// 100 tokens at once: products at 80% of their roof.
pub fn prefill() -> Sketch {
    let t = 100;
    let mut leaves = vec![moves("embed", "aten::embedding", t * D, 20)];
    for block in 0..LAYERS {
        leaves.extend([
            product(&format!("blocks.{block}.attn.qkv"), [t, D, 128], 21),
            attends(&format!("blocks.{block}.attn.fused"), t, t, 64),
            product(&format!("blocks.{block}.attn.out"), [t, D, D], 11),
            product(&format!("blocks.{block}.mlp.up"), [t, D, MLP], 31),
            moves(&format!("blocks.{block}.mlp.act"), "aten::silu", t * MLP, 10),
            product(&format!("blocks.{block}.mlp.down"), [t, MLP, D], 31),
        ]);
    }
    leaves.push(product("lm_head", [1, D, VOCAB], 60));
    Sketch { phase: Phase::Prefill, new: t as u32, past: 0, leaves, rest: Nanos(4_000), overhead: 1.02 }
}

/// One further token: everything waits for memory.
pub fn decode(past: u32) -> Sketch {
    let mut leaves = vec![moves("embed", "aten::embedding", D, 3)];
    for block in 0..LAYERS {
        leaves.extend([
            product(&format!("blocks.{block}.attn.qkv"), [1, D, 128], 5),
            attends(&format!("blocks.{block}.attn.fused"), 1, u64::from(past) + 1, 6),
            product(&format!("blocks.{block}.attn.out"), [1, D, D], 3),
            product(&format!("blocks.{block}.mlp.up"), [1, D, MLP], 6),
            moves(&format!("blocks.{block}.mlp.act"), "aten::silu", MLP, 2),
            product(&format!("blocks.{block}.mlp.down"), [1, MLP, D], 6),
        ]);
    }
    leaves.push(product("lm_head", [1, D, VOCAB], 60));
    Sketch { phase: Phase::Decode, new: 1, past, leaves, rest: Nanos(2_000), overhead: 1.04 }
}

/// The usual run: a prefill and two decode steps.
pub fn traced() -> Run {
    run(&[prefill(), decode(100), decode(101)])
}

/// A product of [rows, inner] and [inner, out], in f32.
pub fn product(path: &str, [rows, inner, out]: [u64; 3], micros: u64) -> Leaf {
    Leaf {
        path: path.into(),
        operator: "aten::mm",
        dtype: Dtype::F32,
        inputs: vec![vec![rows, inner], vec![inner, out]],
        output: vec![rows, out],
        time: Nanos(micros * 1000),
        flops: 2 * rows * inner * out,
        bytes: 4 * (rows * inner + inner * out + rows * out),
        scratch: 0,
    }
}

/// What reads and writes so many numbers, and computes nothing that counts.
pub fn moves(path: &str, operator: &'static str, numbers: u64, micros: u64) -> Leaf {
    let inputs =
        if operator == "aten::embedding" { vec![vec![VOCAB, D], vec![numbers / D]] } else { vec![vec![numbers]] };
    Leaf { operator, inputs, output: vec![numbers], flops: 0, bytes: 8 * numbers, ..product(path, [0, 0, 0], micros) }
}

/// One kernel for all of attention.
pub fn attends(path: &str, new: u64, keys: u64, micros: u64) -> Leaf {
    let [heads, kv, size] = HEADS;
    let (q, k) = (vec![1, heads, new, size], vec![1, kv, keys, size]);
    Leaf {
        operator: "aten::_scaled_dot_product_flash_attention_for_cpu",
        inputs: vec![q.clone(), k.clone(), k],
        output: q,
        flops: 4 * heads * new * keys * size,
        bytes: 8 * size * (heads * new + kv * keys),
        scratch: 4096,
        ..product(path, [0, 0, 0], micros)
    }
}

/// The part of this path.
pub fn leaf<'s>(sketch: &'s mut Sketch, path: &str) -> &'s mut Leaf {
    sketch.leaves.iter_mut().find(|leaf| leaf.path == path).unwrap_or_else(|| panic!("there is no {path}"))
}

/// Sets a toggle of a run.
pub fn set(run: &mut Run, name: &str, value: &str) {
    run.header.toggles.retain(|(known, _)| known != name);
    run.header.toggles.push((name.into(), value.into()));
}

/// Two plain repeats and two traced ones, in turn.
pub fn run(passes: &[Sketch]) -> Run {
    let mut run = Run::default();
    run.apply(Event::Header(Box::new(header(passes.len() as u32))));
    run.apply(Event::Peaks(Box::new(peaks())));
    let mut clock = 0;
    for repeat in 0..4 {
        let watched = if repeat % 2 == 0 { Watched::Plain } else { Watched::Operators };
        let mut step = 0;
        for (made, sketch) in passes.iter().enumerate() {
            run.apply(Event::PassStart(PassStart {
                phase: sketch.phase,
                repeat,
                step,
                n_new: sketch.new,
                n_past: sketch.past,
                watched,
                start: Nanos(clock),
            }));
            step = if sketch.phase == Phase::Decode { step + 1 } else { 0 };
            let time = match watched {
                Watched::Operators => Tracing::of(&mut run, sketch),
                _ => Nanos((wall(sketch).0 as f64 / sketch.overhead) as u64),
            };
            run.apply(Event::PassEnd { time });
            clock += time.0 + 1_000;
            let latency = time + Nanos(1_000);
            let (id, text, p, top) = (7, " on".to_owned(), 0.5, Vec::new());
            run.apply(Event::Token(Token { repeat, step: made as u32, id, text, p, latency, top }));
        }
    }
    run.apply(Event::End(Status::Done));
    run
}

/// The whole time of a traced pass: its parts, a microsecond for each part that contains others, the rest.
pub fn wall(sketch: &Sketch) -> Nanos {
    let mut around: Vec<&str> = sketch.leaves.iter().flat_map(|leaf| above(&leaf.path)).collect();
    around.sort_unstable();
    around.dedup();
    let leaves: Nanos = sketch.leaves.iter().map(|leaf| leaf.time).sum();
    leaves + Nanos(1_000 * around.len() as u64) + sketch.rest
}

/// The parts that contain a part, the outermost first: `blocks.0`, `blocks.0.attn`.
fn above(path: &str) -> Vec<&str> {
    let dots = path.match_indices('.').map(|(at, _)| &path[..at]);
    dots.filter(|outer| *outer != "blocks").collect()
}

fn header(new_tokens: u32) -> Header {
    let toggles =
        [("attention", "fused"), ("kv_cache", "on"), ("weights", "f32"), ("compute", "f32"), ("threads", "2")];
    let [n_heads, n_kv_heads, d_head] = HEADS.map(|n| n as u32);
    Header {
        blockscope: "0.1.0".into(),
        libtorch: "2.11.0".into(),
        created: 1_767_225_600,
        model: ModelInfo {
            name: "tiny".into(),
            source: "models/tiny".into(),
            family: "llama".into(),
            n_layers: LAYERS as u32,
            n_heads,
            n_kv_heads,
            d_model: D as u32,
            d_head,
            d_mlp: MLP as u32,
            d_vocab: VOCAB as u32,
            n_ctx: 512,
            parameters: WEIGHTS / 4,
            weight_bytes: Bytes(WEIGHTS),
            description: None,
        }
        .described(),
        device: "cpu".into(),
        machine: "A processor".into(),
        threads: 2,
        processors: 2,
        toggles: toggles.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        prompt_tokens: 100,
        new_tokens,
        prompt: None,
    }
}

/// A pass as its events are made.
struct Tracing<'r> {
    run: &'r mut Run,
    clock: u64,
    spans: Vec<Span>,
    operators: Vec<Operator>,
    allocations: Vec<Allocation>,
    /// The parts that are running: when they began, the work in them so far.
    open: Vec<(String, u32, u64, u64, u64)>,
}

impl<'r> Tracing<'r> {
    /// Applies the events of a pass, and returns its time.
    fn of(run: &'r mut Run, sketch: &Sketch) -> Nanos {
        let (spans, operators, allocations, open) = Default::default();
        let mut tracing = Tracing { run, clock: 0, spans, operators, allocations, open };
        for leaf in &sketch.leaves {
            let above = above(&leaf.path);
            while tracing.open.last().is_some_and(|(path, ..)| !above.contains(&path.as_str())) {
                tracing.close();
            }
            for outer in above {
                if !tracing.open.iter().any(|(path, ..)| path == outer) {
                    tracing.enter(outer);
                    tracing.clock += 1_000;
                }
            }
            tracing.leaf(leaf);
        }
        while !tracing.open.is_empty() {
            tracing.close();
        }
        let Tracing { run, clock, spans, operators, allocations, .. } = tracing;
        let kv = 8 * LAYERS * HEADS[1] * HEADS[2] * 128;
        let before = ByCategory([WEIGHTS, kv, 0, 0].map(Bytes));
        let mut memory = PassMemory { before, allocations, resident: None };
        let rise = memory.peak().1.total() - before.total();
        let resident = Bytes(WEIGHTS + kv + 50_000_000);
        memory.resident = Some(Resident { before: resident, peak: resident + rise + Bytes(20_000), is_of_pass: true });
        run.apply(Event::Spans(spans));
        run.apply(Event::Operators(operators));
        run.apply(Event::Memory(Box::new(memory)));
        let time = Nanos(clock) + sketch.rest;
        assert_eq!(time, wall(sketch));
        time
    }

    fn enter(&mut self, path: &str) {
        let known = self.run.parts.iter().position(|part| part.path == path);
        let part = known.unwrap_or_else(|| {
            let parent = self.open.last().map(|&(_, part, ..)| part);
            self.run.apply(Event::Part(Part { path: path.into(), parent }));
            self.run.parts.len() - 1
        });
        self.open.push((path.into(), part as u32, self.clock, 0, 0));
    }

    fn close(&mut self) {
        let Some((_, part, start, flops, bytes)) = self.open.pop() else { return };
        let (start, time) = (Nanos(start), Nanos(self.clock - start));
        self.spans.push(Span { part, start, time, flops: Flops(flops), bytes: Bytes(bytes) });
        if let Some((.., work, traffic)) = self.open.last_mut() {
            (*work, *traffic) = (*work + flops, *traffic + bytes);
        }
        if self.open.is_empty() {
            // What a block hands on is given back when the next one has begun; here, when it ends.
            let end = Some(Nanos(self.clock));
            self.allocations.iter_mut().filter(|made| made.end.is_none()).for_each(|made| made.end = end);
        }
    }

    fn leaf(&mut self, leaf: &Leaf) {
        self.enter(&leaf.path);
        let (_, part, start, work, traffic) = self.open.last_mut().unwrap();
        let (part, start) = (*part, *start);
        (*work, *traffic) = (leaf.flops, leaf.bytes);
        let tensor = |sizes: &Vec<u64>| Argument::Tensor(Tensor { dtype: leaf.dtype, sizes: sizes.clone() });
        let signature = Signature {
            name: leaf.operator.into(),
            inputs: leaf.inputs.iter().map(tensor).collect(),
            outputs: vec![tensor(&leaf.output)],
            ..Signature::default()
        };
        let known = self.run.signatures.iter().position(|seen| *seen == signature);
        let signature = known.unwrap_or_else(|| {
            self.run.apply(Event::Signature(Box::new(signature)));
            self.run.signatures.len() - 1
        }) as u32;
        let (began, time) = (Nanos(start + 1_000), leaf.time - Nanos(1_000));
        let index = self.operators.len() as u32;
        let (depth, thread, sequence) = (0, 0, None);
        self.operators.push(Operator { signature, part: Some(part), depth, thread, start: began, time, sequence });
        let mut take = |category, end, bytes| {
            let (part, operator, start) = (Some(part), Some(index), Some(began));
            self.allocations.push(Allocation { part, operator, category, start, end, bytes: Bytes(bytes) });
        };
        take(Category::Activations, None, 4 * leaf.output.iter().product::<u64>());
        if leaf.scratch > 0 {
            take(Category::Temporaries, Some(began + time), leaf.scratch);
        }
        self.clock = start + leaf.time.0;
        self.close();
    }
}

#[test]
fn what_is_made_up_is_rebuilt_from_its_events() {
    let run = traced();
    assert_eq!(Run { unknown: Vec::new(), ..run.clone() }, {
        let mut again = Run::default();
        run.events().into_iter().for_each(|event| again.apply(event));
        again
    });
}
