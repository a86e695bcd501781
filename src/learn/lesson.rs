//! A lesson: where it takes place, pages of text that ask for something, a prediction, a question, an experiment.
//!
//! Lessons are written in a few signs (`lessons/*.md`):
//!
//! ```text
//! # Title
//! stage: screen heads            or: worked bpe, or: text
//!
//! A paragraph, down to an empty line.
//!
//!     a formula, line by line
//!
//! > head 8.1: What to do, after the task that is noticed. {Heads.Open} stands for the key of that action.
//!
//! ---                            the next page
//!
//! ~ A prediction, see `prediction.rs`
//!
//! ---
//!
//! ? A question, on the last page.
//! - wrong
//! : Why it is wrong.
//! + right
//! : Why it is right.
//! ```
//!
//! After the last page that is written comes the experiment, which has no text. Texts name no keys: an action between
//! braces, as `{Run}` or `{Heads.Open}`, becomes its key where the text is drawn.

use super::prediction::Prediction;
use super::task::Task;
use super::worked::Worked;
use std::sync::LazyLock;

/// A lesson.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    pub title: String,
    pub stage: Stage,
    /// In their order; the last is the experiment.
    pub pages: Vec<Page>,
}

/// Where a lesson takes place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// The learner's own text, token by token.
    Text,
    /// Something computed by hand.
    Worked(Worked),
    /// The screen of this name.
    Screen(String),
}

/// A page.
#[derive(Debug, Clone, PartialEq)]
pub enum Page {
    Text(Vec<Block>),
    /// Something to be predicted, then measured on the loaded model.
    Prediction(Prediction),
    Question(Question),
    /// What the lesson claims is proved on the loaded model.
    Experiment,
}

/// A piece of a page.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    Paragraph(String),
    /// Lines that are not to be broken.
    Formula(Vec<String>),
    /// Something to do, in words.
    Ask(Task, String),
}

/// A question, to be answered before the experiment is seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    pub asked: String,
    /// One of them is right.
    pub answers: Vec<Answer>,
}

/// An answer to choose.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub text: String,
    pub is_right: bool,
    /// Why it is right, or wrong.
    pub feedback: String,
}

macro_rules! texts {
    ($($file:literal),* $(,)?) => { [$(include_str!(concat!("lessons/", $file, ".md"))),*] };
}

const TEXTS: [&str; 26] = texts![
    "01-in-and-out",
    "02-bpe",
    "03-scripts",
    "04-unigram",
    "05-embedding",
    "06-positions",
    "07-attention",
    "08-queries-and-keys",
    "09-scaling",
    "10-many-heads",
    "11-causal-mask",
    "12-mlp",
    "13-residual-stream",
    "14-stack-and-lens",
    "15-sampling",
    "16-what-heads-do",
    "17-attribution",
    "18-patches",
    "19-cost",
    "20-kv-cache",
    "21-grouped-heads",
    "22-fused-attention",
    "23-formats",
    "24-windows",
    "25-cards",
    "26-fine-tuning",
];

static LESSONS: LazyLock<Vec<Lesson>> = LazyLock::new(|| {
    let read = |text: &&str| Lesson::read(text).unwrap_or_else(|problem| panic!("a lesson: {problem}"));
    TEXTS.iter().map(read).collect()
});

/// All lessons, in their order.
pub fn lessons() -> &'static [Lesson] {
    &LESSONS
}

impl Lesson {
    /// Reads a lesson's text.
    ///
    /// # Errors
    /// What was expected, and the line that was found.
    fn read(text: &str) -> Result<Self, String> {
        let mut lines = text.lines();
        let mut expect = |sign: &str| {
            let line = lines.next().unwrap_or_default();
            line.strip_prefix(sign).map(str::to_owned).ok_or(format!("expected {sign:?}, found {line:?}"))
        };
        let (title, stage) = (expect("# ")?, expect("stage: ")?);
        let stage = Stage::parse(&stage).ok_or(format!("no stage: {stage:?}"))?;
        let rest: Vec<&str> = lines.collect();
        let pages = rest.split(|line| *line == "---").map(Page::read);
        let pages = pages.chain([Ok(Page::Experiment)]).collect::<Result<_, _>>()?;
        Ok(Self { title, stage, pages })
    }

    /// What the learner predicts in it, if anything.
    pub fn prediction(&self) -> Option<&Prediction> {
        self.pages.iter().find_map(|page| match page {
            Page::Prediction(prediction) => Some(prediction),
            Page::Text(_) | Page::Question(_) | Page::Experiment => None,
        })
    }
}

impl Stage {
    fn parse(words: &str) -> Option<Self> {
        match words.split_once(' ') {
            None => (words == "text").then_some(Self::Text),
            Some(("worked", name)) => Worked::parse(name).map(Self::Worked),
            Some(("screen", name)) => Some(Self::Screen(name.to_owned())),
            Some(_) => None,
        }
    }
}

impl Page {
    fn read(lines: &[&str]) -> Result<Self, String> {
        let blocks: Vec<&[&str]> = lines.split(|line| line.is_empty()).filter(|block| !block.is_empty()).collect();
        match blocks.first().and_then(|block| block[0].get(..2)) {
            Some("? ") => Question::read(&blocks.concat()).map(Self::Question),
            Some("~ ") => Prediction::read(&blocks.concat()).map(Self::Prediction),
            _ => blocks.into_iter().map(Block::read).collect::<Result<_, _>>().map(Self::Text),
        }
    }

    /// What is asked for on this page, by its order there.
    pub fn asks(&self) -> impl Iterator<Item = &Task> {
        let blocks = match self {
            Self::Text(blocks) => blocks.as_slice(),
            Self::Prediction(_) | Self::Question(_) | Self::Experiment => &[],
        };
        blocks.iter().filter_map(|block| match block {
            Block::Ask(task, _) => Some(task),
            Block::Paragraph(_) | Block::Formula(_) => None,
        })
    }
}

