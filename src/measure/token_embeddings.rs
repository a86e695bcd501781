//! What goes into the first block: a text's tokens as columns of the table of embeddings.

use super::Session;
use super::request::Prompt;
use crate::engine::Result;
use tch::{Device, Kind};

/// A text as columns.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenEmbeddings {
    /// Numbers that a whole column has.
    pub d_model: usize,
    pub tokens: Vec<TokenEmbedding>,
}

/// A token, and the beginning of its column.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenEmbedding {
    pub id: u32,
    pub label: String,
    pub features: Vec<f32>,
}

impl Session {
    /// A text's tokens, each with the first `features` numbers of its column in the table of embeddings.
    ///
    /// # Errors
    /// There is no tokenizer, or it refuses the text.
    pub fn token_embeddings(&self, text: &str, features: usize) -> Result<TokenEmbeddings> {
        let ids = self.prompt_ids(&Prompt::Text(text.to_owned()))?;
        let numbers: Vec<i64> = ids.iter().map(|&id| i64::from(id)).collect();
        let _no_grad = tch::no_grad_guard();
        let rows = self.parameters().embed().rows(&self.decoder().input(&numbers, 1).squeeze_dim(0)); // [T, d_model]
        let d_model = rows.size()[1];
        let shown = rows.narrow(1, 0, (features as i64).min(d_model)).to_device(Device::Cpu);
        let shown: Vec<Vec<f32>> = Vec::try_from(shown.to_kind(Kind::Float))?;
        let tokens = ids.iter().map(|&id| (id, self.token_label(id)));
        let tokens = tokens.zip(shown).map(|((id, label), features)| TokenEmbedding { id, label, features }).collect();
        Ok(TokenEmbeddings { d_model: d_model as usize, tokens })
    }
}
