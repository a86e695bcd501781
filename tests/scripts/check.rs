//! What must be installed.

use crate::clone::{Clone, assert_refused};
use std::path::Path;

#[test]
fn an_old_rust_and_a_missing_compiler_are_both_named() {
    let clone = Clone::new();
    clone.program("rustc", "echo 'rustc 1.70.0 (90c541806 2023-05-31)'");
    let outcome = clone.run("check.sh", &[("CXX", Path::new("no-such-compiler"))]);
    assert_refused(&outcome, &["Rust 1.88 or newer", "found 1.70.0", "C++17 compiler", "no-such-compiler"]);
}
