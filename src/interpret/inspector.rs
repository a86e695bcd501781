//! Inspects one pass over a text: keeps what the pass left, lets the text grow, goes through all heads and switches parts
//! off piece by piece, and answers questions in between. Who inspects decides when the next piece is done.

mod observation;
mod question;

pub use observation::{Answer, InspectedText, Observation};
pub use question::{Question, WhichPass};

use super::explore::{Captured, Exploration};
use super::intervene::{Interventions, Sources};
use crate::engine::cache::KvCache;
use crate::engine::{Error, Result};
use crate::measure::{Control, Prompt, Session};
use crate::record::explored::{Area, Attribution, Importance, LensTable};
use std::ops::Range;
use std::path::Path;
use std::rc::Rc;

/// Neurons that are shown of an MLP, and tokens that each promotes.
const NEURONS: usize = 24;
const PROMOTED: usize = 4;

/// An exploration under way.
pub struct Inspector {
    seen: Rc<Exploration>,
    /// What a file says of it, where there is no model.
    file: Option<Captured>,
    /// Cells on a side of a thumbnail.
    side: usize,
    /// The next block whose heads are gone through.
    next: usize,
    growing: Option<Growing>,
    /// What parts of the model matter, as far as that was found out, if it is asked for.
    weighing: Option<Vec<Importance>>,
}

/// A text that grows.
struct Growing {
    cache: KvCache,
    /// Tokens that are still to come.
    left: usize,
}

impl Inspector {
    /// Runs the text.
    ///
    /// # Errors
    /// Those of the prompt and of the pass.
    pub fn begin(
        session: &Session,
        prompt: &Prompt,
        side: usize,
        control: &Control,
        report: &mut dyn FnMut(Observation),
    ) -> Result<Self> {
        let ids = session.prompt_ids(prompt)?;
        let seen = session.explore(&ids, control, &mut |_| {})?;
        let card = session.card();
        report(Observation::Text(Box::new(InspectedText {
            tokens: ids.iter().map(|&id| (id, session.token_label(id))).collect(),
            model: card.info.name.clone(),
            device: card.device.to_string(),
            toggles: card.toggles.to_pairs(),
            lens: 0..ids.len(),
            is_file: false,
            ..InspectedText::of(&seen)
        })));
        Ok(Self { seen: Rc::new(seen), file: None, side, next: 0, growing: None, weighing: None })
    }

    /// Opens what was seen before, from a file.
    ///
    /// # Errors
    /// Those of [`Captured::read`].
    pub fn open(path: &Path, side: usize, report: &mut dyn FnMut(Observation)) -> Result<Self> {
        let file = Captured::read(path)?;
        let lens = file.lens.as_ref().map_or(0..0, LensTable::positions);
        let seen = Rc::clone(&file.exploration);
        report(Observation::Text(Box::new(InspectedText {
            tokens: seen.ids.iter().copied().zip(file.metadata.labels.clone()).collect(),
            model: file.metadata.model.clone(),
            device: file.metadata.device.clone(),
            toggles: file.metadata.toggles.clone(),
            lens,
            is_file: true,
            ..InspectedText::of(&seen)
        })));
        Ok(Self { seen, file: Some(file), side, next: 0, growing: None, weighing: None })
    }

    /// What was seen, to be held against what comes.
    pub fn pinned(&self) -> Rc<Exploration> {
        Rc::clone(&self.seen)
    }

    /// Whether there is something to go on with.
    pub fn has_more(&self) -> bool {
        self.is_growing() || self.next < self.seen.n_layers() || self.is_weighing()
    }

    /// Whether the text grows.
    pub fn is_growing(&self) -> bool {
        self.growing.as_ref().is_some_and(|growing| growing.left > 0)
    }

    /// Whether parts of the model are switched off, one by one.
    pub fn is_weighing(&self) -> bool {
        self.next == self.seen.n_layers() && self.weighing.is_some()
    }

    /// Switches parts off as soon as there is time.
    pub fn weigh(&mut self) {
        self.weighing = Some(Vec::new());
    }

    /// What the parts of the next block matter; after the last, what all of them cost.
    ///
    /// # Errors
    /// Those of the passes.
    pub fn next_importance(&mut self, session: &Session, control: &Control) -> Result<Observation> {
        // Where it fails nothing more is tried.
        let mut found = self.weighing.take().unwrap_or_default();
        let block = found.last().map_or(0, |it| it.component.block() as usize + 1);
        if block == self.seen.n_layers() {
            return Ok(Observation::Worth(Box::new(session.worth(&self.seen.ids, &found, control, &mut |_, _| {})?)));
        }
        let more = session.importance_of(&self.seen, block, control)?;
        found.extend(more.iter().copied());
        self.weighing = Some(found);
        Ok(Observation::Importance(more))
    }

    /// Leaves out what nobody has gone through.
    pub fn stop(&mut self) {
        self.next = self.seen.n_layers();
        self.weighing = None;
        if let Some(growing) = &mut self.growing {
            growing.left = 0;
        }
    }

    /// Lets the text grow by so many tokens.
    pub fn grow(&mut self, session: &Session, tokens: usize) {
        let cache = self.growing.take().map_or_else(|| session.cache_of(&self.seen), |growing| growing.cache);
        self.growing = Some(Growing { cache, left: tokens });
    }

