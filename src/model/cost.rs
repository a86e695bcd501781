//! What a part should cost: floating-point operations and compulsory traffic, by formula.
//!
//! One multiply–add is 2 FLOPs. Element-wise work, softmax, norms and gathers count 0 FLOPs, as in
//! `torch.utils.flop_counter`: their cost is traffic. Bytes are inputs, weights and outputs, each once,
//! in the formats of the configuration, scales included. Attention counts the full square of the queries and keys
//! that it is given, which is what the kernels compute or skip at their own discretion; the causal-exact figure is
//! smaller.

use super::probe::Op;
use super::reach::Stretch;
use super::spec::{MlpKind, Norm, Positions, Spec};
use super::toggles::Toggles;
use super::weights::{Key, Slot};
use crate::units::{Bytes, Flops};

/// Modelled work and traffic of one part in one pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    pub flops: Flops,
    pub bytes: Bytes,
}

/// The shape of a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    pub batch: usize,
    /// Positions computed.
    pub new: usize,
    /// Positions in the cache before.
    pub past: usize,
    /// Positions whose logits are computed.
    pub logits: usize,
}

/// The cost of `op` in one pass (in one block, for the parts of a block). Parts that contain others
/// cost nothing beside them.
pub fn cost(spec: &Spec, toggles: &Toggles, shape: Shape, op: Op) -> Cost {
    let a = toggles.compute.row_bytes(1);
    let (weights, head, kept) = (toggles.weights, toggles.lm_head(), toggles.kv_dtype());
    let [batch, s, s_out] = [shape.batch, shape.new, shape.logits].map(|n| n as u64);
    let t = toggles.attention.reach.keys(shape.past, shape.new) as u64;
    let [d, h, g, dh] = [spec.d_model, spec.n_heads, spec.n_kv_heads, spec.d_head].map(|n| n as u64);
    let [f, v] = [spec.d_mlp, spec.d_vocab].map(|n| n as u64);
    let rows = batch * s;

    // rows × inner · inner × out, with or without a bias.
    let product = |rows: u64, inner: u64, out: u64, bias: bool| Cost {
        flops: Flops(2 * rows * inner * out),
        bytes: Bytes((rows * inner + u64::from(bias) * out + rows * out) * a + weights.matrix_bytes(out, inner)),
    };
    let traffic = |elements: u64| Cost { flops: Flops(0), bytes: Bytes(elements * a) };
    let norm = |rows: u64| {
        let parameters = if matches!(spec.norm, Norm::Layer { .. }) { 2 * d } else { d };
        traffic(2 * rows * d + parameters)
    };
    // Every query meets every key: d multiply–adds for its score, as many again for the values.
    let square = |queries: u64, keys: u64| 2 * batch * h * queries * keys * dh;
    let (queries, keys) = (batch * h * s * dh, batch * g * t * dh);
    let pattern = batch * h * s * t;

    match op {
        Op::Block | Op::Attn | Op::Mlp => Cost::default(),
        Op::Embed => {
            let learned = if spec.positions == Positions::Learned { s * d * a } else { 0 };
            let table = Key { slot: Slot::Embed, block: None, bias: false }.format(spec, &toggles.formats());
            Cost { flops: Flops(0), bytes: Bytes(rows * (8 + d * a + table.row_bytes(d)) + learned) }
        }
        Op::AttnNorm | Op::MlpNorm => norm(rows),
        Op::Qkv => {
            let out = (h + 2 * g) * dh;
            // The three products read the same input.
            product(rows, d, out, spec.biases.qkv)
        }
        Op::Rope => traffic(2 * rows * (h + g) * dh + s * dh),
        Op::Cache => {
            // Keys and values come in, and those that are kept are written; in another format all of them must be
            // converted to be used.
            let written = toggles.attention.reach.kept(shape.new) as u64;
            let kept_row = kept.row_bytes(dh);
            let read = if kept == toggles.compute { 0 } else { t * (kept_row + dh * a) };
            Cost { flops: Flops(0), bytes: Bytes(2 * batch * g * (written * (dh * a + kept_row) + read)) }
        }
        Op::Scores => Cost { flops: Flops(square(s, t)), bytes: Bytes((queries + keys + pattern) * a) },
        Op::Softmax => traffic(2 * pattern),
        Op::Values => Cost { flops: Flops(square(s, t)), bytes: Bytes((pattern + keys + queries) * a) },
        Op::Fused => {
            let stretches = toggles.attention.stretches(shape.past, shape.new);
            let of = |stretch: &Stretch| 2 * square(stretch.queries.len() as u64, stretch.n_keys() as u64);
            let flops = Flops(stretches.iter().map(of).sum());
            Cost { flops, bytes: Bytes((2 * queries + 2 * keys) * a) }
        }
        Op::Out => product(rows, h * dh, d, spec.biases.out),
        Op::AttnResidual | Op::MlpResidual => traffic(3 * rows * d),
        Op::Gate | Op::Up => product(rows, d, f, spec.biases.mlp),
        Op::GateUp => product(rows, d, 2 * f, spec.biases.mlp),
        Op::Act => match spec.mlp {
            MlpKind::Gated(_) => traffic(3 * rows * f),
            MlpKind::Plain(_) => traffic(2 * rows * f),
        },
        Op::Down => product(rows, f, d, spec.biases.mlp),
        Op::FinalNorm => norm(batch * s_out),
        Op::LmHead => Cost {
            flops: Flops(2 * batch * s_out * d * v),
            bytes: Bytes(batch * s_out * (d * a + v * 4) + head.matrix_bytes(v, d)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::source::Source;
    use crate::model::toggles::Attention;

    const PARTS: [Op; 15] = [
        Op::AttnNorm,
        Op::Qkv,
        Op::Rope,
        Op::Cache,
        Op::Fused,
        Op::Out,
        Op::AttnResidual,
        Op::MlpNorm,
        Op::Gate,
        Op::Up,
        Op::Act,
        Op::Down,
        Op::MlpResidual,
        Op::FinalNorm,
        Op::LmHead,
    ];

    fn smollm2() -> Spec {
        Source::open("random:smollm2-135m").unwrap().spec
    }

    #[test]
    fn the_parts_of_a_block_add_up_to_the_closed_formula() {
        let (spec, toggles) = (smollm2(), Toggles::default());
        let (b, s, p) = (1, 512, 100);
        let shape = Shape { batch: b, new: s, past: p, logits: 1 };
        let (d, h, g, dh, f) = (576, 9, 3, 64, 1536);
        let qkv = 2 * b * s * d * (h + 2 * g) * dh;
        let out = 2 * b * s * h * dh * d;
        let attention = 4 * b * h * dh * s * (p + s);
        let mlp = 6 * b * s * d * f;
        let block = PARTS[..13].iter().map(|&op| cost(&spec, &toggles, shape, op).flops).sum::<Flops>();
        assert_eq!(block, Flops((qkv + out + attention + mlp) as u64));
        let head = cost(&spec, &toggles, shape, Op::LmHead).flops;
        assert_eq!(head, Flops(2 * 576 * 49_152), "only the last position's logits are computed");
    }

    #[test]
    fn eager_and_fused_attention_do_the_same_work_with_different_traffic() {
        let (spec, fused) = (smollm2(), Toggles::default());
        let eager = Toggles { attention: Attention::EAGER, ..fused.clone() };
        let shape = Shape { batch: 1, new: 512, past: 0, logits: 1 };
        let one = cost(&spec, &fused, shape, Op::Fused);
        let three = [Op::Scores, Op::Softmax, Op::Values].map(|op| cost(&spec, &eager, shape, op));
        assert_eq!(three.iter().map(|cost| cost.flops).sum::<Flops>(), one.flops);
        // The T×T matrix of each head is written and read: four times in all.
        let matrices = 4 * 9 * 512 * 512 * 4;
        assert_eq!(three.iter().map(|cost| cost.bytes).sum::<Bytes>(), one.bytes + Bytes(matrices));
    }

    #[test]
    fn a_decode_step_reads_every_weight_once() {
        let (spec, toggles) = (smollm2(), Toggles::default().with("weights=bf16,compute=bf16").unwrap());
        let shape = Shape { batch: 1, new: 1, past: 0, logits: 1 };
        let read: u64 = [Op::Qkv, Op::Out, Op::Gate, Op::Up, Op::Down]
            .iter()
            .map(|&op| cost(&spec, &toggles, shape, op).flops.0 / 2 * 2)
            .sum::<u64>()
            * 30
            + cost(&spec, &toggles, shape, Op::LmHead).flops.0 / 2 * 2;
        // All matrices but none of the norms; the tied embedding counts once, as the LM head.
        let norms = (2 * 30 + 1) * 576;
        assert_eq!(read, (spec.parameters() - norms) * 2);
    }
}
