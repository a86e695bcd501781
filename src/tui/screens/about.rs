//! What a screen says of itself.

use crate::tui::action::act::Action;
use crate::tui::action::key::Key;

/// A screen, as its tab, the help and the palette show it.
#[derive(Debug)]
pub struct About {
    /// The name on its tab.
    pub name: &'static str,
    /// The same where there is little room.
    pub short_name: &'static str,
    /// The keys that open it; the first is the one to show.
    pub key: &'static [Key],
    /// What is seen there, in a few words.
    pub about: &'static str,
    pub shows: Shows,
    /// What can be done there.
    pub actions: &'static [Action],
}

/// What a screen is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shows {
    /// The run.
    Run,
    /// A study.
    Study,
    /// What is seen of one pass over a text.
    Text,
    Lessons,
}
