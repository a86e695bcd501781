//! The floors of the house: a module imports only from the floors below its own.

use std::fs;
use std::path::{Path, PathBuf};

/// Modules by floor, as `src/lib.rs` shows them.
const FLOORS: [&[&str]; 5] = [
    &["units", "gguf", "system"],
    &["trace", "text", "model", "learn"],
    &["profile", "report"],
    &["worker"],
    &["tui", "cli"],
];

/// Which other modules of its own floor a module may import.
const BESIDE: [(&str, &str); 2] = [("cli", "tui"), ("gguf", "system")];

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let rust = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    rust.chain(folders.iter().flat_map(|folder| sources(folder))).collect()
}

/// The source files with the module that each belongs to, and their code without comments and tests.
fn modules() -> Vec<(PathBuf, String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let module = |path: &Path| {
        let inside = path.strip_prefix(&src).unwrap().with_extension("");
        inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned()
    };
    let code = |path: &Path| {
        let text = fs::read_to_string(path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
    };
    sources(&src).into_iter().map(|path| (path.clone(), module(&path), code(&path))).collect()
}

#[test]
fn imports_go_downward_only() {
    let mut wrong = Vec::new();
    for (path, module, code) in modules() {
        let Some(own) = floor(&module) else { continue };
        for piece in code.split("crate::").skip(1) {
            let other: String = piece.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let Some(its) = floor(&other) else { continue };
            let beside = other == module || BESIDE.contains(&(module.as_str(), other.as_str()));
            if its > own || its == own && !beside {
                wrong.push(format!("{}: {module} (floor {own}) imports {other} (floor {its})", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn libtorch_stays_below_and_the_terminal_above() {
    for (path, module, code) in modules() {
        let is = |names: &[&str]| names.contains(&module.as_str());
        let is_word = |before: &str| !before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let names = |name: &str| code.match_indices(&format!("{name}::")).any(|(at, _)| is_word(&code[..at]));
        assert!(!names("tch") || is(&["model", "profile"]), "{} names tch", path.display());
        for terminal in ["ratatui", "crossterm"] {
            assert!(!names(terminal) || is(&["tui"]), "{} names {terminal}", path.display());
        }
    }
}

#[test]
fn every_module_has_a_floor() {
    for (path, module, _) in modules() {
        assert!(floor(&module).is_some() || ["lib", "main", "early"].contains(&module.as_str()), "{}", path.display());
    }
}
