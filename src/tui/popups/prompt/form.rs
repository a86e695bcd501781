//! What to run next: the prompt, how many tokens, how they are chosen; the state of the prompt editor.

use crate::measure::{Prompt, Request, Sampling};
use crate::record::Watched;
use crate::tui::sanitize;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui_textarea::{CursorMove, TextArea, WrapMode};

/// Works as a user's turn and as a text to go on with, and is long enough to see a prefill.
const DEFAULT_TEXT: &str = "Why is the sky blue?";

/// How many of the likeliest tokens the Generate screen lists.
const TOP: usize = 10;

/// The fields of the editor, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Text,
    Kind,
    Length,
    NewTokens,
    Temperature,
    TopK,
    TopP,
    Seed,
}

/// What the prompt is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromptKind {
    /// The text, continued as it is.
    Text,
    /// The text as a user's turn in the model's chat template.
    Chat,
    /// So many tokens, the same every time.
    Synthetic,
}

/// The editor's state. What is written stays when it is closed.
#[derive(Debug, Clone)]
pub struct Form {
    pub text: TextArea<'static>,
    pub kind: PromptKind,
    pub focus: Field,
    /// Whether the user chose the kind, so that another model does not change it.
    chosen: bool,
    /// What stands in the fields of a number, from [`Field::Length`] on.
    values: [String; 6],
    /// Whether the next digit starts the number anew.
    fresh: bool,
}

impl Field {
    pub const ALL: [Field; 8] = [
        Field::Text,
        Field::Kind,
        Field::Length,
        Field::NewTokens,
        Field::Temperature,
        Field::TopK,
        Field::TopP,
        Field::Seed,
    ];

    /// Its label in the editor.
    pub fn name(self) -> &'static str {
        match self {
            Field::Text => "prompt",
            Field::Kind => "as",
            Field::Length => "prompt tokens",
            Field::NewTokens => "new tokens",
            Field::Temperature => "temperature",
            Field::TopK => "top-k",
            Field::TopP => "top-p",
            Field::Seed => "seed",
        }
    }

    /// What a value means, or how it is chosen.
    pub fn about(self) -> &'static str {
        match self {
            Field::Text => "",
            Field::Kind => "←→ chooses",
            Field::Length => "how long the synthetic prompt is",
            Field::NewTokens => "at most; a stop token ends earlier",
            Field::Temperature => "0 takes the likeliest; 1 samples as is",
            Field::TopK => "among so many of the likeliest; 0: all",
            Field::TopP => "among those adding up to this; 1: all",
            Field::Seed => "the same seed makes the same choices",
        }
    }

    /// What is wrong with a value, if anything.
    fn problem(self, value: &str) -> Option<&'static str> {
        let within = |low: f64, high: f64| value.parse::<f64>().is_ok_and(|x| x >= low && x <= high);
        let (fine, otherwise) = match self {
            Field::Text | Field::Kind => (true, ""),
            Field::Length | Field::NewTokens => {
                (value.parse::<u32>().is_ok_and(|n| (1..=1_000_000).contains(&n)), "a whole number from 1 to 1000000")
            }
            Field::Temperature => (within(0.0, 10.0), "a number from 0 to 10"),
            Field::TopK => (value.parse::<usize>().is_ok(), "a whole number; 0 is all"),
            Field::TopP => (within(f64::MIN_POSITIVE, 1.0), "a number above 0, at most 1"),
            Field::Seed => (value.parse::<u64>().is_ok(), "a whole number"),
        };
        (!fine).then_some(otherwise)
    }

    fn slot(self) -> Option<usize> {
        (self as usize).checked_sub(Field::Length as usize)
    }
}

