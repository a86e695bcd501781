//! Direct logit attribution: a logit is a sum over everything that wrote to the residual stream.

use super::exploration::Exploration;
use super::tensors::numbers;
use crate::engine::Decoder;
use crate::engine::parts::norm::Norm;
use crate::record::explored::{Attribution, Head, Place, Writer};
use tch::{Kind, Tensor};

impl Exploration {
    /// Who wrote the logit of `token` at a position, or by how much more than that of `versus`. The scale of the final
    /// norm is held at what it was for the whole stream, so the parts add up to the logit,
    /// before the soft cap where the model has one.
    ///
    /// # Panics
    /// There is no such position or token.
    pub fn attribution(&self, decoder: &Decoder, position: usize, token: u32, versus: Option<u32>) -> Attribution {
        let _no_grad = tch::no_grad_guard();
        let at = |place: Place| self.residual(place).get(position as i64).to_kind(Kind::Float);
        let mut writers = vec![Writer::Embedding];
        let mut wrote = vec![at(Place::Embedded).unsqueeze(0)]; // each [parts, d_model]
        for (number, block) in decoder.blocks().iter().enumerate() {
            let index = number as u32;
            // Each head by itself: what it read, and zeros for the others.
            let z = self.heads(number).read(position, &self.blocks[number].v); // [n_heads, d_head]
            let (n, d) = (z.size()[0], z.size()[1]);
            let alone = Tensor::eye(n, (Kind::Float, z.device())).unsqueeze(2) * z.unsqueeze(1);
            let (found, rest) = block.attn.contributions(&alone.view([n, n * d]), &z.view([1, n * d]));
            wrote.push(found);
            writers.extend((0..n as u32).map(|head| Writer::Head(Head { block: index, head })));
            if let Some(rest) = rest {
                wrote.push(rest.unsqueeze(0));
                writers.push(Writer::AttnBias(index));
            }
            wrote.push((at(Place::Post(number)) - at(Place::Mid(number))).unsqueeze(0));
            writers.push(Writer::Mlp(index));
        }
        let whole = self.last().get(position as i64).to_kind(Kind::Float);
        let (norm, head) = (decoder.final_norm(), &decoder.head().linear);
        let of_token = |logits: &Tensor| {
            let column = |token: u32| logits.select(-1, i64::from(token));
            column(token) - versus.map_or(Tensor::from(0.0f32), column)
        };
        let wrote = Tensor::cat(&wrote, 0);
        let frozen = norm.map_or(wrote.shallow_clone(), |norm| norm.frozen(&wrote, &whole));
        let mut shares = numbers(&of_token(&head.unbiased(&frozen)));
        let shift = norm.and_then(Norm::shift).map(|shift| numbers(&of_token(&head.unbiased(&shift.unsqueeze(0))))[0]);
        let bias = head.bias().map(|bias| numbers(&of_token(&bias).view(-1))[0]);
        if shift.is_some() || bias.is_some() {
            writers.push(Writer::FinalBias);
            shares.push(shift.unwrap_or(0.0) + bias.unwrap_or(0.0));
        }
        // A soft cap comes after: what is divided among writers is the logit before it.
        let logit = numbers(&of_token(&decoder.uncapped(&whole.to_kind(self.embed.kind()).unsqueeze(0))))[0];
        let parts = writers.into_iter().zip(shares).collect();
        Attribution { position: position as u32, token, versus, parts, logit }
    }
}
