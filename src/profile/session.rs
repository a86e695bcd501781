//! A model with its tokenizer, ready to run; and the run itself: prefill, then token by token.

use super::control::{Control, Halt};
use super::recorder::{Cancellable, Parts, Recorder};
use super::request::{Prompt, Request};
use super::sampling::{Sampler, candidates};
use crate::model::cache::KvCache;
use crate::model::cost::Shape;
use crate::model::decoder::Wanted;
use crate::model::probe::Pass;
use crate::model::source::{Origin, Source};
use crate::model::weights::Parameters;
use crate::model::{Decoder, Error, Result, Spec, Toggles};
use crate::text::{self, ChatTemplate, Message, Stream, Tokenizer};
use crate::trace::{Candidate, Event, Header, ModelInfo, PassStart, Phase, Status, Token};
use crate::units::{Bytes, Nanos};
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tch::{Kind, Tensor};

/// Someone who is told what happens in a run, on the thread where it happens.
pub trait Watch {
    /// The next event of the run.
    fn event(&mut self, event: Event);

    /// A single-stepped run waits.
    fn halted(&mut self, _halt: Halt) {}
}

impl<F: FnMut(Event)> Watch for F {
    fn event(&mut self, event: Event) {
        self(event);
    }
}

/// What is known of a loaded model.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    pub spec: Spec,
    pub info: ModelInfo,
    /// The toggles that it was built with.
    pub toggles: Toggles,
    /// Whether it comes with a chat template.
    pub has_chat_template: bool,
    /// What the user should know, such as an unknown pre-tokenizer.
    pub warnings: Vec<String>,
}

/// A loaded model. Lives on one thread.
pub struct Session {
    source: Source,
    parameters: Parameters,
    decoder: Decoder,
    tokenizer: Option<Tokenizer>,
    chat: Option<ChatTemplate>,
    card: Card,
}

impl Session {
    /// Opens and loads the model that `named` names. `progress` is told a stage and how far it is, and
    /// may end it by returning false.
    ///
    /// # Errors
    /// It is not a model, does not fit, or its files are not what they should be.
    pub fn open(named: &str, toggles: &Toggles, progress: &mut dyn FnMut(&str, u64, u64) -> bool) -> Result<Self> {
        progress("reading the description", 0, 0);
        let source = Source::open(named)?;
        toggles.check(&source.spec)?;
        progress("reading the tokenizer", 0, 0);
        let mut warnings = Vec::new();
        let (tokenizer, chat) = open_text(&source, &mut warnings)?;
        tch::set_num_threads(toggles.threads as i32);
        let mut load = |done, all| progress("loading weights", done as u64, all as u64);
        let parameters = source.load(toggles, &mut load)?;
        let card = Card {
            info: info(&source, toggles),
            spec: source.spec.clone(),
            toggles: toggles.clone(),
            has_chat_template: chat.is_some(),
            warnings,
        };
        Ok(Self {
            decoder: Decoder::new(&source.spec, &parameters, toggles),
            source,
            parameters,
            tokenizer,
            chat,
            card,
        })
    }