    /// The next token; after the last the heads are gone through anew.
    ///
    /// # Errors
    /// Those of the pass.
    pub fn next_token(&mut self, session: &Session, control: &Control) -> Result<Observation> {
        let Some(growing) = self.growing.as_mut().filter(|growing| growing.left > 0) else {
            return Ok(Observation::GrownUp);
        };
        // Where it fails nothing more is tried.
        let left = std::mem::take(&mut growing.left) - 1;
        self.seen = Rc::new(session.grow(&self.seen, &mut growing.cache, control)?);
        growing.left = left;
        (self.next, self.weighing) = (0, None);
        let id = *self.seen.ids.last().expect("one was added");
        Ok(Observation::Grown((id, session.token_label(id))))
    }

    /// Goes through the heads of the next block, which there is; of none where `goes_on` says no on the way.
    pub fn next_heads(&self, pinned: Option<&Exploration>, goes_on: &mut dyn FnMut() -> bool) -> Option<Observation> {
        let block = self.next;
        self.seen.heads_of(block, self.side, pinned, goes_on).map(|heads| Observation::Heads { block, heads })
    }

    /// That block is done.
    pub fn passed(&mut self) {
        self.next += 1;
    }

    /// Answers what was asked.
    pub fn answer(
        &self,
        session: Option<&Session>,
        pinned: Option<&Exploration>,
        question: Question,
        control: &Control,
    ) -> Observation {
        let answer = match self.try_answer(session, pinned, &question, control) {
            Ok(answer) => answer,
            Err(Error::Cancelled) => Answer::Refused("cancelled".into()),
            Err(error) => Answer::Refused(error.to_string()),
        };
        let named = |id| match (&self.file, session) {
            (Some(file), _) => file.metadata.names.get(&id).cloned(),
            (None, Some(session)) => Some(session.token_label(id)),
            (None, None) => None,
        };
        let labels = answer.token_ids().into_iter().filter_map(|id| Some((id, named(id)?))).collect();
        Observation::Answer { question, answer, labels }
    }

    fn try_answer(
        &self,
        session: Option<&Session>,
        pinned: Option<&Exploration>,
        question: &Question,
        control: &Control,
    ) -> Result<Answer> {
        let seen = &self.seen;
        let t = seen.len();
        let model = || match (session, &self.file) {
            (Some(session), None) => Ok(session),
            _ => Err(Error::Request("this needs the model, and here is a file alone".into())),
        };
        Ok(match question {
            Question::Pattern { of, head, area, bin } => {
                let seen = match of {
                    WhichPass::Present => seen,
                    WhichPass::Pinned => pinned.ok_or_else(|| Error::Request("nothing is pinned".into()))?,
                };
                let within = |range: &Range<usize>| range.start.min(seen.len())..range.end.min(seen.len());
                let area = Area { queries: within(&area.queries), keys: within(&area.keys) };
                Answer::Pattern(seen.heads(head.block as usize).shrunk(head.head as usize, &area, *bin))
            }
            Question::Links { head, query } => {
                let query = (*query).min(t - 1);
                let row = Area { queries: query..query + 1, keys: 0..t };
                Answer::Pattern(seen.heads(head.block as usize).shrunk(head.head as usize, &row, 1))
            }
            Question::Margins { head } => {
                let (heads, head) = (seen.heads(head.block as usize), head.head as usize);
                Answer::Margins { received: heads.received(head), entropy: heads.spread(head) }
            }
            Question::Lens { positions, top } => {
                let positions = positions.start.min(t)..positions.end.min(t);
                if let Some(file) = &self.file {
                    let lens = file.lens.as_ref().and_then(|lens| lens.part(&positions));
                    let missing = || Error::Request("the file has no lens there: capture --lens says where".into());
                    return Ok(Answer::Lens(lens.ok_or_else(missing)?));
                }
                let decoder = model()?.decoder();
                Answer::Lens(seen.lens_everywhere(decoder, positions, *top, |_| !control.is_cancelled())?)
            }
            Question::Attribution { position, token, versus } => {
                let position = (*position).min(t - 1);
                if let Some(file) = &self.file {
                    let is_it = |found: &&Attribution| {
                        (found.position as usize, found.token, versus) == (position, *token, &None)
                    };
                    let missing = || Error::Request("the file says who wrote the last row's first tokens alone".into());
                    return Ok(Answer::Attribution(file.attributions.iter().find(is_it).ok_or_else(missing)?.clone()));
                }
                Answer::Attribution(seen.attribution(model()?.decoder(), position, *token, *versus))
            }
            Question::Neurons { block, position } => {
                let decoder = model()?.decoder();
                Answer::Neurons(seen.neurons(decoder, *block, (*position).min(t - 1), NEURONS, PROMOTED)?)
            }
            Question::Effect { interventions, new_tokens } => {
                let session = model()?;
                let sources = Sources { text: Some(seen), other: pinned };
                let ready = Interventions::new(interventions, &session.card().model, sources)?;
                Answer::Effect(session.effect(&seen.ids, &ready, *new_tokens, control)?)
            }
            Question::Encode { text } => Answer::Ids(model()?.piece_ids(text)?),
        })
    }
}
