//! The decode loop: a pass over the prompt, then a pass a token, each timed, and recorded where that is asked for.

use super::control::Control;
use super::recorder::{Cancellable, Recorder, Recording};
use super::sequences::{Chosen, Sequences};
use super::watch::Watch;
use crate::engine::probe::Pass;
use crate::engine::{Device, Result};
use crate::record::{Event, PassStart, Phase, Watched};
use crate::units::Nanos;
use std::time::Instant;
use tch::Tensor;

/// Sequences that are being continued, and how.
pub struct Decoding<'a> {
    pub sequences: Sequences<'a>,
    pub device: Device,
    pub control: &'a Control,
    /// Since when the starts of passes are counted.
    pub began: Instant,
    /// Which repetition of a run this is.
    pub repeat: u32,
    /// Whether it halts after every part; somebody may let it go on.
    pub halting: bool,
}

/// A token, and what it took.
pub struct Decoded {
    /// From 0, which is the prefill's.
    pub step: u32,
    pub chosen: Chosen,
    /// Of the pass and of choosing from its logits.
    pub latency: Nanos,
}

impl Decoding<'_> {
    /// So many passes, each of which chooses a token, until `each` says that it is enough. With `recording`, every pass is
    /// recorded.
    ///
    /// # Errors
    /// Those of a pass; it was cancelled.
    pub fn run(
        &mut self,
        passes: usize,
        mut recording: Option<&mut Recording>,
        watch: &mut dyn Watch,
        each: &mut dyn FnMut(Decoded, &mut dyn Watch) -> bool,
    ) -> Result<()> {
        for step in 0..passes as u32 {
            let (logits, time) = self.pass(step, recording.as_deref_mut(), watch)?;
            let choosing = Instant::now();
            let chosen = self.sequences.choose(&logits)?;
            let latency = time + Nanos::of(choosing.elapsed());
            watch.event(Event::PassEnd { time });
            if !each(Decoded { step, chosen, latency }, watch) {
                break;
            }
        }
        Ok(())
    }

    /// One pass, which is told to have begun and not yet to have ended: its logits and its time.
    ///
    /// # Errors
    /// As [`Sequences::forward`].
    pub fn pass(
        &mut self,
        step: u32,
        recording: Option<&mut Recording>,
        watch: &mut dyn Watch,
    ) -> Result<(Tensor, Nanos)> {
        let shape = self.sequences.shape();
        watch.event(Event::PassStart(PassStart {
            phase: if step == 0 { Phase::Prefill } else { Phase::Decode },
            repeat: self.repeat,
            step: step.saturating_sub(1),
            n_new: shape.new as u32,
            n_past: shape.past as u32,
            watched: recording.as_deref().map_or(Watched::Plain, Recording::watched),
            start: Nanos::of(self.began.elapsed()),
        }));
        let input = self.sequences.input();
        let began = Instant::now(); // where a tracer's clock begins too
        match recording {
            Some(recording) => {
                let mut recorder = Recorder::new(self.device, shape, self.control, recording, watch, self.halting);
                let logits = self.sequences.forward(&input, &mut Pass::new(&mut recorder));
                let (time, still_halting) = recorder.finish();
                self.halting = still_halting;
                Ok((logits?, time))
            }
            None => {
                let mut probe = Cancellable(self.control);
                let logits = self.sequences.forward(&input, &mut Pass::new(&mut probe))?;
                self.device.synchronize();
                Ok((logits, Nanos::of(began.elapsed())))
            }
        }
    }
}
