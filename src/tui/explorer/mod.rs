//! What is seen of a text: every head, the pattern of one, the lens, what changes do; and how it is looked at.

mod selection;

pub use selection::{Figure, HeadsView, Order, Pinned, Selection, next_filter};

use super::live::State;
use crate::analyse::worth::WorthTable;
use crate::interpret::Intervention;
use crate::record::explored::{
    Area, Attribution, Effect, Head, HeadScores, Importance, LensTable, Neuron, Pattern, Thumbnail,
};
use crate::units::Nanos;
use crate::worker::{Answer, InspectedText, Observation, Question, RunId, WhichPass};
use std::collections::BTreeMap;
use std::ops::Range;

/// Cells on a side of a thumbnail, at most.
pub const SIDE: usize = 16;
/// Positions of the lens that are asked for at a time, likeliest tokens of each, and tokens that continue a text.
pub const LENS_POSITIONS: usize = 16;
const TOP: usize = 20;
const NEW_TOKENS: usize = 16;

/// One pass over a text.
#[derive(Debug)]
pub struct Explorer {
    pub run: RunId,
    pub state: State,
    pub since: Nanos,
    /// Without tokens until the pass is over.
    pub text: InspectedText,
    /// Whether what heads do is of the text before it grew.
    pub is_stale: bool,
    /// Whether it is the text before, read with other toggles.
    pub is_again: bool,
    /// Whether it is random tokens that come twice.
    pub is_probe: bool,
    /// Whether the text grows.
    pub grows: bool,
    /// Of every head that was gone through, in order.
    pub scores: Vec<HeadScores>,
    pub thumbnails: Vec<Thumbnail>,
    /// The newest answers.
    pub pattern: Option<Pattern>,
    pub pinned: Option<Pattern>,
    pub links: Option<Links>,
    pub margins: Option<Margins>,
    pub lens: Option<LensTable>,
    pub attribution: Option<Attribution>,
    pub neurons: Option<Neurons>,
    pub effect: Option<Effected>,
    /// What parts of the model matter, block by block, and beside that what they cost.
    pub importance: Vec<Importance>,
    pub worth: Option<WorthTable>,
    /// Whether that was asked for.
    pub weighs: bool,
    /// Tokens of a piece of text that is to be put somewhere.
    pub encoded: Option<(String, Vec<u32>)>,
    /// How tokens are called that are not in the text.
    pub labels: BTreeMap<u32, String>,
    /// What was asked for and not answered.
    asked: Vec<Question>,
    /// The last question that had no answer, and why.
    refused: Option<(Question, String)>,
}

/// Where one query of a head looks: a share for each key.
#[derive(Debug, Clone, PartialEq)]
pub struct Links {
    pub head: Head,
    pub query: usize,
    pub shares: Vec<f32>,
}

/// What each key of a head receives, and how spread each query is, from 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Margins {
    pub head: Head,
    pub received: Vec<f32>,
    pub entropy: Vec<f32>,
}

/// The strongest neurons of a block's MLP at a position.
#[derive(Debug, Clone, PartialEq)]
pub struct Neurons {
    pub block: usize,
    pub position: usize,
    pub neurons: Vec<Neuron>,
}

/// What changes did, to so many tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct Effected {
    pub changes: Vec<Intervention>,
    pub tokens: usize,
    pub effect: Effect,
}

impl Explorer {
    /// One that has just been asked for.
    pub fn new(run: RunId, since: Nanos) -> Self {
        Self {
            run,
            state: State::Starting,
            since,
            text: InspectedText::default(),
            is_stale: false,
            is_again: false,
            is_probe: false,
            grows: false,
            scores: Vec::new(),
            thumbnails: Vec::new(),
            pattern: None,
            pinned: None,
            links: None,
            margins: None,
            lens: None,
            attribution: None,
            neurons: None,
            effect: None,
            importance: Vec::new(),
            worth: None,
            weighs: false,
            encoded: None,
            labels: BTreeMap::new(),
            asked: Vec::new(),
            refused: None,
        }
    }

