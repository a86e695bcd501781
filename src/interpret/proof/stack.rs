//! The second stage and the stack of blocks: lessons 12 to 18.

use super::experiment::{ClaimKind, Outcome, Proof};
use super::subject::{Subject, apart, columns_apart, most_apart, within, worst};
use crate::arch::hook::Hook;
use crate::arch::path::Place;
use crate::engine::probe::Probe;
use crate::engine::{Error, Result};
use crate::interpret::explore;
use crate::learn::worked::patches;
use crate::measure::Prompt;
use crate::record::explored::{HeadScores, Place as In};
use tch::{Device, Kind, Tensor};

pub const MLP: Proof = Proof {
    kind: ClaimKind::Law,
    claim: "The MLP works on each column alone: changing one changes no other.",
    measure: "largest change of another column",
    run: one_column,
};

fn one_column(subject: &Subject) -> Result<Outcome> {
    let at = subject.ids.len() as i64 / 2;
    let output = |changed| -> Result<Tensor> {
        let parallel = subject.session.card().model.stack.blocks[subject.block()].order.is_parallel();
        let input = if parallel { Hook::ResidPre } else { Hook::ResidMid };
        let mut probe = OneColumn { block: subject.block(), input, at, changed, output: None };
        let _logits = subject.pass(subject.session.decoder(), &subject.ids, None, &mut probe)?;
        Ok(probe.output.unwrap_or_else(|| Tensor::full([1, 1], f64::NAN, (Kind::Float, Device::Cpu))))
    };
    let (as_it_was, changed) = (output(false)?, output(true)?); // [T, d_model]
    let own = apart(&changed.get(at), &as_it_was.get(at));
    let rest = |x: &Tensor| {
        let after = x.size()[0] - at - 1;
        Tensor::cat(&[x.narrow(0, 0, at), x.narrow(0, at + 1, after)], 0)
    };
    let others = most_apart(&rest(&changed), &rest(&as_it_was));
    // Where the column itself stays as it was, nothing was tried.
    let value = if own > subject.rounding() { others } else { f64::NAN };
    let said = format!(
        "block {}, column {at} of {}: its own changes by {:.0}%",
        subject.block(),
        subject.ids.len(),
        own * 100.0
    );
    Outcome::at_most(value, 0.0, said)
}

/// Turns one column of what enters an MLP upside down, and keeps what leaves it.
struct OneColumn {
    block: usize,
    /// What the MLP reads.
    input: Hook,
    at: i64,
    changed: bool,
    /// [T, d_model]
    output: Option<Tensor>,
}

impl Probe for OneColumn {
    fn hook(&mut self, hook: Place<Hook>, activation: Tensor) -> Tensor {
        if hook.block != Some(self.block) {
            return activation;
        }
        match hook.name {
            input if input == self.input && self.changed => {
                let x = activation.copy();
                let column = x.select(1, self.at); // [batch, d_model]
                x.select(1, self.at).copy_(&column.flip([-1]));
                x
            }
            Hook::MlpOut => {
                self.output = Some(activation.squeeze_dim(0).copy());
                activation
            }
            _ => activation,
        }
    }
}

pub const RESIDUAL: Proof = Proof {
    kind: ClaimKind::Law,
    claim: "The stream is a sum: a block's X′ is X, and what attention and MLP write.",
    measure: "largest difference in any block, as a share of its column",
    run: residual,
};

fn residual(subject: &Subject) -> Result<Outcome> {
    let _no_grad = tch::no_grad_guard();
    let seen = subject.activations(subject.session.decoder())?;
    let n_layers = subject.session.card().model.n_layers();
    let of = |block| {
        let [pre, attn, mlp, post] =
            [Hook::ResidPre, Hook::AttnOut, Hook::MlpOut, Hook::ResidPost].map(|hook| seen.get(block, hook));
        columns_apart(&(pre + attn + mlp), &post)
    };
    Outcome::at_most(worst((0..n_layers).map(of)), subject.rounding(), format!("{n_layers} blocks"))
}

pub const LENS: Proof = Proof {
    kind: ClaimKind::Law,
    claim: "The last row of the lens is what the model says: norm and W_u of the last stream are the logits.",
    measure: "largest difference, as a share",
    run: lens,
};

fn lens(subject: &Subject) -> Result<Outcome> {
    let _no_grad = tch::no_grad_guard();
    let (decoder, explored) = (subject.session.decoder(), subject.explored()?);
    let logits = subject.logits(decoder, &subject.ids)?;
    let off = |place| columns_apart(&decoder.read_out(explored.residual(place)), &logits);
    let value = off(In::Post(explored.n_layers() - 1));
    let said = format!("{} columns; before the first block it is off by {:.1}", explored.len(), off(In::Embedded));
    Outcome::at_most(value, subject.rounding(), said)
}

pub const PREDICTING: Proof = Proof {
    kind: ClaimKind::Observation,
    claim: "The model knows how texts go on: its loss is at most half that of a blind guess.",
    measure: "mean −ln p of what came, as a share of ln C",
    run: predicting,
};

