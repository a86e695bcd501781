//! What can be done on every screen while no popup is open, beside going to a screen.

use super::act::{Action, actions};
use super::key::{BACK_TAB, ESC, TAB, char, ctrl};

#[rustfmt::skip]
pub const FIRST: &[Action] = actions! {
    Run        [char('r')]       "run",   "Run", "run the model on the prompt and measure it; on Heads and Lens read it";
    TraceRun   [char('R')]       "trace", "Run, traced", "the same with every operator and every allocation, beside a plain run";
    Cancel     [ESC]             "cancel", "Cancel", "end the run, or the loading, at the next operator";
    Step       [char('s')]       "step",  "Single step", "run the model and halt after every part";
    Toggles    [char('t')]       "toggles", "Toggles", "choose attention, KV cache, number formats, threads";
    EditPrompt [char('e')]       "prompt", "Prompt", "edit the prompt, the number of tokens and the sampling";
    Tokens     [char('T')]       "",      "Tokens", "how the tokenizer cuts the prompt: ids, bytes, places, merge by merge";
    Models     [char('m')]       "models", "Models", "choose another model";
    Save       [char('w')]       "save",  "Save", "write the run, or the study on the screen, to a file in the current folder";
    NextScreen [TAB]             "",      "Next screen", "go to the next screen";
    PreviousScreen [BACK_TAB]    "",      "Previous screen", "go to the previous screen";
};

/// What is listed after the screens.
#[rustfmt::skip]
pub const LAST: &[Action] = actions! {
    NextPage   [char(']')]       "",      "Next page", "turn the page of the lesson, or scroll it";
    PreviousPage [char('[')]     "",      "Page before", "turn back";
    AnswerA    [char('A')]       "",      "Answer A", "the first answer to the lesson's question; once it is answered, why it is right or wrong";
    AnswerB    [char('B')]       "",      "Answer B", "the second";
    AnswerC    [char('C')]       "",      "Answer C", "the third";
    Prove      [char('!')]       "",      "Experiment", "prove on this model what the lesson claims";
    CloseLesson [char('Y')]      "",      "Close the lesson", "take the lesson off the screen; what was done is kept";
    Glossary   [char('G')]       "",      "Glossary", "terms and symbols, in a sentence or two";
    Palette    [char(':')]       "palette", "Palette", "find an action by its name";
    Help       [char('?')]       "help",  "Help", "the keys of this screen";
    Quit       [char('q')]       "quit",  "Quit", "leave; what runs is ended";
    Interrupt  [ctrl('c')]       "",      "Interrupt", "end what runs; if nothing runs, leave";
    Repaint    [ctrl('l')]       "",      "Draw again", "draw the whole screen anew";
    Suspend    [ctrl('z')]       "",      "Suspend", "back to the shell; fg returns";
};
