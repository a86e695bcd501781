//! What interventions do: the same text and the same continuation, clean and changed.

use super::Interventions;
use crate::arch::Toggles;
use crate::arch::toggles::Logits;
use crate::engine::probe::Pass;
use crate::engine::{Error, Result};
use crate::interpret::explore::numbers;
use crate::measure::{Control, Sampling, Sequences, Session};
use crate::record::explored::{Effect, Shift};
use tch::{Kind, Tensor};

/// How many of the likeliest tokens of each are candidates.
const CANDIDATES: i64 = 8;

impl Session {
    /// Runs a text clean and with interventions, and continues both greedily by `new` tokens.
    ///
    /// # Errors
    /// The text does not fit; it was cancelled.
    pub fn effect(&self, ids: &[u32], changed: &Interventions, new: usize, control: &Control) -> Result<Effect> {
        let _no_grad = tch::no_grad_guard();
        let none = Interventions::default();
        let (clean_logits, clean) = self.continued(ids, &none, new, control)?;
        let (changed_logits, changed) = self.continued(&changed.swapped(ids)?, changed, new, control)?;
        let [p, q] = [&clean_logits, &changed_logits].map(|logits| logits.log_softmax(-1, Kind::Float));
        let kl = (p.exp() * (&p - &q)).sum_dim_intlist([-1].as_slice(), false, Kind::Float);
        let kl = numbers(&kl).into_iter().map(|kl| kl.max(0.0)).collect();
        let value = |of: &Tensor, position: usize, id: u32| of.double_value(&[position as i64, i64::from(id)]) as f32;
        let nll = ids.iter().enumerate().skip(1);
        let nll = nll.map(|(at, &id)| (-value(&p, at - 1, id), -value(&q, at - 1, id))).collect();

        let last = ids.len() - 1;
        let mut candidates: Vec<u32> = Vec::new();
        for log_p in [&p, &q] {
            let (_, ids) = log_p.get(last as i64).topk(CANDIDATES.min(log_p.size()[1]), -1, true, true);
            candidates.extend(Vec::<i64>::try_from(ids)?.into_iter().map(|id| id as u32));
        }
        let mut seen = std::collections::HashSet::new();
        candidates.retain(|id| seen.insert(*id));
        let shift = |id: u32| Shift {
            id,
            logits: (value(&clean_logits, last, id), value(&changed_logits, last, id)),
            probabilities: (value(&p, last, id).exp(), value(&q, last, id).exp()),
        };
        let candidates = candidates.into_iter().map(shift).collect();
        Ok(Effect { kl, nll, candidates, clean, changed })
    }

    /// The logits of a text [T, d_vocab], and the tokens that follow.
    fn continued(
        &self,
        ids: &[u32],
        interventions: &Interventions,
        new: usize,
        control: &Control,
    ) -> Result<(Tensor, Vec<u32>)> {
        let (decoder, model) = (self.decoder(), &self.card().model);
        let positions = ids.len() + new.saturating_sub(1);
        if positions > model.stack.n_ctx {
            let problem = format!("{positions} positions are more than the model's context of {}", model.stack.n_ctx);
            return Err(Error::Request(problem));
        }
        let toggles = Toggles { batch: 1, logits: Logits::All, ..self.card().toggles.clone() };
        let mut sequence = Sequences::new(decoder, &toggles, ids, new.saturating_sub(1), Sampling::default());
        let (mut text, mut following) = (None, Vec::with_capacity(new));
        for step in 0..new.max(1) {
            let mut probe = interventions.pass(sequence.shape().past, control);
            let logits = sequence.forward(&sequence.input(), &mut Pass::new(&mut probe))?;
            if step < new {
                following.push(sequence.choose(&logits)?.id);
            }
            text.get_or_insert_with(|| logits.squeeze_dim(0));
        }
        Ok((text.expect("there is a pass at least"), following))
    }
}