impl Form {
    /// The editor, filled with `prompt` or with a text to begin with.
    pub fn new(prompt: Option<&Prompt>) -> Self {
        let (text, kind, length) = match prompt {
            Some(Prompt::Text(text)) => (text.as_str(), Some(PromptKind::Text), 512),
            Some(Prompt::Chat(text)) => (text.as_str(), Some(PromptKind::Chat), 512),
            Some(Prompt::Synthetic(length)) => (DEFAULT_TEXT, Some(PromptKind::Synthetic), *length),
            // Token ids and repetitions are for the command line; they are not edited here.
            Some(Prompt::Ids(_) | Prompt::Repeated(_)) | None => (DEFAULT_TEXT, None, 512),
        };
        let mut form = Self {
            text: TextArea::default(),
            kind: kind.unwrap_or(PromptKind::Text),
            focus: Field::Text,
            chosen: kind.is_some(),
            values: [length.to_string(), "64".into(), "0".into(), "0".into(), "1".into(), "0".into()],
            fresh: true,
        };
        form.text.set_wrap_mode(WrapMode::WordOrGlyph);
        form.text.set_placeholder_text("Write or paste a prompt.");
        form.paste(text);
        form.text.move_cursor(CursorMove::Bottom);
        form.text.move_cursor(CursorMove::End);
        form
    }

    /// Another model: the kind of prompt that suits it, unless the user chose one that it can take.
    pub fn suit(&mut self, has_tokenizer: bool, has_chat_template: bool) {
        let impossible = (self.kind != PromptKind::Synthetic && !has_tokenizer)
            || (self.kind == PromptKind::Chat && !has_chat_template);
        if impossible || !self.chosen {
            self.kind = match (has_tokenizer, has_chat_template) {
                (false, _) => PromptKind::Synthetic,
                (true, true) => PromptKind::Chat,
                (true, false) => PromptKind::Text,
            };
        }
        // What is typed must go where it is seen.
        if !self.applies(self.focus) {
            self.focus(if self.kind == PromptKind::Synthetic { Field::Length } else { Field::Text });
        }
    }

    /// Takes this text, to be continued as it is, unless the user has written or chosen something.
    pub fn propose(&mut self, text: &str) {
        if !self.chosen && self.written() == DEFAULT_TEXT {
            *self = Self { values: self.values.clone(), ..Self::new(Some(&Prompt::Text(text.to_owned()))) };
        }
    }

    /// The text in the editor.
    pub fn written(&self) -> String {
        self.text.lines().join("\n")
    }

    /// Sets the number of new tokens.
    pub fn set_new_tokens(&mut self, n: u32) {
        self.values[1] = n.to_string();
    }

    /// What stands in a field of a number.
    pub fn value(&self, field: Field) -> &str {
        field.slot().map_or("", |slot| &self.values[slot])
    }

