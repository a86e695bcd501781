//! The MLP, the residual stream, and what is read from it.

use super::common::percent;
use crate::arch::hook::Hook;
use crate::engine::Result;
use crate::interpret::proof::subject::Subject;
use crate::record::explored::{Place, Writer};
use tch::Kind;

/// Numbers above 0 that enter the activation of the middle block's MLP, in %.
pub fn open_gates(subject: &Subject) -> Result<f64> {
    let entering = subject.activations(subject.session.decoder())?.get(subject.block(), Hook::MlpPre);
    Ok(percent(entering.gt(0.0).sum(Kind::Int64).int64_value(&[]) as usize, entering.numel()))
}

/// The size of the last column after the last block, divided by its size before the first.
pub fn growth(subject: &Subject) -> Result<f64> {
    let explored = subject.explored()?;
    let size = |place: Place| {
        let column = explored.residual(place).get(subject.ids.len() as i64 - 1).to_kind(Kind::Double);
        column.square().mean(Kind::Double).sqrt().double_value(&[])
    };
    Ok(size(Place::Post(explored.n_layers() - 1)) / size(Place::Embedded))
}

/// The depth from which on the lens names the model's own first choice at the last position: 0 is the embedding, 100
/// the last MLP.
pub fn decision_depth(subject: &Subject) -> Result<f64> {
    let (decoder, explored, last) = (subject.session.decoder(), subject.explored()?, subject.ids.len() as i64 - 1);
    let says = |place: Place| {
        decoder.read_out(&explored.residual(place).narrow(0, last, 1)).argmax(-1, false).int64_value(&[0])
    };
    let said: Vec<i64> = explored.places().map(says).collect();
    let end = said.len() - 1;
    let agreeing = said.iter().rev().take_while(|&&token| token == said[end]).count();
    Ok(percent(said.len() - agreeing, end))
}

/// What embedding, heads and MLPs wrote of the likeliest token's logit at the last position.
pub fn writers(subject: &Subject) -> Result<Vec<f64>> {
    let (decoder, last) = (subject.session.decoder(), subject.ids.len() - 1);
    let explored = subject.explored()?;
    let found = explored.attribution(decoder, last, explored.likeliest(decoder, last), None);
    let sum = |of: fn(&Writer) -> bool| -> f64 {
        found.parts.iter().filter(|(writer, _)| of(writer)).map(|(_, share)| f64::from(*share)).sum()
    };
    Ok(vec![
        sum(|writer| *writer == Writer::Embedding),
        sum(|writer| matches!(writer, Writer::Head(_))),
        sum(|writer| matches!(writer, Writer::Mlp(_))),
    ])
}
