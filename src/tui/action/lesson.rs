//! What can be done in a lesson that waits for an answer.

use super::act::{Action, actions};
use super::key::{BACKSPACE, ENTER, char};

#[rustfmt::skip]
pub const PREDICTION: &[Action] = actions! {
    Predict    [ENTER]           "predict", "Predict", "say this, and have it measured on this model and text";
    Erase      [BACKSPACE]       "erase", "Erase", "take the last character back";
};

#[rustfmt::skip]
pub const QUIZ: &[Action] = actions! {
    AnswerA    [char('A'), char('a')] "answer", "Answer A", "the first answer to the lesson's question";
    AnswerB    [char('B'), char('b')] "", "Answer B", "the second";
    AnswerC    [char('C'), char('c')] "", "Answer C", "the third";
};