impl Block {
    fn read(lines: &[&str]) -> Result<Self, String> {
        let text = lines.join(" ");
        if let Some(ask) = text.strip_prefix("> ") {
            let (task, words) = ask.split_once(": ").ok_or(format!("expected a task and words: {ask:?}"))?;
            let task = Task::parse(task).ok_or(format!("no task: {task:?}"))?;
            return Ok(Self::Ask(task, words.to_owned()));
        }
        let formula: Option<Vec<String>> =
            lines.iter().map(|line| line.strip_prefix("    ").map(str::to_owned)).collect();
        Ok(formula.map_or(Self::Paragraph(text), Self::Formula))
    }
}

impl Question {
    fn read(lines: &[&str]) -> Result<Self, String> {
        let mut question = Self { asked: String::new(), answers: Vec::new() };
        for line in lines {
            let (sign, text) = line.split_at_checked(2).ok_or(format!("no part of a question: {line:?}"))?;
            match sign {
                "? " => question.asked = text.to_owned(),
                "- " | "+ " => {
                    let (text, is_right) = (text.to_owned(), sign == "+ ");
                    question.answers.push(Answer { text, is_right, feedback: String::new() });
                }
                ": " => match question.answers.last_mut() {
                    Some(answer) => answer.feedback = text.to_owned(),
                    None => return Err(format!("feedback before an answer: {line:?}")),
                },
                _ => return Err(format!("no part of a question: {line:?}")),
            }
        }
        if let Some(answer) = question.answers.iter().find(|answer| answer.feedback.is_empty()) {
            return Err(format!("no feedback on {:?}", answer.text));
        }
        let right = question.answers.iter().filter(|answer| answer.is_right).count();
        if right == 1 { Ok(question) } else { Err(format!("{right} right answers to {:?}", question.asked)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::{Form, Quantity};
    use std::collections::BTreeSet;

    #[test]
    fn most_lessons_predict_and_each_predicts_something_of_its_own() {
        let predictions: Vec<&Prediction> = lessons().iter().filter_map(Lesson::prediction).collect();
        assert!(predictions.len() >= 15, "{} predictions", predictions.len());
        let asked: Vec<Quantity> = predictions.iter().map(|prediction| prediction.quantity).collect();
        assert_eq!(asked, Quantity::ALL, "every quantity is predicted once, in the order of the lessons");
        for Prediction { asked, form, why, .. } in predictions {
            assert!(asked.ends_with(['?', '.']) && why.ends_with('.'), "{asked} {why}");
            let is_fit = match form {
                Form::Number { unit, .. } => unit.chars().count() <= 12,
                Form::Order(items) => (3..=6).contains(&items.len()) && items.iter().all(|it| it.chars().count() <= 22),
            };
            assert!(is_fit, "{form:?}");
        }
    }

    #[test]
    fn every_lesson_can_be_read_and_has_what_a_lesson_has() {
        assert_eq!(lessons().len(), 26);
        for lesson in lessons() {
            let [.., Page::Question(question), Page::Experiment] = &lesson.pages[..] else {
                panic!("{}: no question before the experiment", lesson.title)
            };
            assert_eq!(question.answers.len(), 3, "{}", lesson.title);
            let feedback: BTreeSet<&str> = question.answers.iter().map(|answer| answer.feedback.as_str()).collect();
            assert!(
                feedback.len() == 3 && !feedback.contains(""),
                "{}: each answer has its own feedback",
                lesson.title
            );
            let asks = lesson.pages.iter().flat_map(Page::asks).count();
            assert!((1..=3).contains(&asks), "{}: {asks} tasks", lesson.title);
            // One thing at a time.
            assert!(lesson.pages.iter().all(|page| page.asks().count() <= 1), "{}", lesson.title);
            assert!((4..=9).contains(&lesson.pages.len()), "{}", lesson.title);
        }
    }

    #[test]
    fn a_text_becomes_pages() {
        let text = "# T\nstage: worked bpe\n\nOne\nparagraph.\n\n    a = b\n      + c\n\n> step 2: Press →: so.\n\n---\n\n\
                    ? Which?\n- this\n: No.\n+ that\n: So.\n- none\n: Nor this.\n";
        let lesson = Lesson::read(text).unwrap();
        assert_eq!((lesson.title.as_str(), lesson.stage), ("T", Stage::Worked(Worked::Bpe)));
        let Page::Text(blocks) = &lesson.pages[0] else { panic!() };
        assert_eq!(blocks[0], Block::Paragraph("One paragraph.".into()));
        assert_eq!(blocks[1], Block::Formula(vec!["a = b".into(), "  + c".into()]));
        assert_eq!(blocks[2], Block::Ask(Task::parse("step 2").unwrap(), "Press →: so.".into()));
        let Page::Question(question) = &lesson.pages[1] else { panic!() };
        assert_eq!(question.answers.iter().position(|answer| answer.is_right), Some(1));
        assert_eq!(question.answers[0].feedback, "No.");
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, said) in [
            ("T", "# "),
            ("# T\nstage: nowhere", "stage"),
            ("# T\nstage: text\n\n> fly: Up.", "task"),
            ("# T\nstage: text\n\n? Which?\n+ a\n: So.\n+ b\n: So.", "2 right answers"),
            ("# T\nstage: text\n\n? Which?\n+ a\n: So.\n- b", "no feedback"),
            ("# T\nstage: text\n\n~ How much?\nof: work", "a number or an order"),
        ] {
            let problem = Lesson::read(text).unwrap_err();
            assert!(problem.contains(said), "{problem}");
        }
    }
}
