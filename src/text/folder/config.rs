//! What stands beside a tokenizer: which tokens begin and end a text, further tokens, a chat template.

use super::files::parse_if_there;
use crate::text::{Error, Result};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tokenizers::AddedToken;

const FILE: &str = "tokenizer_config.json";

/// `tokenizer_config.json`, and what else lies beside it.
pub struct Config {
    folder: PathBuf,
    tokenizer: TokenizerConfig,
}

#[derive(Deserialize, Default)]
struct TokenizerConfig {
    #[serde(default)]
    bos_token: Value,
    #[serde(default)]
    eos_token: Value,
    #[serde(default)]
    chat_template: Value,
    #[serde(default)]
    tokenizer_class: Value,
    #[serde(default)]
    add_bos_token: Value,
    #[serde(default)]
    add_eos_token: Value,
    #[serde(default)]
    legacy: Value,
    #[serde(default)]
    added_tokens_decoder: Value,
}

#[derive(Deserialize, Default)]
struct ModelConfig {
    #[serde(default)]
    model_type: Value,
}

/// A further token.
#[derive(Deserialize)]
struct Added {
    content: String,
    #[serde(default)]
    special: bool,
    #[serde(default)]
    single_word: bool,
    #[serde(default)]
    lstrip: bool,
    #[serde(default)]
    rstrip: bool,
}

impl Config {
    pub fn read(folder: &Path) -> Result<Self> {
        Ok(Self { folder: folder.to_owned(), tokenizer: parse_if_there(&folder.join(FILE))? })
    }

    /// The token that begins a text, or nothing.
    pub fn bos(&self) -> &str {
        content(&self.tokenizer.bos_token)
    }

    /// The token that ends a text, or nothing.
    pub fn eos(&self) -> &str {
        content(&self.tokenizer.eos_token)
    }

    pub fn add_bos(&self) -> Option<bool> {
        self.tokenizer.add_bos_token.as_bool()
    }

    pub fn add_eos(&self) -> Option<bool> {
        self.tokenizer.add_eos_token.as_bool()
    }

    /// Whether a space goes before what follows a mark, too, as it did in the first Llama tokenizers.
    pub fn legacy(&self) -> bool {
        self.tokenizer.legacy.as_bool().unwrap_or(true)
    }

    /// The class that reads the tokenizer in `transformers`, without what tells the fast ones.
    pub fn class(&self) -> Option<&str> {
        self.tokenizer.tokenizer_class.as_str().map(|class| class.strip_suffix("Fast").unwrap_or(class))
    }

    /// What `config.json` calls the model.
    pub fn model_type(&self) -> Result<Option<String>> {
        let model: ModelConfig = parse_if_there(&self.folder.join("config.json"))?;
        Ok(model.model_type.as_str().map(str::to_owned))
    }

    /// The template, or the one named `default` of several.
    pub fn template(&self) -> Option<&str> {
        let value = &self.tokenizer.chat_template;
        let default = |named: &&Value| named["name"] == "default";
        value.as_str().or_else(|| value.as_array()?.iter().find(default)?["template"].as_str())
    }

    /// Tokens beyond the tokenizer's own file, or in place of some of its tokens, with their ids.
    ///
    /// # Errors
    /// When they are not written as tokens are.
    pub fn added(&self) -> Result<Vec<(u32, AddedToken)>> {
        let problem = |words: String| Error::file(&self.folder.join(FILE), words);
        let mut tokens: BTreeMap<u32, AddedToken> = BTreeMap::new();
        let in_a_file: BTreeMap<String, u32> = parse_if_there(&self.folder.join("added_tokens.json"))?;
        for (content, id) in in_a_file {
            tokens.insert(id, AddedToken::from(content, false).normalized(false));
        }
        let listed = &self.tokenizer.added_tokens_decoder;
        if !listed.is_null() {
            let listed: BTreeMap<String, Added> = serde_json::from_value(listed.clone())
                .map_err(|error| problem(format!("its added tokens are not as they should be: {error}")))?;
            for (id, token) in listed {
                let id = id.parse().map_err(|_| problem("expected the ids of added tokens to be numbers".into()))?;
                let added = AddedToken::from(token.content, token.special).single_word(token.single_word);
                tokens.insert(id, added.lstrip(token.lstrip).rstrip(token.rstrip).normalized(false));
            }
        }
        Ok(tokens.into_iter().collect())
    }
}

/// A token in a configuration: its text, or an object that holds it.
fn content(token: &Value) -> &str {
    token.as_str().or_else(|| token["content"].as_str()).unwrap_or("")
}
