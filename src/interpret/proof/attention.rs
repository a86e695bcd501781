//! The first stage: lessons 6 to 11.

use super::experiment::{ClaimKind, Outcome, Proof};
use super::subject::{Subject, apart, columns_apart, most_apart, worst};
use crate::arch::hook::Hook;
use crate::engine::Result;
use crate::engine::TorchKind;
use crate::engine::parts::rotation::Rotary;
use crate::interpret::explore::{Heads, Scoring};
use crate::learn::worked::{positions, scaling};
use tch::{Device, Kind, Tensor};

pub const POSITIONS: Proof = Proof {
    kind: ClaimKind::Law,
    claim: "RoPE: moving query and key by the same number of positions leaves their score as it was.",
    measure: "largest change of a score, as a share",
    run: shift,
};

fn shift(subject: &Subject) -> Result<Outcome> {
    const SHIFT: usize = 100;
    let _no_grad = tch::no_grad_guard();
    let model = &subject.session.card().model;
    let attn = &model.stack.blocks[subject.block()].attn;
    let Some(rotation) = &attn.rotation else {
        // Where nothing is turned the law is shown on a pair of features.
        let (q, k) = ([0.3, -1.1], [0.7, 0.4]);
        let score = |m: f64, n: f64| {
            let (q, k) = (positions::rotate(q, m, 1.0), positions::rotate(k, n, 1.0));
            q[0] * k[0] + q[1] * k[1]
        };
        let apart = (score(12.0, 15.0) - score(2.0, 5.0)).abs();
        return Outcome::at_most(apart, 1e-9, "by hand: this block of the model turns nothing");
    };
    let (seen, rotary) =
        (subject.activations(&subject.built("attention=eager")?)?, Rotary::new(rotation, Device::Cpu, false));
    // Queries and keys as they are at the shown positions; turning them on by as much again changes nothing.
    let [q, k] = [Hook::RotQ, Hook::RotK].map(|hook| seen.get(subject.block(), hook).unsqueeze(0));
    let n = subject.ids.len();
    let on = |x: &Tensor| {
        let one = rotary.rotation(SHIFT, 1, Kind::Float);
        Tensor::cat(&(0..n as i64).map(|at| one.apply(x.narrow(2, at, 1))).collect::<Vec<_>>(), 2)
    };
    let heads = (attn.n_heads / attn.n_kv_heads) as i64;
    let scores = |q: &Tensor, k: &Tensor| q.matmul(&k.repeat_interleave_self_int(heads, 1, None).transpose(2, 3));
    let (there, moved) = (scores(&q, &k), on(&q));
    let both = apart(&scores(&moved, &on(&k)), &there);
    // Where the query alone is moved scores must change, or nothing was turned.
    let value = if apart(&scores(&moved, &k), &there) > 1e-2 { both } else { f64::NAN };
    Outcome::at_most(value, 1e-4, format!("{n} × {n} scores of {} heads, moved by {SHIFT}", attn.n_heads))
}

pub const AVERAGE: Proof = Proof {
    kind: ClaimKind::Law,
    claim: "Attention is a weighted average: the columns of A sum to 1, and Z = V·A.",
    measure: "largest of |Σ − 1| and of the difference in Z",
    run: average,
};

fn average(subject: &Subject) -> Result<Outcome> {
    let _no_grad = tch::no_grad_guard();
    let (seen, block) = (subject.activations(&subject.built("attention=eager")?)?, subject.block());
    let [a, v, z] = [Hook::Pattern, Hook::V, Hook::Z].map(|hook| seen.get(block, hook));
    let sums = a.sum_dim_intlist([-1].as_slice(), false, Kind::Double);
    let columns = (sums - 1.0).abs().max().double_value(&[]);
    let v = v.repeat_interleave_self_int(a.size()[0] / v.size()[0], 0, None);
    let z_off = columns_apart(&a.matmul(&v), &z);
    let said = format!("{} columns of block {block}; Z differs by {z_off:.0e}", a.size()[0] * a.size()[1]);
    Outcome::at_most(worst([columns, z_off]), subject.rounding(), said)
}

