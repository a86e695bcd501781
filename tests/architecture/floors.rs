//! The floors of the house: a module imports only from the floors below its own.

use crate::source::{Source, all};

/// Modules by floor, as `src/lib.rs` shows them.
const FLOORS: [&[&str]; 9] = [
    &["units", "system"],
    &["gguf"],
    &["arch", "text", "learn"],
    &["record", "engine"],
    &["analyse"],
    &["measure", "report"],
    &["interpret"],
    &["worker"],
    &["tui", "cli"],
];

/// Which other modules of its own floor a module may import.
const BESIDE: [(&str, &str); 1] = [("cli", "tui")];

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

/// What follows on `name::`, wherever that stands for a crate.
fn after<'s>(source: &'s Source, name: &'s str) -> impl Iterator<Item = &'s str> {
    let tokens = &source.tokens;
    let begins = move |at: usize| tokens[at] == name && tokens[at + 1] == "::" && (at == 0 || tokens[at - 1] != "::");
    (0..tokens.len().saturating_sub(2)).filter(move |&at| begins(at)).map(|at| tokens[at + 2].as_str())
}

#[test]
fn imports_go_downward_only() {
    let mut wrong = Vec::new();
    for source in all() {
        let module = source.top();
        let Some(own) = floor(module) else { continue };
        for other in after(&source, "crate") {
            let Some(its) = floor(other) else { continue };
            let beside = other == module || BESIDE.contains(&(module, other));
            if its > own || its == own && !beside {
                let path = source.path.display();
                wrong.push(format!("{path}: {module} (floor {own}) imports {other} (floor {its})"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn libtorch_stays_below_and_the_terminal_above() {
    for source in all() {
        let names = |name: &str| after(&source, name).next().is_some();
        let (is, path) = (|names: &[&str]| names.contains(&source.top()), source.path.display());
        assert!(!names("tch") || is(&["engine", "measure", "interpret"]), "{path} names tch");
        for terminal in ["ratatui", "crossterm"] {
            assert!(!names(terminal) || is(&["tui"]), "{path} names {terminal}");
        }
    }
}

#[test]
fn every_module_has_a_floor() {
    for source in all() {
        let module = source.top();
        assert!(floor(module).is_some() || ["", "main", "early"].contains(&module), "{}", source.path.display());
    }
}
