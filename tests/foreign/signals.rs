//! Signals at any moment: the thread that takes them never computes.

use crate::common::{LLAMA, blockscope, signal, wait_until};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};
use std::time::Duration;

/// Products of many rows in f32, for as long as anybody waits.
fn comparison(more: &[&str]) -> Child {
    let args =
        ["compare", LLAMA, "--a", "kv_cache=off", "--b", "kv_cache=on", "--prompt-tokens", "64", "--new-tokens", "40"];
    let rounds = ["--rounds", "1000", "--no-quality"];
    let mut command = blockscope(&[&args[..], &rounds, more].concat());
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Each thread of a process: its name and the signals that it keeps out, signal n at bit n − 1.
#[cfg(target_os = "linux")]
fn threads(process: u32) -> Vec<(String, u64)> {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let status = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("status")).ok();
    let field = |status: &str, name: &str| {
        status.lines().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned())).unwrap()
    };
    let described = tasks
        .filter_map(|task| status(task.unwrap()))
        .map(|status| (field(&status, "Name:"), u64::from_str_radix(&field(&status, "SigBlk:"), 16).unwrap()));
    described.collect()
}

/// oneDNN lets the stack pointer of a computing thread point at a buffer on the heap: a signal's frame written there
/// destroys what lies before it. No thread but one may take a signal that is handled.
#[cfg(target_os = "linux")]
#[test]
fn one_thread_takes_signals_and_it_does_not_compute() {
    use blockscope::system::signals::HANDLED;
    let handled: u64 = HANDLED.iter().map(|signal| 1 << (signal - 1)).sum();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("study.jsonl");
    let mut child = comparison(&["--set", "threads=2", "--out", file.to_str().unwrap()]);
    let measured = || std::fs::read_to_string(&file).map_or(0, |text| text.lines().count());
    wait_until("some measurements", || measured() > 20);
    let threads = threads(child.id());
    assert!(threads.len() > 3, "{threads:?}");
    let taking: Vec<_> = threads.iter().filter(|(_, kept_out)| kept_out & handled != handled).collect();
    assert!(matches!(taking[..], [(name, kept_out)] if name == "signals" && kept_out & handled == 0), "{threads:?}");
    signal(child.id(), "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

/// A sample of the next one.
#[test]
fn an_interrupt_at_any_moment_ends_a_comparison_with_130() {
    interrupt_comparisons(8);
}

#[test]
#[ignore = "takes some minutes"]
fn two_hundred_interrupts_end_two_hundred_comparisons_with_130() {
    interrupt_comparisons(200);
}

fn interrupt_comparisons(times: usize) {
    let mut random = ChaCha8Rng::seed_from_u64(16);
    for _ in 0..times {
        let child = comparison(&["--set", "threads=1"]);
        std::thread::sleep(Duration::from_millis(random.random_range(200..1200)));
        signal(child.id(), "-INT");
        let output = child.wait_with_output().unwrap();
        // In its first milliseconds nothing listens yet, and the system ends it.
        let ended = output.status.code() == Some(130) || output.status.signal() == Some(2);
        assert!(ended, "{:?}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_terminal_that_is_closed_ends_a_command_with_129_unless_it_is_to_outlive_it() {
    let folder = tempfile::tempdir().unwrap();
    for (how, wrapped) in [("plain", false), ("nohup", true)] {
        let file = folder.path().join(format!("{how}.jsonl"));
        let args = ["generate", LLAMA, "--ids", "1,2,3", "--max-new", "250", "--ignore-stop", "--set", "kv_cache=off"];
        let mut command = blockscope(&[&args[..], &["--out", file.to_str().unwrap()]].concat());
        if wrapped {
            let mut shell = std::process::Command::new("sh");
            shell.args(["-c", "trap '' HUP; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_blockscope")]);
            shell.args(args).args(["--out", file.to_str().unwrap()]).env("OMP_NUM_THREADS", "1");
            command = shell;
        }
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let tokens = || std::fs::read_to_string(&file).map_or(0, |text| text.matches("\"event\":\"token\"").count());
        wait_until("two tokens", || tokens() >= 2);
        signal(child.id(), "-HUP");
        assert_eq!(child.wait().unwrap().code(), Some(if wrapped { 0 } else { 129 }), "{how}");
        assert!(blockscope::record::file::read(&file).unwrap().tokens.len() >= 2);
    }
}
