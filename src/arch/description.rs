//! A model's description in a file: entry by entry as it is in memory, blocks that are alike in a row once.
//!
//! What is added to a description later gets a default that says what older files meant.

use super::families;
use super::model::{Block, MOST_LAYERS, Model};
use super::parts::embedding::Embedding;
use super::parts::head::Head;
use super::parts::norm::Norm;
use serde::{Deserialize, Serialize};

/// A model as a file describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Description {
    name: String,
    family: String,
    d_model: usize,
    d_vocab: usize,
    n_ctx: usize,
    embedding: Embedding,
    blocks: Vec<Alike>,
    final_norm: Option<Norm>,
    head: Head,
    bos: Option<u32>,
    eos: Vec<u32>,
}

/// Blocks that are alike, one after the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Alike {
    times: usize,
    #[serde(flatten)]
    block: Block,
}

impl From<&Model> for Description {
    fn from(model: &Model) -> Self {
        let alike = |blocks: &[Block]| Alike { times: blocks.len(), block: blocks[0].clone() };
        Self {
            name: model.name.clone(),
            family: model.family.to_owned(),
            d_model: model.d_model,
            d_vocab: model.d_vocab,
            n_ctx: model.n_ctx,
            embedding: model.embedding.clone(),
            blocks: model.blocks.chunk_by(PartialEq::eq).map(alike).collect(),
            final_norm: model.final_norm,
            head: model.head,
            bos: model.bos,
            eos: model.eos.clone(),
        }
    }
}

impl TryFrom<Description> for Model {
    /// What cannot be, in words.
    type Error = String;

    fn try_from(file: Description) -> Result<Self, String> {
        let family = families::ALL.iter().find(|family| family.name() == file.family);
        let family = family.ok_or_else(|| format!("a model of the family '{}', which is not known", file.family))?;
        let layers = file.blocks.iter().fold(0_usize, |sum, alike| sum.saturating_add(alike.times));
        if layers > MOST_LAYERS {
            return Err(format!("a model of {layers} blocks; at most {MOST_LAYERS} were expected"));
        }
        let blocks = file.blocks.into_iter().flat_map(|Alike { times, block }| std::iter::repeat_n(block, times));
        let model = Model {
            name: file.name,
            family: family.name(),
            d_model: file.d_model,
            d_vocab: file.d_vocab,
            n_ctx: file.n_ctx,
            embedding: file.embedding,
            blocks: blocks.collect(),
            final_norm: file.final_norm,
            head: file.head,
            bos: file.bos,
            eos: file.eos,
        };
        model.validate()?;
        Ok(model)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::fixture::models;

    #[test]
    fn every_model_that_is_written_is_read_back() {
        for model in models() {
            let text = serde_json::to_string(&Description::from(&model)).unwrap();
            let read: Description = serde_json::from_str(&text).unwrap();
            assert_eq!(Model::try_from(read), Ok(model), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_a_model_is_refused() {
        let written = serde_json::to_value(Description::from(&models()[0])).unwrap();
        let refusal = |change: fn(&mut serde_json::Value)| {
            let mut value = written.clone();
            change(&mut value);
            Model::try_from(serde_json::from_value::<Description>(value).unwrap()).unwrap_err()
        };
        assert!(refusal(|file| file["blocks"][0]["times"] = 1_000_000_000_u64.into()).contains("at most 10000"));
        assert!(refusal(|file| file["blocks"] = serde_json::json!([])).contains("n_layers is 0"));
        assert!(refusal(|file| file["family"] = "x".into()).contains("'x'"));
        assert!(refusal(|file| file["d_model"] = 0.into()).contains("d_model is 0"));
    }
}