    /// Takes in what was seen; the reason, where it failed.
    pub fn apply(&mut self, seen: Observation) -> Option<String> {
        match seen {
            Observation::Text(text) => {
                self.text = *text;
                self.state = State::Running;
            }
            Observation::Grown(token) => {
                self.text.tokens.push(token);
                // What was weighed was another text.
                (self.importance, self.worth, self.weighs) = (Vec::new(), None, false);
                self.text.lens.end = self.text.tokens.len();
                self.is_stale = true;
                self.state = State::Running;
            }
            Observation::GrownUp => self.grows = false,
            Observation::Importance(found) => self.importance.extend(found),
            Observation::Worth(table) => {
                self.worth = Some(*table);
                self.state = State::Over;
            }
            Observation::Heads { block, heads } => {
                // After the text has grown they come anew.
                self.is_stale &= block + 1 < self.text.n_layers;
                let n = heads.scores.len();
                let place = |have: usize| (block * n).min(have)..(block * n + n).min(have);
                self.scores.splice(place(self.scores.len()), heads.scores);
                self.thumbnails.splice(place(self.thumbnails.len()), heads.thumbnails);
            }
            Observation::AllHeads => self.state = State::Over,
            Observation::Answer { question, answer, labels } => self.answered(question, answer, labels),
            Observation::Failed(_) | Observation::Cancelled => {
                self.state = State::Over;
                (self.grows, self.weighs) = (false, false);
                self.asked.clear();
                if let Observation::Failed(reason) = seen {
                    return Some(reason);
                }
            }
        }
        None
    }

    fn answered(&mut self, question: Question, answer: Answer, labels: BTreeMap<u32, String>) {
        self.asked.retain(|asked| *asked != question);
        self.labels.extend(labels);
        self.refused = None;
        let tokens = self.text.tokens.len();
        match (question, answer) {
            (Question::Links { head, query }, Answer::Pattern(shares)) => {
                self.links = Some(Links { head, query, shares })
            }
            (Question::Pattern { of, head, area, bin }, Answer::Pattern(cells)) => {
                let seen = Some(Pattern { head, area, bin, cells });
                match of {
                    WhichPass::Present => self.pattern = seen,
                    WhichPass::Pinned => self.pinned = seen,
                }
            }
            (Question::Margins { head }, Answer::Margins { received, entropy }) => {
                self.margins = Some(Margins { head, received, entropy });
            }
            (Question::Lens { .. }, Answer::Lens(lens)) => self.lens = Some(lens),
            (Question::Attribution { .. }, Answer::Attribution(found)) => self.attribution = Some(found),
            (Question::Neurons { block, position }, Answer::Neurons(neurons)) => {
                self.neurons = Some(Neurons { block, position, neurons });
            }
            (Question::Effect { interventions, .. }, Answer::Effect(effect)) => {
                self.effect = Some(Effected { changes: interventions, tokens, effect });
            }
            (Question::Encode { text }, Answer::Ids(ids)) => self.encoded = Some((text, ids)),
            (question, Answer::Refused(why)) => self.refused = Some((question, why)),
            _ => {}
        }
    }

    /// What has to be asked so that everything under this gaze is seen; it counts as asked.
    pub fn missing(&mut self, selection: &Selection, of_lens: bool) -> Vec<Question> {
        if self.text.tokens.is_empty() {
            return Vec::new();
        }
        let mut wanted = if of_lens { self.missing_of_lens(selection) } else { self.missing_of_head(selection) };
        if selection.changes.is_empty() {
            self.effect = None;
        } else if self.effect_of(selection).is_none() {
            wanted.push(Question::Effect { interventions: selection.changes.clone(), new_tokens: NEW_TOKENS });
        }
        self.ask(wanted)
    }

