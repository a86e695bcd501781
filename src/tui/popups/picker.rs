//! A line to type in and a list that it narrows: the state of the palette and of the model picker.

use crate::analyse::timeline::Grouped;
use crate::learn::{Term, glossary};
use crate::record::explored::HeadScores;
use crate::tui::action;
use crate::tui::action::{Act, Action, Scope};
use crate::tui::sanitize;
use crate::tui::screens::timeline::Chart;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A model on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedModel {
    /// A name to show.
    pub name: String,
    /// What opens it.
    pub source: String,
}

/// Shapes that can be timed without a download, and what they are.
pub const PRESETS: [(&str, &str); 3] = [
    ("random:smollm2-135m", "30 blocks, 9 heads (3 KV), 135M"),
    ("random:gpt2-124m", "12 blocks, 12 heads, 124M"),
    ("random:llama-3.2-1b", "16 blocks, 32 heads (8 KV), 1.24B: 4.9 GB in f32"),
];

/// What has been typed, and which of the matching entries is selected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Picker {
    pub input: String,
    pub selected: usize,
}

/// An entry of the model picker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub group: Group,
    pub name: String,
    pub about: String,
    /// What [`crate::worker::Command::Load`] takes.
    pub source: String,
}

/// Where a model comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Typed,
    Cached,
    Random,
}

impl Group {
    pub fn name(self) -> &'static str {
        match self {
            Group::Typed => "what you typed",
            Group::Cached => "on this machine",
            Group::Random => "random weights: timing without a download",
        }
    }
}

impl Picker {
    /// A key that is no action: it edits the line.
    pub fn key(&mut self, key: KeyEvent) {
        match key.code {
            KeyCode::Backspace => drop(self.input.pop()),
            KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => self.input.clear(),
            KeyCode::Char(c) if !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => {
                self.paste(&c.to_string());
            }
            _ => return,
        }
        self.selected = 0;
    }

    /// Text from the clipboard: one line of it.
    pub fn paste(&mut self, text: &str) {
        let line = text.trim_matches(['\r', '\n']).lines().next().unwrap_or_default();
        // A path of a foreign file may hold anything; only what can be seen may be typed.
        self.input.extend(line.chars().filter(|c| sanitize::keeps(*c)));
        self.selected = 0;
    }

    /// Moves the selection within `n` entries.
    pub fn go(&mut self, by: isize, n: usize) {
        self.selected = self.selected.saturating_add_signed(by).min(n.saturating_sub(1));
    }

