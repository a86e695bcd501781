//! The screens.

use super::action::{Act, Scope};

/// The screens, in the order of their tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    Blocks,
    Timeline,
    Roofline,
    Memory,
    Generate,
    SingleStep,
    Compare,
    Matrix,
    Sweep,
    Heads,
    Lens,
    Learn,
}

impl Screen {
    pub const ALL: [Screen; 12] = [
        Screen::Blocks,
        Screen::Timeline,
        Screen::Roofline,
        Screen::Memory,
        Screen::Generate,
        Screen::SingleStep,
        Screen::Compare,
        Screen::Matrix,
        Screen::Sweep,
        Screen::Heads,
        Screen::Lens,
        Screen::Learn,
    ];

    /// The name on its tab.
    pub fn name(self) -> &'static str {
        match self {
            Screen::Blocks => "Blocks",
            Screen::Timeline => "Timeline",
            Screen::Roofline => "Roofline",
            Screen::Memory => "Memory",
            Screen::Generate => "Generate",
            Screen::SingleStep => "Step",
            Screen::Compare => "Compare",
            Screen::Matrix => "Matrix",
            Screen::Sweep => "Sweep",
            Screen::Heads => "Heads",
            Screen::Lens => "Lens",
            Screen::Learn => "Learn",
        }
    }

    /// The screen of this name, in whatever case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|screen| screen.name().eq_ignore_ascii_case(name))
    }

    /// The same where there is little room.
    pub fn short_name(self) -> &'static str {
        match self {
            Screen::Timeline => "Time",
            Screen::Roofline => "Roof",
            Screen::Generate => "Text",
            Screen::Memory => "Mem",
            Screen::Compare => "Cmp",
            Screen::Matrix => "Mat",
            screen => screen.name(),
        }
    }

    /// The action that opens it.
    pub fn act(self) -> Act {
        match self {
            Screen::Blocks => Act::Blocks,
            Screen::Timeline => Act::Timeline,
            Screen::Roofline => Act::Roofline,
            Screen::Memory => Act::Memory,
            Screen::Generate => Act::Generate,
            Screen::SingleStep => Act::SingleStep,
            Screen::Compare => Act::Compare,
            Screen::Matrix => Act::Matrix,
            Screen::Sweep => Act::Sweep,
            Screen::Heads => Act::Heads,
            Screen::Lens => Act::Lens,
            Screen::Learn => Act::Learn,
        }
    }

    /// Whether it shows a study rather than a run.
    pub fn is_of_studies(self) -> bool {
        matches!(self, Screen::Compare | Screen::Matrix | Screen::Sweep)
    }

    /// Whether it shows what is seen of one pass over a text.
    pub fn is_of_text(self) -> bool {
        matches!(self, Screen::Heads | Screen::Lens)
    }

    /// The actions that it has of its own.
    pub fn scope(self) -> Scope {
        match self {
            Screen::Blocks => Scope::Blocks,
            Screen::Timeline => Scope::Timeline,
            Screen::Roofline => Scope::Roofline,
            Screen::Memory => Scope::Memory,
            Screen::Generate => Scope::Generate,
            Screen::SingleStep => Scope::SingleStep,
            Screen::Compare => Scope::Compare,
            Screen::Matrix => Scope::Matrix,
            Screen::Sweep => Scope::Sweep,
            Screen::Heads => Scope::Heads,
            Screen::Lens => Scope::Lens,
            Screen::Learn => Scope::Learn,
        }
    }
}
