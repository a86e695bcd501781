//! Looking at one pass over a text: the model thread keeps what the pass left, goes through all heads in the time
//! that it has, and answers what the screen asks meanwhile.

use super::RunId;
use crate::model::{Error, Result};
use crate::profile::explore::Ran;
use crate::profile::{Control, Exploration, Intervention, Interventions, Prompt, Session};
use crate::trace::explored::{Area, Attribution, Effect, Head, LensTable, Neuron};
use std::collections::BTreeMap;
use std::ops::Range;

/// Something to look at, in the exploration that there is.
#[derive(Debug, Clone, PartialEq)]
pub enum Look {
    /// Part of a head's pattern, of every `bin` × `bin` cells the largest.
    Pattern { head: Head, area: Area, bin: usize },
    /// Where one query of a head looks: its share for each key.
    Links { head: Head, query: usize },
    /// The lens at every place, for some positions.
    Lens { positions: Range<usize>, top: usize },
    /// Who wrote the logit of a token, or the difference to another's.
    Attribution { position: usize, token: u32, versus: Option<u32> },
    /// The strongest neurons of a block's MLP at a position.
    Neurons { block: usize, position: usize },
    /// What becomes of the text when parts of the model are changed. Means are those over the text itself.
    Effect { interventions: Vec<Intervention>, new_tokens: usize },
}

/// What was seen.
#[derive(Debug, Clone)]
pub enum Seen {
    /// The pass is over: the text, by id and label.
    Text { tokens: Vec<(u32, String)>, n_layers: usize, n_heads: usize },
    /// The heads of a block.
    Heads { block: usize, ran: Ran },
    /// All heads have been gone through.
    AllHeads,
    /// An answer, with the labels of the tokens that it names.
    Answer { look: Look, answer: Answer, labels: BTreeMap<u32, String> },
    /// It failed, or was cancelled: why.
    Failed(String),
}

/// The answer to a [`Look`].
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Row by row; NaN where no query sees a key.
    Pattern(Vec<f32>),
    Lens(LensTable),
    Attribution(Attribution),
    Neurons(Vec<Neuron>),
    Effect(Effect),
    /// It could not be had.
    Refused(String),
}

/// Neurons that are shown of an MLP, and tokens that each promotes.
const NEURONS: usize = 24;
const PROMOTED: usize = 4;

/// An exploration under way.
pub struct Looking {
    pub run: RunId,
    exploration: Exploration,
    /// Cells on a side of a thumbnail.
    side: usize,
    /// The next block whose heads are gone through.
    next: usize,
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
        let exploration = session.explore(&ids, control, &mut |_| {})?;
        let tokens = ids.iter().map(|&id| (id, session.token_label(id))).collect();
        let (n_layers, n_heads) = (exploration.n_layers(), exploration.heads(0).len());
        report(Seen::Text { tokens, n_layers, n_heads });
        Ok(Self { run, exploration, side, next: 0 })
    }

    /// Whether there are heads that nobody has gone through.
    pub fn has_more(&self) -> bool {
        self.next < self.exploration.n_layers()
    }

    /// Leaves out the heads that nobody has gone through.
    pub fn stop(&mut self) {
        self.next = self.exploration.n_layers();
    }

    /// Goes through the heads of the next block, which there is.
    pub fn go_on(&mut self) -> Seen {
        let block = self.next;
        self.next += 1;
        Seen::Heads { block, ran: self.exploration.heads_of(block, self.side) }
    }

    /// Answers what was asked.
    pub fn answer(&self, session: &Session, look: Look, control: &Control) -> Seen {
        let answer = match self.try_answer(session, &look, control) {
            Ok(answer) => answer,
            Err(Error::Cancelled) => Answer::Refused("cancelled".into()),
            Err(error) => Answer::Refused(error.to_string()),
        };
        let labels = ids(&answer).into_iter().map(|id| (id, session.token_label(id))).collect();
        Seen::Answer { look, answer, labels }
    }

    fn try_answer(&self, session: &Session, look: &Look, control: &Control) -> Result<Answer> {
        let (seen, decoder) = (&self.exploration, session.decoder());
        let t = seen.len();
        Ok(match look {
            Look::Pattern { head, area, bin } => {
                let within = |range: &Range<usize>| range.start.min(t)..range.end.min(t);
                let area = Area { queries: within(&area.queries), keys: within(&area.keys) };
                Answer::Pattern(seen.heads(head.block as usize).shrunk(head.head as usize, &area, *bin))
            }
            Look::Links { head, query } => {
                let query = (*query).min(t - 1);
                let row = Area { queries: query..query + 1, keys: 0..t };
                Answer::Pattern(seen.heads(head.block as usize).shrunk(head.head as usize, &row, 1))
            }
            Look::Lens { positions, top } => {
                let positions = positions.start.min(t)..positions.end.min(t);
                Answer::Lens(seen.lens_everywhere(decoder, positions, *top, |_| !control.is_cancelled())?)
            }
            Look::Attribution { position, token, versus } => {
                Answer::Attribution(seen.attribution(decoder, (*position).min(t - 1), *token, *versus))
            }
            Look::Neurons { block, position } => {
                Answer::Neurons(seen.neurons(decoder, *block, (*position).min(t - 1), NEURONS, PROMOTED)?)
            }
            Look::Effect { interventions, new_tokens } => {
                let ready = Interventions::new(interventions, &session.card().spec, Some(seen))?;
                Answer::Effect(session.effect(&seen.ids, &ready, *new_tokens, control)?)
            }
        })
    }
}

/// The tokens that an answer names.
fn ids(answer: &Answer) -> Vec<u32> {
    match answer {
        Answer::Pattern(_) | Answer::Refused(_) => Vec::new(),
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