    /// Those of these questions that are to be sent; they count as asked.
    pub fn ask(&mut self, mut wanted: Vec<Question>) -> Vec<Question> {
        // One question of a kind at a time: what was asked meanwhile is asked when the answer has come. What was
        // refused is not asked again.
        let kind = |question: &Question| {
            (std::mem::discriminant(question), matches!(question, Question::Pattern { of: WhichPass::Pinned, .. }))
        };
        let refused = self.refused.as_ref().map(|(question, _)| question);
        wanted.retain(|question| {
            !self.asked.iter().any(|asked| kind(asked) == kind(question)) && refused != Some(question)
        });
        self.asked.extend(wanted.iter().cloned());
        wanted
    }

    fn missing_of_head(&self, selection: &Selection) -> Vec<Question> {
        let mut wanted = Vec::new();
        if !selection.is_on_one() {
            return wanted;
        }
        let tokens = self.text.tokens.len();
        let (head, query, area) = (selection.selected, selection.query.min(tokens - 1), selection.area(tokens));
        let is_it = |pattern: &Option<Pattern>, head: Head, area: &Area| {
            pattern.as_ref().is_some_and(|it| (it.head, &it.area, it.bin) == (head, area, selection.bin))
        };
        if !is_it(&self.pattern, head, &area) {
            wanted.push(Question::Pattern { of: WhichPass::Present, head, area: area.clone(), bin: selection.bin });
        }
        if let Some(pinned) = &selection.pinned {
            let area = within(&area, pinned.labels.len());
            if !area.queries.is_empty() && !area.keys.is_empty() && !is_it(&self.pinned, pinned.head, &area) {
                wanted.push(Question::Pattern { of: WhichPass::Pinned, head: pinned.head, area, bin: selection.bin });
            }
        }
        let has_links = |links: &Links| (links.head, links.query, links.shares.len()) == (head, query, tokens);
        if !self.links.as_ref().is_some_and(has_links) {
            wanted.push(Question::Links { head, query });
        }
        let has_margins = |margins: &Margins| (margins.head, margins.received.len()) == (head, tokens);
        if !self.margins.as_ref().is_some_and(has_margins) {
            wanted.push(Question::Margins { head });
        }
        wanted
    }

    fn missing_of_lens(&self, selection: &Selection) -> Vec<Question> {
        let mut wanted = Vec::new();
        let query = selection.query.min(self.text.tokens.len() - 1);
        let positions = self.lens_positions(query);
        if positions.is_empty() {
            return wanted;
        }
        if self.lens.as_ref().is_none_or(|lens| lens.positions() != positions) {
            wanted.push(Question::Lens { positions, top: TOP });
        }
        if !selection.drilled {
            return wanted;
        }
        let versus = selection.versus;
        let is_known = |&token: &u32| {
            let is_it =
                |found: &Attribution| (found.position as usize, found.token, found.versus) == (query, token, versus);
            self.attribution.as_ref().is_some_and(is_it)
        };
        let token = self.chosen(selection).filter(|&token| Some(token) != versus);
        if let Some(token) = token.filter(|token| !is_known(token)) {
            wanted.push(Question::Attribution { position: query, token, versus });
        }
        if let Some(block) = self.block_of(selection).filter(|_| selection.neurons)
            && self.neurons.as_ref().is_none_or(|it| (it.block, it.position) != (block, query))
        {
            wanted.push(Question::Neurons { block, position: query });
        }
        wanted
    }

    /// The positions of the lens that are read together with this one.
    fn lens_positions(&self, query: usize) -> Range<usize> {
        let have = &self.text.lens;
        let first = query / LENS_POSITIONS * LENS_POSITIONS;
        first.max(have.start)..(first + LENS_POSITIONS).min(have.end).max(first.max(have.start))
    }

