//! What the keys do on the screens of one text, and what comes back of it.

use crate::interpret::{Change, Intervention, Target};
use crate::measure::Prompt;
use crate::tui::action::{self, Act, Scope};
use crate::tui::app::{App, Engine, Popup, Screen};
use crate::tui::effect::Effect;
use crate::tui::explorer::{Explorer, HeadsView, Order, Pinned, SIDE};
use crate::tui::live::State;
use crate::tui::popups::changing::draft::{Changing, FIRST, WAYS};
use crate::tui::screens;
use crate::worker::{Command, Observation, Question, RunId};
use std::path::PathBuf;

/// Random tokens of the repeat probe, each of which comes twice.
const REPEATED: u32 = 50;
/// Tokens by which a text grows at a time.
const GROWN: usize = 16;

impl App {
    /// Reads what the prompt editor holds.
    pub(in crate::tui) fn explore_prompt(&mut self) -> Vec<Effect> {
        let Some(request) = self.asked(false) else { return Vec::new() };
        if !self.selection.changes.is_empty() {
            self.say("the prompt is read as it is: all changes are taken back", false);
        }
        self.explore(request.prompt)
    }

    /// Reads random tokens twice, and puts the heads that look back at what came after first.
    pub(in crate::tui) fn explore_repeated(&mut self) -> Vec<Effect> {
        (self.selection.order, self.selection.shows, self.selection.filter) = (Order::Induction, HeadsView::All, None);
        self.screen = Screen::Heads;
        let effects = self.explore(Prompt::Repeated(REPEATED));
        if let Some(seen) = &mut self.explorer {
            seen.is_probe = true;
        }
        effects
    }

    fn explore(&mut self, prompt: Prompt) -> Vec<Effect> {
        let run = self.look_anew();
        vec![Effect::Send(Command::Explore { run, prompt, side: SIDE })]
    }

    /// Opens what was seen before.
    pub(in crate::tui) fn open_seen(&mut self, path: PathBuf) -> Vec<Effect> {
        self.screen = Screen::Heads;
        let run = self.look_anew();
        vec![Effect::Send(Command::OpenCapture { run, path, side: SIDE })]
    }

    /// Shows how the prompt is cut.
    pub(in crate::tui) fn tokenize(&mut self) -> Vec<Effect> {
        let Some(request) = self.asked(false) else { return Vec::new() };
        self.popup = Some(Popup::Tokens { lines: Vec::new(), scroll: 0 });
        vec![Effect::Send(Command::Tokenize { prompt: request.prompt })]
    }

    fn look_anew(&mut self) -> RunId {
        self.last_run += 1;
        let run = RunId(self.last_run);
        self.explorer = Some(Explorer::new(run, self.clock));
        self.selection.changes.clear();
        run
    }

    /// Reads the present text again where the same model was built anew, with other toggles: what is looked at and what
    /// is changed stays. What another model saw is of no use.
    pub(in crate::tui) fn explore_again(&mut self, rebuilt: bool) -> Vec<Effect> {
        let Some(before) = self.explorer.take().filter(|seen| rebuilt && !seen.text.tokens.is_empty()) else {
            // Of another model there is nothing to hold against this one, and nothing to patch from.
            self.selection.difference = false;
            let unpinned = self.selection.pinned.take();
            return unpinned.map(|_| Effect::Send(Command::Unpin)).into_iter().collect();
        };
        let ids = before.text.tokens.iter().map(|(id, _)| *id).collect();
        let changes = std::mem::take(&mut self.selection.changes);
        let effects = self.explore(Prompt::Ids(ids));
        self.selection.changes = changes;
        if let Some(explorer) = &mut self.explorer {
            explorer.is_again = true;
        }
        effects
    }

    /// Lets the text go on.
    pub(in crate::tui) fn grow(&mut self) -> Vec<Effect> {
        let Some(explorer) = &mut self.explorer else { return Vec::new() };
        explorer.grows = true;
        (explorer.state, explorer.since) = (State::Running, self.clock);
        vec![Effect::Send(Command::Grow { run: explorer.run, tokens: GROWN })]
    }

    /// Shows what heads matter beside what they cost, and finds it out where that was not done.
    pub(in crate::tui) fn weigh(&mut self) -> Vec<Effect> {
        let Some(explorer) = &mut self.explorer else { return Vec::new() };
        (self.screen, self.selection.shows) = (Screen::Heads, HeadsView::Worth);
        if std::mem::replace(&mut explorer.weighs, true) {
            return Vec::new();
        }
        explorer.importance.clear();
        (explorer.state, explorer.since) = (State::Running, self.clock);
        vec![Effect::Send(Command::Weigh { run: explorer.run })]
    }

    /// Keeps the selected head for others to be held against, or lets go of the one that is kept.
    pub(in crate::tui) fn pin(&mut self) -> Vec<Effect> {
        let Some(explorer) = &mut self.explorer else { return Vec::new() };
        let (head, run) = (self.selection.selected, explorer.run);
        explorer.pinned = None;
        if self.selection.pinned.as_ref().is_some_and(|pinned| (pinned.head, pinned.run) == (head, run)) {
            self.selection.pinned = None;
            self.selection.difference = false;
            if self.selection.order == Order::Change {
                self.selection.order = Order::Place;
            }
            return vec![Effect::Send(Command::Unpin)];
        }
        let labels = explorer.text.tokens.iter().map(|(_, label)| label.clone()).collect();
        let toggles = explorer.text.toggles.clone();
        self.selection.pinned = Some(Pinned { head, run, labels, toggles });
        self.say(format!("head {head} of this text is pinned: what comes next is held against it"), false);
        vec![Effect::Send(Command::Pin { run })]
    }

