//! SentencePiece's own models: `tokenizer.model`, `spiece.model`.
//!
//! A `ModelProto` of google/sentencepiece's `sentencepiece_model.proto`. Of it are read the pieces (field 1), how they
//! were trained (2), and what is done to a text first (3).

use super::config::Config;
use super::opened::Opened;
use super::protobuf::{Fields, Value};
use crate::text::algorithm::{Sums, Trie};
use crate::text::encoder::Encoder;
use crate::text::normalizer::{CharsMap, End, Normalizer, Sentence};
use crate::text::parts::{Kind, Parts};
use crate::text::scored::{Rules, Scored};
use crate::text::vocabulary::Spelling;
use crate::text::{Error, Result, shown};
use std::path::Path;

/// What goes around a prompt, by the class that reads the model in `transformers`: a beginning, an end.
const AROUND: [(&str, bool, bool); 4] = [
    ("LlamaTokenizer", true, false),
    ("CodeLlamaTokenizer", true, false),
    ("GemmaTokenizer", true, false),
    ("T5Tokenizer", false, true),
];

/// Classes that number the pieces anew or change a text on their own.
const OTHERWISE: [&str; 13] = [
    "AlbertTokenizer",
    "BarthezTokenizer",
    "BigBirdTokenizer",
    "CamembertTokenizer",
    "DebertaV2Tokenizer",
    "FNetTokenizer",
    "M2M100Tokenizer",
    "MBart50Tokenizer",
    "MBartTokenizer",
    "MarianTokenizer",
    "NllbTokenizer",
    "XGLMTokenizer",
    "XLMRobertaTokenizer",
];

/// A model as the file has it.
struct Model<'a> {
    parts: Parts,
    /// By the number of `TrainerSpec.ModelType`.
    algorithm: u64,
    /// A character without a piece becomes its bytes.
    bytes: bool,
    /// How the tokens that begin and end a text are spelled.
    bos: &'a str,
    eos: &'a str,
    table: &'a [u8],
    add_space: bool,
    space_at_the_end: bool,
    merge_spaces: bool,
    escape_spaces: bool,
}

/// Builds what the model describes, with the further tokens of `config`.
///
/// # Errors
/// When it is damaged, or of a kind whose ids would differ from the model's own.
pub fn open(path: &Path, bytes: &[u8], config: &Config, warnings: &mut Vec<String>) -> Result<Opened> {
    let problem = |words: String| Error::file(path, words);
    if let Some(class) = config.class().filter(|class| OTHERWISE.contains(class)) {
        let words = format!("`{class}` numbers pieces or changes texts on its own: expected its `tokenizer.json`");
        return Err(problem(words));
    }
    let mut model = Model::read(bytes).map_err(problem)?;
    let algorithm = model.algorithm().map_err(problem)?;
    let unknown = match model.parts.of(Kind::Unknown)[..] {
        [unknown] => Some(unknown),
        ref all => return Err(problem(format!("expected one piece for what is unknown, found {}", all.len()))),
    };
    let sentence = model.sentence(config.legacy()).map_err(problem)?;
    let added = model.parts.with_added(config.added()?).map_err(problem)?;
    let rules = Rules { algorithm, bytes: model.bytes, unknown };
    let mut encoder = Encoder::new(model.parts.scored(rules, warnings));
    encoder.with_normalizer(Some(Normalizer::Sentence(sentence))).map_err(|error| problem(error.to_string()))?;
    encoder.add_tokens(added).map_err(|error| problem(error.to_string()))?;
    let mark = |text: &str| model.parts.with_ids().find(|(_, token, kind)| *token == text && kind.is_mark());
    let (bos, eos) = (mark(model.bos).map(|(id, ..)| id), mark(model.eos).map(|(id, ..)| id));
    let (add_bos, add_eos) = around(config, algorithm, warnings);
    Ok(Opened {
        encoder,
        vocabulary: model.parts.vocabulary(Spelling::SentencePiece).map_err(problem)?,
        lost: [false; 256], // becomes `unk`, which shows
        leading_space: model.add_space && !model.space_at_the_end,
        before: bos.filter(|_| add_bos),
        after: eos.filter(|_| add_eos),
        bos,
        eos,
    })
}

