//! `docs/json.md` against what `--json` prints: every field is on the page, and every field of the page is printed.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const LLAMA: &str = "tests/fixtures/golden/llama";
const SHORT: [&str; 6] = ["--prompt-tokens", "8", "--new-tokens", "3", "--set", "threads=1"];
const TEXT: [&str; 4] = ["--ids", "281,280,279,262,281,280", "--set", "threads=1"];

/// A field as the page describes it.
struct Field {
    /// The section that describes the objects in it.
    inside: Option<String>,
    unit: String,
    basis: String,
    about: String,
}

/// Sections by name, in each the fields by name.
struct Page(BTreeMap<String, BTreeMap<String, Field>>);

impl Page {
    fn read() -> Self {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/json.md")).unwrap();
        let mut sections: BTreeMap<String, BTreeMap<String, Field>> = BTreeMap::new();
        let mut section = String::new();
        for line in text.lines() {
            if let Some(title) = line.strip_prefix("## ") {
                section = title.to_owned();
                continue;
            }
            let Some(row) = line.strip_prefix("| `") else { continue };
            let (name, rest) = row.split_once("` |").unwrap_or_else(|| panic!("{line}"));
            let cells: Vec<&str> = rest.trim_end_matches('|').split('|').map(str::trim).collect();
            let [unit, basis, about] = cells[..] else { panic!("expected four cells: {line}") };
            let inside = unit.split_once("](#").map(|(_, link)| link.trim_end_matches(')').to_owned());
            let field = Field { inside, unit: unit.to_owned(), basis: basis.to_owned(), about: about.to_owned() };
            let before = sections.entry(section.clone()).or_default().insert(name.to_owned(), field);
            assert!(before.is_none(), "{section}: {name} is there twice");
        }
        Self(sections)
    }

    /// The name on the page of a field, in which a `*` stands for any name.
    fn find(&self, section: &str, before: &str, name: &str) -> Option<(String, &Field)> {
        let fields = self.0.get(section)?;
        let names = [format!("{before}{name}"), format!("{before}*")];
        names.into_iter().find_map(|name| fields.get(&name).map(|field| (name, field)))
    }
}

/// Walks over what was printed and notes the fields of the page that were seen, and what is not on it.
struct Walk<'p> {
    page: &'p Page,
    seen: BTreeSet<(String, String)>,
    missing: BTreeSet<String>,
}

impl Walk<'_> {
    fn object(&mut self, section: &str, before: &str, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let Some((name, field)) = self.page.find(section, before, name) else {
                        self.missing.insert(format!("{section}: {before}{name} = {}", short(value)));
                        continue;
                    };
                    self.seen.insert((section.to_owned(), name.clone()));
                    match &field.inside {
                        Some(inside) => self.object(&inside.clone(), "", value),
                        None if value.is_array() => self.object(section, &format!("{name}[]."), value),
                        None => self.object(section, &format!("{name}."), value),
                    }
                }
            }
            Value::Array(values) => values.iter().for_each(|value| self.object(section, before, value)),
            _ => {}
        }
    }
}

fn short(value: &Value) -> String {
    value.to_string().chars().take(60).collect()
}

/// A folder for what commands write, and as the folder for caches, with a model in it that is none.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let models = folder.path().join("blockscope/models");
        std::fs::create_dir_all(&models).unwrap();
        std::fs::write(models.join("none.gguf"), "").unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// What a command prints, whatever it ends with: a gate may fail.
    fn run(&self, args: &[&str]) -> Value {
        let mut command = Command::new(env!("CARGO_BIN_EXE_blockscope"));
        command.args(args).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
        let output = command.env("XDG_CACHE_HOME", self.0.path()).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{args:?}: {error}: {errors}"))
    }
}

