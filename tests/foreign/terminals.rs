//! Terminals that vanish, that are none, or whose program is busy for ever.

use crate::common::{LLAMA, llama_with, pipe, signal, text, wait_until};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const ENTERED: &str = "\u{1b}[?1049h";
const LEFT: &str = "\u{1b}[?1049l";

/// The interface in a terminal, and what it shows.
struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    keys: Option<Box<dyn Write + Send>>,
    shown: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    fn open(args: &[&str], size: (u16, u16), prepare: impl FnOnce(&mut CommandBuilder)) -> Self {
        let size = PtySize { rows: size.1, cols: size.0, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_blockscope"));
        command.args(args);
        command.cwd(env!("CARGO_MANIFEST_DIR"));
        command.env("TERM", "xterm-256color");
        command.env("OMP_NUM_THREADS", "1");
        prepare(&mut command);
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let shown = Arc::new(Mutex::new(Vec::new()));
        std::thread::spawn({
            let shown = Arc::downgrade(&shown);
            let mut piece = [0; 4096];
            // Until nobody wants to know any more: then the last hold on the terminal goes.
            move || {
                while let Ok(n @ 1..) = reader.read(&mut piece) {
                    let Some(shown) = shown.upgrade() else { break };
                    shown.lock().unwrap().extend_from_slice(&piece[..n]);
                }
            }
        });
        let keys = Some(pair.master.take_writer().unwrap());
        Self { child, master: Some(pair.master), keys, shown }
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned()
    }

    fn await_text(&self, text: &str) {
        wait_until(text, || self.shown().contains(text));
    }

    fn press(&mut self, keys: &str) {
        self.keys.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    /// The exit code, which must come within some time.
    fn code_within(&mut self, patience: Duration) -> u32 {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert_eq!(status.signal(), None, "{}", self.shown());
                return status.exit_code();
            }
            if began.elapsed() > patience {
                self.child.kill().unwrap();
                panic!("it did not end within {patience:?}");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn process(&self) -> u32 {
        self.child.process_id().unwrap()
    }
}

/// What is asked for while the model's thread does not answer: a template that never ends holds it for two seconds.
#[test]
fn the_interface_ends_whatever_the_model_thread_does() {
    let folder = llama_with(&[("chat_template.jinja", "{{ 'a'.count('') }}")]);
    for (name, end) in [("q", ""), ("Ctrl-C", "\u{3}"), ("SIGTERM", "-TERM"), ("SIGINT", "-INT")] {
        let args = ["--color", "never", "run", text(folder.path()), "--chat", "--prompt", "hi"];
        let mut terminal = Terminal::open(&args, (100, 30), |_| {});
        terminal.await_text("not yet run");
        std::thread::sleep(Duration::from_millis(100));
        match end {
            "" => terminal.press("q"),
            // The first one cancels what goes on, the second leaves.
            "\u{3}" => {
                terminal.press(end);
                terminal.await_text("cancelling");
                terminal.press(end);
            }
            name => signal(terminal.process(), name),
        }
        let code = terminal.code_within(Duration::from_secs(2));
        assert_eq!(code, 0, "{name}");
        terminal.await_text(LEFT);
    }
}

#[test]
fn a_pipe_as_the_model_is_told_in_the_interface() {
    let folder = tempfile::tempdir().unwrap();
    let path = pipe(folder.path().join("model.gguf"));
    let mut terminal = Terminal::open(&["--color", "never", "run", text(&path)], (100, 30), |_| {});
    terminal.await_text("named");
    signal(terminal.process(), "-TERM");
    assert_eq!(terminal.code_within(Duration::from_secs(2)), 0);
    terminal.await_text(LEFT);
}

/// The window is closed: the system tells the session, and everything that is written is refused.
#[test]
fn a_window_that_is_closed_ends_the_interface_quietly() {
    for has_session in [true, false] {
        let args = ["--color", "never", "view", "traces/v1-tiny.jsonl"];
        let prepare = |command: &mut CommandBuilder| command.set_controlling_tty(has_session);
        let mut terminal = Terminal::open(&args, (100, 30), prepare);
        terminal.await_text("embedding");
        close(&mut terminal);
        assert_eq!(terminal.code_within(Duration::from_secs(5)), 0, "told: {has_session}");
    }
}

#[test]
fn what_was_measured_is_kept_when_the_window_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["--color", "never", "run", LLAMA, "--prompt", "a b c", "--max-new", "4"];
    let mut terminal = Terminal::open(&args, (100, 30), |command| command.cwd(folder.path()));
    terminal.await_text("tok/s");
    close(&mut terminal);
    assert_eq!(terminal.code_within(Duration::from_secs(5)), 0);
    let kept: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [file] = &kept[..] else { panic!("{kept:?}") };
    assert!(blockscope::record::file::read(file).unwrap().ttft().is_some());
}

/// Nobody holds the terminal any more.
fn close(terminal: &mut Terminal) {
    (terminal.keys, terminal.master) = (None, None);
    // The thread that reads lets go when it has read something more.
    terminal.shown = Arc::default();
    signal(terminal.process(), "-WINCH");
}

#[test]
fn what_cannot_show_the_interface_is_refused_in_words() {
    let view = ["--color", "never", "view", "traces/v1-tiny.jsonl"];
    let mut dumb = Terminal::open(&view, (100, 30), |command| command.env("TERM", "dumb"));
    assert_eq!(dumb.code_within(Duration::from_secs(20)), 1);
    dumb.await_text("TERM=dumb");
    assert!(!dumb.shown().contains(ENTERED));

    let mut vast = Terminal::open(&view, (65_535, 65_535), |_| {});
    assert_eq!(vast.code_within(Duration::from_secs(20)), 1);
    vast.await_text("65535 columns and 65535 rows");
    assert!(!vast.shown().contains(ENTERED));

    // The same of one that becomes so.
    let mut grown = Terminal::open(&view, (100, 30), |_| {});
    grown.await_text("embedding");
    let size = PtySize { rows: 65_535, cols: 65_535, pixel_width: 0, pixel_height: 0 };
    grown.master.as_ref().unwrap().resize(size).unwrap();
    assert_eq!(grown.code_within(Duration::from_secs(20)), 1);
    grown.await_text(LEFT);
}

/// Stopped as by Ctrl-Z and called back, again and again, while it computes: each is a signal, and the size of the
/// terminal changes, which is another.
#[test]
fn two_hundred_signals_while_it_computes_leave_no_trace() {
    let more = ["--prompt", "the quick brown fox", "--max-new", "200", "--set", "threads=1,kv_cache=off"];
    let mut terminal = Terminal::open(&[&["--color", "never", "run", LLAMA], &more[..]].concat(), (100, 30), |_| {});
    terminal.await_text("embedding");
    for n in 0..100 {
        let size = PtySize { rows: 30 + n % 5, cols: 100 + n % 7, pixel_width: 0, pixel_height: 0 };
        terminal.master.as_ref().unwrap().resize(size).unwrap();
        signal(terminal.process(), "-CONT");
        std::thread::sleep(Duration::from_millis(u64::from(n % 4)));
    }
    terminal.press("q");
    assert_eq!(terminal.code_within(Duration::from_secs(10)), 0);
    terminal.await_text(LEFT);
}

#[test]
fn ctrl_z_stops_the_process_and_gives_the_terminal_back() {
    let mut terminal = Terminal::open(&["--color", "never", "view", "traces/v1-tiny.jsonl"], (100, 30), |_| {});
    terminal.await_text("embedding");
    let process = terminal.process();
    for n in 1..=2 {
        signal(process, "-TSTP");
        wait_until("the process to stop", || state(process) == Some('T'));
        wait_until("the terminal to be given back", || terminal.shown().matches(LEFT).count() == n);
        signal(process, "-CONT");
        wait_until("the screen", || terminal.shown().matches(ENTERED).count() == n + 1);
    }
    terminal.press("q");
    assert_eq!(terminal.code_within(Duration::from_secs(5)), 0);
}

/// `S`, `T`, as the system has it.
fn state(process: u32) -> Option<char> {
    let stat = std::fs::read_to_string(Path::new("/proc").join(process.to_string()).join("stat")).ok()?;
    stat.rsplit_once(')')?.1.trim_start().chars().next()
}
