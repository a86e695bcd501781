//! A clone to run the scripts in.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// A clone of which only the scripts are there, and an empty cache.
pub struct Clone {
    folder: tempfile::TempDir,
}

/// How a script ended.
pub struct Outcome {
    pub success: bool,
    pub stderr: String,
}

impl Clone {
    pub fn new() -> Self {
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
    pub fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(relative)
    }

    /// Writes a file inside the temporary folder, with the folders that lead to it.
    pub fn write(&self, relative: &str, content: &str) -> PathBuf {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// Puts a shell script of this name before all other programs.
    pub fn program(&self, name: &str, script: &str) {
        let path = self.write(&format!("bin/{name}"), &format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Puts `to` in the place of `from` in one of the scripts: a package of the test's own in that of a published one.
    pub fn pin(&self, script: &str, from: &str, to: &str) {
        let path = self.path("clone/scripts").join(script);
        let content = fs::read_to_string(&path).unwrap();
        assert!(content.contains(from), "{script} has no {from}");
        fs::write(path, content.replace(from, to)).unwrap();
    }

    /// Makes a wheel of what this Python writes into `wheel`, a zip archive; returns its SHA-256.
    pub fn wheel(&self, file: &str, python: &str) -> String {
        fs::create_dir_all(self.path("wheels")).unwrap();
        let path = self.path("wheels").join(file);
        let code = format!(
            "import hashlib, io, json, struct, sys, zipfile\n\
             with zipfile.ZipFile(sys.argv[1], 'w') as wheel:\n    {}\n\
             print(hashlib.sha256(open(sys.argv[1], 'rb').read()).hexdigest())",
            python.trim().replace('\n', "\n    ")
        );
        let output = Command::new("python3").arg("-c").arg(code).arg(path).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Runs one of the scripts, with these variables beside those that every test has.
    pub fn run(&self, script: &str, variables: &[(&str, &Path)]) -> Outcome {
        self.run_with(script, &[], variables)
    }

    /// The same, with arguments.
    pub fn run_with(&self, script: &str, arguments: &[&str], variables: &[(&str, &Path)]) -> Outcome {
        let path = format!("{}:{}", self.path("bin").display(), env::var("PATH").unwrap());
        let output = Command::new("bash")
            .arg(self.path("clone/scripts").join(script))
            .args(arguments)
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
    pub fn left_in(&self, folder: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path("cache/blockscope").join(folder));
        let paths = entries.into_iter().flatten().map(|entry| entry.unwrap().path());
        paths.filter(|path| path.extension().is_none_or(|extension| extension != "lock")).collect()
    }

    /// The files by which a LibTorch is known to be whole, all empty, and a header that states the version.
    pub fn libtorch(&self, folder: &str, version: [u32; 3]) -> PathBuf {
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
pub fn assert_refused(outcome: &Outcome, words: &[&str]) {
    assert!(!outcome.success, "expected a refusal, found success:\n{}", outcome.stderr);
    for word in words {
        assert!(outcome.stderr.contains(word), "expected `{word}` in:\n{}", outcome.stderr);
    }
}

/// A python3 that does `instead` when `condition` holds, and is the real one otherwise.
pub fn python_but(condition: &str, instead: &str) -> String {
    let real = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output().unwrap();
    let real = String::from_utf8(real.stdout).unwrap();
    format!("if [ {condition} ]; then {instead}; exit $?; fi\nexec {} \"$@\"", real.trim())
}
