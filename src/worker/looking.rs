//! Looking at one pass over a text: the model thread keeps what the pass left, lets the text grow and goes through all
//! heads in the time that it has, and answers what the screen asks meanwhile.

use super::run_id::RunId;
use crate::analyse::worth::WorthTable;
use crate::interpret::explore::{Captured, Ran};
use crate::interpret::{Exploration, Intervention, Interventions, Sources};
use crate::measure::{Control, Prompt, Session};
use crate::model::cache::KvCache;
use crate::model::{Error, Result};
use crate::record::explored::{Area, Attribution, Effect, Head, Importance, LensTable, Neuron};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::rc::Rc;

/// Something to look at, in the exploration that there is.
#[derive(Debug, Clone, PartialEq)]
pub enum Look {
    /// Part of a head's pattern, of every `bin` × `bin` cells the largest.
    Pattern { of: Of, head: Head, area: Area, bin: usize },
    /// Where one query of a head looks: its share for each key.
    Links { head: Head, query: usize },
    /// What each key of a head receives, and how spread each query of it is.
    Margins { head: Head },
    /// The lens at every place, for some positions.
    Lens { positions: Range<usize>, top: usize },
    /// Who wrote the logit of a token, or the difference to another's.
    Attribution { position: usize, token: u32, versus: Option<u32> },
    /// The strongest neurons of a block's MLP at a position.
    Neurons { block: usize, position: usize },
    /// What becomes of the text when parts of the model are changed. Means are those over the text itself, patches come
    /// from the pinned one.
    Effect { interventions: Vec<Intervention>, new_tokens: usize },
    /// The tokens of a piece of text.
    Encode { text: String },
}

/// Of which pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// The present one.
    This,
    /// The one that was pinned.
    Pinned,
}

/// What was seen.
#[derive(Debug, Clone)]
pub enum Seen {
    /// The pass is over.
    Text(Box<Text>),
    /// The text has one token more, by id and label.
    Grown((u32, String)),
    /// It grows no further.
    GrownUp,
    /// The heads of a block.
    Heads { block: usize, ran: Ran },
    /// All heads have been gone through.
    AllHeads,
    /// What the parts of a block matter.
    Importance(Vec<Importance>),
    /// The same of all blocks, beside what they cost.
    Worth(Box<WorthTable>),
    /// An answer, with the labels of the tokens that it names.
    Answer { look: Look, answer: Answer, labels: BTreeMap<u32, String> },
    /// It failed: why.
    Failed(String),
    /// It was cancelled.
    Cancelled,
}

/// A text that a pass went over.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Text {
    /// By id and label.
    pub tokens: Vec<(u32, String)>,
    pub n_layers: usize,
    pub n_heads: usize,
    pub n_kv_heads: usize,
    pub model: String,
    pub device: String,
    pub toggles: Vec<(String, String)>,
    /// Which positions the lens can be read at: all, unless there is no model.
    pub lens: Range<usize>,
    /// Whether it comes from a file: what needs the model cannot be had.
    pub is_file: bool,
}

/// The answer to a [`Look`].
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Row by row; NaN where no query sees a key.
    Pattern(Vec<f32>),
    /// By key, the mean of the queries that see it; by query, −Σ A ln A against its most.
    Margins {
        received: Vec<f32>,
        entropy: Vec<f32>,
    },
    Lens(LensTable),
    Attribution(Attribution),
    Neurons(Vec<Neuron>),
    Effect(Effect),
    Ids(Vec<u32>),
    /// It could not be had.
    Refused(String),
}

/// Neurons that are shown of an MLP, and tokens that each promotes.
const NEURONS: usize = 24;
const PROMOTED: usize = 4;