fn predicting(subject: &Subject) -> Result<Outcome> {
    let n = subject.ids.len() as i64 - 1;
    let logits = subject.logits(subject.session.decoder(), &subject.ids)?.narrow(0, 0, n);
    let came: Vec<i64> = subject.ids[1..].iter().map(|&id| i64::from(id)).collect();
    let came = Tensor::from_slice(&came).to_device(logits.device()).unsqueeze(1);
    let loss = -logits.log_softmax(-1, Kind::Double).gather(1, &came, false).mean(Kind::Double).double_value(&[]);
    let guess = (subject.session.card().model.d_vocab as f64).ln();
    Outcome::at_most(loss / guess, 0.5, format!("{n} tokens: {loss:.2} nats each, a blind guess {guess:.2}"))
}

pub const INDUCTION: Proof = Proof {
    kind: ClaimKind::Observation,
    claim: "Some head attends to what followed an earlier copy of the present token, though the text is random.",
    measure: "its mean weight there, as a multiple of the uniform baseline",
    run: induction,
};

fn induction(subject: &Subject) -> Result<Outcome> {
    const RANDOM: usize = 24;
    let n_ctx = subject.session.card().model.stack.n_ctx;
    let random = RANDOM.min(n_ctx.saturating_sub(1) / 2);
    let ids = subject.session.prompt_ids(&Prompt::Repeated(random as u32))?;
    let explored = subject.session.explore(&ids, subject.control, &mut |_| {})?;
    let mut heads: Vec<HeadScores> = Vec::new();
    explored.survey(1, None, subject.control, &mut |_, explore::BlockHeads { scores, .. }| heads.extend(scores))?;
    let times = |head: &HeadScores| f64::from(head.induction.value) / f64::from(head.induction.uniform);
    if heads.iter().all(|head| head.induction.queries == 0) {
        return Err(Error::Request("no query sees what came before: the window of these toggles is too small".into()));
    }
    let best = heads.iter().max_by(|a, b| a.induction.value.total_cmp(&b.induction.value));
    let said = |head: &HeadScores| {
        format!("head {}: {:.2} of its weight, over {} queries", head.at, head.induction.value, head.induction.queries)
    };
    Outcome::at_least(best.map_or(f64::NAN, times), 10.0, best.map(said).unwrap_or_default())
}

pub const ATTRIBUTION: Proof = Proof {
    kind: ClaimKind::Law,
    claim: "A logit is the sum of what every part wrote: embedding, heads, MLPs and biases.",
    measure: "|Σ of parts − logit|, as a share of the largest of them",
    run: attribution,
};

fn attribution(subject: &Subject) -> Result<Outcome> {
    let (decoder, last) = (subject.session.decoder(), subject.ids.len() - 1);
    let explored = subject.explored()?;
    let token = explored.likeliest(decoder, last);
    let found = explored.attribution(decoder, last, token, None);
    let sum: f64 = found.parts.iter().map(|(_, share)| f64::from(*share)).sum();
    let logit = f64::from(found.logit);
    // Shares of both signs may be larger than what they leave.
    let largest = worst(found.parts.iter().map(|(_, share)| f64::from(share.abs())).chain([logit.abs()]));
    let said = format!("{} parts sum to {sum:.3}, the logit is {logit:.3}", found.parts.len());
    Outcome::at_most((sum - logit).abs() / largest, subject.rounding(), said)
}

pub const PATCHES: Proof = Proof {
    kind: ClaimKind::Law,
    claim: "Cutting an image into patches and multiplying by W is a convolution whose stride is the side of a patch.",
    measure: "largest difference, as a share",
    run: as_convolution,
};

fn as_convolution(_subject: &Subject) -> Result<Outcome> {
    const SIDE: usize = 4;
    const FILTERS: usize = 5;
    const IMAGE: [usize; 2] = [12, 16];
    // Numbers of no pattern: neither rows nor columns nor filters can be taken for each other.
    let numbers = |rows: usize, columns: usize, step: f64| -> Vec<Vec<f64>> {
        (0..rows)
            .map(|row| (0..columns).map(|column| ((row * columns + column) as f64 * step).sin()).collect())
            .collect()
    };
    let [height, width] = IMAGE;
    let (image, filters) = (numbers(height, width, 1.7), numbers(FILTERS, SIDE * SIDE, 2.3));
    let tensor = |rows: &[Vec<f64>], shape: &[i64]| Tensor::from_slice(&rows.concat()).reshape(shape);
    let (side, n_filters) = (SIDE as i64, FILTERS as i64);
    let n = (height / SIDE * (width / SIDE)) as i64;
    let by_libtorch = tensor(&image, &[1, 1, height as i64, width as i64]).conv2d(
        &tensor(&filters, &[n_filters, 1, side, side]),
        None::<&Tensor>,
        [side, side],
        [0, 0],
        [1, 1],
        1,
    ); // [1, filters, down, across]
    let by_libtorch = by_libtorch.reshape([n_filters, n]).tr();
    let patches = tensor(&patches::patchify(&image, SIDE), &[n, side * side]);
    let products = patches.matmul(&tensor(&filters, &[n_filters, side * side]).tr()); // [patches, filters]
    let by_hand = tensor(&patches::convolve(&image, &filters, SIDE), &[n, n_filters]);
    let off = worst([apart(&products, &by_libtorch), within(apart(&by_hand, &by_libtorch), 1e-12)]);
    Outcome::at_most(
        off,
        1e-12,
        format!("{height} × {width} pixels, {n} patches of {SIDE} × {SIDE}, {FILTERS} filters"),
    )
}