    /// What the present changes do, if that is known.
    pub fn effect_of(&self, selection: &Selection) -> Option<&Effect> {
        let is_it = |it: &&Effected| it.changes == selection.changes && it.tokens == self.text.tokens.len();
        self.effect.as_ref().filter(is_it).map(|it| &it.effect)
    }

    /// The token of the selected cell of the lens that is taken apart.
    pub fn chosen(&self, selection: &Selection) -> Option<u32> {
        let lens = self.lens.as_ref()?;
        let (_, cells) = lens.places.get(selection.place.min(lens.places.len().checked_sub(1)?))?;
        let top = &cells.get(selection.query.checked_sub(lens.first)?)?.top;
        Some(top.get(selection.choice.min(top.len().checked_sub(1)?))?.id)
    }

    /// The block of the selected row of the lens.
    pub fn block_of(&self, selection: &Selection) -> Option<usize> {
        selection.place.min(2 * self.text.n_layers).checked_sub(1).map(|after| after / 2)
    }

    /// Whether an answer is waited for.
    pub fn is_waiting(&self) -> bool {
        self.state != State::Over || !self.asked.is_empty()
    }

    /// Why the last question had no answer, if it was of this kind.
    pub fn refused(&self, of: impl Fn(&Question) -> bool) -> Option<&str> {
        self.refused.as_ref().filter(|(question, _)| of(question)).map(|(_, why)| why.as_str())
    }

    /// The heads that pass the filter, in the order asked for.
    pub fn order(&self, selection: &Selection) -> Vec<usize> {
        let order = selection.order;
        let passes = |&head: &usize| selection.filter.is_none_or(|role| self.scores[head].roles().contains(&role));
        let mut heads: Vec<usize> = (0..self.scores.len()).filter(passes).collect();
        heads.sort_by(|&a, &b| order.key(&self.scores[b]).total_cmp(&order.key(&self.scores[a])).then(a.cmp(&b)));
        heads
    }

    /// The heads that were switched off by themselves, those that matter most first.
    pub fn weighed(&self) -> Vec<Importance> {
        let mut heads: Vec<Importance> = self.importance.iter().filter(|it| it.component.is_head()).copied().collect();
        heads.sort_by(|a, b| b.kl.total_cmp(&a.kl));
        heads
    }

    /// Blocks whose parts were switched off.
    pub fn weighed_blocks(&self) -> usize {
        self.importance.last().map_or(0, |it| it.component.block() as usize + 1)
    }

    /// The number of a head in `scores`.
    pub fn index(&self, head: Head) -> Option<usize> {
        self.scores.iter().position(|scores| scores.at == head)
    }

    /// How a token is called.
    pub fn label(&self, id: u32) -> String {
        let in_text = || self.text.tokens.iter().find(|(other, _)| *other == id).map(|(_, label)| label.clone());
        self.labels.get(&id).cloned().or_else(in_text).unwrap_or_else(|| format!("#{id}"))
    }

    /// `(4) ·went`: the same token may come twice.
    pub fn at(&self, position: usize) -> String {
        let label = self.text.tokens.get(position).map_or("", |(_, label)| label.as_str());
        format!("({position}) {label}")
    }

    /// What was changed, in words.
    pub fn change(&self, change: &Intervention) -> String {
        use crate::interpret::{Change, Target};
        match (change.target, change.change) {
            (Target::Token { position }, Change::Swap(id)) => {
                format!("{} → {}", self.at(position as usize), self.label(id))
            }
            _ => change.to_string(),
        }
    }

    /// All that was changed.
    pub fn changes(&self, selection: &Selection) -> String {
        selection.changes.iter().map(|change| self.change(change)).collect::<Vec<_>>().join(", ")
    }
}

/// The part of an area that a text of so many positions has.
fn within(area: &Area, positions: usize) -> Area {
    let cut = |range: &Range<usize>| range.start.min(positions)..range.end.min(positions);
    Area { queries: cut(&area.queries), keys: cut(&area.keys) }
}