    /// Builds the same model for other toggles. Weights are read again only where their format changes;
    /// after an error the model is what it was before.
    ///
    /// # Errors
    /// The toggles cannot be had, or the weights cannot be read again.
    pub fn rebuild(&mut self, toggles: &Toggles, progress: &mut dyn FnMut(&str, u64, u64) -> bool) -> Result<()> {
        toggles.check(&self.source.spec)?;
        let present = &self.card.toggles;
        if (toggles.weights, toggles.compute) != (present.weights, present.compute) {
            let mut load = |done, all| progress("loading weights", done as u64, all as u64);
            self.parameters = self.source.load(toggles, &mut load)?;
        }
        tch::set_num_threads(toggles.threads as i32);
        self.decoder = Decoder::new(&self.source.spec, &self.parameters, toggles);
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

    /// Its tokenizer; random weights have none.
    pub fn tokenizer(&self) -> Option<&Tokenizer> {
        self.tokenizer.as_ref()
    }

    /// Runs the model, and tells `watch` everything that happens, from the header to the end.
    pub fn run(&self, request: &Request, control: &Control, watch: &mut dyn Watch) -> Status {
        let status = match self.try_run(request, control, watch) {
            Ok(()) => Status::Done,
            Err(Error::Cancelled) => Status::Cancelled,
            Err(error) => Status::Failed(error.to_string()),
        };
        watch.event(Event::End(status.clone()));
        status
    }

    /// The token ids of a prompt.
    ///
    /// # Errors
    /// It is empty, too long, or has no tokens in this vocabulary.
    pub fn prompt_ids(&self, prompt: &Prompt) -> Result<Vec<u32>> {
        let spec = &self.card.spec;
        let ids = match prompt {
            Prompt::Text(text) => self.needed_tokenizer()?.encode(text, true).map_err(prompt_error)?,
            Prompt::Chat(turn) => {
                let template = self.chat.as_ref().ok_or_else(|| {
                    Error::Prompt("this model has no chat template; give the prompt as plain text".into())
                })?;
                let message = Message { role: "user".into(), content: turn.clone() };
                let text = template.render(&[message], true).map_err(prompt_error)?;
                // The template itself writes the tokens that begin a text.
                self.needed_tokenizer()?.encode(&text, false).map_err(prompt_error)?
            }
            Prompt::Ids(ids) => ids.clone(),
            Prompt::Synthetic(n) => synthetic(*n as usize, spec.d_vocab),
        };
        if ids.is_empty() {
            return Err(Error::Prompt("the prompt is empty: it needs at least one token".into()));
        }
        if let Some(id) = ids.iter().find(|&&id| id as usize >= spec.d_vocab) {
            return Err(Error::Prompt(format!(
                "token {id} is outside the vocabulary: expected ids from 0 to {}",
                spec.d_vocab - 1
            )));
        }
        if ids.len() > spec.n_ctx {
            return Err(Error::Prompt(format!(
                "the prompt has {} tokens, but the model's context holds {}: shorten it",
                ids.len(),
                spec.n_ctx
            )));
        }
        Ok(ids)
    }

    fn try_run(&self, request: &Request, control: &Control, watch: &mut dyn Watch) -> Result<()> {
        let prompt = self.prompt_ids(&request.prompt);
        let tokens = prompt.as_ref().map_or(0, Vec::len);
        watch.event(Event::Header(Box::new(self.header(request, tokens))));
        let prompt = prompt?;
        let _no_grad = tch::no_grad_guard();
        let run = Run { session: self, request, prompt: &prompt, control, began: Instant::now() };
        let mut parts = Parts::default();
        if request.repeats <= 1 {
            return run.once(Some(&mut parts), 0, watch);
        }
        run.once(None, 0, &mut |_: Event| {})?; // warm-up
        for repeat in 0..request.repeats {
            run.once(None, 2 * repeat, watch)?;
            run.once(Some(&mut parts), 2 * repeat + 1, watch)?;
        }
        Ok(())
    }

    fn header(&self, request: &Request, prompt_tokens: usize) -> Header {
        let text = match &request.prompt {
            Prompt::Text(text) | Prompt::Chat(text) => Some(text.clone()),
            Prompt::Ids(_) | Prompt::Synthetic(_) => None,
        };
        Header {
            blockscope: env!("CARGO_PKG_VERSION").into(),
            libtorch: super::machine::libtorch().into(),
            created: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            model: self.card.info.clone(),
            device: "cpu".into(),
            machine: super::machine::processor(),
            threads: self.card.toggles.threads as u32,
            toggles: self.card.toggles.to_pairs(),
            prompt_tokens: prompt_tokens as u32,
            new_tokens: request.new_tokens,
            prompt: text,
        }
    }

    fn needed_tokenizer(&self) -> Result<&Tokenizer> {
        self.tokenizer
            .as_ref()
            .ok_or_else(|| Error::Prompt("this model has no tokenizer; give token ids, or a number of tokens".into()))
    }
}

/// A run in progress.
struct Run<'a> {
    session: &'a Session,
    request: &'a Request,
    prompt: &'a [u32],
    control: &'a Control,
    began: Instant,
}

