//! Everything that the interface knows: one value, changed only by [`App::update`](super::update).

pub use super::screens::list::Screen;

use super::action::{Act, Scope};
use super::explorer::{Explorer, Selection};
use super::live::{Live, State};
use super::manner::Manner;
use super::phase_sums::Sums;
use super::studies::{Studied, Studies};
use super::theme::Theme;
use crate::analyse::timeline::Timeline;
use crate::arch::Toggles;
use crate::engine::Device;
use crate::record::{Phase, Token};
use crate::tui::kit::prose::Page;
use crate::tui::popups::candidate::choice::Candidate;
use crate::tui::popups::changing::draft::Changing;
use crate::tui::popups::picker::{CachedModel, Picker};
use crate::tui::popups::prompt::form::{Field, Form};
use crate::tui::screens::blocks::outline::Node;
use crate::tui::screens::roofline::measuring::Measuring;
use crate::tui::screens::states::States;
use crate::tui::screens::timeline::{At, Chart, ImportedTrace, Viewport};
use crate::tui::shown::Shown;
use crate::units::Nanos;
use crate::worker::Card;
use ratatui::layout::{Position, Rect};

/// The state of the interface.
pub struct App {
    pub theme: Theme,
    /// Time since the interface began, as of the last message.
    pub clock: Nanos,
    pub screen: Screen,
    pub popup: Option<Popup>,
    pub engine: Engine,
    /// The toggles of the model, or of the next one.
    pub toggles: Toggles,
    /// Where models are loaded to.
    pub device: Device,
    /// What the model is, or was to be, opened by.
    pub source: Option<String>,
    /// The run on the screen.
    pub live: Option<Live>,
    /// The trace of another profiler on the screen; there is no run then.
    pub imported: Option<ImportedTrace>,
    /// The studies on the screens Compare, Matrix and Sweep.
    pub studies: Studies,
    /// What was chosen last to be measured beside the present toggles.
    pub chosen: Option<Candidate>,
    /// What is seen of a text, and how it is looked at.
    pub explorer: Option<Explorer>,
    pub selection: Selection,
    pub form: Form,
    /// What each screen knows of its own.
    pub screens: States,
    /// The phase that is seen.
    pub shown: Shown,
    /// The limits of the machine are being measured.
    pub measuring: Option<Measuring>,
    pub toast: Option<Toast>,
    /// Models found on this machine, for the picker.
    pub cached: Vec<CachedModel>,
    /// Where things lay when they were drawn last.
    pub drawn: Drawn,
    /// Loads that have been asked for and not answered; only the last answer counts.
    pub(super) loads: u32,
    /// Whether the loading that goes on was cancelled by the user.
    pub(super) load_cancelled: bool,
    /// Whether, and how, to run as soon as the model is ready.
    pub(super) run_when_loaded: Option<Manner>,
    pub(super) last_run: u64,
}

/// What lies over the screen.
#[derive(Debug, Clone, PartialEq)]
pub enum Popup {
    Prompt,
    /// The toggles as they would be, and the selected row.
    Toggles {
        draft: Toggles,
        row: usize,
    },
    /// What to compare with, or to sweep.
    Candidate(Candidate),
    /// Of which toggle every value is measured.
    Values {
        row: usize,
    },
    Models(Picker),
    /// Names on the Timeline.
    Find(Picker),
    /// Positions of a text.
    Jump(Picker),
    /// What is to be changed in the model or the text.
    Changing(Changing),
    /// How the prompt is cut: line by line, once that is known.
    Tokens {
        lines: Vec<String>,
        scroll: u16,
    },
    /// What the changes do, in full.
    Effect {
        scroll: u16,
    },
    Palette(Picker),
    /// Terms and symbols.
    Glossary(Picker),
    Help {
        scroll: u16,
    },
    /// Something went wrong, or should be known.
    Notice {
        title: String,
        text: String,
        bad: bool,
        scroll: u16,
    },
}

impl Popup {
    /// What is typed into, where entries are found by it.
    pub fn picker(&mut self) -> Option<&mut Picker> {
        match self {
            Popup::Models(picker)
            | Popup::Find(picker)
            | Popup::Jump(picker)
            | Popup::Glossary(picker)
            | Popup::Palette(picker) => Some(picker),
            _ => None,
        }
    }
}

/// How the model stands.
#[derive(Debug, Clone)]
pub enum Engine {
    /// There is none: a saved run or a trace is looked at.
    Viewer,
    /// None is loaded.
    Empty,
    Loading {
        source: String,
        stage: String,
        done: u64,
        total: u64,
        since: Nanos,
        /// The model that was there before.
        previous: Option<Box<Card>>,
    },
    Ready(Box<Card>),
}

/// A line that says what has just been done, for a while.
#[derive(Debug, Clone, PartialEq)]
pub struct Toast {
    pub text: String,
    pub bad: bool,
    pub until: Nanos,
}

