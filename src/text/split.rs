//! How byte-level vocabularies split a text into words before merging, by the names that GGUF files use.
//!
//! The expressions are those that llama.cpp documents for each name; each splits further what the ones
//! before it left, matches and gaps alike.

use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::tokenizer::SplitDelimiterBehavior;

/// GPT-2's words: contractions, and letters, digits or signs with a space before them.
const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)";

/// Llama 3's words: up to three digits, and signs keep the line breaks that follow.
const LLAMA3: &str = r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// Qwen 2's words: as Llama 3's, each digit by itself.
const QWEN2: &str = r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// How a text is split, and what comes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Splitting {
    expressions: &'static [&'static str],
    /// A word that is in the vocabulary is that token, whatever the merges would make of it.
    pub whole_words: bool,
    /// Whether a prompt begins with the `bos` token when the file does not say.
    pub add_bos: bool,
}

impl Splitting {
    /// Of a name as `tokenizer.ggml.pre` has it; `None` where it is not known.
    pub fn named(name: &str) -> Option<Self> {
        let plain = |expressions| Some(Self { expressions, whole_words: false, add_bos: false });
        match name {
            "gpt-2" | "phi-2" | "mpt" | "olmo" | "jais" => plain(&[GPT2]),
            "smollm" | "starcoder" | "refact" | "command-r" | "codeshell" | "exaone" => plain(&[r"\p{N}", GPT2]),
            "qwen2" | "deepseek-r1-qwen" | "stablelm2" => plain(&[QWEN2]),
            "llama-bpe" | "llama3" | "llama-v3" | "falcon3" => {
                Some(Self { expressions: &[LLAMA3], whole_words: true, add_bos: true })
            }
            "default" => plain(&[r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"]),
            _ => None,
        }
    }

    /// What is used, with a warning, where the name is missing or unknown.
    pub fn fallback() -> Self {
        Self { expressions: &[GPT2], whole_words: false, add_bos: false }
    }

    /// The same for the `tokenizers` crate; bytes become characters after the splitting.
    pub fn pre_tokenizer(self) -> Result<PreTokenizerWrapper, tokenizers::Error> {
        let mut steps: Vec<PreTokenizerWrapper> = Vec::new();
        for expression in self.expressions {
            let pattern = SplitPattern::Regex((*expression).to_owned());
            steps.push(Split::new(pattern, SplitDelimiterBehavior::Isolated, false)?.into());
        }
        steps.push(ByteLevel::new(false, false, false).into());
        Ok(Sequence::new(steps).into())
    }
}
