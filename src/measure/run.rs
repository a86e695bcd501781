//! A run: prefill, then token by token, told event by event.

use super::control::Control;
use super::decoding::{Decoded, Decoding};
use super::machine;
use super::recorder::Recording;
use super::request::{Prompt, Request};
use super::sampling::candidates;
use super::sequences::{Chosen, Sequences};
use super::session::Session;
use super::watch::Watch;
use crate::arch::memory;
use crate::arch::toggles::processors;
use crate::engine::{Error, Result};
use crate::record::{Candidate, Event, Header, Status, Token};
use crate::text::{Specials, Stream, Tokenizer};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

impl Session {
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

    /// Whether this token ends a text or a turn, by the model's word or its tokenizer's.
    fn ends(&self, id: u32) -> bool {
        let tokenizer = self.tokenizer().map_or(&[][..], Tokenizer::stops);
        self.card().model.eos.contains(&id) || tokenizer.contains(&id)
    }

    fn try_run(&self, request: &Request, control: &Control, watch: &mut dyn Watch) -> Result<()> {
        let prompt = self.prompt_ids(&request.prompt);
        let tokens = prompt.as_ref().map_or(0, Vec::len);
        watch.event(Event::Header(Box::new(self.header(request, tokens))));
        if let Some(peaks) = self.peaks() {
            watch.event(Event::Peaks(Box::new(peaks.clone())));
        }
        let prompt = prompt?;
        let positions = (prompt.len() + request.new_tokens as usize).min(self.card().model.stack.n_ctx);
        memory::check_run(
            &self.card().model,
            &self.card().toggles,
            prompt.len(),
            positions,
            self.card().device.memory(),
        )?;
        let _no_grad = tch::no_grad_guard();
        let run = Run { session: self, request, prompt: &prompt, control, began: Instant::now() };
        let mut recording = Recording::new(request.watched, &self.card().model, &self.card().toggles);
        let Some(pairs) = request.pairs() else {
            return run.once(request.watched.has_parts().then_some(&mut recording), 0, watch);
        };
        // As long as what is measured: also the shapes of later steps are prepared for, once for each.
        run.once(None, 0, &mut |_: Event| {})?;
        for repeat in 0..pairs {
            run.once(None, 2 * repeat, watch)?;
            run.once(Some(&mut recording), 2 * repeat + 1, watch)?;
        }
        Ok(())
    }

    /// What runs, where and how.
    pub(super) fn header(&self, request: &Request, prompt_tokens: usize) -> Header {
        let text = match &request.prompt {
            Prompt::Text(text) | Prompt::Chat(text) => Some(text.clone()),
            Prompt::Ids(_) | Prompt::Synthetic(_) | Prompt::Repeated(_) => None,
        };
        Header {
            blockscope: env!("CARGO_PKG_VERSION").into(),
            libtorch: machine::libtorch().into(),
            created: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            model: self.card().info.clone(),
            device: self.card().device.to_string(),
            machine: machine::name(self.card().device),
            threads: self.card().toggles.threads as u32,
            processors: processors() as u32,
            toggles: self.card().toggles.to_pairs(),
            prompt_tokens: prompt_tokens as u32,
            new_tokens: request.new_tokens,
            prompt: text,
        }
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
    /// One repetition: prefill, then one pass a token. With `recording`, every pass is recorded.
    fn once(&self, recording: Option<&mut Recording>, repeat: u32, watch: &mut dyn Watch) -> Result<()> {
        let card = self.session.card();
        let most = (self.request.new_tokens as usize).min(card.model.stack.n_ctx - self.prompt.len() + 1);
        let sampling = self.request.sampling;
        let mut decoding = Decoding {
            sequences: Sequences::new(self.session.decoder(), &card.toggles, self.prompt, most, sampling),
            device: card.device,
            control: self.control,
            began: self.began,
            repeat,
            halting: self.request.step,
        };
        if most == 0 {
            let (_, time) = decoding.pass(0, recording, watch)?;
            watch.event(Event::PassEnd { time });
            return Ok(());
        }
        let mut stream = self.session.tokenizer().map(|tokenizer| tokenizer.stream(Specials::Hide));
        decoding.run(most, recording, watch, &mut |decoded, watch| {
            let is_last =
                decoded.step as usize + 1 == most || self.request.stop && self.session.ends(decoded.chosen.id);
            let mut token = self.token(repeat, &decoded, stream.as_mut());
            if is_last && let Some(stream) = &mut stream {
                token.text += &stream.flush();
            }
            watch.event(Event::Token(token));
            !is_last
        })
    }

    /// What is reported of a chosen token; made after its time was taken.
    fn token(&self, repeat: u32, decoded: &Decoded, stream: Option<&mut Stream>) -> Token {
        let &Decoded { step, chosen: Chosen { id, ref logits }, latency } = decoded;
        let (top, p) = candidates(logits, self.request.top, id);
        let text_of = |id| self.session.tokenizer().and_then(|t| t.token(id)).map_or(String::new(), |t| t.text);
        let top = top.into_iter().map(|(id, p)| Candidate { id, text: text_of(id), p }).collect();
        let text = stream.map_or(String::new(), |stream| stream.push(id));
        Token { repeat, step, id, text, p, latency, top }
    }
}