impl Run<'_> {
    /// One repetition: prefill, then one pass a token. With `parts`, every pass is recorded.
    fn once(&self, mut parts: Option<&mut Parts>, repeat: u32, watch: &mut dyn Watch) -> Result<()> {
        let (card, decoder) = (&self.session.card, &self.session.decoder);
        let most = (self.request.new_tokens as usize).min(card.spec.n_ctx - self.prompt.len() + 1);
        let mut cache = card.toggles.kv_cache.then(|| decoder.new_cache(self.prompt.len() + most));
        let mut sampler = Sampler::new(self.request.sampling);
        let mut stream = self.session.tokenizer.as_ref().map(Tokenizer::stream);
        let mut ids: Vec<i64> = self.prompt.iter().map(|&id| i64::from(id)).collect();
        let mut halting = self.request.step;

        for step in 0..most.max(1) {
            // With a cache only the newest token is new; without one, everything is computed again.
            let past = cache.as_ref().map_or(0, KvCache::len);
            let start = PassStart {
                phase: if step == 0 { Phase::Prefill } else { Phase::Decode },
                repeat,
                step: step.saturating_sub(1) as u32,
                n_new: (ids.len() - past) as u32,
                n_past: past as u32,
                recorded: parts.is_some(),
                start: Nanos::of(self.began.elapsed()),
            };
            watch.event(Event::PassStart(start));
            let began = Instant::now();
            let input = Tensor::from_slice(&ids[past..]).unsqueeze(0);
            let (logits, time) = match parts.as_deref_mut() {
                Some(parts) => {
                    let shape = Shape { batch: 1, new: ids.len() - past, past, logits: 1 };
                    let made = (&card.spec, &card.toggles);
                    let mut recorder = Recorder::new(made, shape, self.control, parts, watch, halting);
                    let logits = decoder.forward(&input, cache.as_mut(), Wanted::Last, &mut Pass::new(&mut recorder));
                    let (time, still_halting) = recorder.finish();
                    halting = still_halting;
                    (logits?, time)
                }
                None => {
                    let mut probe = Cancellable(self.control);
                    let logits = decoder.forward(&input, cache.as_mut(), Wanted::Last, &mut Pass::new(&mut probe))?;
                    (logits, Nanos::of(began.elapsed()))
                }
            };
            if most == 0 {
                watch.event(Event::PassEnd { time });
                return Ok(());
            }
            let choosing = Instant::now();
            let logits = last_logits(&logits)?;
            let id = sampler.choose(&logits);
            let latency = time + Nanos::of(choosing.elapsed());
            watch.event(Event::PassEnd { time });
            watch.event(Event::Token(self.token(repeat, step as u32, id, &logits, latency, stream.as_mut())));
            ids.push(i64::from(id));
            if self.request.stop && card.spec.eos.contains(&id) {
                break;
            }
        }
        Ok(())
    }

    /// What is reported of a chosen token; made after its time was taken.
    fn token(
        &self,
        repeat: u32,
        step: u32,
        id: u32,
        logits: &[f32],
        latency: Nanos,
        stream: Option<&mut Stream>,
    ) -> Token {
        let (top, p) = candidates(logits, self.request.top, id);
        let text_of = |id| self.session.tokenizer.as_ref().and_then(|t| t.token(id)).map_or(String::new(), |t| t.text);
        let top = top.into_iter().map(|(id, p)| Candidate { id, text: text_of(id), p }).collect();
        let text = stream.map_or(String::new(), |stream| stream.push(id));
        Token { repeat, step, id, text, p, latency, top }
    }
}

/// The logits of the last position.
fn last_logits(logits: &Tensor) -> Result<Vec<f32>> {
    let last = logits.select(1, -1).to_kind(Kind::Float).contiguous().view([-1]);
    Ok(Vec::try_from(&last)?)
}

/// The same tokens every time, spread over the vocabulary.
fn synthetic(n: usize, d_vocab: usize) -> Vec<u32> {
    // Knuth's multiplicative hash: consecutive positions land far apart.
    (0..n).map(|position| ((position as u64 * 2_654_435_761 + 1) % d_vocab as u64) as u32).collect()
}

fn open_text(source: &Source, warnings: &mut Vec<String>) -> Result<(Option<Tokenizer>, Option<ChatTemplate>)> {
    let tokenizer = match &source.origin {
        Origin::Folder(path) => Tokenizer::from_folder(path),
        Origin::Gguf(gguf) => Tokenizer::from_gguf(gguf),
        Origin::Random => return Ok((None, None)),
    };
    let _ = (tokenizer, warnings);
    todo!()
}

fn prompt_error(error: crate::text::Error) -> Error {
    Error::Prompt(error.to_string())
}

fn info(source: &Source, toggles: &Toggles) -> ModelInfo {
    let spec = &source.spec;
    ModelInfo {
        name: spec.name.clone(),
        source: source.named.clone(),
        family: spec.family.name().into(),
        n_layers: spec.n_layers as u32,
        n_heads: spec.n_heads as u32,
        n_kv_heads: spec.n_kv_heads as u32,
        d_model: spec.d_model as u32,
        d_head: spec.d_head as u32,
        d_mlp: spec.d_mlp as u32,
        d_vocab: spec.d_vocab as u32,
        n_ctx: spec.n_ctx as u32,
        parameters: spec.parameters(),
        weight_bytes: Bytes(spec.weight_bytes(toggles.weights)),
    }
}
