//! What it costs, and ways to pay less: lessons 19 to 22, and 24.

use super::experiment::{ClaimKind, Outcome, Proof};
use super::subject::{Activations, Subject, columns_apart, within, worst};
use crate::arch::hook::Hook;
use crate::arch::mask::Mask;
use crate::arch::parts::Part;
use crate::arch::path::Path;
use crate::arch::role::Role;
use crate::arch::work::PassShape;
use crate::engine::linear::Linear;
use crate::engine::parts::attention::Qkv;
use crate::engine::parts::mlp::Up;
use crate::engine::probe::{Probe, Unwatched};
use crate::engine::{Decoder, Error, Result};
use crate::interpret::explore::{Heads, Scoring};
use crate::learn::worked::online_softmax::{online, softmax};
use tch::{Kind, Tensor};

pub const FLOPS: Proof = Proof {
    kind: ClaimKind::Law,
    claim: "Each weight of a block is used once a token, in one multiplication and one addition.",
    measure: "difference of the formula from 2 · weights · tokens, as a share",
    run: flops,
};

fn flops(subject: &Subject) -> Result<Outcome> {
    let (decoder, block, t) = (subject.session.decoder(), subject.block(), subject.ids.len());
    let mut ops = Ops { block, seen: Vec::new() };
    let _logits = subject.pass(decoder, &subject.ids, None, &mut ops)?;
    let shape = PassShape { batch: 1, new: t, past: 0, logits: t };
    let with_weights = |part: &&Part| !matches!(part.path.name, Role::Scores | Role::Values | Role::Fused);
    let parts = subject.session.card().model.parts(subject.toggles());
    let ran = parts.iter().filter(|part| ops.seen.contains(&part.path));
    let by_formula: u64 = ran.filter(with_weights).map(|part| part.cost(shape).flops.0).sum();
    let block = &decoder.blocks()[block];
    let mut linears = vec![&block.attn.out, &block.mlp.down];
    match &block.attn.qkv {
        Qkv::Separate { q, k, v } => linears.extend([q, k, v]),
        Qkv::Joined(qkv) => linears.push(qkv),
    }
    match &block.mlp.up {
        Up::Plain(up) | Up::Joined(up) => linears.push(up),
        Up::Gated { gate, up } => linears.extend([gate, up]),
    }
    let weights = linears.iter().map(|linear| weights_of(linear)).sum::<Result<usize>>()?;
    let counted = (2 * weights * t) as f64;
    let said = format!("{weights} weights in {} tensors, {t} tokens: {counted:.3e} FLOPs", linears.len());
    Outcome::at_most((by_formula as f64 - counted).abs() / counted, 0.0, said)
}

/// The numbers of its matrix, scales and biases left out.
fn weights_of(linear: &Linear) -> Result<usize> {
    let matrix = linear.tensors().find(|tensor| tensor.dim() == 2);
    let packed = || {
        Error::Request("weights=int4 packs two weights in a byte, and they cannot be counted: choose another".into())
    };
    matrix.map(Tensor::numel).ok_or_else(packed)
}

/// Writes down what a block does.
struct Ops {
    block: usize,
    seen: Vec<Path>,
}

impl Probe for Ops {
    fn enter(&mut self, op: Path) -> Result<()> {
        self.seen.extend((op.block == Some(self.block)).then_some(op));
        Ok(())
    }
}

pub const CACHE: Proof = Proof {
    kind: ClaimKind::Law,
    claim: "A cache changes nothing that comes out, and takes 2 · blocks · key heads · d · tokens numbers.",
    measure: "largest of the difference of the logits and of the bytes, as a share",
    run: cache,
};

fn cache(subject: &Subject) -> Result<Outcome> {
    /// A pass for each of these, behind a prefill.
    const SINGLE: usize = 8;
    let model = &subject.session.card().model;
    let decoder = subject.built("attention=fused,kv_dtype=auto")?;
    let n = subject.ids.len();
    let prefill = n / 2;
    let end = n.min(prefill + SINGLE);
    let mut cache = decoder.new_cache(1, end);
    let mut kept = Bytes(0);
    let mut pieces = vec![subject.pass(&decoder, &subject.ids[..prefill], Some(&mut cache), &mut Unwatched)?];
    for at in prefill..end {
        kept = Bytes(0);
        pieces.push(subject.pass(&decoder, &subject.ids[at..=at], Some(&mut cache), &mut kept)?);
    }
    let off = columns_apart(&Tensor::cat(&pieces, 0), &subject.logits(&decoder, &subject.ids[..end])?);
    let formula = model.kv_bytes(end, Mask::Causal, subject.toggles().compute);
    let bytes = (kept.0 as f64 - formula as f64).abs() / formula as f64;
    let said =
        format!("{prefill} tokens at once and {} one by one: {} bytes, by formula {formula}", end - prefill, kept.0);
    Outcome::at_most(worst([off, within(bytes, 0.0)]), subject.rounding(), said)
}

/// Adds up what the keys and values of a pass take.
struct Bytes(usize);

impl Probe for Bytes {
    fn leave(&mut self, op: Path, made: &[&Tensor]) -> Result<()> {
        if op.name == Role::Cache {
            let bytes = |tensor: &&Tensor| tensor.numel() * tensor.kind().elt_size_in_bytes();
            self.0 += made.iter().map(bytes).sum::<usize>();
        }
        Ok(())
    }
}