/// Whether a token begins and one ends a prompt.
fn around(config: &Config, algorithm: Scored, warnings: &mut Vec<String>) -> (bool, bool) {
    let known = AROUND.into_iter().find(|(class, ..)| config.class() == Some(class));
    let (bos, eos) = known.map_or((algorithm == Scored::Join, algorithm != Scored::Join), |(_, bos, eos)| (bos, eos));
    if known.is_none() && config.add_bos().is_none() {
        let like =
            if bos { "begins with its first token, as Llama's does" } else { "ends with its last, as T5's does" };
        let class = config.class().map_or_else(String::new, |class| format!(" `{}`", shown::line(class)));
        warnings.push(format!("its tokenizer class{class} does not tell what goes around a prompt: it {like}"));
    }
    (config.add_bos().unwrap_or(bos), config.add_eos().unwrap_or(eos))
}

impl<'a> Model<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, String> {
        let mut model = Self {
            parts: Parts::default(),
            algorithm: 1,
            bytes: false,
            bos: "<s>",
            eos: "</s>",
            table: &[],
            add_space: true,
            space_at_the_end: false,
            merge_spaces: true,
            escape_spaces: true,
        };
        for field in Fields::of(bytes) {
            let (number, value) = field?;
            match (number, value.bytes()) {
                (1, Some(piece)) => model.parts.read_piece(piece)?,
                (2, Some(trained)) => model.read_training(trained)?,
                (3, Some(normalised)) => model.read_normalising(normalised)?,
                _ => {}
            }
        }
        if model.parts.tokens.is_empty() {
            return Err("expected the pieces of a SentencePiece model, found none".into());
        }
        Ok(model)
    }

    /// A `TrainerSpec`.
    fn read_training(&mut self, bytes: &'a [u8]) -> Result<(), String> {
        for field in Fields::of(bytes) {
            let (number, value) = field?;
            match number {
                3 => self.algorithm = integer(value)?,
                24 => self.space_at_the_end = integer(value)? != 0,
                35 => self.bytes = integer(value)? != 0,
                46 => self.bos = text(value)?,
                47 => self.eos = text(value)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// A `NormalizerSpec`.
    fn read_normalising(&mut self, bytes: &'a [u8]) -> Result<(), String> {
        for field in Fields::of(bytes) {
            let (number, value) = field?;
            match number {
                2 => self.table = value.bytes().ok_or("expected a table of replacements, found something else")?,
                3 => self.add_space = integer(value)? != 0,
                4 => self.merge_spaces = integer(value)? != 0,
                5 => self.escape_spaces = integer(value)? != 0,
                _ => {}
            }
        }
        Ok(())
    }

    fn algorithm(&self) -> Result<Scored, String> {
        match self.algorithm {
            1 => Ok(Scored::Unigram(Sums::Single)),
            2 => Ok(Scored::Join),
            other => {
                let found = ["words", "characters"].get(other.wrapping_sub(3) as usize).unwrap_or(&"another kind");
                Err(format!("expected a Unigram or a BPE model, found one of {found}"))
            }
        }
    }

    fn sentence(&self, legacy: bool) -> Result<Sentence, String> {
        let kept = self.parts.with_ids().filter(|(.., kind)| *kind == Kind::Kept);
        Ok(Sentence {
            replacements: CharsMap::read(self.table)?,
            kept: Trie::new(kept.map(|(id, token, _)| (token, id))),
            added_space: self.add_space.then_some(if self.space_at_the_end { End::Back } else { End::Front }),
            first_only: !legacy,
            merge_spaces: self.merge_spaces,
            escape_spaces: self.escape_spaces,
        })
    }
}

impl Parts {
    /// A `SentencePiece`: how it is spelled, how it scores, what it is.
    fn read_piece(&mut self, bytes: &[u8]) -> Result<(), String> {
        let (mut token, mut score, mut kind) = ("", 0.0, Kind::Normal);
        for field in Fields::of(bytes) {
            match field? {
                (1, value) => token = text(value)?,
                (2, Value::Float(value)) => score = value,
                (3, value) => kind = Kind::from_number(integer(value)?.try_into().unwrap_or(0)),
                _ => {}
            }
        }
        if kind == Kind::UserDefined {
            kind = Kind::Kept;
        }
        self.tokens.push(token.to_owned());
        self.scores.push(score);
        self.kinds.push(kind);
        Ok(())
    }
}

fn integer(value: Value) -> Result<u64, String> {
    value.integer().ok_or_else(|| "expected an integer in a SentencePiece model, found something else".into())
}

fn text(value: Value<'_>) -> Result<&str, String> {
    value.text().ok_or_else(|| "expected a text in a SentencePiece model, found something else".into())
}
