//! The terminal interface.
//!
//! ```text
//!  input thread ──┐
//!  signals ───────┼─▶ inbox ─▶ App::update ─▶ effects: a command, a cancel, a file, quit
//!  model thread ──┘                │
//!                                  └─▶ view::draw, when something has changed
//! ```
//!
//! [`app`] is everything that is known; it changes in [`update`] and what that calls, such as `perform`. [`screens`] has a
//! folder for each screen, with its state, its keys, what they do and how it looks; [`popups`] what lies over them; [`view`]
//! what is drawn around them. [`action`] finds what a key means. [`live`] is the run on the screen, with its table of parts
//! ([`tally`]).
//!
//! Deliberately absent: any thread that draws, any tensor, any key that is not in the table but for those that edit a text.

pub mod action;
pub mod app;
mod availability;
mod calendar;
mod effect;
pub mod explorer;
mod going;
mod grouped_list;
mod kit;
pub mod live;
mod manner;
mod message;
mod perform;
mod phase_sums;
pub mod popups;
mod sanitize;
pub mod screens;
pub mod shown;
pub mod studies;
pub mod tally;
mod terminal;
pub mod theme;
pub mod update;
pub mod view;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

pub use app::App;
pub use calendar::moment;
pub use effect::Effect;
pub use message::Msg;
pub use popups::picker::CachedModel;
pub use screens::learn::course::TEXT as LESSON_TEXT;
pub use theme::{ColorChoice, Depth, Theme};
pub use view::draw;

use crate::analyse::timeline::Timeline;
use crate::arch::Toggles;
use crate::engine::Device;
use crate::learn::Progress;
use crate::measure::Prompt;
use crate::record::Run;
use crate::record::study::Study;
use crate::units::Nanos;
use crate::worker::{self, Worker};
use live::Live;
use popups::prompt::form::{self, Form};
use screens::learn::course::Course;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use terminal::Session;

/// While a study measures, the screen follows it more slowly still: every drawing is noise in it.
const STUDY_FRAME: Duration = Duration::from_millis(400);

/// While a run computes, the screen follows it five times a second: more would take time from the model.
const FRAME: Duration = Duration::from_millis(200);

/// Writes a run to a new file; one that exists is refused with [`io::ErrorKind::AlreadyExists`].
pub type SaveRun = Box<dyn Fn(&Run, &Path) -> io::Result<()>>;

/// The same of a study.
pub type SaveStudy = Box<dyn Fn(&Study, &Path) -> io::Result<()>>;

/// Keeps how far the learner is, or says why it cannot.
pub type KeepProgress = Box<dyn Fn(&Progress) -> Result<(), String>>;

/// What the interface begins with.
pub struct Startup {
    pub begin: Begin,
    pub toggles: Toggles,
    /// Where models are loaded to; it must be open.
    pub device: Device,
    /// What the prompt editor holds; `None` is a text to begin with.
    pub prompt: Option<Prompt>,
    /// How many tokens to make; `None` is 64.
    pub new_tokens: Option<u32>,
    /// Whether to run as soon as the model is ready.
    pub run_at_once: bool,
    pub color: ColorChoice,
    /// Models found on this machine, for the picker.
    pub cached: Vec<CachedModel>,
    pub save: SaveRun,
    pub save_study: SaveStudy,
    /// Whether lessons come first.
    pub lessons: Option<Lessons>,
    /// How far the learner is, or why that is not known.
    pub progress: Result<Progress, String>,
    pub keep: KeepProgress,
}

/// What of the lessons is on the screen first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lessons {
    /// The list of them.
    All,
    /// One, counted from 0.
    One(usize),
}

/// What is on the screen first.
pub enum Begin {
    /// A model, by what [`worker::Command::Load`] takes.
    Model(String),
    /// A saved run and the name of its file. No model is loaded.
    Run { run: Box<Run>, file: String },
    /// A saved study and the name of its file. No model is loaded.
    Study { study: Box<Study>, file: String },
    /// Traces of another profiler, and their name. No model is loaded.
    Trace { timeline: Box<Timeline>, name: String },
    /// What was seen of a text: a capture file. No model is loaded.
    Capture { path: PathBuf },
    /// The model picker.
    Picker,
}

/// Why the interface could not be opened, or had to end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "the interface needs a terminal, and {0} is not one; `blockscope profile`, `blockscope generate` and \
         `blockscope learn --check` do the same without"
    )]
    NotATerminal(&'static str),
    #[error(
        "this terminal (TERM=dumb) has no cursor that can be moved; `blockscope profile`, `blockscope generate` and \
         `blockscope learn --check` do the same without"
    )]
    Dumb,
    #[error("the terminal: {0}")]
    Terminal(#[from] io::Error),
    #[error("{0}")]
    Ended(String),
}