pub const GROUPS: Proof = Proof {
    kind: ClaimKind::Law,
    claim: "Grouped heads are ordinary ones that share: keys and values copied for each head give the same Z.",
    measure: "largest difference of a column, as a share",
    run: groups,
};

fn groups(subject: &Subject) -> Result<Outcome> {
    let (decoder, block) = (subject.built("attention=fused")?, subject.block());
    let seen = subject.activations(&decoder)?;
    let attn = &subject.session.card().model.stack.blocks[block].attn;
    let said = format!(
        "block {block}: {} query heads, {} key heads of {} numbers",
        attn.n_heads, attn.n_kv_heads, attn.d_head
    );
    Outcome::at_most(from_ordinary_heads(&decoder, &seen, block), subject.rounding(), said)
}

/// How far Z is from what ordinary heads make of the same queries, keys and values, the latter copied for each head.
fn from_ordinary_heads(decoder: &Decoder, seen: &Activations, block: usize) -> f64 {
    let _no_grad = tch::no_grad_guard();
    let [q, k, v, z] = [Hook::RotQ, Hook::RotK, Hook::V, Hook::Z].map(|hook| seen.get(block, hook));
    let copies = q.size()[0] / k.size()[0];
    let [k, v] = [k, v].map(|x| x.repeat_interleave_self_int(copies, 0, None)); // [heads, T, d_head]
    columns_apart(&Heads::new(q, k, Scoring::of_block(decoder, block)).read_all(&v), &z)
}

pub const FUSED: Proof = Proof {
    kind: ClaimKind::Law,
    claim: "Softmax in pieces is softmax: fused attention gives what the whole matrix gives.",
    measure: "largest difference of Z in the first block, as a share",
    run: fused,
};

fn fused(subject: &Subject) -> Result<Outcome> {
    const PIECE: usize = 4;
    let _no_grad = tch::no_grad_guard();
    let (eager, block) = (subject.built("attention=eager")?, subject.block());
    let seen = subject.activations(&eager)?;
    let [scores, v] = [Hook::Scores, Hook::V].map(|hook| seen.get(block, hook).to_kind(Kind::Double));
    let last = subject.ids.len() as i64 - 1;
    let shared = scores.size()[0] / v.size()[0];
    // By hand, the last row of each head, which sees everything, with one feature of the values.
    let by_hand = |head: i64| -> Result<f64> {
        let (scores, values) = (floats(&scores.get(head).get(last))?, floats(&v.get(head / shared).select(1, 0))?);
        // Of a block with a window it does not see all.
        let seen = scores.into_iter().zip(values).filter(|(score, _)| score.is_finite());
        let (scores, values): (Vec<f64>, Vec<f64>) = seen.unzip();
        let whole: f64 = softmax(&scores).iter().zip(&values).map(|(a, v)| a * v).sum();
        let scale = values.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
        Ok(online(&scores, &values, PIECE)
            .last()
            .map_or(f64::NAN, |state| (state.out / state.sum - whole).abs() / scale))
    };
    let pieces = worst((0..scores.size()[0]).map(by_hand).collect::<Result<Vec<_>>>()?);
    // Where both read the same: further on every block adds to what rounding made different.
    let fused = subject.activations(&subject.built("attention=fused")?)?;
    let off = columns_apart(&fused.get(0, Hook::Z), &seen.get(0, Hook::Z));
    let said = format!("{} heads of block {block} in pieces of {PIECE}, by hand: {pieces:.0e}", scores.size()[0]);
    Outcome::at_most(worst([off, within(pieces, 1e-12)]), subject.rounding(), said)
}

pub const WINDOWS: Proof = Proof {
    kind: ClaimKind::Law,
    claim: "A window that holds the text changes nothing; a smaller one gives no weight to what lies outside.",
    measure: "largest difference of a logit and of Z, as a share; and the weight outside",
    run: windows,
};

fn windows(subject: &Subject) -> Result<Outcome> {
    let _no_grad = tch::no_grad_guard();
    let (n, block) = (subject.ids.len(), subject.block());
    let logits = |attention: String| subject.logits(&subject.built(&format!("attention={attention}"))?, &subject.ids);
    let wide = columns_apart(&logits(format!("window:{n}"))?, &logits("fused".into())?);
    // Outside of it there must be something.
    let window = 8.min(n / 2);
    let decoder = subject.built(&format!("attention=window:{window}"))?;
    let narrow = subject.activations(&decoder)?;
    let fused = from_ordinary_heads(&decoder, &narrow, block);
    let outside = |attention: String| -> Result<f64> {
        let pattern =
            subject.activations(&subject.built(&format!("attention={attention}"))?)?.get(block, Hook::Pattern);
        Ok(pattern.tril(-(window as i64)).abs().max().double_value(&[]))
    };
    let (weight, without) = (outside(format!("eager+window:{window}"))?, outside("eager".into())?);
    let tried = if without > 0.0 { within(weight, 0.0) } else { f64::NAN };
    let said = format!(
        "window:{window} leaves {weight} outside, where up to {without:.2} was; fused heads are off by {fused:.0e}"
    );
    Outcome::at_most(worst([wide, fused, tried]), subject.rounding(), said)
}

/// The numbers of a row.
pub(super) fn floats(row: &Tensor) -> Result<Vec<f64>> {
    Ok(Vec::try_from(row.to_device(tch::Device::Cpu).to_kind(Kind::Double).contiguous())?)
}
