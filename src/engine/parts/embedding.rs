//! From token ids to the residual stream.

use super::norm::Norm;
use crate::arch::hook::Hook;
use crate::arch::role::Role;
use crate::engine::Result;
use crate::engine::matrix::Matrix;
use crate::engine::probe::Pass;
use tch::{Kind, Tensor};

/// The table of vectors by token, and what happens to them before the first block.
pub struct Embedding {
    /// [d_vocab, d_model]
    pub table: Matrix,
    /// Learned positions, where the model has them. [n_ctx, d_model]
    pub positions: Option<Tensor>,
    pub multiplier: f64,
    pub norm: Option<Norm>,
    /// The format of the activations.
    pub kind: Kind,
}

impl Embedding {
    /// Ids [batch, T] of positions `past ..` → [batch, T, d_model]
    pub fn forward(&self, ids: &Tensor, past: usize, pass: &mut Pass) -> Result<Tensor> {
        let x = pass.op(Role::Embed, |_| Ok(self.placed(self.table.rows(ids), past)))?;
        let x = match &self.norm {
            Some(norm) => pass.op(Role::EmbedNorm, |_| Ok(norm.forward(&x)))?,
            None => x,
        };
        Ok(pass.hook(Hook::Embed, x))
    }

    /// What rows of the table become: multiplied, with the positions `past ..` added. [batch, T, d_model], both
    pub fn placed(&self, rows: Tensor, past: usize) -> Tensor {
        let x = rows.to_kind(self.kind);
        let x = if self.multiplier == 1.0 { x } else { x * self.multiplier };
        match &self.positions {
            Some(positions) => {
                let positions = positions.narrow(0, past as i64, x.size()[1]).to_kind(self.kind);
                x + positions
            }
            None => x,
        }
    }
}
