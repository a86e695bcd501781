//! What the parts of a block cost beside what they matter: the text is timed, part by part.

use crate::analyse::worth::WorthTable;
use crate::engine::{Error, Result};
use crate::measure::{Control, Prompt, Request, Session};
use crate::record::explored::Importance;
use crate::record::{Event, Run, Status, Watched};
use crate::units::Bytes;

/// Timed prefills: enough for a median that a busy machine does not move. Between them lie as many whose parts are not
/// timed, and before them a warm-up; all together are few beside the passes that say what the parts matter.
const REPEATS: u32 = 11;

impl Session {
    /// Runs the text several times, and holds what was found against the time, the FLOPs and the bytes of keys and values
    /// that each part takes of a prefill. `progress` is told how many passes began, and of how many.
    ///
    /// # Errors
    /// The text does not fit; it was cancelled.
    pub fn worth(
        &self,
        ids: &[u32],
        found: &[Importance],
        control: &Control,
        progress: &mut dyn FnMut(u32, u32),
    ) -> Result<WorthTable> {
        let request = Request {
            prompt: Prompt::Ids(ids.to_vec()),
            new_tokens: 0,
            repeats: REPEATS,
            watched: Watched::Parts,
            ..Request::default()
        };
        // Taken in when all is over: that would be timed too.
        let mut events = Vec::new();
        let status = self.run(&request, control, &mut |event: Event| {
            if let Event::PassStart(start) = &event {
                progress(start.repeat + 1, 2 * REPEATS);
            }
            events.push(event);
        });
        match status {
            Status::Done => {}
            Status::Cancelled => return Err(Error::Cancelled),
            Status::Failed(reason) => return Err(Error::Request(reason)),
        }
        let mut run = Run::default();
        events.into_iter().for_each(|event| run.apply(event));
        let (model, toggles) = (&self.card().model, &self.card().toggles);
        let kv = Bytes(model.kv_bytes(ids.len(), toggles.attention.mask, toggles.kv_dtype()));
        Ok(WorthTable::of(found, &run, kv).expect("a run that is done has timed a prefill"))
    }
}
