//! The model that is executed: every arm of a study built and ready at the same time.

use super::plan::PlannedArm;
use super::resources;
use super::schedule::{Execute, Execution};
use crate::arch::Toggles;
use crate::engine::allocator::live;
use crate::engine::weights::Parameters;
use crate::engine::{Decoder, Result};
use crate::measure::decoding::Decoding;
use crate::measure::recorder::Recording;
use crate::measure::sequences::Sequences;
use crate::measure::{Control, Prompt, Sampling, Session, Watch};
use crate::record::study::Resources;
use crate::record::{Event, Phase, Watched};
use crate::units::{Bytes, Nanos};
use std::collections::BTreeMap;
use std::time::Instant;

/// The arms of a study that are executed.
pub struct Bench<'a> {
    session: &'a Session,
    control: &'a Control,
    /// Weights in formats that the session's are not in.
    loaded: Vec<Loaded>,
    built: Vec<Built>,
    /// By the number of the arm.
    arms: BTreeMap<u32, BenchArm>,
    /// Of the arms whose parts have been timed.
    recordings: BTreeMap<u32, (Recording, PartTimes)>,
}

struct Loaded {
    toggles: Toggles,
    parameters: Parameters,
    bytes: Bytes,
}

/// A model, shared by the arms that differ only in what it is executed on.
struct Built {
    toggles: Toggles,
    decoder: Decoder,
    /// All the weights that it uses.
    weights: Bytes,
}

struct BenchArm {
    /// Index into [`Bench::built`].
    built: usize,
    toggles: Toggles,
    prompt: Vec<u32>,
    new_tokens: usize,
}

impl<'a> Bench<'a> {
    /// Nothing is built yet.
    pub fn new(session: &'a Session, control: &'a Control) -> Self {
        Self {
            session,
            control,
            loaded: Vec::new(),
            built: Vec::new(),
            arms: BTreeMap::new(),
            recordings: BTreeMap::new(),
        }
    }

    /// Makes an arm ready. Weights are read only in formats that are not there yet.
    ///
    /// # Errors
    /// They cannot be read, or `progress` returned false.
    pub fn add(
        &mut self,
        number: u32,
        arm: &PlannedArm,
        progress: &mut dyn FnMut(&str, u64, u64) -> bool,
    ) -> Result<()> {
        let built = self.build(&arm.toggles, progress)?;
        let prompt = self.session.prompt_ids(&Prompt::Synthetic(arm.prompt_tokens.max(1)))?;
        let (new_tokens, toggles) = (arm.new_tokens.max(1) as usize, arm.toggles.clone());
        self.arms.insert(number, BenchArm { built, toggles, prompt, new_tokens });
        Ok(())
    }

