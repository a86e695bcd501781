//! Rates as llama-bench measures them: prompts of some length, tokens one by one, both at some depth.

use super::control::Control;
use super::decoding::Decoding;
use super::request::{Prompt, Request};
use super::sampling::Sampling;
use super::sequences::Sequences;
use super::session::Session;
use crate::arch::memory;
use crate::engine::{Error, Result};
use crate::record::benchmark::{Test, Work};
use crate::record::{Event, Header};
use crate::units::Nanos;
use std::time::Instant;

impl Session {
    /// What runs, where and how, for a benchmark: without lengths, which each test has.
    pub fn benchmark_header(&self) -> Header {
        self.header(&Request { prompt: Prompt::Synthetic(0), new_tokens: 0, ..Request::default() }, 0)
    }

    /// Whether a test can be made at all. Nothing is computed.
    ///
    /// # Errors
    /// It times no token, or the model's context, or the memory, does not hold it.
    pub fn check_test(&self, test: Test) -> Result<()> {
        let card = self.card();
        if test.tokens() == 0 {
            return Err(Error::Request("a test needs a token that is timed".into()));
        }
        let (positions, context) = (test.positions(), card.model.stack.n_ctx);
        if positions > context as u64 {
            return Err(Error::Request(format!(
                "{test} takes {positions} positions, but the model's context holds {context}: shorten it, or leave it out"
            )));
        }
        let (depth, positions) = (test.depth as usize, positions as usize);
        let at_once = match test.work {
            _ if !card.toggles.kv_cache => positions,
            Work::Prompt(tokens) => depth.max((tokens as usize * positions).isqrt()),
            Work::Generation(_) => depth.max(1),
        };
        Ok(memory::check_run(&card.model, &card.toggles, at_once, positions, card.device.memory())?)
    }

    /// Times a test: `repetitions` times, after one more to warm up. `progress` is told which comes next, 0 for that one.
    ///
    /// What is timed are the passes alone, and nobody records them. Tokens are made up and not chosen, as in llama-bench;
    /// those of the depth go through the model before the clock starts. Without a KV cache they are computed again in every
    /// pass, so there they are in the time.
    ///
    /// # Errors
    /// Those of [`Session::check_test`]; it was cancelled, or LibTorch refused.
    pub fn time_test(
        &self,
        test: Test,
        repetitions: u32,
        control: &Control,
        progress: &mut dyn FnMut(u32),
    ) -> Result<Vec<Nanos>> {
        self.check_test(test)?;
        let _no_grad = tch::no_grad_guard();
        let ids = self.prompt_ids(&Prompt::Synthetic(test.positions() as u32))?;
        let (mut times, began) = (Vec::with_capacity(repetitions as usize), Instant::now());
        for repetition in 0..=repetitions {
            progress(repetition);
            let time = self.once(test, &ids, repetition, control, began)?;
            if repetition > 0 {
                times.push(time);
            }
        }
        Ok(times)
    }

    fn once(&self, test: Test, ids: &[u32], repeat: u32, control: &Control, began: Instant) -> Result<Nanos> {
        let card = self.card();
        let (before, timed) = ids.split_at(test.depth as usize);
        let sequences = Sequences::new(self.decoder(), &card.toggles, before, timed.len(), Sampling::default());
        let mut decoding = Decoding { sequences, device: card.device, control, began, repeat, halting: false };
        let pass = |decoding: &mut Decoding, step| decoding.pass(step, None, &mut |_: Event| {});
        if test.depth > 0 && card.toggles.kv_cache {
            let _logits = pass(&mut decoding, 0)?;
        }
        let pieces = match test.work {
            Work::Prompt(_) => timed.chunks(timed.len()),
            Work::Generation(_) => timed.chunks(1),
        };
        let mut taken = Nanos(0);
        for (step, piece) in (1..).zip(pieces) {
            decoding.sequences.push(piece);
            taken += pass(&mut decoding, step)?.1;
        }
        Ok(taken)
    }
}
