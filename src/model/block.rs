//! One block: two stages, each of which reads the residual stream and adds to it.

use super::Result;
use super::attention::{Attention, Positions};
use super::cache::LayerCache;
use super::mlp::Mlp;
use super::probe::{Hook, Op, Pass};
use tch::Tensor;

/// A pre-norm transformer block.
pub struct Block {
    pub attn: Attention,
    pub mlp: Mlp,
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
        let attn = pass.op(Op::Attn, |pass| self.attn.forward(&x, positions, cache, pass))?;
        let attn = pass.hook(Hook::AttnOut, attn);
        let y = pass.op(Op::AttnResidual, |_| Ok(x + attn))?; //  Y = X + MHSA(norm X)
        let y = pass.hook(Hook::ResidMid, y);

        let mlp = pass.op(Op::Mlp, |pass| self.mlp.forward(&y, pass))?;
        let mlp = pass.hook(Hook::MlpOut, mlp);
        let x = pass.op(Op::MlpResidual, |_| Ok(y + mlp))?; //  X′ = Y + MLP(norm Y)
        Ok(pass.hook(Hook::ResidPost, x))
    }
}
