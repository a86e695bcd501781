//! Numbers in fewer bits, numbers drawn at random, and gradients: lessons 23, 25 and 26.

use super::cost::floats;
use super::experiment::{ClaimKind, Outcome, Proof};
use super::subject::{Subject, within, worst};
use crate::arch::formats::Precision;
use crate::engine::matrix::Matrix;
use crate::engine::{Error, Result};
use crate::learn::worked::{cards, quantise};
use crate::record::explored::Place;
use tch::{Kind, Tensor};

pub const FORMATS: Proof = Proof {
    kind: ClaimKind::Law,
    claim: "In eight bits no weight is off by more than half a step of its row.",
    measure: "largest |w − ŵ| / s",
    run: formats,
};

fn formats(subject: &Subject) -> Result<Outcome> {
    const BITS: u32 = 8;
    /// What f32 rounds w/s by, which is at most 127.
    const ROUNDED: f64 = 1e-5;
    let _no_grad = tch::no_grad_guard();
    let rows = subject.embeddings(&distinct(&subject.ids, usize::MAX));
    let by_hand = |row: &Tensor| -> Result<f64> {
        let row = floats(row)?;
        let made = quantise::quantise(&row, BITS);
        let off = |(w, again): (&f64, &f64)| (w - again).abs() / made.scale;
        Ok(worst(row.iter().zip(&made.restored).map(off)))
    };
    let by_hand = worst((0..rows.size()[0]).map(|row| by_hand(&rows.get(row))).collect::<Result<Vec<_>>>()?);
    let Matrix::Int8 { values, scale } = Matrix::of(&rows, Precision::Int8)? else {
        return Err(Error::Request("this program has no int8".into()));
    };
    let [values, scale] = [values, scale.unsqueeze(1)].map(|x| x.to_kind(Kind::Double));
    let off = (rows.to_kind(Kind::Double) - values * &scale).abs() / scale;
    let program = off.max().double_value(&[]);
    if program < 1e-3 {
        let exact = "this model's embedding rests in eight bits already, nothing is rounded: choose weights=f32 and lm_head=f32";
        return Err(Error::Request(exact.into()));
    }
    let said = format!("{} × {} weights; by hand {by_hand:.4}", rows.size()[0], rows.size()[1]);
    Outcome::at_most(worst([program, within(by_hand, 0.5 + 1e-9)]), 0.5 + ROUNDED, said)
}

pub const SPECULATION: Proof = Proof {
    kind: ClaimKind::Law,
    claim: "Speculative sampling draws from p, whatever q proposes.",
    measure: "largest difference of a probability",
    run: speculation,
};

fn speculation(subject: &Subject) -> Result<Outcome> {
    const LIKELIEST: i64 = 32;
    /// What the proposals are made from: the end of the text without its beginning.
    const SHORT: usize = 2;
    let _no_grad = tch::no_grad_guard();
    let (decoder, n) = (subject.session.decoder(), subject.ids.len());
    let last = |ids: &[u32]| -> Result<Tensor> { Ok(subject.logits(decoder, ids)?.get(ids.len() as i64 - 1)) };
    let (large, small) = (last(&subject.ids)?, last(&subject.ids[n - SHORT..])?);
    let (_, tokens) = large.topk(LIKELIEST.min(large.size()[0]), -1, true, true);
    let among = |logits: &Tensor| floats(&logits.index_select(0, &tokens).softmax(-1, Kind::Double));
    let (p, q) = (among(&large)?, among(&small)?);
    let drawn = cards::speculative(&p, &q);
    let of = |a: &[f64], b: &[f64]| {
        if a.len() == b.len() { worst(a.iter().zip(b).map(|(a, b)| (a - b).abs())) } else { f64::NAN }
    };
    let accepted: f64 = p.iter().zip(&q).map(|(p, q)| p.min(*q)).sum();
    // Nothing is ever rejected then, and nothing is shown.
    if of(&q, &p) <= 1e-6 {
        return Err(Error::Request("the model says the same without the beginning of this text: try another".into()));
    }
    let off = of(&drawn, &p);
    Outcome::at_most(off, 1e-12, format!("{} tokens; accepted {:.0}% of the time", p.len(), accepted * 100.0))
}

pub const GRADIENT: Proof = Proof {
    kind: ClaimKind::Law,
    claim: "The chain rule gives the slope: moving a weight a little changes the loss as its gradient says.",
    measure: "largest difference, as a share of the largest gradient",
    run: gradient,
};

fn gradient(subject: &Subject) -> Result<Outcome> {
    const TOKENS: usize = 8;
    const STEP: f64 = 1e-5;
    let d = subject.session.card().model.stack.d_model as i64;
    let (x, w) = {
        let _no_grad = tch::no_grad_guard();
        let explored = subject.explored()?;
        let stream = explored.residual(Place::Post(subject.block()));
        let x = stream.get(subject.ids.len() as i64 - 1).to_device(tch::Device::Cpu).to_kind(Kind::Double);
        let x = &x / x.square().mean(Kind::Double).sqrt();
        (x, subject.embeddings(&distinct(&subject.ids, TOKENS)).to_kind(Kind::Double))
    };
    // The loss of the least likely of them: its gradient is not small.
    let target = w.matmul(&x).argmin(-1, false).int64_value(&[]);
    let w = w.set_requires_grad(true);
    let loss = tch::with_grad(|| {
        let loss = -w.matmul(&x).log_softmax(-1, Kind::Double).get(target);
        loss.f_backward().map(|()| loss)
    })?;
    let by_chain_rule = floats(&w.grad().reshape([-1]))?;
    let (weights, x) = (floats(&w.detach().reshape([-1]))?, floats(&x)?);
    // By hand: each weight a little up and a little down. Logits in which it is no part stay.
    let n = weights.len() / x.len();
    let logit = |row: usize| -> f64 { weights[row * x.len()..][..x.len()].iter().zip(&x).map(|(w, x)| w * x).sum() };
    let logits: Vec<f64> = (0..n).map(logit).collect();
    let moved = |at: usize, by: f64| {
        let mut logits = logits.clone();
        logits[at / x.len()] += by * x[at % x.len()];
        let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        most + logits.iter().map(|s| (s - most).exp()).sum::<f64>().ln() - logits[target as usize]
    };
    let slopes = (0..weights.len()).map(|at| (moved(at, STEP) - moved(at, -STEP)) / (2.0 * STEP));
    let off = worst(slopes.zip(&by_chain_rule).map(|(slope, gradient)| (slope - gradient).abs()));
    let largest = worst(by_chain_rule.iter().map(|gradient| gradient.abs()));
    let said = format!("{n} × {d} weights, loss {:.2}, largest gradient {largest:.2}", loss.double_value(&[]));
    Outcome::at_most(off / largest, 1e-6, said)
}

/// The tokens of a text, each once, in the order in which they come; at least two, at most so many.
pub(super) fn distinct(ids: &[u32], most: usize) -> Vec<i64> {
    let mut distinct: Vec<i64> = Vec::new();
    for id in ids.iter().map(|&id| i64::from(id)).chain([0, 1]) {
        if distinct.len() < most && !distinct.contains(&id) {
            distinct.push(id);
        }
    }
    distinct
}
