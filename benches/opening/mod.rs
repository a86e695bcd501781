//! Opening a file in a process of its own, so that the peak of memory is its own.

use blockscope::units::Bytes;
use std::path::{Path, PathBuf};
use std::process::Command;

const REPEATS: usize = 5;

/// The file that this process is to open, where it is one of those that [`each`] starts.
pub fn asked_for() -> Option<PathBuf> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [what, path] if what == "open" => Some(path.into()),
        _ => None,
    }
}

/// Opens a file several times, and prints what each process says.
pub fn each(path: &Path) {
    for _ in 0..REPEATS {
        let child = Command::new(std::env::current_exe().unwrap()).arg("open").arg(path).output().unwrap();
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
        print!("  {}", String::from_utf8_lossy(&child.stdout));
    }
}

/// The most memory that this process has had, in words.
pub fn peak() -> String {
    high_water().map_or("unknown".to_owned(), |bytes| bytes.to_string())
}

/// The same, where the system tells.
fn high_water() -> Option<Bytes> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(Bytes(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024))
}