pub const QUERIES_AND_KEYS: Proof = Proof {
    kind: ClaimKind::Law,
    claim: "A is the softmax of KᵀQ/√d: made from queries and keys alone, it is what the model used.",
    measure: "largest difference of a weight",
    run: queries_and_keys,
};

fn queries_and_keys(subject: &Subject) -> Result<Outcome> {
    let _no_grad = tch::no_grad_guard();
    let (decoder, block) = (subject.built("attention=eager")?, subject.block());
    let seen = subject.activations(&decoder)?;
    let [a, q, k] = [Hook::Pattern, Hook::RotQ, Hook::RotK].map(|hook| seen.get(block, hook));
    let (n, d) = (subject.ids.len(), q.size()[2]);
    let made = Heads::new(q, k, Scoring::of_block(&decoder, block)).stripe(&(0..n));
    Outcome::at_most(
        most_apart(&made, &a),
        subject.rounding(),
        format!("{} heads of block {block}, d = {d}", a.size()[0]),
    )
}

pub const SCALING: Proof = Proof {
    kind: ClaimKind::Law,
    claim: "The score of random columns spreads like √d; divided by √d it spreads by 1, whatever d is.",
    measure: "largest |spread/√d − 1|",
    run: spread,
};

fn spread(_subject: &Subject) -> Result<Outcome> {
    let of = |d: usize| (d, scaling::spread(d) / (d as f64).sqrt());
    let found = [4, 16, 64, 256].map(of);
    let off = found.iter().map(|(_, ratio)| (ratio - 1.0).abs());
    let said: Vec<String> = found.iter().map(|(d, ratio)| format!("d={d}: {ratio:.2}")).collect();
    Outcome::at_most(worst(off), 0.1, said.join(", "))
}

pub const HEADS: Proof = Proof {
    kind: ClaimKind::Law,
    claim: "Heads work apart and add up: the sum of what each writes is what attention adds.",
    measure: "largest difference, as a share",
    run: heads,
};

fn heads(subject: &Subject) -> Result<Outcome> {
    let _no_grad = tch::no_grad_guard();
    let (decoder, block) = (subject.session.decoder(), subject.block());
    let seen = subject.activations(decoder)?;
    let attn = &decoder.blocks()[block].attn;
    let (z, out) = (seen.get(block, Hook::Z).contiguous(), &attn.out); // [heads, T, d_head]
    let n_heads = z.size()[0];
    let device = out.tensors().next().map_or(Device::Cpu, Tensor::device);
    let one = |head: i64| {
        let alone = z.zeros_like();
        alone.get(head).copy_(&z.get(head));
        out.unbiased(&alone.transpose(0, 1).flatten(1, 2).to_device(device)).to_device(Device::Cpu)
    };
    let mut sum = (0..n_heads).map(one).reduce(|a, b| a + b).unwrap_or_else(|| z.zeros_like());
    if let Some(bias) = out.bias() {
        sum += bias.to_device(Device::Cpu).to_kind(Kind::Float);
    }
    if let Some(norm) = &attn.post_norm {
        sum = norm.forward(&sum.to_device(device).to_kind(subject.toggles().compute.kind())).to_device(Device::Cpu);
    }
    Outcome::at_most(
        columns_apart(&sum.to_kind(Kind::Float), &seen.get(block, Hook::AttnOut)),
        subject.rounding(),
        format!("{n_heads} heads of block {block}"),
    )
}

pub const MASK: Proof = Proof {
    kind: ClaimKind::Law,
    claim: "Nothing flows back: appending a token leaves every earlier column as it was.",
    measure: "largest change of an earlier column, as a share",
    run: mask,
};

fn mask(subject: &Subject) -> Result<Outcome> {
    let n = subject.ids.len() - 1;
    let decoder = subject.session.decoder();
    let (short, long) = (subject.logits(decoder, &subject.ids[..n])?, subject.logits(decoder, &subject.ids)?);
    let changed = columns_apart(&long.narrow(0, 0, n as i64), &short);
    let eager = subject.built("attention=eager")?;
    let later = subject.activations(&eager)?.get(subject.block(), Hook::Pattern).triu(1).abs().max().double_value(&[]);
    Outcome::at_most(
        worst([changed, later]),
        subject.rounding(),
        format!("{n} columns; largest weight on a later token {later}"),
    )
}