    /// The actions whose name or description holds what was typed; those that begin with it first.
    pub fn actions(&self, scopes: &[Scope]) -> Vec<&'static Action> {
        let wanted = self.input.trim().to_lowercase();
        let in_palette =
            |action: &&Action| !matches!(action.act, Act::Palette | Act::Interrupt) && !is_motion(action.act);
        let all = scopes.iter().flat_map(|&scope| action::of(scope)).filter(in_palette);
        let mut found: Vec<_> = all
            .filter(|action| {
                action.name.to_lowercase().contains(&wanted) || action.about.to_lowercase().contains(&wanted)
            })
            .collect();
        found.sort_by_key(|action| match action.name.to_lowercase().find(&wanted) {
            Some(0) => 0,
            Some(_) => 1,
            None => 2,
        });
        found
    }

    /// The positions of a text whose number begins, or whose token holds, what was typed.
    pub fn positions(&self, tokens: &[(u32, String)]) -> Vec<usize> {
        let wanted = self.input.trim().to_lowercase();
        let fits = |position: &usize| {
            position.to_string().starts_with(&wanted) || tokens[*position].1.to_lowercase().contains(&wanted)
        };
        (0..tokens.len()).filter(fits).collect()
    }

    /// The heads whose number begins with what was typed, or that do what was typed; by their place in `scores`.
    pub fn heads(&self, scores: &[HeadScores]) -> Vec<usize> {
        let wanted = self.input.trim().to_lowercase();
        let does = |scores: &HeadScores| scores.roles().iter().any(|role| role.name().starts_with(&wanted));
        let fits = |head: &usize| scores[*head].at.to_string().starts_with(&wanted) || does(&scores[*head]);
        (0..scores.len()).filter(fits).collect()
    }

    /// The terms whose name or meaning holds what was typed; those whose name begins with it first.
    pub fn terms(&self) -> Vec<&'static Term> {
        let wanted = self.input.trim().to_lowercase();
        let place = |term: &Term| match term.name.to_lowercase().find(&wanted) {
            Some(0) => Some(0),
            Some(_) => Some(1),
            None => term.meaning.to_lowercase().contains(&wanted).then_some(2),
        };
        let mut found: Vec<_> = glossary().iter().filter_map(|term| Some((place(term)?, term))).collect();
        found.sort_by_key(|(place, _)| *place);
        found.into_iter().map(|(_, term)| term).collect()
    }

    /// The names on the Timeline that hold what was typed, most own time first.
    pub fn names<'c>(&self, chart: &'c Chart) -> Vec<&'c Grouped> {
        let wanted = self.input.trim().to_lowercase();
        let name = |group: &&Grouped| chart.timeline.names[group.name as usize].to_lowercase().contains(&wanted);
        chart.all.iter().filter(name).collect()
    }

    /// The models that match what was typed, and what was typed itself where it may be a path.
    pub fn models(&self, cached: &[CachedModel]) -> Vec<Choice> {
        let typed = self.input.trim();
        let wanted = typed.to_lowercase();
        let cached = cached.iter().map(|model| Choice {
            group: Group::Cached,
            name: model.name.clone(),
            about: model.source.clone(),
            source: model.source.clone(),
        });
        let presets = PRESETS.iter().map(|(source, about)| Choice {
            group: Group::Random,
            name: (*source).into(),
            about: (*about).into(),
            source: (*source).into(),
        });
        let matches = |choice: &Choice| {
            choice.name.to_lowercase().contains(&wanted) || choice.source.to_lowercase().contains(&wanted)
        };
        let mut found: Vec<Choice> = cached.chain(presets).filter(matches).collect();
        if !typed.is_empty() && !found.iter().any(|choice| choice.source == typed) {
            let itself = Choice {
                group: Group::Typed,
                name: typed.into(),
                about: "a folder, a .gguf file, a preset, or random:…".into(),
                source: typed.into(),
            };
            // A path is meant as it stands; a word is more likely a part of a name.
            let at = if typed.contains(['/', '\\', ':']) || typed.ends_with(".gguf") { 0 } else { found.len() };
            found.insert(at, itself);
        }
        found
    }
}

/// Whether an action only moves about, which makes no sense out of a list.
fn is_motion(act: Act) -> bool {
    use Act::{Down, First, Last, Left, PageDown, PageUp, Right, Up};
    matches!(act, Up | Down | Left | Right | PageUp | PageDown | First | Last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::screens::list::Screen;

    fn typed(input: &str) -> Picker {
        Picker { input: input.into(), selected: 0 }
    }

    #[test]
    fn the_palette_finds_by_name_and_by_description() {
        let scopes = [Scope::On(Screen::Blocks), Scope::Everywhere];
        let names = |input| typed(input).actions(&scopes).iter().map(|action| action.act).collect::<Vec<_>>();
        assert_eq!(names("tog")[0], Act::Toggles);
        assert_eq!(names("kv cache"), [Act::Toggles]);
        assert!(names("").len() > 15 && !names("").contains(&Act::Up));
        assert!(names("no such thing").is_empty());
    }

    #[test]
    fn a_path_can_be_typed_where_nothing_matches() {
        let cached = [CachedModel { name: "SmolLM2".into(), source: "models/smol.gguf".into() }];
        assert_eq!(typed("").models(&cached).len(), 4);
        assert_eq!(typed("smol").models(&cached)[0].source, "models/smol.gguf");
        let path = typed("/data/my.gguf").models(&cached);
        assert_eq!((path[0].group, path[0].source.as_str()), (Group::Typed, "/data/my.gguf"));
        assert_eq!(typed("random:gpt2-124m").models(&cached).len(), 1);
    }

    #[test]
    fn only_what_can_be_seen_is_typed() {
        let mut picker = Picker::default();
        picker.paste("a\u{1b}[0m\nb");
        assert_eq!(picker.input, "a[0m");
    }
}
