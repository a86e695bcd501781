//! A model with its tokenizer, ready to run.

use super::request::Prompt;
use super::{machine, peaks};
use crate::arch::{Model, Toggles};
use crate::engine::allocator;
use crate::engine::allocator::live;
use crate::engine::source::{Origin, Source};
use crate::engine::weights::Parameters;
use crate::engine::{Decoder, Device, Error, Result};
use crate::record::{ModelInfo, Peaks};
use crate::text::{Input, Message, Placed, Token, Tokenizer, Word};
use crate::units::Bytes;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What is known of a loaded model.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    pub model: Model,
    pub info: ModelInfo,
    /// The toggles that it was built with.
    pub toggles: Toggles,
    /// Where it lies and computes.
    pub device: Device,
    /// Whether it comes with a chat template.
    pub has_chat_template: bool,
    /// What the user should know, such as an unknown pre-tokenizer.
    pub warnings: Vec<String>,
}

/// A loaded model. Lives on one thread.
pub struct Session {
    source: Source,
    parameters: Parameters,
    /// What they take.
    weight_bytes: Bytes,
    decoder: Decoder,
    tokenizer: Option<Tokenizer>,
    card: Card,
    /// What this machine can do at most under the conditions of this session, where it was measured.
    peaks: Option<Box<Peaks>>,
}

/// A text in tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct Tokenized {
    pub tokens: Vec<Placed>,
    /// Word by word; or why this tokenizer has none.
    pub merges: std::result::Result<Vec<Word>, String>,
}

impl Session {
    /// Opens a model on the processor: [`Session::open_on`].
    ///
    /// # Errors
    /// It is not a model, does not fit, or its files are not what they should be.
    pub fn open(named: &str, toggles: &Toggles, progress: &mut dyn FnMut(&str, u64, u64) -> bool) -> Result<Self> {
        Self::open_on(Device::Cpu, named, toggles, progress)
    }

    /// Opens and loads the model that `named` names, to compute on `device`. `progress` is told a stage and
    /// how far it is, and may end it by returning false.
    ///
    /// # Errors
    /// As [`Session::open`]; or the device is not there.
    pub fn open_on(
        device: Device,
        named: &str,
        toggles: &Toggles,
        progress: &mut dyn FnMut(&str, u64, u64) -> bool,
    ) -> Result<Self> {
        if device != Device::Cpu {
            progress(&format!("opening {device}"), 0, 0);
            device.open()?;
        }
        progress("reading the description", 0, 0);
        let source = Source::open(named)?;
        toggles.check(&source.model)?;
        device.check(toggles)?;
        progress("reading the tokenizer", 0, 0);
        let (tokenizer, mut warnings) = open_tokenizer(&source)?;
        tch::set_num_threads(toggles.threads as i32);
        let (parameters, weight_bytes) = load(&source, toggles, device, progress)?;
        // A broken file of peaks takes nothing away but the roofs.
        let peaks = cached_peaks(device, toggles).unwrap_or_else(|error| {
            warnings.push(error.to_string());
            None
        });
        let card = Card {
            info: info(&source, toggles),
            model: source.model.clone(),
            toggles: toggles.clone(),
            device,
            has_chat_template: tokenizer.as_ref().is_some_and(|tokenizer| tokenizer.chat_template().is_some()),
            warnings,
        };
        Ok(Self {
            decoder: Decoder::new(&source.model, &parameters, toggles),
            source,
            parameters,
            weight_bytes,
            tokenizer,
            card,
            peaks,
        })
    }

    /// Builds the same model for other toggles. Weights are read again only where their format changes;
    /// after an error the model is what it was before.
    ///
    /// # Errors
    /// The toggles cannot be had, or the weights cannot be read again.
    pub fn rebuild(&mut self, toggles: &Toggles, progress: &mut dyn FnMut(&str, u64, u64) -> bool) -> Result<()> {
        toggles.check(&self.source.model)?;
        self.card.device.check(toggles)?;
        if toggles.formats() != self.card.toggles.formats() {
            (self.parameters, self.weight_bytes) = self.load_beside(toggles, progress)?;
        }
        tch::set_num_threads(toggles.threads as i32);
        self.decoder = Decoder::new(&self.source.model, &self.parameters, toggles);
        if toggles.threads != self.card.toggles.threads {
            self.peaks = cached_peaks(self.card.device, toggles).unwrap_or_default(); // it was said when it was opened
        }
        self.card.toggles = toggles.clone();
        self.card.info = info(&self.source, toggles);
        Ok(())
    }