    /// Takes in what was observed of the text.
    pub(in crate::tui) fn observed(&mut self, run: RunId, observation: Observation) {
        let Some(explorer) = self.explorer.as_mut().filter(|explorer| explorer.run == run) else { return };
        if let Observation::Text(text) = &observation
            && !explorer.is_again
        {
            // Where a reader of a text that goes on would look: at its end.
            let last = text.tokens.len().saturating_sub(1);
            (self.selection.query, self.selection.key) = (last, last);
            self.selection.versus = None;
        }
        let (is_last, has_grown) =
            (matches!(observation, Observation::AllHeads), matches!(observation, Observation::Grown(_)));
        let cancelled = matches!(observation, Observation::Cancelled).then(|| match () {
            () if explorer.grows => "the text grows no further".to_owned(),
            () if explorer.weighs => {
                let key = action::key_of(&[Scope::On(Screen::Heads)], Act::Weigh);
                format!("heads are switched off no further: {key} begins again")
            }
            () => "reading the text was cancelled".to_owned(),
        });
        let is_file = explorer.text.is_file || matches!(self.engine, Engine::Viewer);
        let failed = explorer.apply(observation);
        let encoded = explorer.encoded.take();
        if has_grown {
            self.selection.query = explorer.text.tokens.len() - 1;
        }
        if is_last && self.selection.order != Order::Place {
            screens::heads::perform::select_first(self);
        }
        if let Some((text, ids)) = encoded {
            self.swap(&text, &ids);
        }
        match failed {
            Some(reason) if is_file => self.notice("The file could not be opened", reason, true),
            Some(reason) => self.notice("The text could not be read", reason, true),
            None => drop(cancelled.map(|what| self.say(what, false))),
        }
    }

    /// Asks for what the screen shows and has not got.
    pub(in crate::tui) fn look(&mut self) -> Vec<Effect> {
        if self.drawn.cells != (0, 0) {
            self.selection.cells = self.drawn.cells;
        }
        let Some(explorer) = self.explorer.as_mut().filter(|_| self.screen.is_of_text()) else { return Vec::new() };
        let run = explorer.run;
        let missing = explorer.missing(&self.selection, self.screen == Screen::Lens);
        missing.into_iter().map(|question| Effect::Send(Command::Ask { run, question })).collect()
    }

    /// What is the same on every screen of a text.
    pub(in crate::tui) fn on_text(&mut self, act: Act) {
        match act {
            Act::AllOn => self.selection.changes.clear(),
            Act::SwitchOff => {
                let change = Intervention { target: Target::Head(self.selection.selected), change: Change::Zero };
                let is_it = |other: &Intervention| other.target == change.target;
                match self.selection.changes.iter().position(is_it) {
                    Some(at) => drop(self.selection.changes.remove(at)),
                    None => self.selection.changes.push(change),
                }
            }
            Act::Change => self.popup = Some(Popup::Changing(Changing::default())),
            Act::ShowEffect => self.popup = Some(Popup::Effect { scroll: 0 }),
            Act::Jump => self.popup = Some(Popup::Jump(crate::tui::popups::picker::Picker::default())),
            _ => {}
        }
    }

    /// The popup of what is changed.
    pub(in crate::tui) fn in_changing(&mut self, mut changing: Changing, act: Act) -> Vec<Effect> {
        let Some(explorer) = &self.explorer else { return Vec::new() };
        let run = explorer.run;
        let targets = Changing::targets(self.screen, &self.selection, explorer);
        let rows = FIRST + self.selection.changes.len();
        let turn = |at: usize, n: usize| if act == Act::Right { (at + 1) % n } else { (at + n - 1) % n };
        match act {
            Act::Up => changing.row = (changing.row + rows - 1) % rows,
            Act::Down => changing.row = (changing.row + 1) % rows,
            Act::Left | Act::Right if changing.row == 0 => changing.what = turn(changing.what, targets.len()),
            Act::Left | Act::Right if changing.row == 1 => changing.how = turn(changing.how, WAYS.len()),
            Act::Accept if changing.row >= FIRST => {
                self.selection.changes.remove(changing.row - FIRST);
                changing.row = changing.row.min(FIRST + self.selection.changes.len() - 1);
            }
            Act::Accept => {
                let target = changing.target(self.screen, &self.selection, explorer);
                if matches!(target, Target::Token { .. }) {
                    return self.encode(run, changing);
                }
                self.selection.changes.retain(|other| other.target != target);
                self.selection.changes.push(Intervention { target, change: changing.way().0 });
                return Vec::new();
            }
            _ => {}
        }
        self.popup = Some(Popup::Changing(changing));
        Vec::new()
    }

    /// Asks which token a text is.
    fn encode(&mut self, run: RunId, changing: Changing) -> Vec<Effect> {
        if changing.text.is_empty() {
            self.say("type the token that is to stand there; a space before it is part of it", true);
            self.popup = Some(Popup::Changing(changing));
            return Vec::new();
        }
        let asked = self.explorer.as_mut().map(|explorer| explorer.ask(vec![Question::Encode { text: changing.text }]));
        asked.unwrap_or_default().into_iter().map(|question| Effect::Send(Command::Ask { run, question })).collect()
    }

    /// Puts a token in the place of the selected one.
    fn swap(&mut self, text: &str, ids: &[u32]) {
        let &[id] = ids else {
            let problem =
                format!("'{text}' is {} tokens, and one stands there: a space before it may be missing", ids.len());
            return self.say(problem, true);
        };
        let target = Target::Token { position: self.selection.query as u32 };
        self.selection.changes.retain(|other| other.target != target);
        self.selection.changes.push(Intervention { target, change: Change::Swap(id) });
    }
}