    pub fn session(&self) -> &'a Session {
        self.session
    }

    pub fn control(&self) -> &'a Control {
        self.control
    }

    /// The number of the decoder of an arm that was added.
    pub fn decoder_of(&self, arm: u32) -> usize {
        self.arms[&arm].built
    }

    /// A decoder by its number, and what it was built for.
    pub fn decoder(&self, number: usize) -> (&Toggles, &Decoder) {
        (&self.built[number].toggles, &self.built[number].decoder)
    }

    /// About how much work an execution of an arm is, beside others.
    pub fn work(&self, arm: u32) -> f64 {
        let arm = &self.arms[&arm];
        self.work_of(&arm.toggles, arm.prompt.len(), arm.new_tokens)
    }

    /// The same of these toggles, in FLOPs and in bytes that are read instead.
    pub fn work_of(&self, toggles: &Toggles, prompt: usize, new_tokens: usize) -> f64 {
        /// Products done while a byte comes from memory, roughly, on any machine.
        const FLOPS_A_BYTE: f64 = 8.0;
        let model = &self.session.card().model;
        let weights = model.weight_bytes(&toggles.formats()) as f64;
        let pass = |rows: usize, keys: usize| {
            let products = 2.0 * model.n_parameters() as f64 * rows as f64;
            let widths: usize = model.stack.blocks.iter().map(|block| block.attn.d_attn()).sum();
            let attention = 4.0 * widths as f64 * rows as f64 * keys as f64;
            products + attention + FLOPS_A_BYTE * weights
        };
        let step =
            |step: usize| if toggles.kv_cache { pass(1, prompt + step) } else { pass(prompt + step, prompt + step) };
        pass(prompt, prompt) + (1..new_tokens).map(step).sum::<f64>()
    }

    /// The number of the decoder of these toggles, which is built if there is none yet.
    ///
    /// # Errors
    /// As [`Bench::add`].
    pub fn build(&mut self, toggles: &Toggles, progress: &mut dyn FnMut(&str, u64, u64) -> bool) -> Result<usize> {
        // Threads are set before each execution: they are no part of what is built.
        let toggles = Toggles { threads: 1, ..toggles.clone() };
        if let Some(index) = self.built.iter().position(|built| built.toggles == toggles) {
            return Ok(index);
        }
        let session = self.session;
        let (parameters, bytes) = self.parameters(&toggles, progress)?;
        let before = live().weights;
        let decoder = Decoder::new(&session.card().model, parameters, &toggles);
        let weights = bytes + (live().weights - before);
        self.built.push(Built { toggles, decoder, weights });
        Ok(self.built.len() - 1)
    }

    fn parameters(
        &mut self,
        toggles: &Toggles,
        progress: &mut dyn FnMut(&str, u64, u64) -> bool,
    ) -> Result<(&Parameters, Bytes)> {
        if toggles.formats() == self.session.card().toggles.formats() {
            return Ok((self.session.parameters(), self.session.weight_bytes()));
        }
        let index = match self.loaded.iter().position(|loaded| loaded.toggles.formats() == toggles.formats()) {
            Some(index) => index,
            None => {
                let (parameters, bytes) = self.session.load_beside(toggles, progress)?;
                self.loaded.push(Loaded { toggles: toggles.clone(), parameters, bytes });
                self.loaded.len() - 1
            }
        };
        Ok((&self.loaded[index].parameters, self.loaded[index].bytes))
    }

    /// Prefill, then a pass a token, greedily and without an end before the last: the same work every time.
    fn once(&self, number: u32, recording: Option<&mut Recording>, watch: &mut dyn Watch) -> Result<Execution> {
        let arm = &self.arms[&number];
        let decoder = &self.built[arm.built].decoder;
        tch::set_num_threads(arm.toggles.threads as i32);
        let mut decoding = Decoding {
            sequences: Sequences::new(decoder, &arm.toggles, &arm.prompt, arm.new_tokens, Sampling::default()),
            device: self.session.card().device,
            control: self.control,
            began: Instant::now(),
            repeat: 0,
            halting: false,
        };
        let mut execution = Execution::default();
        decoding.run(arm.new_tokens, recording, watch, &mut |decoded, _| {
            match decoded.step {
                0 => execution.ttft = decoded.latency,
                _ => execution.steps.push(decoded.latency),
            }
            true
        })?;
        Ok(execution)
    }

    /// For passes of an arm.
    fn recording(&self, arm: u32, watched: Watched) -> Recording {
        Recording::new(watched, &self.session.card().model, &self.arms[&arm].toggles)
    }
}

impl Execute for Bench<'_> {
    fn execute(&mut self, arm: u32, watched: Watched) -> Result<Execution> {
        if !watched.has_parts() {
            return self.once(arm, None, &mut |_: Event| {});
        }
        // Parts are numbered once for an arm, not again in an execution that is timed.
        let (mut recording, mut parts) =
            self.recordings.remove(&arm).unwrap_or_else(|| (self.recording(arm, Watched::Parts), PartTimes::default()));
        let execution = self.once(arm, Some(&mut recording), &mut parts);
        let times = parts.take();
        self.recordings.insert(arm, (recording, parts));
        Ok(Execution { parts: times, ..execution? })
    }

    fn trace(&mut self, number: u32) -> Result<Resources> {
        let mut traced = resources::Traced::default();
        self.once(number, Some(&mut self.recording(number, Watched::Operators)), &mut traced)?;
        let arm = &self.arms[&number];
        let model = &self.session.card().model;
        // The last token is never an input.
        let positions = arm.prompt.len() + arm.new_tokens - 1;
        let of_sequence = model.kv_bytes(positions, arm.toggles.attention.mask, arm.toggles.kv_dtype());
        let kv_bytes = arm.toggles.batch as u64 * of_sequence;
        let kv_formula = if arm.toggles.kv_cache { kv_bytes } else { 0 };
        let peaks = self.session.peaks_for(&arm.toggles);
        Ok(traced.resources(self.built[arm.built].weights, Bytes(kv_formula), peaks.as_deref()))
    }
}

/// Adds up the times of the parts of an execution.
#[derive(Debug, Default)]
struct PartTimes {
    /// By the part's number.
    paths: Vec<String>,
    phase: Option<Phase>,
    times: BTreeMap<(u32, Phase), Nanos>,
}

impl PartTimes {
    /// The sums, which begin anew.
    fn take(&mut self) -> Vec<(String, Phase, Nanos)> {
        let path = |part: u32| self.paths.get(part as usize).cloned().unwrap_or_default();
        let times = std::mem::take(&mut self.times);
        times.into_iter().map(|((part, phase), time)| (path(part), phase, time)).collect()
    }
}

impl Watch for PartTimes {
    fn event(&mut self, event: Event) {
        match event {
            Event::Part(part) => self.paths.push(part.path),
            Event::PassStart(start) => self.phase = Some(start.phase),
            Event::Spans(spans) => {
                let Some(phase) = self.phase else { return };
                spans.iter().for_each(|span| *self.times.entry((span.part, phase)).or_default() += span.time);
            }
            _ => {}
        }
    }
}