/// Where things lay when they were drawn last, and how far they were scrolled.
#[derive(Debug, Default)]
pub struct Drawn {
    /// What can be clicked; what was drawn last lies on top.
    pub hits: Vec<(Rect, Hit)>,
    /// The first visible row of the Blocks table, and how many there are.
    pub rows: (usize, usize),
    /// The wrapped text of the Generate screen, and what it was made from.
    pub page: Page,
    pub page_key: (u64, u16),
    /// The first visible line of it, and how many there are.
    pub lines: (usize, usize),
    /// The first visible row of the Timeline, or of the Roofline or the Memory list, and how many there are.
    pub listed: (usize, usize),
    /// Where the time runs on the Timeline.
    pub axis: Rect,
    /// The first visible line of the lesson, how many there are, and how many it has.
    pub lesson: (usize, usize, usize),
    /// Cells of a head's pattern that there is room for: down and across.
    pub cells: (usize, usize),
    /// The first visible entry of a popup's list, or of the lessons, and how many there are.
    pub entries: (usize, usize),
    /// Where the terminal's own cursor belongs.
    pub cursor: Option<Position>,
}

/// What a place on the screen is.
#[derive(Debug, Clone, PartialEq)]
pub enum Hit {
    Act(Act),
    /// A row of the Blocks table.
    Row(String),
    /// A row of the Roofline or the Memory list, by its name.
    Listed(String),
    /// A row of the Compare table.
    Branch(String),
    /// An arm on the Matrix, by its number.
    Arm(u32),
    /// A head, by its number, and a cell of its pattern: query and key.
    Head(usize),
    Cell(usize, usize),
    /// A point of the Sweep: its series, and its place there.
    Point(usize, usize),
    /// A slice of the Timeline.
    Slice(At),
    /// A row of the Timeline's list by name.
    Named(usize),
    /// A token of the Generate screen.
    Token(usize),
    /// An entry of a popup's list, or of the lessons.
    Entry(usize),
    /// A value of a toggle.
    Value(usize, String),
    Field(Field),
    /// A popup, where there is nothing to click.
    Popup,
    /// Around a popup.
    Outside,
}

impl App {
    /// The interface before anything has happened. It shows `run` if there is one; else it waits for a model.
    pub fn new(theme: Theme, toggles: Toggles, form: Form, cached: Vec<CachedModel>, run: Option<Live>) -> Self {
        let mut shown = Shown::default();
        if let Some(live) = &run {
            // Where a reader would begin: the phase that was measured, most of all the prefill.
            shown.phase = live.run.passes.first().map(|pass| pass.start.phase).or(shown.phase);
            shown.follows = false;
        }
        let mut app = Self {
            theme,
            clock: Nanos(0),
            screen: Screen::Blocks,
            popup: None,
            engine: if run.is_some() { Engine::Viewer } else { Engine::Empty },
            toggles,
            device: Device::Cpu,
            source: None,
            live: run,
            imported: None,
            studies: Studies::default(),
            chosen: None,
            explorer: None,
            selection: Selection::default(),
            form,
            screens: States::default(),
            shown,
            measuring: None,
            toast: None,
            cached,
            drawn: Drawn::default(),
            loads: 0,
            load_cancelled: false,
            run_when_loaded: None,
            last_run: 0,
        };
        app.add_up();
        app
    }

    /// Shows the trace of another profiler instead of a run.
    pub(super) fn show_trace(&mut self, timeline: &Timeline, name: &str) {
        let chart = Chart::new(timeline.clone());
        self.engine = Engine::Viewer;
        self.screen = Screen::Timeline;
        self.screens.timeline = Viewport::new(&chart);
        self.imported = Some(ImportedTrace { name: name.to_owned(), chart });
    }

    /// The scopes whose actions apply now, the nearest first.
    pub fn scopes(&self) -> Vec<Scope> {
        match &self.popup {
            None => {
                let of_lesson = self.scope_of_lesson();
                of_lesson.into_iter().chain([Scope::On(self.screen), Scope::Everywhere]).collect()
            }
            Some(popup) => vec![match popup {
                Popup::Prompt => Scope::Prompt,
                Popup::Toggles { .. } => Scope::Toggles,
                Popup::Candidate(_) => Scope::Candidate,
                Popup::Values { .. } => Scope::Values,
                Popup::Models(_) => Scope::Models,
                Popup::Find(_) => Scope::Find,
                Popup::Jump(_) => Scope::Jump,
                Popup::Changing(_) => Scope::Changing,
                Popup::Effect { .. } => Scope::Effect,
                Popup::Tokens { .. } => Scope::Tokens,
                Popup::Palette(_) => Scope::Palette,
                Popup::Glossary(_) => Scope::Glossary,
                Popup::Help { .. } => Scope::Help,
                Popup::Notice { .. } => Scope::Failure,
            }],
        }
    }

