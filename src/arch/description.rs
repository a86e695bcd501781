//! A model's description in a file: entry by entry as it is in memory, blocks that are alike in a row once.
//!
//! What is added to a description later gets a default that says what older files meant.

use super::block::Block;
use super::families;
use super::model::Model;
use super::parts::connector::Connector;
use super::parts::embedding::Embedding;
use super::parts::frames::Frames;
use super::parts::head::Head;
use super::parts::norm::Norm;
use super::parts::patches::Patches;
use super::path::StackName;
use super::stack::{Input, Stack};
use super::validation::MOST_LAYERS;
use serde::{Deserialize, Serialize};

/// A model as a file describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Description {
    name: String,
    family: String,
    /// Stacks that the last one reads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sources: Vec<StackEntry>,
    /// The last stack: the entries of the model itself where it has no other.
    #[serde(flatten)]
    stack: StackEntry,
    head: Head,
    bos: Option<u32>,
    eos: Vec<u32>,
}

/// A stack, which reads tokens, a picture or sound.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct StackEntry {
    #[serde(default, rename = "stack", skip_serializing_if = "is_only")]
    name: StackName,
    d_model: usize,
    /// Tokens in the vocabulary, of the last stack.
    #[serde(default, skip_serializing_if = "is_none")]
    d_vocab: usize,
    n_ctx: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    embedding: Option<Embedding>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    patches: Option<Patches>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    frames: Option<Frames>,
    blocks: Vec<Alike>,
    final_norm: Option<Norm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    connector: Option<Connector>,
}

fn is_none(number: &usize) -> bool {
    *number == 0
}

fn is_only(name: &StackName) -> bool {
    *name == StackName::Only
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
        Self {
            name: model.name.clone(),
            family: model.family.to_owned(),
            sources: model.sources.iter().map(StackEntry::from).collect(),
            stack: StackEntry { d_vocab: model.d_vocab, ..StackEntry::from(&model.stack) },
            head: model.head,
            bos: model.bos,
            eos: model.eos.clone(),
        }
    }
}

impl From<&Stack> for StackEntry {
    fn from(stack: &Stack) -> Self {
        let alike = |blocks: &[Block]| Alike { times: blocks.len(), block: blocks[0].clone() };
        let (mut embedding, mut patches, mut frames) = (None, None, None);
        match stack.input.clone() {
            Input::Tokens(tokens) => embedding = Some(tokens),
            Input::Picture(picture) => patches = Some(picture),
            Input::Sound(sound) => frames = Some(sound),
        }
        Self {
            name: stack.name,
            d_model: stack.d_model,
            d_vocab: 0,
            n_ctx: stack.n_ctx,
            embedding,
            patches,
            frames,
            blocks: stack.blocks.chunk_by(PartialEq::eq).map(alike).collect(),
            final_norm: stack.final_norm,
            connector: stack.connector.clone(),
        }
    }
}

impl TryFrom<StackEntry> for Stack {
    /// What cannot be, in words.
    type Error = String;

    fn try_from(file: StackEntry) -> Result<Self, String> {
        let layers = file.blocks.iter().fold(0_usize, |sum, alike| sum.saturating_add(alike.times));
        if layers > MOST_LAYERS {
            return Err(format!("a model of {layers} blocks; at most {MOST_LAYERS} were expected"));
        }
        let blocks = file.blocks.into_iter().flat_map(|Alike { times, block }| std::iter::repeat_n(block, times));
        let input = match (file.embedding, file.patches, file.frames) {
            (Some(embedding), None, None) => Input::Tokens(embedding),
            (None, Some(patches), None) => Input::Picture(patches),
            (None, None, Some(frames)) => Input::Sound(frames),
            _ => return Err("a stack should read one thing: tokens, a picture or sound".into()),
        };
        Ok(Self {
            name: file.name,
            d_model: file.d_model,
            n_ctx: file.n_ctx,
            input,
            blocks: blocks.collect(),
            final_norm: file.final_norm,
            connector: file.connector,
        })
    }
}

impl TryFrom<Description> for Model {
    /// What cannot be, in words.
    type Error = String;

    fn try_from(file: Description) -> Result<Self, String> {
        let family = families::ALL.iter().find(|family| family.name() == file.family);
        let family = family.ok_or_else(|| format!("a model of the family '{}', which is not known", file.family))?;
        let model = Model {
            name: file.name,
            family: family.name(),
            sources: file.sources.into_iter().map(Stack::try_from).collect::<Result<_, _>>()?,
            d_vocab: file.stack.d_vocab,
            stack: file.stack.try_into()?,
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
    use crate::arch::fixture::{composed, models};

    #[test]
    fn every_model_that_is_written_is_read_back() {
        for model in models().into_iter().chain(composed()) {
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
