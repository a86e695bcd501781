//! What is to be measured beside the present toggles: the state of the popup that chooses it.

use crate::arch::{Toggle, Toggles};
use crate::tui::popups::prompt::form::{Field, Form, PromptKind};

/// The popup's state: the other toggles, how much of it, and the selected row.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    pub purpose: Purpose,
    /// B; A are the present toggles.
    pub toggles: Toggles,
    pub lengths: Lengths,
    pub row: usize,
}

/// What the popup was opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// B against A.
    Compare,
    /// A, and B if it differs, over prompts of growing length.
    Sweep,
}

/// How much is computed in one execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lengths {
    pub prompt_tokens: u32,
    pub new_tokens: u32,
}

/// A row of the popup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    Toggle(Toggle),
    Prompt,
    New,
}

/// The shortest prompt of a sweep; each next one is twice as long.
pub const SHORTEST: u32 = 64;
/// Between what the lengths can be chosen here. A study at the keyboard should not take an evening; the command
/// line knows no such bound.
const PROMPT: (u32, u32) = (8, 2048);
const NEW: (u32, u32) = (2, 256);
/// What is taken from the prompt editor at most, unless the user asks for more.
const USUAL_PROMPT: u32 = 256;
const USUAL_NEW: u32 = 16;

impl Lengths {
    /// What the prompt editor says, within what one would wait for. `seen` is how long its text was when it was
    /// run last, `n_ctx` what the model has positions for.
    pub fn of(form: &Form, seen: Option<u32>, n_ctx: u32) -> Self {
        let number = |field: Field| form.value(field).parse::<u32>().ok();
        let prompt = match form.kind {
            PromptKind::Synthetic => number(Field::Length),
            PromptKind::Text | PromptKind::Chat => seen.filter(|&n| n > 0),
        };
        let lengths = Self {
            prompt_tokens: prompt.unwrap_or(128).clamp(PROMPT.0, USUAL_PROMPT),
            new_tokens: number(Field::NewTokens).unwrap_or(USUAL_NEW).clamp(NEW.0, USUAL_NEW),
        };
        lengths.within(n_ctx)
    }

    /// These, as far as the model has positions for them.
    fn within(self, n_ctx: u32) -> Self {
        let new_tokens = self.new_tokens.min((n_ctx / 2).max(1));
        Self { prompt_tokens: self.prompt_tokens.min(n_ctx.saturating_sub(new_tokens).max(1)), new_tokens }
    }

    /// Twice or half as many.
    fn scaled(self, row: Row, up: bool, n_ctx: u32) -> Self {
        let scaled = |n: u32, (least, most): (u32, u32)| if up { n * 2 } else { n / 2 }.clamp(least, most);
        match row {
            Row::Prompt => Self { prompt_tokens: scaled(self.prompt_tokens, PROMPT), ..self },
            Row::New => Self { new_tokens: scaled(self.new_tokens, NEW), ..self },
            Row::Toggle(_) => self,
        }
        .within(n_ctx)
    }

    /// The lengths of the prompts of a sweep up to this one: each twice the one before.
    pub fn sweep(self) -> Vec<u32> {
        let doubled = std::iter::successors(Some(SHORTEST.min(self.prompt_tokens)), |n| n.checked_mul(2));
        let mut lengths: Vec<u32> = doubled.take_while(|&n| n <= self.prompt_tokens).collect();
        // The longest one too, where the model's context ends between two.
        if lengths.last().is_some_and(|&last| self.prompt_tokens >= last + last / 4) {
            lengths.push(self.prompt_tokens);
        }
        lengths
    }
}

impl Candidate {
    pub fn new(purpose: Purpose, present: &Toggles, lengths: Lengths, n_ctx: u32) -> Self {
        let lengths = match purpose {
            Purpose::Compare => lengths,
            // As far as the slopes can be told apart.
            Purpose::Sweep => Lengths { prompt_tokens: 1024, ..lengths }.within(n_ctx),
        };
        Self { purpose, toggles: present.clone(), lengths, row: 0 }
    }

    /// The same again, for a model that may have fewer positions.
    pub fn again(&self, n_ctx: u32) -> Self {
        Self { lengths: self.lengths.within(n_ctx), ..self.clone() }
    }

    /// The rows, in their order.
    pub fn rows() -> impl Iterator<Item = Row> {
        Toggle::ALL.into_iter().map(Row::Toggle).chain([Row::Prompt, Row::New])
    }

    /// The selected row.
    pub fn selected(&self) -> Row {
        Self::rows().nth(self.row).unwrap_or(Row::New)
    }

    /// Selects another row.
    pub fn go(&mut self, by: isize) {
        let n = Self::rows().count() as isize;
        self.row = (self.row as isize + by).rem_euclid(n) as usize;
    }

    /// Twice or half the selected length.
    pub fn scale(&mut self, up: bool, n_ctx: u32) {
        self.lengths = self.lengths.scaled(self.selected(), up, n_ctx);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Prompt;

    #[test]
    fn lengths_come_from_the_prompt_editor_within_bounds() {
        let mut form = Form::new(Some(&Prompt::Synthetic(100)));
        let lengths = |form: &Form, seen, n_ctx| {
            let Lengths { prompt_tokens, new_tokens } = Lengths::of(form, seen, n_ctx);
            (prompt_tokens, new_tokens)
        };
        assert_eq!(lengths(&form, None, 8192), (100, 16));
        form.set_new_tokens(4);
        assert_eq!(lengths(&form, None, 8192), (100, 4));
        assert_eq!(lengths(&Form::new(Some(&Prompt::Synthetic(100_000))), None, 8192), (256, 16));
        assert_eq!(lengths(&Form::new(None), Some(37), 8192), (37, 16), "a text is as long as it was");
        assert_eq!(lengths(&Form::new(None), None, 8192), (128, 16));
        assert_eq!(lengths(&Form::new(None), None, 64), (48, 16), "no more than the model has positions for");
    }

    #[test]
    fn a_sweep_doubles_up_to_its_end() {
        let lengths = |prompt_tokens| Lengths { prompt_tokens, new_tokens: 8 };
        assert_eq!(lengths(1024).sweep(), [64, 128, 256, 512, 1024]);
        assert_eq!(lengths(300).sweep(), [64, 128, 256]);
        assert_eq!(lengths(240).sweep(), [64, 128, 240]);
        assert_eq!(lengths(40).sweep(), [40]);
    }

    #[test]
    fn lengths_are_halved_and_doubled_as_far_as_they_go() {
        let toggles = Toggles::default();
        let mut candidate =
            Candidate::new(Purpose::Compare, &toggles, Lengths { prompt_tokens: 128, new_tokens: 16 }, 200);
        candidate.go(-2);
        assert_eq!(candidate.selected(), Row::Prompt);
        candidate.scale(true, 200);
        assert_eq!(candidate.lengths.prompt_tokens, 184);
        (0..9).for_each(|_| candidate.scale(false, 200));
        assert_eq!(candidate.lengths.prompt_tokens, 8);
        candidate.go(1);
        candidate.scale(true, 200);
        assert_eq!(candidate.lengths.new_tokens, 32);
        candidate.go(1);
        assert_eq!(candidate.selected(), Row::Toggle(Toggle::ALL[0]));
    }
}