    /// The model that is loaded, or that was before the present loading.
    pub fn card(&self) -> Option<&Card> {
        match &self.engine {
            Engine::Ready(card) => Some(card),
            Engine::Loading { previous, .. } => previous.as_deref(),
            Engine::Viewer | Engine::Empty => None,
        }
    }

    /// Whether a run goes on.
    pub fn is_running(&self) -> bool {
        self.live.as_ref().is_some_and(Live::is_going_on)
    }

    /// The study of the present screen, if that is one of a study and there is one.
    pub fn study(&self) -> Option<&Studied> {
        match self.screen {
            Screen::Compare => self.studies.compare.as_ref(),
            Screen::Matrix => self.studies.matrix.as_ref(),
            Screen::Sweep => self.studies.sweep.as_ref(),
            _ => None,
        }
    }

    /// Whether the model thread has something to do.
    pub fn is_busy(&self) -> bool {
        self.is_running()
            || self.studies.going_on().is_some()
            || self.measuring.is_some()
            || self.explorer.as_ref().is_some_and(Explorer::is_waiting)
            || self.screens.learn.is_waiting()
            || matches!(self.engine, Engine::Loading { .. })
    }

    /// Whether what goes on was asked to end.
    pub fn is_cancelling(&self) -> bool {
        self.live.as_ref().is_some_and(|live| live.state == State::Cancelling)
            || self.explorer.as_ref().is_some_and(|seen| seen.state == State::Cancelling)
            || self.measuring.as_ref().is_some_and(|measuring| measuring.cancelled)
            || self.studies.is_cancelling()
            || self.load_cancelled
    }

    /// Whether something on the screen moves by itself: a clock, a bar, a toast that will go.
    pub fn wants_ticks(&self) -> bool {
        self.is_busy() || self.toast.is_some()
    }

    /// The rows of the Blocks table.
    pub fn nodes(&self) -> Vec<Node> {
        self.screens.blocks.nodes(self.shown.phase, self.live.as_ref(), self.card())
    }

    /// The phase of the Roofline and the Memory screens: both added up would say nothing there.
    pub fn one_phase(&self) -> Phase {
        self.shown.phase.unwrap_or(Phase::Prefill)
    }

    /// What the traced passes of that phase add up to, if there are any.
    pub fn sums(&self) -> Option<&Sums> {
        self.live.as_ref()?.traced.of(self.one_phase())
    }

    /// The same of the phase on the Blocks screen; nothing of both phases together.
    pub fn sums_of_blocks(&self) -> Option<&Sums> {
        self.live.as_ref()?.traced.of(self.shown.phase?)
    }

    /// Works out what the present screen shows of a run that is over, unless that is done already.
    pub(super) fn add_up(&mut self) {
        if self.screen == Screen::Timeline
            && let Some(live) = self.live.as_mut().filter(|live| !live.is_going_on() && live.chart.is_none())
        {
            let chart = Chart::of_run(&live.run);
            self.screens.timeline = Viewport::new(&chart);
            live.chart = Some(Box::new(chart));
        }
        if let Some(studied) = self.studies.of_mut(self.screen) {
            // A window may become larger before anything else happens.
            let height = self.drawn.listed.1.max(48);
            studied.work_out(&self.screens.compare, height);
        }
        let (phase, version) = (self.one_phase(), self.live.as_ref().map_or(0, |live| live.version));
        let wanted = matches!(self.screen, Screen::Blocks | Screen::Roofline | Screen::Memory);
        if let Some(live) = self.live.as_mut().filter(|live| wanted && !live.is_going_on()) {
            live.traced.add_up(&live.run, version, phase);
        }
    }

    /// The tokens on the Generate screen: those of the first repeat.
    pub fn tokens(&self) -> &[Token] {
        let Some(live) = &self.live else { return &[] };
        let tokens = &live.run.tokens;
        let first = tokens.first().map(|token| token.repeat);
        &tokens[..tokens.iter().position(|token| Some(token.repeat) != first).unwrap_or(tokens.len())]
    }

    /// The selected token of the Generate screen.
    pub fn selected_token(&self) -> Option<usize> {
        let last = self.tokens().len().checked_sub(1)?;
        Some(self.screens.generate.selected.map_or(last, |selected| selected.min(last)))
    }

    /// Whether the model on its way, or there, has a tokenizer: shapes with random weights have none.
    pub fn has_tokenizer(&self) -> bool {
        !self.source.as_deref().is_some_and(|source| source.starts_with("random:"))
    }

    pub fn has_chat_template(&self) -> bool {
        self.card().is_some_and(|card| card.has_chat_template)
    }

    /// Says something for a while.
    pub(super) fn say(&mut self, text: impl Into<String>, bad: bool) {
        let text = text.into();
        // Long enough to read: the length of it, between four and twelve seconds.
        let reading = (text.chars().count() as u64 * 60_000_000).clamp(4_000_000_000, 12_000_000_000);
        self.toast = Some(Toast { text, bad, until: self.clock + Nanos(reading) });
    }
}