    /// What is wrong with a field, if anything.
    pub fn problem(&self, field: Field) -> Option<&'static str> {
        match field {
            Field::Text if self.kind != PromptKind::Synthetic && self.is_blank() => {
                Some("the prompt is empty: write something")
            }
            // Without a synthetic prompt, its length does not matter.
            Field::Length if self.kind != PromptKind::Synthetic => None,
            field => field.problem(self.value(field)),
        }
    }

    /// The run that the fields describe.
    ///
    /// # Errors
    /// The first field that does not hold what it should, and what it should hold.
    pub fn request(&self, step: bool) -> Result<Request, (Field, &'static str)> {
        if let Some(wrong) = Field::ALL.into_iter().find_map(|field| Some((field, self.problem(field)?))) {
            return Err(wrong);
        }
        // Every value has been checked: none of these falls back.
        let number = |field: Field| self.value(field).parse::<f64>().unwrap_or_default();
        Ok(Request {
            prompt: match self.kind {
                PromptKind::Text => Prompt::Text(self.written()),
                PromptKind::Chat => Prompt::Chat(self.written()),
                PromptKind::Synthetic => Prompt::Synthetic(number(Field::Length) as u32),
            },
            new_tokens: number(Field::NewTokens) as u32,
            sampling: Sampling {
                temperature: number(Field::Temperature) as f32,
                top_k: number(Field::TopK) as usize,
                top_p: number(Field::TopP) as f32,
                seed: self.value(Field::Seed).parse().unwrap_or_default(),
            },
            // Timing wants as many tokens as were asked for.
            stop: self.kind != PromptKind::Synthetic,
            repeats: 1,
            watched: Watched::Parts,
            top: TOP,
            step,
        })
    }

    /// Goes to the next field (or the one before) that matters.
    pub fn go(&mut self, forwards: bool) {
        let n = Field::ALL.len();
        for _ in 0..n {
            let step = if forwards { 1 } else { n - 1 };
            self.focus = Field::ALL[(self.focus as usize + step) % n];
            if self.applies(self.focus) {
                break;
            }
        }
        self.fresh = true;
    }

    /// Goes to a field.
    pub fn focus(&mut self, field: Field) {
        self.focus = field;
        self.fresh = true;
    }

    /// Whether a field matters with this kind of prompt.
    pub fn applies(&self, field: Field) -> bool {
        match field {
            Field::Text => self.kind != PromptKind::Synthetic,
            Field::Length => self.kind == PromptKind::Synthetic,
            _ => true,
        }
    }

    /// A key that is no action of the editor.
    pub fn key(&mut self, key: KeyEvent, has_tokenizer: bool, has_chat_template: bool) {
        if self.focus == Field::Text {
            match key.code {
                KeyCode::Char(c) if !sanitize::keeps(c) => {}
                // As in the other fields.
                KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                    self.text.select_all();
                    self.text.cut();
                }
                _ => {
                    self.text.input(key);
                }
            }
            return;
        }
        match key.code {
            KeyCode::Up => self.go(false),
            KeyCode::Down | KeyCode::Enter => self.go(true),
            KeyCode::Left => self.adjust(false, has_tokenizer, has_chat_template),
            KeyCode::Right => self.adjust(true, has_tokenizer, has_chat_template),
            KeyCode::Char(' ') if self.focus == Field::Kind => self.adjust(true, has_tokenizer, has_chat_template),
            KeyCode::Backspace => self.edit(|value| {
                value.pop();
            }),
            KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => self.edit(String::clear),
            KeyCode::Char(c) if c.is_ascii_digit() || c == '.' => {
                let fresh = self.fresh;
                self.edit(|value| {
                    if fresh {
                        value.clear();
                    }
                    if value.len() < 20 {
                        value.push(c);
                    }
                });
            }
            _ => {}
        }
    }

    /// Text from the clipboard. Returns how many characters had to be left out, because they are
    /// control characters or invisible.
    pub fn paste(&mut self, text: &str) -> usize {
        let text = with_line_breaks(text);
        self.text.insert_str(text.chars().filter(|&c| can_be_edited(c)).collect::<String>());
        left_out(&text)
    }

    fn is_blank(&self) -> bool {
        self.text.lines().iter().all(|line| line.trim().is_empty())
    }

    fn edit(&mut self, change: impl FnOnce(&mut String)) {
        if let Some(slot) = self.focus.slot() {
            change(&mut self.values[slot]);
            self.fresh = false;
        }
    }

    /// ← or → on a field.
    fn adjust(&mut self, up: bool, has_tokenizer: bool, has_chat_template: bool) {
        let Some(slot) = self.focus.slot() else {
            let mut kinds = vec![];
            if has_tokenizer {
                kinds.push(PromptKind::Text);
            }
            if has_tokenizer && has_chat_template {
                kinds.push(PromptKind::Chat);
            }
            kinds.push(PromptKind::Synthetic);
            let at = kinds.iter().position(|&kind| kind == self.kind).unwrap_or(0);
            let step = if up { 1 } else { kinds.len() - 1 };
            self.kind = kinds[(at + step) % kinds.len()];
            self.chosen = true;
            return;
        };
        let value = &mut self.values[slot];
        let sign = if up { 1.0 } else { -1.0 };
        let number = value.parse::<f64>().unwrap_or(0.0);
        *value = match self.focus {
            Field::Length | Field::NewTokens if up => format!("{}", (number * 2.0).clamp(1.0, 1e6)),
            Field::Length | Field::NewTokens => format!("{}", (number / 2.0).floor().max(1.0)),
            Field::Temperature => tenths((number + 0.1 * sign).clamp(0.0, 10.0)),
            Field::TopP => tenths((number + 0.05 * sign).clamp(0.05, 1.0)),
            Field::TopK => format!("{}", (number + 10.0 * sign).clamp(0.0, 1e6)),
            // As a float it would lose digits.
            Field::Seed => value.parse::<u64>().map_or(0, |seed| seed.saturating_add_signed(sign as i64)).to_string(),
            Field::Text | Field::Kind => return,
        };
        self.fresh = true;
    }
}

