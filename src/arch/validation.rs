//! Whether the sizes of a description can be a model at all.

use super::block::Block;
use super::mask::Mask;
use super::model::Model;
use super::parts::attention::Attention;
use super::parts::mlp::Mlp;
use super::parts::norm::Norm;
use super::stack::{Input, Stack};

/// More blocks than any model has: refused before they are described one by one.
pub const MOST_LAYERS: usize = 10_000;

/// Wide enough for any model that exists; narrow enough that their products fit in 64 bits.
const MOST: usize = 1 << 24;

/// More experts of a block, and of all blocks together, than any model has.
const MOST_EXPERTS: usize = 4096;
const MOST_EXPERTS_OF_ALL: usize = 1 << 16;

impl Model {
    /// Past this check no product of two sizes overflows.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn validate(&self) -> Result<(), String> {
        self.stacks().try_for_each(Stack::validate)?;
        factor("logits", self.head.multiplier)?;
        self.head.softcap.map_or(Ok(()), |cap| above_zero("the cap of logits", cap))?;
        self.head.transform.map_or(Ok(()), |transform| transform.norm.validate())?;
        match self.head.labels {
            Some(labels) => sized("the number of labels", labels),
            None => sized("d_vocab", self.d_vocab),
        }
    }
}

impl Stack {
    fn validate(&self) -> Result<(), String> {
        sized("n_layers", self.blocks.len())?;
        match &self.input {
            Input::Tokens(embedding) => {
                factor("the embedding", embedding.multiplier)?;
                embedding.norm.map_or(Ok(()), Norm::validate)?;
                embedding.positions.map_or(Ok(()), |rows| sized("the number of learned positions", rows))?;
                embedding.token_types.map_or(Ok(()), |rows| sized("the number of token types", rows))?;
            }
            Input::Picture(patches) => {
                let sizes = [("a picture", patches.image), ("a patch", patches.patch), ("a pixel", patches.channels)];
                sizes.into_iter().try_for_each(|(what, size)| sized(&format!("the size of {what}"), size))?;
                sized("the number of patches", patches.n())?;
                let numbers = patches.channels.saturating_mul(patches.patch).saturating_mul(patches.patch);
                sized("the count of numbers in a patch", numbers)?;
                patches.norm.map_or(Ok(()), Norm::validate)?;
            }
            Input::Sound(frames) => {
                sized("the number of bands", frames.bands)?;
                sized("the number of frames", frames.positions)?;
            }
        }
        for (name, size) in [("d_model", self.d_model), ("n_ctx", self.n_ctx)] {
            sized(name, size)?;
        }
        self.final_norm.map_or(Ok(()), Norm::validate)?;
        self.connector.as_ref().map_or(Ok(()), |connector| sized("the width of the connector", connector.width))?;
        // A file can name more blocks than it could hold weights for: each is checked by name later.
        let heads = self.blocks.iter().map(|block| block.attn.n_heads).max().unwrap_or(0);
        if self.blocks.len() > MOST_LAYERS || heads > 10_000 {
            return Err(format!("{} layers of {heads} heads: no model is like that", self.blocks.len()));
        }
        self.blocks.iter().try_for_each(Block::validate)?;
        let experts: usize = self.blocks.iter().filter_map(|block| block.mlp.experts).map(|experts| experts.n).sum();
        match experts {
            ..=MOST_EXPERTS_OF_ALL => Ok(()),
            _ => Err(format!("{experts} experts in all blocks: no model is like that")),
        }
    }
}

impl Block {
    fn validate(&self) -> Result<(), String> {
        factor("what a branch adds", self.multiplier)?;
        self.attn.validate()?;
        self.cross.as_ref().map_or(Ok(()), Attention::validate)?;
        self.mlp.validate()
    }
}

impl Attention {
    fn validate(&self) -> Result<(), String> {
        for (name, size) in [("n_heads", self.n_heads), ("n_kv_heads", self.n_kv_heads), ("d_head", self.d_head)] {
            sized(name, size)?;
        }
        if !self.n_heads.is_multiple_of(self.n_kv_heads) {
            return Err(format!(
                "{} query heads cannot share {} key/value heads evenly",
                self.n_heads, self.n_kv_heads
            ));
        }
        self.rotation.as_ref().map_or(Ok(()), |rotation| rotation.validate(self.d_head))?;
        match self.mask {
            Mask::Window { window: size, .. } | Mask::Chunks { size } => sized("the attention window", size)?,
            Mask::Causal | Mask::Full => {}
        }
        if let Some(source) = self.source {
            sized("the number of positions that are read", source.positions)?;
            sized("the width that is read", source.d_model)?;
        }
        factor("scores", self.scale)?;
        self.softcap.map_or(Ok(()), |cap| above_zero("the cap of scores", cap))?;
        [self.norm, self.post_norm, self.sum_norm].into_iter().flatten().try_for_each(Norm::validate)
    }
}

impl Mlp {
    fn validate(&self) -> Result<(), String> {
        sized("d_mlp", self.d_mlp)?;
        if let Some(experts) = self.experts {
            if !(1..=MOST_EXPERTS).contains(&experts.n) || !(1..=experts.n).contains(&experts.per_token) {
                return Err(format!(
                    "{} of {} experts compute for a position; expected at least one of at most {MOST_EXPERTS}",
                    experts.per_token, experts.n
                ));
            }
            experts.shared.map_or(Ok(()), |width| sized("the width of the shared expert", width))?;
        }
        [self.norm, self.post_norm, self.sum_norm].into_iter().flatten().try_for_each(Norm::validate)
    }
}

fn sized(name: &str, size: usize) -> Result<(), String> {
    match size {
        1..=MOST => Ok(()),
        _ => Err(format!("{name} is {size}; expected a number from 1 to {MOST}")),
    }
}

fn factor(what: &str, by: f64) -> Result<(), String> {
    match by.is_finite() && by != 0.0 {
        true => Ok(()),
        false => Err(format!("{what} would be multiplied by {by}; expected a finite number other than 0")),
    }
}

fn above_zero(what: &str, number: f64) -> Result<(), String> {
    match number.is_finite() && number > 0.0 {
        true => Ok(()),
        false => Err(format!("{what} is {number}; expected a number above 0")),
    }
}
