//! The vocabularies on which llama.cpp tests its tokenizers, with its texts: every token is the one that it must be.
//!
//! Cut-down ones lie in `tests/fixtures/tokenizers`. The whole ones are fetched once by `scripts/vocabularies.sh`;
//! where that cannot be, their test says so and tests nothing.

use blockscope::gguf::Gguf;
use blockscope::text::{Input, Specials, Tokenizer};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::{env, fs, thread};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tokenizers")
}

/// All files of a folder whose name ends so, in order.
fn ending(folder: &Path, end: &str) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.to_string_lossy().ends_with(end)).collect();
    paths.sort();
    paths
}

/// The path with something behind it.
fn beside(path: &Path, end: &str) -> PathBuf {
    PathBuf::from(format!("{}{end}", path.display()))
}

/// The texts, and for each a line of ids.
fn cases(texts: &Path, ids: &Path) -> Vec<(String, Vec<u32>)> {
    let texts = fs::read_to_string(texts).unwrap();
    let ids = fs::read_to_string(ids).unwrap();
    let texts: Vec<&str> = texts.split("\n__ggml_vocab_test__\n").collect();
    let ids: Vec<Vec<u32>> =
        ids.lines().map(|line| line.split_whitespace().map(|id| id.parse().unwrap()).collect()).collect();
    // The separator stands behind the last text, too.
    assert!(texts.len() == ids.len() || texts.len() == ids.len() + 1 && texts[ids.len()].is_empty());
    texts.into_iter().map(str::to_owned).zip(ids).collect()
}

fn tokenizer(path: &Path) -> Tokenizer {
    let file = Gguf::open(path).unwrap();
    Tokenizer::from_gguf(&file).unwrap_or_else(|error| panic!("{error}"))
}

/// Asserts the ids of every text. Counts those whose characters the model's own tokenizer composes first (NFC): their
/// ids are those of the composed text, and not what llama.cpp makes of them.
fn assert_ids(tokenizer: &Tokenizer, cases: &[(String, Vec<u32>)], name: &str) -> usize {
    let encode = |text: &str| tokenizer.encode(text, Input::Text).unwrap();
    let mut composed = 0;
    for (text, expected) in cases {
        let ids = encode(text);
        let whole = text.replace("e\u{301}", "é").replace("a\u{300}", "à");
        if whole != *text && ids != *expected {
            assert_eq!(ids, encode(&whole), "{name}: {text:?}");
            composed += 1;
        } else {
            assert_eq!(ids, *expected, "{name}: {text:?}");
        }
    }
    composed
}

#[test]
fn cut_down_vocabularies_give_the_expected_ids() {
    let vocabularies = ending(&fixtures(), ".gguf");
    assert!(!vocabularies.is_empty());
    for path in vocabularies {
        let tokenizer = tokenizer(&path);
        let cases = cases(&fixtures().join("vocabularies.inp"), &beside(&path, ".out"));
        assert_eq!(assert_ids(&tokenizer, &cases, &path.display().to_string()), 0);
        assert_eq!(tokenizer.warnings(), [""; 0], "{}", path.display());
    }
}

/// Where the whole vocabularies lie, once they are there.
fn fetched() -> Option<PathBuf> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/vocabularies.sh");
    let quickly = [("PIP_RETRIES", "1"), ("PIP_DEFAULT_TIMEOUT", "15")];
    let output = Command::new("bash").arg(script).envs(quickly).output().ok()?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        assert!(said.contains("could not be fetched"), "{said}");
        eprintln!("skipped, for the vocabularies are not here:\n{said}");
        return None;
    }
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = cache.unwrap_or_else(|| PathBuf::from(env::var_os("HOME").unwrap()).join(".cache"));
    Some(cache.join("blockscope/vocabularies-0.3.36"))
}

#[test]
fn every_vocabulary_of_llama_cpp_gives_the_expected_ids() {
    let Some(folder) = fetched() else { return };
    let left = Mutex::new(ending(&folder, ".gguf"));
    assert_eq!(left.lock().unwrap().len(), 19);
    let work = || {
        loop {
            let next = left.lock().unwrap().pop();
            let Some(path) = next else { break };
            let name = path.file_stem().unwrap().to_string_lossy().replace("ggml-vocab-", "");
            check(&path, &name);
        }
    };
    thread::scope(|scope| {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        (0..workers).for_each(|_| drop(scope.spawn(work)));
    });
}

fn check(path: &Path, name: &str) {
    let tokenizer = tokenizer(path);
    if beside(path, ".out").exists() {
        let cases = cases(&beside(path, ".inp"), &beside(path, ".out"));
        // Qwen 3.5 composes; the last ids for it were made by llama.cpp, which does not.
        assert_eq!(assert_ids(&tokenizer, &cases, name), if name == "qwen35" { 3 } else { 0 });
        assert_eq!(tokenizer.warnings(), [""; 0], "{name}");
        return;
    }
    // The package has texts, but no ids for these. What its own code makes of them lies in the fixtures, where it is
    // to be trusted: files that do not name their pre-tokenizer it splits as no model does.
    let texts = beside(&path.with_file_name("ggml-vocab-gpt-2.gguf"), ".inp");
    let ids = fixtures().join(name).with_extension("out");
    if ids.exists() {
        assert_ids(&tokenizer, &cases(&texts, &ids), name);
    } else {
        assert!(tokenizer.warnings()[0].contains("does not name its pre-tokenizer"), "{name}");
        for text in fs::read_to_string(texts).unwrap().split("\n__ggml_vocab_test__\n") {
            let ids = tokenizer.encode(text, Input::Text).unwrap();
            assert_eq!(tokenizer.decode(&ids, Specials::Show).unwrap(), text, "{name}");
        }
    }
}