/// Opens the interface, and returns when the user leaves it.
///
/// # Errors
/// [`Error::NotATerminal`] and [`Error::Dumb`] before anything is written; the others after the terminal was given back.
pub fn run(startup: Startup) -> Result<(), Error> {
    check_terminal()?;
    let depth = Depth::detect(startup.color, |name| std::env::var(name).ok());
    let (inbox, messages) = mpsc::channel();
    let (mut app, effects) = first(&startup, Theme::new(depth));
    // Before anything that might fail: from now on the terminal is given back whatever happens.
    let mut session = Session::open(depth, inbox.clone())?;
    let worker = match startup.begin {
        Begin::Run { .. } | Begin::Study { .. } | Begin::Trace { .. } => None,
        // It is there without a model too: it makes the patterns that are looked at.
        Begin::Model(_) | Begin::Picker | Begin::Capture { .. } => {
            // Once the interface is gone, nobody is left to tell.
            Some(Worker::spawn(move |event| drop(inbox.send(Msg::Worker(event)))))
        }
    };
    let (save, save_study) = (&startup.save, &startup.save_study);
    let mut act = |effect: Effect| match (effect, &worker) {
        (Effect::Save { name, run }, _) => Some(Msg::Saved(save_as_new(&name, |path| save(&run, path)))),
        (Effect::SaveStudy { name, study }, _) => {
            Some(Msg::StudySaved(save_as_new(&name, |path| save_study(&study, path))))
        }
        (Effect::Keep(progress), _) => (startup.keep)(&progress).err().map(Msg::Unkept),
        (Effect::Send(command), Some(worker)) => {
            worker.send(command);
            None
        }
        (Effect::Cancel, Some(worker)) => {
            worker.cancel();
            None
        }
        (Effect::Step(step), Some(worker)) => {
            worker.step(step);
            None
        }
        _ => None,
    };
    for effect in effects {
        act(effect);
    }
    let ended = drive(&mut app, &messages, &mut act, &mut |app, paint| match paint {
        Paint::Changes => session.draw(app),
        Paint::All => session.repaint().and_then(|()| session.draw(app)),
        Paint::AfterSuspending => session.suspend().and_then(|()| session.draw(app)),
    });
    let is_gone = terminal::is_gone();
    if ended.is_err() {
        // Nobody can be shown anything any more, or be asked.
        for effect in app.update(Msg::Closed) {
            act(effect);
        }
    }
    // The user gets the terminal back at once; the model thread may have an operator to finish.
    drop(session);
    match ended {
        Ok(None) => Ok(()),
        Ok(Some(why)) => Err(Error::Ended(why)),
        Err(_) if is_gone => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Refuses what cannot show the interface.
fn check_terminal() -> Result<(), Error> {
    if !io::stdout().is_terminal() {
        return Err(Error::NotATerminal("the standard output"));
    }
    if !io::stdin().is_terminal() {
        return Err(Error::NotATerminal("the standard input"));
    }
    if std::env::var_os("TERM").is_some_and(|term| term == "dumb") { Err(Error::Dumb) } else { Ok(()) }
}

/// Draws the first frame of what [`run`] will show, if there is a terminal: for the time until the program is loaded.
/// Whatever fails, fails again in [`run`], which can say so.
pub fn announce(startup: &Startup) {
    if check_terminal().is_err() {
        return;
    }
    let depth = Depth::detect(startup.color, |name| std::env::var(name).ok());
    let (mut app, _) = first(startup, Theme::new(depth));
    let _ = terminal::draw_early(depth, &mut app);
}

/// The state to begin with, and the first things to do.
fn first(startup: &Startup, theme: Theme) -> (App, Vec<Effect>) {
    let mut form = Form::new(startup.prompt.as_ref());
    if let Some(n) = startup.new_tokens {
        form.set_new_tokens(n);
    }
    let live = match &startup.begin {
        Begin::Run { run, file } => Some(Live::saved((**run).clone(), file.clone())),
        _ => None,
    };
    let mut app = App::new(theme, startup.toggles.clone(), form, startup.cached.clone(), live);
    app.device = startup.device;
    app.screens.learn = Course::with(startup.progress.clone());
    let effects = match &startup.begin {
        Begin::Model(source) => app.open(source.clone(), startup.run_at_once),
        Begin::Picker => app.perform(action::Act::Models),
        Begin::Trace { timeline, name } => {
            app.show_trace(timeline, name);
            Vec::new()
        }
        Begin::Study { study, file } => {
            app.show_study((**study).clone(), file.clone());
            Vec::new()
        }
        Begin::Capture { path } => {
            app.engine = app::Engine::Viewer;
            app.open_seen(path.clone())
        }
        Begin::Run { .. } => Vec::new(),
    };
    if let (Some(_), Err(why)) = (startup.lessons, &startup.progress) {
        app.say(format!("progress is not kept: {why}"), true);
    }
    if let Some(Prompt::Text(text) | Prompt::Chat(text)) = &startup.prompt
        && let n @ 1.. = form::left_out(text)
    {
        app.say(format!("{n} invisible or control characters of the prompt were left out"), false);
    }
    match startup.lessons {
        None => {}
        Some(Lessons::All) => app.screen = app::Screen::Learn,
        Some(Lessons::One(lesson)) => app.open_lesson(lesson),
    }
    (app, effects)
}

/// How the screen is to be brought up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Paint {
    Changes,
    All,
    AfterSuspending,
}

/// The loop: waits for a message, takes in all that have come, draws if something changed. Returns
/// why it ended, if it was not the user's wish.
fn drive(
    app: &mut App,
    inbox: &Receiver<Msg>,
    act: &mut dyn FnMut(Effect) -> Option<Msg>,
    paint: &mut dyn FnMut(&mut App, Paint) -> io::Result<()>,
) -> io::Result<Option<String>> {
    let begin = Instant::now();
    let mut drawn: Option<Instant> = None;
    let (mut changed, mut urgent) = (true, true);
    loop {
        let frame = if app.studies.going_on().is_some() { STUDY_FRAME } else { FRAME };
        let since = drawn.map_or(frame, |at| at.elapsed());
        if changed && (urgent || since >= frame) {
            paint(app, Paint::Changes)?;
            drawn = Some(Instant::now());
            (changed, urgent) = (false, false);
            // How much there is room for may be known only now: what is missing for it is asked for.
            let waiting = app.update(Msg::Tick(Nanos::of(begin.elapsed())));
            if let Some(why) = follow(app, waiting, act, paint)? {
                return Ok(why);
            }
            continue;
        }
        let message = if changed || app.wants_ticks() {
            match inbox.recv_timeout(frame.saturating_sub(since)) {
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return Ok(Some("nothing is left to wait for".into())),
                Ok(message) => Some(message),
            }
        } else {
            match inbox.recv() {
                Err(_) => return Ok(Some("nothing is left to wait for".into())),
                Ok(message) => Some(message),
            }
        };
        changed |= app.wants_ticks() || message.is_some();
        let tick = Msg::Tick(Nanos::of(begin.elapsed()));
        // A flood of messages may not keep the screen from being drawn.
        for message in std::iter::once(tick).chain(message).chain(inbox.try_iter()).take(1000) {
            urgent |= is_urgent(&message);
            let waiting = app.update(message);
            if let Some(why) = follow(app, waiting, act, paint)? {
                return Ok(why);
            }
        }
    }
}

/// Does what an update asks for, and what follows from that. Returns why the loop ends, if it does.
fn follow(
    app: &mut App,
    mut waiting: Vec<Effect>,
    act: &mut dyn FnMut(Effect) -> Option<Msg>,
    paint: &mut dyn FnMut(&mut App, Paint) -> io::Result<()>,
) -> io::Result<Option<Option<String>>> {
    while let Some(effect) = (!waiting.is_empty()).then(|| waiting.remove(0)) {
        match effect {
            Effect::Quit(why) => return Ok(Some(why)),
            Effect::Repaint => paint(app, Paint::All)?,
            Effect::Suspend => paint(app, Paint::AfterSuspending)?,
            effect => waiting.extend(act(effect).map(|answer| app.update(answer)).unwrap_or_default()),
        }
    }
    Ok(None)
}

/// Whether the screen must show this at once, rather than with the next frame of a run.
fn is_urgent(message: &Msg) -> bool {
    match message {
        Msg::Worker(worker::Event::Run { events, .. }) => {
            events.iter().any(|event| matches!(event, crate::record::Event::End(_)))
        }
        Msg::Worker(worker::Event::Study { events, .. }) => {
            events.iter().any(|event| matches!(event, crate::record::study::Event::End(_)))
        }
        Msg::Worker(worker::Event::Loading { .. } | worker::Event::Studying { .. }) | Msg::Tick(_) => false,
        _ => true,
    }
}

/// Writes to a file that did not exist: of this name, or with a number behind it.
fn save_as_new(name: &str, save: impl Fn(&Path) -> io::Result<()>) -> Result<String, String> {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, "jsonl"));
    for n in 1..100 {
        let name = if n == 1 { name.to_owned() } else { format!("{stem}-{n}.{extension}") };
        match save(Path::new(&name)) {
            Ok(()) => return Ok(name),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(format!("{name}: {error}. Is the current folder writable?")),
        }
    }
    Err(format!("{name}: a hundred files of that name exist already"))
}
