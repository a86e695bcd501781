//! A user's way through the real program in a real terminal: open, run, change a toggle, step, resize, quit; learn.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Long enough for a loaded machine, short enough to notice a hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program in a terminal of its own, and what is on its screen.
struct Terminal {
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
    child: Box<dyn Child + Send + Sync>,
    /// Where the program keeps its state: not where the user of this machine has it.
    state: tempfile::TempDir,
}

impl Terminal {
    fn open(arguments: &[&str], columns: u16, rows: u16) -> Self {
        Self::open_where(&[("TERM", "xterm-256color")], arguments, columns, rows)
    }

    /// With these variables in its environment.
    fn open_where(variables: &[(&str, &str)], arguments: &[&str], columns: u16, rows: u16) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_blockscope"));
        command.args(arguments);
        command.env_remove("NO_COLOR");
        for (name, value) in variables {
            command.env(name, value);
        }
        let state = tempfile::tempdir().unwrap();
        command.env("XDG_STATE_HOME", state.path());
        // Somewhere else than the clone: the binary finds LibTorch from any folder.
        command.cwd(std::env::temp_dir());
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let screen = Arc::new(Mutex::new(vt100::Parser::new(rows, columns, 0)));
        let mut output = pair.master.try_clone_reader().unwrap();
        std::thread::spawn({
            let screen = Arc::clone(&screen);
            move || {
                let mut bytes = [0; 4096];
                while let Ok(read @ 1..) = output.read(&mut bytes) {
                    screen.lock().unwrap().process(&bytes[..read]);
                }
            }
        });
        let keys = pair.master.take_writer().unwrap();
        Self { master: pair.master, keys, screen, child, state }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// Waits until all of `wanted` are on the screen together.
    fn shows(&self, wanted: &[&str]) {
        let began = Instant::now();
        while !wanted.iter().all(|wanted| self.text().contains(wanted)) {
            assert!(began.elapsed() < PATIENCE, "expected {wanted:?} on the screen:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn resize(&mut self, columns: u16, rows: u16) {
        // The emulator first: what the program draws afterwards must find the room.
        self.screen.lock().unwrap().screen_mut().set_size(rows, columns);
        self.master.resize(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }).unwrap();
    }

    /// Waits for the end and returns the exit code.
    fn ends(&mut self) -> u32 {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(began.elapsed() < PATIENCE, "the program goes on:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Of no use after a passed test, where the child has ended; needed after a failed one.
        let _ = self.child.kill();
    }
}

fn tiny() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/golden/llama");
    path.to_str().unwrap().to_owned()
}

#[test]
fn open_run_change_a_toggle_step_resize_quit() {
    let model = tiny();
    let mut terminal = Terminal::open(&["run", &model, "--prompt", "The cat sat on the mat"], 100, 30);
    terminal.shows(&["Blockscope", "llama", "fused", "block 0"]);

    terminal.press("r");
    terminal.shows(&["done", "block 1", "LM head", "unaccounted"]);
    terminal.press("2");
    terminal.shows(&["prefill", "only parts were recorded"]);
    terminal.press("3");
    terminal.shows(&["This run was not traced", "would allow"]);
    terminal.press("4");
    terminal.shows(&["This run was not traced", "weights", "KV cache", "modelled"]);
    terminal.press("5");
    terminal.shows(&["The cat sat on the mat", "TTFT", "tokens 64/64"]);

    // Eager attention has parts that fused attention has not.
    terminal.press("t");
    terminal.shows(&["Toggles", "eager"]);
    terminal.press("\x1b[D\r");
    terminal.shows(&["eager · cpu"]);
    terminal.press("r");
    terminal.press("1+");
    terminal.shows(&["done", "softmax"]);

    terminal.press("s");
    terminal.shows(&["halted after embedding"]);
    terminal.press(" ");
    terminal.shows(&["blocks.0.attn.norm", "mean"]);
    terminal.press("b");
    terminal.shows(&["blocks.0.mlp_residual", "halted"]);

    terminal.resize(80, 24);
    terminal.shows(&["Blockscope", "quit"]);
    terminal.resize(20, 5);
    terminal.shows(&["60"]);
    terminal.resize(140, 40);
    terminal.shows(&["blocks.0.mlp_residual", "halted"]);

    terminal.press("\x1b");
    terminal.shows(&["cancelled"]);
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
    assert!(!terminal.screen.lock().unwrap().screen().alternate_screen(), "the terminal is given back");
}

#[test]
fn compare_the_cache_on_and_off() {
    let model = tiny();
    let mut terminal = Terminal::open(&["run", &model, "--wait", "--max-new", "4"], 100, 40);
    terminal.shows(&["Blockscope", "ready", "block 0"]);
    terminal.press("7");
    terminal.shows(&["Nothing compared yet", "choose what to compare"]);
    terminal.press("c");
    terminal.shows(&["what B differs in", "kv_cache", "new tokens"]);
    terminal.press("j\x1b[D\r");
    terminal.shows(&["A kv_cache=on", "B kv_cache=off", "TPOT"]);
    // The verdict depends on the machine; that there is one does not.
    terminal.shows(&["✓ done", "pairs", "quality B", "block 1", "LM head"]);
    let verdicts = ["✓ faster", "✗ slower", "= no difference", "? "];
    let text = terminal.text();
    let tpot = text.lines().find(|line| line.contains("TPOT")).unwrap();
    assert!(verdicts.iter().any(|verdict| tpot.contains(verdict)), "{tpot}");
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn quitting_in_the_middle_of_a_run_leaves_nothing_behind() {
    let mut terminal = Terminal::open(&["random:smollm2-135m"], 80, 24);
    terminal.shows(&["smollm2-135m", "block 0"]);
    terminal.press("r");
    terminal.shows(&["running"]);
    terminal.press("q");
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
    assert!(!terminal.screen.lock().unwrap().screen().alternate_screen());
}

#[test]
fn a_model_that_is_not_there_is_refused_before_the_screen_is_taken() {
    let mut terminal = Terminal::open(&["run", "no/such/model"], 80, 24);
    terminal.shows(&["no/such/model", "Hugging Face layout"]);
    assert_eq!(terminal.ends(), 1);
}

#[test]
fn a_model_that_cannot_be_opened_is_an_error_on_the_screen() {
    let folder = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::open(&["run", folder.path().to_str().unwrap()], 80, 24);
    terminal.shows(&["could not be opened", "Hugging Face layout"]);
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn read_a_text_sort_the_heads_pin_one_switch_it_off_see_the_change_and_undo_it() {
    let model = tiny();
    let mut terminal = Terminal::open(&["run", &model, "--wait", "--prompt", "The cat sat on the mat"], 110, 32);
    terminal.shows(&["Blockscope", "llama", "ready"]);
    terminal.press("0");
    terminal.shows(&["Nothing read yet", "read the prompt"]);
    terminal.press("r");
    terminal.shows(&["8 heads", "by place", "0.0", "1.3"]);
    terminal.press("o");
    terminal.shows(&["by induction"]);
    terminal.press("\r");
    terminal.shows(&["rows sum to 1", "looks at", "(0) The", "received"]);
    terminal.press("v");
    terminal.shows(&["columns sum to 1", "keys ↓"]);
    terminal.press("v");
    // Another head beside the pinned one, and what is different.
    terminal.press("p");
    terminal.shows(&["is pinned"]);
    terminal.press("n");
    terminal.shows(&["pinned "]);
    terminal.press("d");
    terminal.shows(&["less the pinned", "more"]);
    terminal.press("x");
    terminal.shows(&[" off · KL 0.", "goes on"]);
    terminal.press("a");
    terminal.shows(&["What it does", "next token", "probability", "clean, it goes on"]);
    terminal.press("au");
    terminal.shows(&["x switches this head off"]);
    // A position by typing, a token in another's place.
    terminal.press("/");
    terminal.shows(&["Go to a position"]);
    terminal.press("2\r");
    terminal.shows(&["A[2,"]);
    terminal.press("X");
    terminal.shows(&["what", "how", "zero in its place"]);
    terminal.press("\x03");
    terminal.press("\x7f");
    terminal.shows(&["8 heads", "by induction"]);
    // Random tokens twice, then what the stream says of them.
    terminal.press("i");
    terminal.shows(&["100 tokens"]);
    terminal.press("L");
    terminal.shows(&["the lens", "embedding", "1 mlp", "KL to the last"]);
    terminal.press("\rv");
    terminal.shows(&["neurons of mlp 1"]);
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn what_was_captured_is_looked_at_without_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cat.safetensors");
    let file = file.to_str().unwrap();
    let captured = std::process::Command::new(env!("CARGO_BIN_EXE_blockscope"))
        .args(["capture", &tiny(), "--prompt", "The cat sat on the mat", "--out", file])
        .output()
        .unwrap();
    assert!(captured.status.success(), "{}", String::from_utf8_lossy(&captured.stderr));
    let mut terminal = Terminal::open(&["view", file], 100, 30);
    terminal.shows(&["llama", "8 heads", "0.0", "1.3"]);
    terminal.press("\r");
    terminal.shows(&["head 0.0", "looks at", "(0) The"]);
    terminal.press("x");
    terminal.shows(&["there is no model"]);
    terminal.press("L\r");
    terminal.shows(&["who wrote", "logit"]);
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
    let cut = std::fs::read(file).unwrap();
    std::fs::write(file, &cut[..cut.len() / 2]).unwrap();
    let refused = std::process::Command::new(env!("CARGO_BIN_EXE_blockscope")).args(["view", file]).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("is it complete?"), "{refused:?}");
}

#[test]
fn three_lessons_doing_what_they_ask() {
    let model = tiny();
    let mut terminal = Terminal::open(&["learn", "1", &model], 120, 36);
    terminal.shows(&["1 What goes in and out", "1/7", "your text, token by token", "x[0]"]);
    terminal.press("]");
    terminal.shows(&["2/7", "▸ In Prompt (e)"]);
    terminal.press("e and went home\x1b");
    terminal.shows(&["✓ In Prompt", "Done. Press ]"]);
    terminal.press("]]");
    terminal.shows(&["4/7", "▸ On Generate (5)"]);
    terminal.press("5r");
    terminal.shows(&["✓ On Generate", "Done. Press ]"]);
    terminal.press("]");
    // A number is typed where digits are screens otherwise, and held against what the model says.
    terminal.shows(&["5/7", "Predict first", "from 0 to 100"]);
    terminal.press("4x2\x7f5\r");
    terminal.shows(&["Your prediction: 45 %", "Measured: ", "● measured"]);
    terminal.press("]");
    terminal.shows(&["6/7", "Press A, B or C"]);
    terminal.press("a");
    terminal.shows(&["A ✗", "B ✓"]);
    terminal.press("]!");
    terminal.shows(&["Experiment · law", "PASS", "≤"]);

    // To the list, where this lesson is done, and to the seventh.
    terminal.press("yy");
    terminal.shows(&["● What goes in and out", "1 of 26 done"]);
    terminal.press("jjjjjj\r");
    terminal.shows(&["7 Attention is an average", "1/7"]);
    terminal.press("]");
    terminal.shows(&["2/7", "▸ On Learn (y)"]);
    terminal.press("\x1b[C");
    terminal.shows(&["✓ On Learn", "X: three tokens"]);
    terminal.press("]]");
    terminal.shows(&["4/7", "▸ On Learn (y)"]);
    terminal.press("\x1b[F");
    terminal.shows(&["✓ On Learn", "10/10"]);
    terminal.press("]50\r");
    terminal.shows(&["Your prediction: 50 %", "Measured: "]);
    terminal.press("]B]!");
    terminal.shows(&["PASS"]);

    // The eighth comes after it, on the Heads screen.
    terminal.press("]");
    terminal.shows(&["8 Queries, keys, values", "Nothing read yet"]);
    terminal.press("]r");
    terminal.shows(&["✓ On Heads", "8 heads"]);
    terminal.press("]\r");
    terminal.shows(&["3/7", "Done. Press ]", "looks at"]);
    terminal.press("]v");
    terminal.shows(&["4/7", "Done. Press ]", "columns sum to 1"]);
    terminal.press("G");
    terminal.shows(&["Terms and symbols"]);
    terminal.press("softmax");
    terminal.shows(&["softmax"]);
    terminal.press("\r]50\r");
    terminal.shows(&["Your prediction: 50 %", "Measured: "]);
    terminal.press("]c]!");
    terminal.shows(&["PASS"]);
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);

    let kept = std::fs::read_to_string(terminal.state.path().join("blockscope/lessons.json")).unwrap();
    let kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
    for lesson in ["1", "7", "8"] {
        assert_eq!(kept["lessons"][lesson]["is_proved"], true, "{kept:#}");
    }
}

/// The first frame is drawn before the C library has set up the environment.
#[test]
fn the_first_frame_already_knows_the_environment() {
    let variables = [("TERM", "xterm-256color"), ("NO_COLOR", "1")];
    let mut terminal = Terminal::open_where(&variables, &["run", &tiny(), "--wait"], 80, 24);
    terminal.shows(&["Blockscope"]);
    {
        let parser = terminal.screen.lock().unwrap();
        let cells = (0..24).flat_map(|row| (0..80).map(move |column| (row, column)));
        let coloured = cells.filter(|&(row, column)| {
            let cell = parser.screen().cell(row, column).unwrap();
            cell.fgcolor() != vt100::Color::Default || cell.bgcolor() != vt100::Color::Default
        });
        assert_eq!(coloured.count(), 0);
    }
    terminal.shows(&["ready"]);
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
}
