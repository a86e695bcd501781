//! The one place where the state changes: a message comes in, effects go out, nothing else happens.

use super::action::{self, Act, Scope};
use super::app::{App, Engine, Hit, Popup, Screen};
use super::effect::Effect;
use super::live::{Live, State};
use super::manner::Manner;
use super::message::Msg;
use crate::measure::{Prompt, Request};
use crate::record::{self, Status, Watched};
use crate::text::shown;
use crate::tui::popups::prompt::form::Field;
use crate::tui::popups::tokens::lines as prompt_tokens;
use crate::tui::screens;
use crate::worker::{Card, Command, Event, RunId};
use crossterm::event::{
    Event as Input, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use ratatui::layout::Position;

impl App {
    /// Takes in what happened, and says what is to be done about it.
    pub fn update(&mut self, msg: Msg) -> Vec<Effect> {
        let mut effects = self.take(msg);
        self.add_up();
        effects.extend(self.look());
        effects.extend(self.attend());
        effects
    }

    fn take(&mut self, msg: Msg) -> Vec<Effect> {
        match msg {
            Msg::Input(input) => self.input(input),
            Msg::Worker(event) => self.worker(event),
            Msg::Tick(clock) => {
                self.clock = clock;
                if self.toast.as_ref().is_some_and(|toast| toast.until <= clock) {
                    self.toast = None;
                }
                Vec::new()
            }
            Msg::Saved(Ok(name)) => {
                self.say(format!("saved as {name}"), false);
                if let Some(live) = &mut self.live {
                    live.file = Some(name);
                }
                Vec::new()
            }
            Msg::Saved(Err(error)) => {
                self.notice("The run could not be saved", error, true);
                Vec::new()
            }
            Msg::StudySaved(Ok(name)) => {
                self.say(format!("saved as {name}"), false);
                if let Some(studied) = self.studies.of_mut(self.screen) {
                    studied.file = Some(name);
                }
                Vec::new()
            }
            Msg::StudySaved(Err(error)) => {
                self.notice("The study could not be saved", error, true);
                Vec::new()
            }
            Msg::Unkept(why) => {
                self.say(format!("progress is not kept: {why}"), true);
                self.screens.learn.unkept = Some(why);
                Vec::new()
            }
            Msg::Stopped => vec![Effect::Suspend],
            Msg::Ended(why) => vec![Effect::Quit(why)],
            Msg::Closed => {
                let mut effects = self.save_all();
                effects.push(Effect::Quit(None));
                effects
            }
        }
    }

    fn input(&mut self, input: Input) -> Vec<Effect> {
        match input {
            Input::Key(key) if key.kind != KeyEventKind::Release => self.key(key),
            Input::Mouse(mouse) => self.mouse(mouse),
            Input::Paste(text) => {
                self.paste(&text);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn key(&mut self, key: KeyEvent) -> Vec<Effect> {
        if self.types_prediction(&key) {
            return Vec::new();
        }
        if let Some(act) = action::find(&self.scopes(), &key) {
            return self.perform(act);
        }
        let (tokenizer, template) = (self.has_tokenizer(), self.has_chat_template());
        if let Some(picker) = self.popup.as_mut().and_then(Popup::picker) {
            picker.key(key);
            return Vec::new();
        }
        match &mut self.popup {
            Some(Popup::Prompt) => self.form.key(key, tokenizer, template),
            Some(Popup::Changing(changing)) => match key.code {
                KeyCode::Backspace => drop(changing.text.pop()),
                KeyCode::Char(c) if !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => {
                    changing.paste(&c.to_string());
                }
                _ => {}
            },
            _ => {}
        }
        Vec::new()
    }

    fn paste(&mut self, text: &str) {
        if let Some(picker) = self.popup.as_mut().and_then(Popup::picker) {
            return picker.paste(text);
        }
        match &mut self.popup {
            Some(Popup::Changing(changing)) => changing.paste(text),
            Some(Popup::Prompt) if !self.form.applies(Field::Text) => {
                self.say("a synthetic prompt has no text to paste into", false);
            }
            Some(Popup::Prompt) => {
                self.form.focus(Field::Text);
                let left_out = self.form.paste(text);
                if left_out > 0 {
                    self.say(format!("{left_out} invisible or control characters of the paste were left out"), false);
                }
            }
            _ => {
                let key = action::key_of(&[Scope::Everywhere], Act::EditPrompt);
                self.say(format!("press {key} to open the prompt, then paste"), false);
            }
        }
    }

    fn mouse(&mut self, mouse: MouseEvent) -> Vec<Effect> {
        let at = Position::new(mouse.column, mouse.row);
        match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => {
                let hit = self.drawn.hits.iter().rev().find(|(area, _)| area.contains(at)).map(|(_, hit)| hit.clone());
                hit.map_or_else(Vec::new, |hit| self.click(hit))
            }
            MouseEventKind::ScrollDown | MouseEventKind::ScrollUp if self.drawn.axis.contains(at) => {
                let by = if mouse.kind == MouseEventKind::ScrollUp { -1 } else { 1 };
                self.wheel_on_timeline(by, mouse.column);
                Vec::new()
            }
            MouseEventKind::ScrollDown => self.wheel(3),
            MouseEventKind::ScrollUp => self.wheel(-3),
            _ => Vec::new(),
        }
    }

    fn click(&mut self, hit: Hit) -> Vec<Effect> {
        match hit {
            Hit::Act(act) => return self.perform(act),
            // A second click opens or closes.
            Hit::Row(path) if self.screens.blocks.selected == path => screens::blocks::perform::twist(self, &path),
            Hit::Row(path) => self.screens.blocks.selected = path,
            Hit::Listed(name) if self.screen == Screen::Memory => self.screens.memory.selected = name,
            Hit::Listed(name) => self.screens.roofline.selected = name,
            Hit::Branch(path) if self.screens.compare.selected == path => self.screens.compare.twist(&path),
            Hit::Branch(path) => self.screens.compare.selected = path,
            Hit::Arm(arm) => self.screens.matrix.selected = arm,
            Hit::Head(index) => screens::heads::perform::click_head(self, index),
            Hit::Cell(query, key) => (self.selection.query, self.selection.key) = (query, key),
            Hit::Point(series, point) => screens::sweep::perform::select_point(self, series, point),
            Hit::Slice(at) => self.click_slice(at),
            // A second click goes there.
            Hit::Named(row) if self.screens.timeline.row == row => self.on_timeline(action::Act::Open),
            Hit::Named(row) => self.screens.timeline.row = row,
            Hit::Token(token) => {
                self.screens.generate.selected = Some(token);
                self.screens.generate.scroll = None;
            }
            Hit::Entry(entry) => return self.click_entry(entry),
            Hit::Value(row, value) => self.choose_value(row, &value),
            Hit::Field(field) => self.form.focus(field),
            Hit::Popup => {}
            Hit::Outside => return self.perform(action::Act::Dismiss),
        }
        Vec::new()
    }

    fn worker(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Loading { stage, done, total } => {
                if let Engine::Loading { stage: s, done: d, total: t, .. } = &mut self.engine
                    && self.loads <= 1
                {
                    (*s, *d, *t) = (stage, done, total);
                }
            }
            Event::Loaded(card) => return self.loaded(card),
            Event::LoadFailed { error, kept } => self.load_failed(error, kept),
            Event::Run { run, events } => self.measured(run, events),
            Event::Halted { run, halt } => {
                if let Some(live) = self.live.as_mut().filter(|live| live.id == Some(run)) {
                    live.halt(halt);
                }
            }
            Event::Observed { run, observation } => self.observed(run, *observation),
            Event::Tokenized(tokenized) => {
                if let Some(Popup::Tokens { lines, .. }) = &mut self.popup {
                    *lines = prompt_tokens::lines(&tokenized);
                }
            }
            Event::Embeddings { text, embeddings } => {
                if let Some((of, came)) = &mut self.screens.learn.embeddings
                    && *of == text
                {
                    *came = Some(*embeddings);
                }
            }
            Event::Measured { lesson, came } => self.predicted(lesson, *came),
            Event::Proved { lesson, came } => self.proved(lesson, *came),
            Event::Measuring { stage, done, total } => self.measuring(stage, done, total),
            Event::Peaks(peaks) => self.peaks(peaks),
            Event::Study { run, events } => self.studied(run, events),
            Event::Studying { run, progress } => {
                if let Some(studied) = self.studies.by_id(run) {
                    studied.progress = progress;
                }
            }
        }
        Vec::new()
    }

    fn loaded(&mut self, card: Box<Card>) -> Vec<Effect> {
        self.loads = self.loads.saturating_sub(1);
        if self.loads > 0 {
            return Vec::new();
        }
        self.load_cancelled = false;
        self.toggles = card.toggles.clone();
        let warnings = card.warnings.join("\n\n");
        let rebuilt = self.explorer.as_ref().is_some_and(|seen| seen.text.model == card.info.name);
        self.engine = Engine::Ready(card);
        self.form.suit(self.has_tokenizer(), self.has_chat_template());
        if !warnings.is_empty() {
            self.notice("The model is ready, with a warning", warnings, false);
        }
        let mut effects = self.explore_again(rebuilt);
        match self.run_when_loaded.take() {
            // Who looks at a text wants to see it, not to time it.
            Some(_) if self.screen.is_of_text() && self.explorer.is_some() => {}
            Some(_) if self.screen.is_of_text() => effects.extend(self.explore_prompt()),
            Some(manner) => effects.extend(self.start(manner)),
            None => {}
        }
        effects
    }

    fn load_failed(&mut self, error: String, kept: bool) {
        self.loads = self.loads.saturating_sub(1);
        if self.loads > 0 {
            return;
        }
        self.run_when_loaded = None;
        // What was seen went with the model.
        self.explorer = None;
        let previous = match std::mem::replace(&mut self.engine, Engine::Empty) {
            Engine::Loading { previous, .. } => previous.filter(|_| kept),
            Engine::Ready(card) => Some(card).filter(|_| kept),
            Engine::Viewer | Engine::Empty => None,
        };
        if let Some(card) = previous {
            self.toggles = card.toggles.clone();
            self.source = Some(card.info.source.clone());
            self.engine = Engine::Ready(card);
        }
        if std::mem::take(&mut self.load_cancelled) {
            self.say("loading was cancelled", false);
        } else {
            self.notice("The model could not be opened", error, true);
        }
    }

    fn measured(&mut self, run: RunId, events: Vec<record::Event>) {
        let Some(live) = self.live.as_mut().filter(|live| live.id == Some(run)) else { return };
        let mut failure = None;
        for event in events {
            if let record::Event::End(Status::Failed(reason)) = &event {
                failure = Some(reason.clone());
            }
            live.apply(event);
        }
        if self.shown.follows {
            self.shown.phase = live.phase().or(self.shown.phase);
        }
        if let Some(reason) = failure {
            self.notice("The run failed", reason, true);
        }
    }

    /// Tells the user something that must not be missed.
    pub(super) fn notice(&mut self, title: &str, text: String, bad: bool) {
        let text = shown::bounded(&text).into_owned();
        self.popup = Some(Popup::Notice { title: title.into(), text, bad, scroll: 0 });
    }

    /// Opens the first model, and runs it if asked to.
    pub fn open(&mut self, source: String, run: bool) -> Vec<Effect> {
        self.run_when_loaded = run.then_some(Manner::Timed);
        self.load(source)
    }

    /// Asks for a model. What runs or loads is ended first.
    pub(super) fn load(&mut self, source: String) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.is_busy() {
            effects.push(Effect::Cancel);
        }
        if let Some(measuring) = &mut self.measuring {
            measuring.cancelled = true;
        }
        self.studies.cancel();
        if let Some(live) = self.live.as_mut().filter(|live| live.is_going_on()) {
            live.state = State::Cancelling;
        }
        let previous = match std::mem::replace(&mut self.engine, Engine::Empty) {
            Engine::Ready(card) => Some(card),
            Engine::Loading { previous, .. } => previous,
            Engine::Viewer | Engine::Empty => None,
        };
        let (stage, since) = (String::new(), self.clock);
        self.engine = Engine::Loading { source: source.clone(), stage, done: 0, total: 0, since, previous };
        self.source = Some(source.clone());
        self.loads += 1;
        self.load_cancelled = false;
        effects.push(Effect::Send(Command::Load { source, toggles: self.toggles.clone(), device: self.device }));
        effects
    }

    /// Starts a run of what the prompt editor says.
    pub(super) fn start(&mut self, manner: Manner) -> Vec<Effect> {
        let step = manner == Manner::Stepped;
        match self.asked(step) {
            Some(mut request) => {
                if manner == Manner::Traced {
                    request.watched = Watched::Operators;
                }
                self.last_run += 1;
                let run = RunId(self.last_run);
                let chat = matches!(request.prompt, Prompt::Chat(_));
                let (is_traced, is_sampled) = (manner == Manner::Traced, request.sampling.temperature > 0.0);
                self.live = Some(Live { chat, is_traced, is_sampled, ..Live::new(run, step, self.clock) });
                self.screens.generate.selected = None;
                self.screens.generate.scroll = None;
                if step {
                    self.screen = Screen::Step;
                } else if self.screen == Screen::Step {
                    self.screen = Screen::Blocks;
                }
                vec![Effect::Send(Command::Run { run, request })]
            }
            None => Vec::new(),
        }
    }

    /// What the prompt editor asks for; where that makes no sense it is opened, and says why.
    pub(super) fn asked(&mut self, step: bool) -> Option<Request> {
        let (field, problem) = match self.form.request(step) {
            Ok(request) => return Some(request),
            Err(wrong) => wrong,
        };
        self.popup = Some(Popup::Prompt);
        self.form.focus(field);
        self.say(format!("{}: {problem}", field.name()), true);
        None
    }
}