/// What every command prints, with the section that describes it.
fn printed() -> Vec<(&'static str, Value)> {
    let folder = Folder::new();
    let [all, hooks] = ["seen.safetensors", "hooks.safetensors"].map(|name| folder.path(name).display().to_string());
    let with = |command: &[&str], more: &[&str]| folder.run(&[command, more, &["--json"]].concat());
    let one_head = ["--head", "0.1", "--new-tokens", "2"];
    vec![
        ("doctor", folder.run(&["doctor", "--json", "--threads", "1"])),
        ("inspect", with(&["inspect", LLAMA], &[])),
        ("tokenize", with(&["tokenize", LLAMA, "The cat"], &[])),
        ("tokenize-steps", with(&["tokenize", LLAMA, "The cat", "--steps"], &[])),
        ("tokenize-with", with(&["tokenize", LLAMA, "The cat", "--with", LLAMA], &[])),
        ("learn", with(&["learn", "all", LLAMA, "--check"], &["--set", "threads=1"])),
        ("generate", with(&["generate", LLAMA, "--max-new", "3"], &TEXT)),
        ("profile", with(&["profile", LLAMA, "--repeats", "2"], &SHORT)),
        ("profile", with(&["profile", LLAMA, "--repeats", "1", "--trace"], &SHORT)),
        ("bench", folder.run(&["bench", LLAMA, "-p", "4", "-n", "2", "-r", "2", "-o", "json", "--set", "threads=1"])),
        (
            "compare",
            with(
                &["compare", LLAMA, "--b", "kv_cache=off", "--rounds", "6", "--gate", "decode.tpot_ratio<=1e9"],
                &SHORT,
            ),
        ),
        ("compare", with(&["compare", LLAMA, "--all", "weights", "--rounds", "6"], &SHORT)),
        ("sweep", with(&["sweep", LLAMA, "--over", "prompt_tokens=4,8,16", "--rounds", "6"], &["--set", "threads=1"])),
        ("explore", with(&["explore", LLAMA, "--importance", "--versus", "3"], &TEXT)),
        ("ablate", folder.run(&[&["ablate", LLAMA, "--json"], &one_head[..], &TEXT[..]].concat())),
        ("capture", with(&["capture", LLAMA, "--out", &all], &TEXT)),
        ("capture-hooks", with(&["capture", LLAMA, "--hooks", "logits", "--out", &hooks], &TEXT)),
        ("export-text", folder.run(&["export", &all, "--to", "json"])),
    ]
}

#[test]
fn every_field_that_is_printed_is_on_the_page_and_every_field_of_the_page_is_printed() {
    let page = Page::read();
    let mut walk = Walk { page: &page, seen: BTreeSet::new(), missing: BTreeSet::new() };
    for (section, value) in printed() {
        assert_eq!(value["schema"], blockscope::report::json::SCHEMA, "{section}");
        assert_eq!(value.as_object().unwrap().keys().next().unwrap(), "schema", "{section}");
        walk.object(section, "", &value);
    }
    let missing: Vec<String> = walk.missing.iter().cloned().collect();
    assert!(missing.is_empty(), "not on the page:\n{}", missing.join("\n"));
    // What needs another machine or another model to appear says so.
    let unseen: Vec<String> = page
        .0
        .iter()
        .flat_map(|(section, fields)| fields.iter().map(move |(name, field)| (section, name, field)))
        .filter(|(section, name, field)| {
            !walk.seen.contains(&((*section).clone(), (*name).clone())) && !field.about.starts_with("Only ")
        })
        .map(|(section, name, _)| format!("{section}: {name}"))
        .collect();
    assert!(unseen.is_empty(), "on the page, but not printed:\n{}", unseen.join("\n"));
}

#[test]
fn every_field_has_a_unit_a_basis_and_a_meaning() {
    let bases = ["measured", "counted", "modelled", "fitted", "given", "described", "computed", "–"];
    for (section, fields) in Page::read().0 {
        for (name, field) in fields {
            assert!(!field.unit.is_empty() && !field.about.is_empty(), "{section}: {name}");
            assert!(bases.contains(&field.basis.as_str()), "{section}: {name}: {}", field.basis);
        }
    }
}