/// Up to two decimals, without zeros that say nothing.
fn tenths(x: f64) -> String {
    let text = format!("{x:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// How many characters of a text cannot be edited, because they are control characters or invisible.
pub fn left_out(text: &str) -> usize {
    with_line_breaks(text).chars().filter(|&c| !can_be_edited(c)).count()
}

fn can_be_edited(c: char) -> bool {
    matches!(c, '\n' | '\t') || sanitize::keeps(c)
}

fn with_line_breaks(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn type_in(form: &mut Form, keys: &str) {
        for c in keys.chars() {
            form.key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE), true, true);
        }
    }

    #[test]
    fn the_default_can_be_run_at_once() {
        let mut form = Form::new(None);
        form.suit(true, true);
        let request = form.request(false).unwrap();
        assert_eq!(request.prompt, Prompt::Chat(DEFAULT_TEXT.into()));
        assert_eq!((request.new_tokens, request.sampling), (64, Sampling::default()));
    }

    #[test]
    fn a_given_prompt_stays_as_it_is_said() {
        let mut form = Form::new(Some(&Prompt::Text("Once\nupon".into())));
        form.suit(true, true);
        assert_eq!(form.request(false).unwrap().prompt, Prompt::Text("Once\nupon".into()));
    }

    #[test]
    fn a_model_without_a_tokenizer_gets_a_synthetic_prompt() {
        let mut form = Form::new(Some(&Prompt::Text("Once".into())));
        form.suit(false, false);
        assert_eq!(form.request(true).unwrap().prompt, Prompt::Synthetic(512));
        assert!(!form.applies(Field::Text) && form.applies(form.focus));
        type_in(&mut form, "7");
        assert_eq!(form.request(false).unwrap().prompt, Prompt::Synthetic(7));
    }

    #[test]
    fn numbers_are_typed_anew_and_checked() {
        let mut form = Form::new(None);
        form.focus(Field::Temperature);
        type_in(&mut form, "0.7");
        assert_eq!(form.request(false).unwrap().sampling.temperature, 0.7);
        type_in(&mut form, ".");
        assert_eq!(form.request(false).unwrap_err().0, Field::Temperature);
        form.focus(Field::Temperature);
        form.key(KeyEvent::new(KeyCode::Right, KeyModifiers::NONE), true, true);
        assert_eq!(form.value(Field::Temperature), "0.1");
        form.focus(Field::TopP);
        type_in(&mut form, "0");
        assert!(form.problem(Field::TopP).is_some());
    }

    #[test]
    fn an_empty_prompt_is_refused() {
        let mut form = Form::new(Some(&Prompt::Text(" \n ".into())));
        assert_eq!(form.request(false).unwrap_err().0, Field::Text);
        form.suit(false, false);
        assert!(form.request(false).is_ok());
    }

    #[test]
    fn a_paste_leaves_out_what_could_drive_the_terminal() {
        let mut form = Form::new(Some(&Prompt::Text(String::new())));
        assert_eq!(form.paste("one\r\ntwo\u{1b}[31m\u{202e}"), 2);
        assert_eq!(form.text.lines(), ["one", "two[31m"]);
    }

    #[test]
    fn fields_that_do_not_matter_are_skipped() {
        let mut form = Form::new(None);
        form.focus(Field::Kind);
        form.go(true);
        assert_eq!(form.focus, Field::NewTokens);
        form.kind = PromptKind::Synthetic;
        form.go(false);
        assert_eq!(form.focus, Field::Length);
    }
}
