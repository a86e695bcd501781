//! LibTorch: fetched, or the user's own.

use crate::clone::{Clone, assert_refused};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

#[test]
fn another_libtorch_version_is_refused() {
    let clone = Clone::new();
    let from_headers = clone.libtorch("old", [2, 9, 1]);
    assert_refused(&clone.run("libtorch.sh", &[("LIBTORCH", &from_headers)]), &["2.9.1", "Expected LibTorch 2.11.0"]);
    let from_file = clone.libtorch("older", [2, 11, 0]);
    clone.write("older/build-version", "2.5.1+cpu\n");
    assert_refused(&clone.run("libtorch.sh", &[("LIBTORCH", &from_file)]), &["2.5.1", "Expected LibTorch 2.11.0"]);
    assert!(!clone.path("clone/.libtorch").is_symlink());
}

#[test]
fn half_a_libtorch_is_refused_by_the_missing_file() {
    let clone = Clone::new();
    let folder = clone.libtorch("half", [2, 11, 0]);
    fs::remove_file(folder.join("include/ATen/ATen.h")).unwrap();
    assert_refused(&clone.run("libtorch.sh", &[("LIBTORCH", &folder)]), &["include/ATen/ATen.h is missing"]);
}

#[test]
fn a_libtorch_of_ones_own_is_linked_and_kept() {
    let clone = Clone::new();
    let folder = clone.libtorch("own", [2, 11, 0]);
    let link = clone.path("clone/.libtorch");

    let chosen = clone.run("libtorch.sh", &[("LIBTORCH", &folder)]);
    assert!(chosen.success, "{}", chosen.stderr);
    assert_eq!(fs::read_link(&link).unwrap(), folder);

    // Without the variable, and with what cargo itself sets it to, the choice stands.
    for variables in [&[][..], &[("LIBTORCH", link.as_path())]] {
        let kept = clone.run("libtorch.sh", variables);
        assert!(kept.success, "{}", kept.stderr);
        assert_eq!(fs::read_link(&link).unwrap(), folder);
    }
}

#[test]
fn a_relative_libtorch_is_refused() {
    let clone = Clone::new();
    clone.libtorch("clone/own", [2, 11, 0]);
    assert_refused(&clone.run("libtorch.sh", &[("LIBTORCH", Path::new("own"))]), &["absolute path"]);
}

#[test]
fn another_pytorch_version_is_refused() {
    let clone = Clone::new();
    clone.write("python/torch/__init__.py", "__version__ = '2.5.1+cu121'\n");
    let variables = [("LIBTORCH_USE_PYTORCH", Path::new("1")), ("PYTHONPATH", &clone.path("python"))];
    assert_refused(&clone.run("libtorch.sh", &variables), &["2.5.1+cu121", "no PyTorch 2.11.0"]);
}

#[test]
fn other_platforms_are_told_what_to_do() {
    let clone = Clone::new();
    clone.program("uname", "[ \"$1\" = -s ] && echo Darwin || echo arm64");
    assert_refused(
        &clone.run("libtorch.sh", &[]),
        &["Darwin arm64", "LIBTORCH=/path/to/libtorch", "LIBTORCH_USE_PYTORCH=1"],
    );
}

#[test]
fn the_link_of_an_earlier_blockscope_gives_way_to_the_shared_libtorch() {
    let clone = Clone::new();
    symlink(clone.path("cache/blockscope/libtorch-2.10.0"), clone.path("clone/.libtorch")).unwrap();
    clone.libtorch("cache/blockscope/libtorch-2.10.0", [2, 10, 0]);
    // Not refused as a choice of the user's: it goes on to fetch 2.11.0, which it cannot here.
    clone.program("uname", "echo Elsewhere");
    assert_refused(&clone.run("libtorch.sh", &[]), &["LibTorch 2.11.0 is missing", "no ready-made one"]);
}
