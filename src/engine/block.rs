//! One block: two branches, each of which reads the residual stream and adds to it.

use super::Result;
use super::cache::LayerCache;
use super::parts::attention::Attention;
use super::parts::mlp::Mlp;
use super::parts::norm::Norm;
use super::parts::positions::Positions;
use super::probe::Pass;
use crate::arch::hook::Hook;
use crate::arch::role::Role;
use tch::Tensor;

/// A transformer block.
pub struct Block {
    pub attn: Attention,
    pub mlp: Mlp,
    pub order: Order,
}

/// In which order the branches read and write the residual stream.
pub enum Order {
    Sequential,
    Parallel { norm: Option<Norm> },
}

impl Block {
    /// X → X′, both [batch, T, d_model].
    pub fn forward(
        &self,
        x: Tensor,
        positions: &Positions,
        cache: Option<&mut LayerCache>,
        pass: &mut Pass,
    ) -> Result<Tensor> {
        let x = pass.hook(Hook::ResidPre, x);
        let x = match &self.order {
            Order::Sequential => {
                let attn = self.attention(&x, positions, cache, pass)?;
                let y = pass.op(Role::AttnResidual, |_| Ok(x + attn))?; //  Y = X + Attention(norm X)
                let y = pass.hook(Hook::ResidMid, y);
                let mlp = self.mlp(&y, pass)?;
                pass.op(Role::MlpResidual, |_| Ok(y + mlp))? //  X′ = Y + MLP(norm Y)
            }
            Order::Parallel { norm } => {
                let normed = match norm {
                    Some(norm) => pass.op(Role::Norm, |_| Ok(norm.forward(&x)))?,
                    None => x.shallow_clone(),
                };
                let attn = self.attention(&normed, positions, cache, pass)?;
                let mlp = self.mlp(&normed, pass)?;
                pass.op(Role::Residual, |_| Ok(x + attn + mlp))? //  X′ = X + Attention(norm X) + MLP(norm X)
            }
        };
        Ok(pass.hook(Hook::ResidPost, x))
    }

    fn attention(
        &self,
        x: &Tensor,
        positions: &Positions,
        cache: Option<&mut LayerCache>,
        pass: &mut Pass,
    ) -> Result<Tensor> {
        let attn = pass.op(Role::Attn, |pass| self.attn.forward(x, positions, cache, pass))?;
        Ok(pass.hook(Hook::AttnOut, attn))
    }

    fn mlp(&self, x: &Tensor, pass: &mut Pass) -> Result<Tensor> {
        let mlp = pass.op(Role::Mlp, |pass| self.mlp.forward(x, pass))?;
        Ok(pass.hook(Hook::MlpOut, mlp))
    }
}
