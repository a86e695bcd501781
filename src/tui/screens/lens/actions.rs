//! What can be done on the Lens screen, and by which keys.

use crate::tui::action::act::{Action, actions};
use crate::tui::action::key::{BACKSPACE, DOWN, END, ENTER, HOME, LEFT, PAGE_DOWN, PAGE_UP, RIGHT, UP, char};
use crate::tui::screens::about::{About, Shows};

pub const ABOUT: About = About {
    name: "Lens",
    short_name: "Lens",
    key: &[char('L')],
    about: "what the residual stream says on its way",
    shows: Shows::Text,
    actions: ACTIONS,
};

#[rustfmt::skip]
const ACTIONS: &[Action] = actions! {
    Left       [LEFT, char('h')] "token" + Right, "Token before", "select the position before";
    Right      [RIGHT, char('l')] "",     "Token after", "select the next position";
    Up         [UP, char('k')]   "depth" + Down, "Earlier", "select the place before";
    Down       [DOWN, char('j')] "",      "Later", "select the next place";
    Open       [ENTER]           "in/out", "In", "one cell in full: its likeliest tokens, and who wrote one of them";
    Close      [BACKSPACE]       "",      "Out", "back to all cells";
    Colour     [char('c')]       "figure", "Figure", "what cells say: token, rank of the one that comes, entropy, KL, norm, write ratio";
    NextFound  [char('n')]       "candidate" + PreviousFound, "Next candidate", "take the next of a cell's likeliest tokens apart";
    PreviousFound [char('N')]    "",      "Candidate before", "take the one before apart";
    Versus     [char('d')]       "against", "Against", "hold the others against this token, or against none";
    Neurons    [char('v')]       "neurons", "Neurons", "beside a cell: the strongest neurons of its MLP, or who wrote its token";
    SwitchOff  [char('x')]       "off/on", "Switch off", "switch the selected head off, or on again, and see what that does";
    Change     [char('X')]       "change", "Change", "switch off, scale or patch a part of the model, or put another token there";
    ShowEffect [char('a')]       "effect", "Effect", "what the changes do: candidates, −ln p, both continuations";
    AllOn      [char('u')]       "undo",  "Undo", "take all changes back";
    Jump       [char('/')]       "go to", "Go to", "go to a position by its number or its token";
    Pin        [char('p')]       "",      "Pin", "keep this text: patches come from it";
    Grow       [char('g')]       "",      "Go on", "let the text go on";
    PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
    PageDown   [PAGE_DOWN]       "",      "Page down", "a screenful down";
    First      [HOME]            "",      "First token", "select the first position";
    Last       [END]             "",      "Last token", "select the last position";
};
