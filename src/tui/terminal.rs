//! The terminal itself: taken over, drawn on, given back, whatever happens.

use crate::system::caught;
use crate::tui::app::App;
use crate::tui::message::Msg;
use crate::tui::theme::Depth;
use crate::tui::view;
use crossterm::event::{self, Event, MouseEventKind};
use crossterm::{cursor, execute, terminal};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use std::io::{self, BufWriter, Stdout, Write};
use std::mem::ManuallyDrop;
use std::panic::{self, PanicHookInfo};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

/// Never dropped: its destructor shows the cursor, which [`leave`] has done, and where the terminal is gone it panics.
type Canvas = ManuallyDrop<Terminal<CrosstermBackend<BufWriter<Stdout>>>>;

/// More cells than any screen has; each takes some hundred bytes.
const MOST_CELLS: u32 = 1 << 20;

/// A terminal that was taken over before the interface proper has begun. The [`Session`] goes on with it.
static EARLY: Mutex<Option<(Canvas, Signals)>> = Mutex::new(None);

/// Takes the terminal over and draws on it; the [`Session`] that is opened later goes on with what is there.
///
/// # Errors
/// As of [`Session::open`].
pub fn draw_early(depth: Depth, app: &mut App) -> io::Result<()> {
    let (mut canvas, signals) = take_over(depth)?;
    draw(&mut canvas, app).inspect_err(|_| leave())?;
    *EARLY.lock().unwrap_or_else(PoisonError::into_inner) = Some((canvas, signals));
    Ok(())
}

fn take_over(depth: Depth) -> io::Result<(Canvas, Signals)> {
    // What has been decided about colours is not to be decided again by the environment.
    crossterm::style::force_color_output(depth != Depth::Plain);
    let (columns, rows) = terminal::size()?;
    check_size(columns, rows)?;
    let signals = signals()?;
    let backend = CrosstermBackend::new(BufWriter::with_capacity(64 * 1024, io::stdout()));
    let canvas = enter().and_then(|()| Terminal::new(backend)).inspect_err(|_| leave())?;
    Ok((ManuallyDrop::new(canvas), signals))
}

/// Refuses a terminal whose cells would take all memory.
fn check_size(columns: u16, rows: u16) -> io::Result<()> {
    if u32::from(columns) * u32::from(rows) <= MOST_CELLS {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "it says that it has {columns} columns and {rows} rows; expected at most {MOST_CELLS} cells"
    )))
}

fn draw(canvas: &mut Canvas, app: &mut App) -> io::Result<()> {
    let size = canvas.size()?;
    check_size(size.width, size.height)?;
    canvas.draw(|frame| {
        let area = frame.area();
        view::draw(app, area, frame.buffer_mut());
        if let Some(cursor) = app.drawn.cursor {
            frame.set_cursor_position(cursor);
        }
    })?;
    Ok(())
}

/// A terminal in our hands. Dropping it gives it back.
pub struct Session {
    terminal: Canvas,
    hook: Arc<Hook>,
    stop: Arc<AtomicBool>,
}

impl Session {
    /// Takes the terminal over; its events go to `inbox` from now on.
    ///
    /// # Errors
    /// A terminal that cannot be switched to raw mode or written to.
    pub fn open(depth: Depth, inbox: Sender<Msg>) -> io::Result<Self> {
        let early = EARLY.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (terminal, signals) = early.map_or_else(|| take_over(depth), Ok)?;
        let hook = hook_panics();
        let stop = Arc::new(AtomicBool::new(false));
        listen(signals, inbox, Arc::clone(&stop)).inspect_err(|_| leave())?;
        Ok(Self { terminal, hook, stop })
    }

    /// Draws the interface.
    ///
    /// # Errors
    /// A terminal that cannot be written to any more.
    pub fn draw(&mut self, app: &mut App) -> io::Result<()> {
        draw(&mut self.terminal, app)
    }

    /// Forgets what is on the screen, so that the next drawing writes every cell.
    ///
    /// # Errors
    /// A terminal that cannot be written to any more.
    pub fn repaint(&mut self) -> io::Result<()> {
        // `Terminal::clear` would ask the terminal where its cursor is; the input thread would swallow the answer.
        let size = self.terminal.size()?;
        check_size(size.width, size.height)?;
        let area = size.into();
        self.terminal.resize(area)
    }

    /// Gives the terminal back, stops the process as Ctrl-Z does, and takes the terminal over again afterwards.
    ///
    /// # Errors
    /// A terminal that cannot be taken over again.
    pub fn suspend(&mut self) -> io::Result<()> {
        #[cfg(unix)]
        {
            leave();
            signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)?;
            enter()?;
            self.repaint()?;
        }
        Ok(())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        leave();
        let hook = Arc::clone(&self.hook);
        // A panicking thread may not touch the hook; it ends the process anyway.
        if !std::thread::panicking() {
            panic::set_hook(Box::new(move |info| hook(info)));
        }
    }
}

/// Whether the terminal is ours. Leaving the alternate screen twice would put the cursor back over what
/// was written in between: a panic report.
static OURS: AtomicBool = AtomicBool::new(false);