/// An exploration under way.
pub struct Looking {
    pub run: RunId,
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

impl Looking {
    /// Runs the text.
    ///
    /// # Errors
    /// Those of the prompt and of the pass.
    pub fn begin(
        session: &Session,
        run: RunId,
        (prompt, side): (&Prompt, usize),
        control: &Control,
        report: &mut dyn FnMut(Seen),
    ) -> Result<Self> {
        let ids = session.prompt_ids(prompt)?;
        let seen = session.explore(&ids, control, &mut |_| {})?;
        let card = session.card();
        report(Seen::Text(Box::new(Text {
            tokens: ids.iter().map(|&id| (id, session.token_label(id))).collect(),
            model: card.info.name.clone(),
            device: card.device.to_string(),
            toggles: card.toggles.to_pairs(),
            lens: 0..ids.len(),
            is_file: false,
            ..Text::of(&seen)
        })));
        Ok(Self { run, seen: Rc::new(seen), file: None, side, next: 0, growing: None, weighing: None })
    }

    /// Opens what was seen before, from a file.
    ///
    /// # Errors
    /// Those of [`Captured::read`].
    pub fn open(path: &Path, run: RunId, side: usize, report: &mut dyn FnMut(Seen)) -> Result<Self> {
        let file = Captured::read(path)?;
        let lens = file.lens.as_ref().map_or(0..0, LensTable::positions);
        let seen = Rc::clone(&file.exploration);
        report(Seen::Text(Box::new(Text {
            tokens: seen.ids.iter().copied().zip(file.told.labels.clone()).collect(),
            model: file.told.model.clone(),
            device: file.told.device.clone(),
            toggles: file.told.toggles.clone(),
            lens,
            is_file: true,
            ..Text::of(&seen)
        })));
        Ok(Self { run, seen, file: Some(file), side, next: 0, growing: None, weighing: None })
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
    pub fn next_importance(&mut self, session: &Session, control: &Control) -> Result<Seen> {
        // Where it fails nothing more is tried.
        let mut found = self.weighing.take().unwrap_or_default();
        let block = found.last().map_or(0, |it| it.component.block() as usize + 1);
        if block == self.seen.n_layers() {
            return Ok(Seen::Worth(Box::new(session.worth(&self.seen.ids, &found, control, &mut |_, _| {})?)));
        }
        let more = session.importance_of(&self.seen, block, control)?;
        found.extend(more.iter().copied());
        self.weighing = Some(found);
        Ok(Seen::Importance(more))
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
    pub fn next_token(&mut self, session: &Session, control: &Control) -> Result<Seen> {
        let Some(growing) = self.growing.as_mut().filter(|growing| growing.left > 0) else { return Ok(Seen::GrownUp) };
        // Where it fails nothing more is tried.
        let left = std::mem::take(&mut growing.left) - 1;
        self.seen = Rc::new(session.grow(&self.seen, &mut growing.cache, control)?);
        growing.left = left;
        (self.next, self.weighing) = (0, None);
        let id = *self.seen.ids.last().expect("one was added");
        Ok(Seen::Grown((id, session.token_label(id))))
    }

    /// Goes through the heads of the next block, which there is; of none where `goes_on` says no on the way.
    pub fn next_heads(&self, pinned: Option<&Exploration>, goes_on: &mut dyn FnMut() -> bool) -> Option<Seen> {
        let block = self.next;
        self.seen.heads_of(block, self.side, pinned, goes_on).map(|ran| Seen::Heads { block, ran })
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
        look: Look,
        control: &Control,
    ) -> Seen {
        let answer = match self.try_answer(session, pinned, &look, control) {
            Ok(answer) => answer,
            Err(Error::Cancelled) => Answer::Refused("cancelled".into()),
            Err(error) => Answer::Refused(error.to_string()),
        };
        let named = |id| match (&self.file, session) {
            (Some(file), _) => file.told.names.get(&id).cloned(),
            (None, Some(session)) => Some(session.token_label(id)),
            (None, None) => None,
        };
        let labels = ids(&answer).into_iter().filter_map(|id| Some((id, named(id)?))).collect();
        Seen::Answer { look, answer, labels }
    }

    fn try_answer(
        &self,
        session: Option<&Session>,
        pinned: Option<&Exploration>,
        look: &Look,
        control: &Control,
    ) -> Result<Answer> {
        let seen = &self.seen;
        let t = seen.len();
        let model = || match (session, &self.file) {
            (Some(session), None) => Ok(session),
            _ => Err(Error::Request("this needs the model, and here is a file alone".into())),
        };
        Ok(match look {
            Look::Pattern { of, head, area, bin } => {
                let seen = match of {
                    Of::This => seen,
                    Of::Pinned => pinned.ok_or_else(|| Error::Request("nothing is pinned".into()))?,
                };
                let within = |range: &Range<usize>| range.start.min(seen.len())..range.end.min(seen.len());
                let area = Area { queries: within(&area.queries), keys: within(&area.keys) };
                Answer::Pattern(seen.heads(head.block as usize).shrunk(head.head as usize, &area, *bin))
            }
            Look::Links { head, query } => {
                let query = (*query).min(t - 1);
                let row = Area { queries: query..query + 1, keys: 0..t };
                Answer::Pattern(seen.heads(head.block as usize).shrunk(head.head as usize, &row, 1))
            }
            Look::Margins { head } => {
                let (heads, head) = (seen.heads(head.block as usize), head.head as usize);
                Answer::Margins { received: heads.received(head), entropy: heads.spread(head) }
            }
            Look::Lens { positions, top } => {
                let positions = positions.start.min(t)..positions.end.min(t);
                if let Some(file) = &self.file {
                    let lens = file.lens.as_ref().and_then(|lens| lens.part(&positions));
                    let missing = || Error::Request("the file has no lens there: capture --lens says where".into());
                    return Ok(Answer::Lens(lens.ok_or_else(missing)?));
                }
                let decoder = model()?.decoder();
                Answer::Lens(seen.lens_everywhere(decoder, positions, *top, |_| !control.is_cancelled())?)
            }
            Look::Attribution { position, token, versus } => {
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
            Look::Neurons { block, position } => {
                let decoder = model()?.decoder();
                Answer::Neurons(seen.neurons(decoder, *block, (*position).min(t - 1), NEURONS, PROMOTED)?)
            }
            Look::Effect { interventions, new_tokens } => {
                let session = model()?;
                let sources = Sources { text: Some(seen), other: pinned };
                let ready = Interventions::new(interventions, &session.card().spec, sources)?;
                Answer::Effect(session.effect(&seen.ids, &ready, *new_tokens, control)?)
            }
            Look::Encode { text } => Answer::Ids(model()?.piece_ids(text)?),
        })
    }
}

impl Text {
    /// What the pass itself says.
    fn of(seen: &Exploration) -> Self {
        let heads = seen.heads(0);
        Self { n_layers: seen.n_layers(), n_heads: heads.len(), n_kv_heads: heads.groups(), ..Self::default() }
    }
}

/// The tokens that an answer names.
fn ids(answer: &Answer) -> Vec<u32> {
    match answer {
        Answer::Pattern(_) | Answer::Margins { .. } | Answer::Refused(_) => Vec::new(),
        Answer::Ids(ids) => ids.clone(),
        Answer::Lens(lens) => {
            lens.places.iter().flat_map(|(_, cells)| cells).flat_map(|cell| &cell.top).map(|likely| likely.id).collect()
        }
        Answer::Attribution(found) => [found.token].into_iter().chain(found.versus).collect(),
        Answer::Neurons(neurons) => neurons.iter().flat_map(|neuron| &neuron.promotes).map(|(id, _)| *id).collect(),
        Answer::Effect(effect) => {
            let candidates = effect.candidates.iter().map(|shift| shift.id);
            candidates.chain(effect.clean.iter().copied()).chain(effect.changed.iter().copied()).collect()
        }
    }
}