    /// What is known of the model.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// The model itself.
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// Its weights, to build it another way.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// What its weights take, as they were allocated.
    pub fn weight_bytes(&self) -> Bytes {
        self.weight_bytes
    }

    /// Loads the weights once more in the formats of other toggles, and says what they take.
    ///
    /// # Errors
    /// They do not fit in memory beside these, cannot be read, or `progress` returned false.
    pub fn load_beside(
        &self,
        toggles: &Toggles,
        progress: &mut dyn FnMut(&str, u64, u64) -> bool,
    ) -> Result<(Parameters, Bytes)> {
        load(&self.source, toggles, self.card.device, progress)
    }

    /// Its tokenizer; random weights have none.
    pub fn tokenizer(&self) -> Option<&Tokenizer> {
        self.tokenizer.as_ref()
    }

    /// What this machine can do at most under these conditions, where that was measured.
    pub fn peaks(&self) -> Option<&Peaks> {
        self.peaks.as_deref()
    }

    /// The same under the conditions of other toggles.
    pub fn peaks_for(&self, toggles: &Toggles) -> Option<Box<Peaks>> {
        match toggles.threads == self.card.toggles.threads {
            true => self.peaks.clone(),
            false => cached_peaks(self.card.device, toggles).unwrap_or_default(), // it was said when it was opened
        }
    }

    /// Takes over newly measured peaks, if they were measured under the conditions of this session.
    pub fn learn_peaks(&mut self, peaks: &Peaks) {
        let device = self.card.device;
        if peaks::fits(peaks, &machine::name(device), device, self.card.toggles.threads) {
            self.peaks = Some(Box::new(peaks.clone()));
        }
    }

    /// The token ids of a prompt.
    ///
    /// # Errors
    /// It is empty, too long, or has no tokens in this vocabulary.
    pub fn prompt_ids(&self, prompt: &Prompt) -> Result<Vec<u32>> {
        let model = &self.card.model;
        let ids = match prompt {
            Prompt::Text(text) => self.needed_tokenizer()?.encode(text, Input::Prompt)?,
            Prompt::Chat(turn) => {
                let tokenizer = self.needed_tokenizer()?;
                let template = tokenizer.chat_template().ok_or_else(|| {
                    Error::Request("this model has no chat template; give the prompt as plain text".into())
                })?;
                let message = Message { role: "user".into(), content: turn.clone() };
                tokenizer.encode(&template.render(&[message], true)?, Input::Rendered)?
            }
            Prompt::Ids(ids) => ids.clone(),
            Prompt::Synthetic(n) => {
                check_length(*n as usize, model)?;
                synthetic(*n as usize, model.d_vocab)
            }
            Prompt::Repeated(n) => {
                let first = self.tokenizer.as_ref().and_then(Tokenizer::bos);
                check_length((*n as usize).saturating_mul(2) + usize::from(first.is_some()), model)?;
                let random = random(*n as usize, model.d_vocab);
                first.into_iter().chain(random.clone()).chain(random).collect()
            }
        };
        if ids.is_empty() {
            return Err(Error::Request("the prompt is empty: it needs at least one token".into()));
        }
        if let Some(id) = ids.iter().find(|&&id| id as usize >= model.d_vocab) {
            return Err(Error::Request(format!(
                "token {id} is outside the vocabulary: expected ids from 0 to {}",
                model.d_vocab - 1
            )));
        }
        check_length(ids.len(), model)?;
        Ok(ids)
    }

    /// How a prompt is cut into tokens, and by which merges.
    ///
    /// # Errors
    /// It is no text; there is no tokenizer, or it refuses the text.
    pub fn tokenized(&self, prompt: &Prompt) -> Result<Tokenized> {
        let Prompt::Text(text) = prompt else {
            return Err(Error::Request("expected a text: token ids, made-up prompts and chats are not cut".into()));
        };
        let tokenizer = self.needed_tokenizer()?;
        let merges = tokenizer.merges(text, Input::Prompt).map_err(|error| error.to_string());
        Ok(Tokenized { tokens: tokenizer.tokenize(text, Input::Prompt)?, merges })
    }

    /// The ids of a piece of a text: nothing but text, nothing around it.
    ///
    /// # Errors
    /// There is no tokenizer, or it refuses the text.
    pub fn piece_ids(&self, text: &str) -> Result<Vec<u32>> {
        Ok(self.needed_tokenizer()?.encode(text, Input::Text)?)
    }

