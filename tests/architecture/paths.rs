//! Paths of parts are printed and read in one module: nowhere else does a string spell one.

use crate::source::{Source, library};
use blockscope::arch::role::Role;

/// A module that owns paths: what parts are called, and how that is written.
fn owns_paths(source: &Source) -> bool {
    source.top() == "arch"
}

/// Whether a string spells a path, or the beginning of one.
fn spells_a_path(string: &str) -> bool {
    let inside = Role::ALL.iter().map(|role| role.path()).filter(|path| path.contains('.'));
    inside.chain(["blocks."]).any(|piece| string.contains(piece)) || ["attn.", "mlp."].contains(&&string[1..])
}

#[test]
fn no_path_is_spelled_outside_of_its_module() {
    let mut wrong = Vec::new();
    for source in library().iter().filter(|source| !owns_paths(source)) {
        let spelled = source.strings.iter().filter(|string| spells_a_path(string));
        wrong.extend(spelled.map(|string| format!("{}: {}", source.path.display(), &string[1..])));
    }
    assert!(wrong.is_empty(), "paths are printed and read in src/arch/path.rs only:\n{}", wrong.join("\n"));
}

#[test]
fn a_path_is_known_when_it_is_seen() {
    assert!(["\"blocks.{block}", "\"attn.qkv", "\"x mlp.down", "\"attn."].iter().all(|string| spells_a_path(string)));
    assert!(["\"blocks", "\"lm_head", "\"the attention"].iter().all(|string| !spells_a_path(string)));
}
