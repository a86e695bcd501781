//! Scores and weights of heads, mostly those of the block in the middle.

use super::common::percent;
use crate::arch::hook::Hook;
use crate::engine::{Error, Result};
use crate::interpret::explore;
use crate::interpret::proof::subject::{Activations, Subject};
use crate::record::explored::HeadScores;
use std::f64::consts::TAU;
use tch::{Device, Kind, Tensor};

/// Positions in which the slowest pair of features turns once around.
pub fn slowest_turn(subject: &Subject) -> Result<f64> {
    let rotation = subject.session.card().model.stack.blocks[subject.block()].attn.rotation.as_ref();
    let rotation = rotation.ok_or_else(|| Error::Request("this model turns no queries and keys".into()))?;
    let speeds = rotation.frequencies(subject.ids.len());
    Ok(TAU / speeds.into_iter().map(f64::from).fold(f64::INFINITY, f64::min))
}

/// The pass in which the middle block's weights are made by eager attention.
fn eager(subject: &Subject) -> Result<Activations> {
    subject.activations(&subject.built("attention=eager")?)
}

/// The largest weight of the last query, mean over the heads, in %.
pub fn largest_weight(subject: &Subject) -> Result<f64> {
    let pattern = eager(subject)?.get(subject.block(), Hook::Pattern); // [heads, query, key]
    let last = pattern.select(1, -1).amax([-1].as_slice(), false);
    Ok(100.0 * last.mean(Kind::Double).double_value(&[]))
}

/// The scores that the mask leaves, in no order.
fn visible(subject: &Subject) -> Result<Tensor> {
    let scores = eager(subject)?.get(subject.block(), Hook::Scores).to_kind(Kind::Double);
    Ok(scores.masked_select(&scores.isfinite()))
}

/// Scores below 0, in %.
pub fn negative_scores(subject: &Subject) -> Result<f64> {
    let scores = visible(subject)?;
    Ok(percent(scores.lt(0.0).sum(Kind::Int64).int64_value(&[]) as usize, scores.numel()))
}

/// The standard deviation of k·q, before anything is divided.
pub fn score_spread(subject: &Subject) -> Result<f64> {
    let scale = subject.session.card().model.stack.blocks[subject.block()].attn.scale;
    Ok(visible(subject)?.std(false).double_value(&[]) / scale)
}

/// The length of the largest write of a head at the last position, as a share of the sum of all of them, in %.
pub fn strongest_head(subject: &Subject) -> Result<f64> {
    let (decoder, block) = (subject.session.decoder(), subject.block());
    let z = subject.activations(decoder)?.get(block, Hook::Z).select(1, -1); // [heads, d_head]
    let (n, d) = (z.size()[0], z.size()[1]);
    let out = &decoder.blocks()[block].attn.out;
    let device = out.tensors().next().map_or(Device::Cpu, Tensor::device);
    // Each head by itself: what it read, and zeros for the others.
    let alone = Tensor::eye(n, (Kind::Float, Device::Cpu)).unsqueeze(2) * z.unsqueeze(1);
    let wrote = out.unbiased(&alone.view([n, n * d]).to_device(device)).to_kind(Kind::Double); // [heads, d_model]
    let lengths = wrote.square().sum_dim_intlist([-1].as_slice(), false, Kind::Double).sqrt();
    Ok(100.0 * lengths.max().double_value(&[]) / lengths.sum(Kind::Double).double_value(&[]))
}

/// The weight on later tokens if nothing hid them, mean over the queries but the last, in %.
pub fn future_weight(subject: &Subject) -> Result<f64> {
    let (seen, block) = (eager(subject)?, subject.block());
    let [q, k] = [Hook::RotQ, Hook::RotK].map(|hook| seen.get(block, hook).to_kind(Kind::Double));
    let k = k.repeat_interleave_self_int(q.size()[0] / k.size()[0], 0, None);
    let scale = subject.session.card().model.stack.blocks[block].attn.scale;
    let weights = (q.matmul(&k.transpose(1, 2)) * scale).softmax(-1, Kind::Double); // [heads, query, key]
    let later = weights.triu(1).sum_dim_intlist([-1].as_slice(), false, Kind::Double);
    Ok(100.0 * later.narrow(1, 0, subject.ids.len() as i64 - 1).mean(Kind::Double).double_value(&[]))
}

/// Heads of the whole model that give the first token at least half of their attention, in %.
pub fn resting_heads(subject: &Subject) -> Result<f64> {
    const MUCH: f32 = 0.5;
    let mut heads: Vec<HeadScores> = Vec::new();
    let explored = subject.explored()?;
    explored.survey(1, None, subject.control, &mut |_, explore::BlockHeads { scores, .. }| heads.extend(scores))?;
    let rest = heads.iter().filter(|head| head.sink.key == 0 && head.sink.mass >= MUCH).count();
    Ok(percent(rest, heads.len()))
}

/// The weight that two heads with the same keys put on the same positions, in %: the mean of Σ min(A, A′) over such
/// pairs and the queries after the first, which sees one key only.
pub fn shared_patterns(subject: &Subject) -> Result<f64> {
    let attn = &subject.session.card().model.stack.blocks[subject.block()].attn;
    let group = attn.n_heads / attn.n_kv_heads;
    if group < 2 {
        return Err(Error::Request("every head of this model has keys of its own: there is nothing to share".into()));
    }
    let pattern = eager(subject)?.get(subject.block(), Hook::Pattern); // [heads, query, key]
    let pattern = pattern.narrow(1, 1, subject.ids.len() as i64 - 1);
    let pairs = (0..attn.n_heads).flat_map(|one| (one + 1..attn.n_heads).map(move |other| (one, other)));
    let common = |(one, other): (usize, usize)| {
        let least = pattern.get(one as i64).minimum(&pattern.get(other as i64));
        least.sum_dim_intlist([-1].as_slice(), false, Kind::Double).mean(Kind::Double).double_value(&[])
    };
    let common: Vec<f64> = pairs.filter(|(one, other)| one / group == other / group).map(common).collect();
    Ok(100.0 * common.iter().sum::<f64>() / common.len() as f64)
}

/// Pieces of four keys after the first that bring a larger maximum, over the heads' last queries, in %.
pub fn repairs(subject: &Subject) -> Result<f64> {
    const PIECE: usize = 4;
    let scores = eager(subject)?.get(subject.block(), Hook::Scores).select(1, -1); // [heads, key]
    let (mut larger, mut pieces) = (0, 0);
    for head in 0..scores.size()[0] {
        let row: Vec<f64> = Vec::try_from(scores.get(head).to_kind(Kind::Double).contiguous())?;
        let seen: Vec<f64> = row.into_iter().filter(|score| score.is_finite()).collect();
        let most = |part: &[f64]| part.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        for at in (PIECE..seen.len()).step_by(PIECE) {
            pieces += 1;
            larger += usize::from(most(&seen[at..seen.len().min(at + PIECE)]) > most(&seen[..at]));
        }
    }
    match pieces {
        0 => Err(Error::Request("the text is one piece of four tokens: write more".into())),
        pieces => Ok(percent(larger, pieces)),
    }
}