fn enter() -> io::Result<()> {
    OURS.store(true, Ordering::Relaxed);
    terminal::enable_raw_mode()?;
    execute!(
        io::stdout(),
        terminal::EnterAlternateScreen,
        event::EnableMouseCapture,
        event::EnableBracketedPaste,
        cursor::Hide
    )
}

/// Gives the terminal back. What fails here cannot be helped.
fn leave() {
    if !OURS.swap(false, Ordering::Relaxed) {
        return;
    }
    let _ = execute!(
        io::stdout(),
        event::DisableBracketedPaste,
        event::DisableMouseCapture,
        terminal::LeaveAlternateScreen,
        cursor::Show
    );
    let _ = terminal::disable_raw_mode();
    let _ = io::stdout().flush();
}

/// A panic on this thread gives the terminal back before it is reported. One on another thread says
/// nothing: a report would be written across the screen, and the worker sends it as an event.
fn hook_panics() -> Arc<Hook> {
    let previous: Arc<Hook> = Arc::new(panic::take_hook());
    let ours = std::thread::current().id();
    let report = Arc::clone(&previous);
    panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == ours && !caught::is_waiting() {
            leave();
            report(info);
        }
    }));
    previous
}

/// Starts the threads that wait for keys, for a request to end the process and for the end of the terminal.
fn listen(signals: Signals, inbox: Sender<Msg>, stop: Arc<AtomicBool>) -> io::Result<()> {
    heed(signals, inbox.clone())?;
    await_end(inbox.clone())?;
    let read = move || {
        while !stop.load(Ordering::Relaxed) {
            let event = match event::poll(Duration::from_millis(250)) {
                Ok(true) => event::read(),
                Ok(false) => continue,
                Err(error) => Err(error),
            };
            let msg = match event {
                // A mouse that only moves would have everything drawn again and again.
                Ok(Event::Mouse(mouse)) if idle(mouse.kind) => continue,
                Ok(event) => Msg::Input(event),
                Err(_) if is_gone() => Msg::Closed,
                Err(error) => Msg::Ended(Some(format!("the terminal gives no more input: {error}"))),
            };
            let over = matches!(msg, Msg::Ended(_) | Msg::Closed);
            if inbox.send(msg).is_err() || over {
                break;
            }
        }
    };
    std::thread::Builder::new().name("input".into()).spawn(read)?;
    Ok(())
}

/// Whether the terminal is no longer there: then every error of it has the same cause, and nobody to be told.
pub fn is_gone() -> bool {
    #[cfg(unix)]
    return end(0) == Some(true);
    #[cfg(not(unix))]
    return false;
}

fn idle(kind: MouseEventKind) -> bool {
    matches!(kind, MouseEventKind::Moved | MouseEventKind::Drag(_) | MouseEventKind::Up(_))
}

#[cfg(unix)]
type Signals = signal_hook::iterator::Signals;
#[cfg(not(unix))]
type Signals = ();

/// From now on a request to end or to stop the process waits until it is [heeded](heed).
#[cfg(unix)]
fn signals() -> io::Result<Signals> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
    Signals::new([SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGTSTP])
}

/// A request to end the process, or to stop it, is met properly: the terminal is given back first.
#[cfg(unix)]
fn heed(mut signals: Signals, inbox: Sender<Msg>) -> io::Result<()> {
    let wait = move || {
        for signal in signals.forever() {
            let msg = match signal {
                signal_hook::consts::SIGTSTP => Msg::Stopped,
                signal_hook::consts::SIGHUP => Msg::Closed,
                _ => Msg::Ended(None),
            };
            if inbox.send(msg).is_err() {
                break;
            }
        }
    };
    std::thread::Builder::new().name("requests".into()).spawn(wait)?;
    Ok(())
}

/// A terminal can vanish without a signal: when its last writer goes, or another process led the session. From then on a
/// read gives nothing at once, again and again, on which the library that reads keys would spin.
#[cfg(unix)]
fn await_end(inbox: Sender<Msg>) -> io::Result<()> {
    let wait = move || {
        if end(-1) == Some(true) {
            // Where nobody is left to send it to, the interface has ended already.
            let _ = inbox.send(Msg::Closed);
        }
    };
    std::thread::Builder::new().name("terminal".into()).spawn(wait)?;
    Ok(())
}

/// Whether the terminal has ended, waiting for it so many milliseconds, or for ever where they are negative. `None`: the
/// system cannot tell.
#[cfg(unix)]
fn end(millis: i32) -> Option<bool> {
    // Asked for nothing, the system tells of the end alone.
    let mut terminal = libc::pollfd { fd: libc::STDIN_FILENO, events: 0, revents: 0 };
    loop {
        // SAFETY: one entry, on this stack.
        match unsafe { libc::poll(&mut terminal, 1, millis) } {
            -1 if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted => {}
            -1 => return None,
            0 => return Some(false),
            _ => return (terminal.revents & libc::POLLNVAL == 0).then_some(true),
        }
    }
}

#[cfg(not(unix))]
fn await_end(_inbox: Sender<Msg>) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn signals() -> io::Result<Signals> {
    Ok(())
}

#[cfg(not(unix))]
fn heed(_signals: Signals, _inbox: Sender<Msg>) -> io::Result<()> {
    Ok(())
}
