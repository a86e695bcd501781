//! Comparing with a baseline: a run that was kept by name, against one that is made now or was saved.

use super::args::Args;
use crate::cli::failure::Result;
use crate::cli::interrupt::Interrupt;
use crate::cli::loading;
use crate::cli::output::Output;
use crate::cli::recording::{self, Recorded};
use crate::engine::Device;
use crate::measure::{Prompt, Request};
use crate::record::baseline::Name;
use crate::record::{Event, Header, Run, Study, Watched};

impl Args {
    /// Measures now what the baseline measured: the same prompt, tokens and repeats, on the same model with the same toggles,
    /// unless others are given.
    ///
    /// # Errors
    /// As of `profile`; Ctrl-C ended it, and then there is nothing to compare.
    pub fn measure_as(&self, baseline: &Run, model: &str, out: &mut Output) -> Result<Run> {
        let header = &baseline.header;
        let named = if model.is_empty() { header.model.source.as_str() } else { model };
        let toggles = self.set.iter().try_fold(header.choices(), |toggles, list| toggles.with(list))?;
        let request = request(baseline);
        recording::check_out(&self.out)?;
        let interrupt = Interrupt::listen()?;
        let session = loading::open_on(self.device_of(header), named, &toggles, &interrupt, out)?;
        let all = request.pairs().map_or(1, |pairs| 2 * pairs);
        let mut watch = |_: &Run, event: &Event| {
            if let Event::PassStart(start) = event {
                out.progress(&format!("repeat {}/{all}", start.repeat + 1));
            }
            Ok(())
        };
        let recorded = recording::record(&session, &request, &self.out, &interrupt, &mut watch);
        out.progress("");
        let Recorded { run, ending } = recorded?;
        ending.map(|()| run)
    }

    /// The device that was named, or else that of the baseline.
    fn device_of(&self, header: &Header) -> Device {
        let named = Some(self.device).filter(|device| *device != Device::default());
        named.or_else(|| header.device.parse().ok()).unwrap_or_default()
    }
}

/// The run that was asked for when this one was made.
fn request(baseline: &Run) -> Request {
    let header = &baseline.header;
    let repeats = baseline.repeats(true).max(baseline.repeats(false)).max(1);
    Request {
        prompt: header.prompt.clone().map_or(Prompt::Synthetic(header.prompt_tokens), Prompt::Text),
        new_tokens: header.new_tokens,
        stop: false,
        repeats: repeats as u32,
        watched: if baseline.is_traced() { Watched::Operators } else { Watched::Parts },
        ..Request::default()
    }
}

/// Names the arms where no toggle tells them apart.
pub fn name_arms(study: &mut Study, baseline: &Name) {
    let [kept, now] = &mut study.arms[..] else { return };
    if kept.toggles == now.toggles {
        (kept.name, now.name) = (baseline.to_string(), "now".to_owned());
    }
}
