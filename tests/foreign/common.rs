//! Running the program, and folders and files for it to run on.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

pub const LLAMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/golden/llama");

pub fn blockscope(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blockscope"));
    command.args(args).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    command.env("OMP_NUM_THREADS", "1");
    command
}

pub fn run(args: &[&str]) -> Output {
    blockscope(args).output().unwrap()
}

/// What a command that ends well prints, and what it says beside that.
pub fn said(args: &[&str]) -> (String, String) {
    let output = run(args);
    let [out, errors] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert!(output.status.success(), "{args:?}: {:?}\n{errors}", output.status);
    (out, errors)
}

/// What a command says that ends with `code` within some seconds; it prints no result and no report of a fault.
pub fn refusal(args: &[&str], code: i32) -> String {
    let began = Instant::now();
    let output = run(args);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {errors}");
    assert!(output.stdout.is_empty(), "{args:?} printed a result");
    assert!(!errors.contains("panicked"), "{errors}");
    assert!(began.elapsed() < Duration::from_secs(20), "{args:?} took {:?}", began.elapsed());
    errors
}

/// Waits until `done`, or gives up after a minute.
pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(60), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

pub fn signal(process: u32, name: &str) {
    let sent = Command::new("kill").args([name, &process.to_string()]).status().unwrap();
    assert!(sent.success());
}

/// The tiny llama with other files beside its own, or in their place.
pub fn llama_with(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(LLAMA).unwrap() {
        let from = entry.unwrap().path();
        std::fs::copy(&from, folder.path().join(from.file_name().unwrap())).unwrap();
    }
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A named pipe to which nobody writes.
pub fn pipe(path: PathBuf) -> PathBuf {
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}