    /// How a token is called in tables and beside axes: `·the`, or its number where there is no tokenizer.
    pub fn token_label(&self, id: u32) -> String {
        self.token(id).map_or_else(|| format!("#{id}"), |token| token.label())
    }

    /// What a token says, or its number where there is no tokenizer.
    pub fn token_text(&self, id: u32) -> String {
        self.token(id).map_or_else(|| format!("#{id}"), |token| token.text)
    }

    fn token(&self, id: u32) -> Option<Token> {
        self.tokenizer.as_ref()?.token(id)
    }

    fn needed_tokenizer(&self) -> Result<&Tokenizer> {
        self.tokenizer
            .as_ref()
            .ok_or_else(|| Error::Request("this model has no tokenizer; give token ids, or a number of tokens".into()))
    }
}

/// Refuses a prompt that the context does not hold: before its tokens are made, where they are made up.
fn check_length(tokens: usize, model: &Model) -> Result<()> {
    if tokens <= model.stack.n_ctx {
        return Ok(());
    }
    Err(Error::Request(format!(
        "the prompt has {tokens} tokens, but the model's context holds {}: shorten it",
        model.stack.n_ctx
    )))
}

/// Loads weights, and says what they take: as it was allocated, or where nobody counts by formula.
fn load(
    source: &Source,
    toggles: &Toggles,
    device: Device,
    progress: &mut dyn FnMut(&str, u64, u64) -> bool,
) -> Result<(Parameters, Bytes)> {
    let before = live().weights;
    let parameters =
        source.load(toggles, device, &mut |done, all| progress("loading weights", done as u64, all as u64))?;
    let taken = live().weights - before;
    // What was read and made on the way is free by now.
    allocator::trim();
    let formula = Bytes(source.model.weight_bytes(&toggles.formats()));
    Ok((parameters, if taken == Bytes(0) { formula } else { taken }))
}

fn cached_peaks(device: Device, toggles: &Toggles) -> Result<Option<Box<Peaks>>> {
    Ok(peaks::cached(&machine::name(device), device, toggles.threads)?.map(Box::new))
}

/// The same tokens every time, spread over the vocabulary.
fn synthetic(n: usize, d_vocab: usize) -> Vec<u32> {
    // Knuth's multiplicative hash: consecutive positions land far apart.
    (0..n).map(|position| ((position as u64 * 2_654_435_761 + 1) % d_vocab as u64) as u32).collect()
}

/// Random tokens, the same ones every time.
fn random(n: usize, d_vocab: usize) -> Vec<u32> {
    let mut random = ChaCha8Rng::seed_from_u64(0);
    (0..n).map(|_| random.random_range(0..d_vocab as u32)).collect()
}

/// `engine` and `text` do not know each other; here they meet.
impl From<crate::text::Error> for Error {
    fn from(error: crate::text::Error) -> Self {
        Error::Text(error.to_string())
    }
}

/// The tokenizer that comes with a model, and what the user should know about it. Weights without one
/// can still be run on token ids.
///
/// # Errors
/// It has a tokenizer that cannot be read.
pub fn open_tokenizer(source: &Source) -> Result<(Option<Tokenizer>, Vec<String>)> {
    let tokenizer = match &source.origin {
        _ if source.model.stack.embedding().is_none() => return Ok((None, Vec::new())),
        Origin::Folder(path) if !Tokenizer::is_in_folder(path) => {
            let warning = "there is no tokenizer in this folder: it takes token ids, but no text";
            return Ok((None, vec![warning.to_owned()]));
        }
        Origin::Folder(path) => Tokenizer::from_folder(path)?,
        Origin::Gguf(gguf) if !Tokenizer::is_in_gguf(gguf) => {
            let warning = "there is no tokenizer in this file: it takes token ids, but no text";
            return Ok((None, vec![warning.to_owned()]));
        }
        Origin::Gguf(gguf) => Tokenizer::from_gguf(gguf)?,
        Origin::Random => return Ok((None, Vec::new())),
    };
    let warnings = tokenizer.warnings().to_vec();
    Ok((Some(tokenizer), warnings))
}

/// The shape of a model, as runs and reports carry it.
pub fn info(source: &Source, toggles: &Toggles) -> ModelInfo {
    ModelInfo::of(source.model.clone(), &source.named, &toggles.formats())
}
