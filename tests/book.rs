//! The book in `docs/book` holds together: chapters, links, references, commands, lessons, figures and symbols; and
//! so do the links of the README and of `docs`.
//!
//! What is written about in the book is marked so that it can be checked: a symbol is what stands
//! between single asterisks, `*X*`, or is a letter by itself in a block of formulas.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Chapters that are looked up, not worked through: they need nothing to try.
const LOOKED_UP: [&str; 2] = ["notation.md", "references.md"];
/// The most that a figure may weigh, in bytes.
const FIGURE: u64 = 300_000;

#[test]
fn summary_and_folder_have_the_same_chapters() {
    let named: BTreeSet<String> = chapters().into_iter().collect();
    let there: BTreeSet<String> =
        files(&source(), "md").iter().map(|path| name(path)).filter(|name| name != "SUMMARY.md").collect();
    let missing: Vec<_> = named.difference(&there).map(|name| format!("SUMMARY.md: {name} does not exist")).collect();
    let unnamed: Vec<_> = there.difference(&named).map(|name| format!("{name}: not in SUMMARY.md")).collect();
    none([missing, unnamed].concat());
}

#[test]
fn links_lead_somewhere() {
    let inside = source();
    let mut faults = Vec::new();
    for page in pages() {
        let of_the_book = page.path.starts_with(&inside);
        for (line, target) in page.links() {
            let fault = if target.starts_with("https://") {
                None
            } else if target.contains("://") {
                Some("is no https link".to_owned())
            } else {
                broken(&page, &target).or_else(|| {
                    let leaves = of_the_book && target.contains("../");
                    leaves.then(|| "leaves the book, where mdBook cannot follow".to_owned())
                })
            };
            faults.extend(fault.map(|fault| page.fault(line, &format!("{target} {fault}"))));
        }
    }
    none(faults);
}

#[test]
fn nothing_is_left_for_later() {
    let later = [concat!("TO", "DO"), concat!("TB", "D"), concat!("FIX", "ME")];
    let mut faults = Vec::new();
    for page in book() {
        for (line, text) in page.numbered() {
            let found = later.iter().find(|word| text.contains(**word));
            faults.extend(found.map(|word| page.fault(line, &format!("{word}: to be done or left out"))));
        }
    }
    none(faults);
}

#[test]
fn chapters_end_with_commands_to_try() {
    let mut faults = Vec::new();
    for chapter in chapters().iter().filter(|chapter| !LOOKED_UP.contains(&chapter.as_str())) {
        let page = Page::read(source().join(chapter));
        let last = page.numbered().filter(|(_, text)| text.starts_with("## ")).last();
        let Some((line, "## Try it")) = last else {
            faults.push(page.fault(last.map_or(1, |(line, _)| line), "expected the last section to be '## Try it'"));
            continue;
        };
        if !page.commands().iter().any(|command| command.line > line && command.in_block) {
            faults.push(page.fault(line, "expected a block with a line that begins with 'blockscope '"));
        }
    }
    none(faults);
}

#[test]
fn every_lesson_belongs_to_a_chapter() {
    let lessons = files(&root().join("src/learn/lessons"), "md").len();
    let named: BTreeSet<usize> = book()
        .iter()
        .flat_map(Page::commands)
        .filter(|command| command.words.first().is_some_and(|word| word == "learn"))
        .filter_map(|command| command.words.get(1)?.parse().ok())
        .collect();
    let faults = (1..=lessons).filter(|lesson| !named.contains(lesson));
    none(faults.map(|lesson| format!("no chapter has 'blockscope learn {lesson}'")).collect());
}

#[test]
fn what_is_cited_is_among_the_references_and_the_reverse() {
    let away = |page: &Page| page.links().into_iter().filter(|(_, target)| target.starts_with("https://"));
    let (references, chapters): (Vec<Page>, Vec<Page>) =
        book().into_iter().partition(|page| name(&page.path) == "references.md");
    let listed: Vec<_> = references.iter().flat_map(|page| away(page).map(move |link| (page, link))).collect();
    let cited: Vec<_> = chapters.iter().flat_map(|page| away(page).map(move |link| (page, link))).collect();
    let lacks = |list: &[(&Page, (usize, String))], target: &str| !list.iter().any(|(_, (_, it))| it == target);
    let unlisted = cited.iter().filter(|(_, (_, target))| lacks(&listed, target));
    let unlisted = unlisted.map(|(page, (line, target))| page.fault(*line, &format!("{target} is no reference")));
    let uncited = listed.iter().filter(|(_, (_, target))| lacks(&cited, target));
    let uncited = uncited.map(|(page, (line, target))| page.fault(*line, &format!("{target} is not cited")));
    none(unlisted.chain(uncited).collect());
}

#[test]
fn commands_and_their_flags_exist() {
    let known = subcommands();
    let mut helps = BTreeMap::new();
    let mut faults = Vec::new();
    for page in book() {
        for Commanded { line, words, .. } in page.commands() {
            let Some(subcommand) = words.first() else { continue };
            if !known.contains(subcommand) {
                faults.push(page.fault(line, &format!("'{subcommand}' is no command of blockscope")));
                continue;
            }
            let flags = helps.entry(subcommand.clone()).or_insert_with(|| flags(&help(&[subcommand, "--help"])));
            let asked = words.iter().filter(|word| word.starts_with("--"));
            for flag in asked.map(|word| word.split('=').next().unwrap_or(word)) {
                if !flags.contains(flag) {
                    faults.push(page.fault(line, &format!("'blockscope {subcommand}' has no {flag}")));
                }
            }
        }
    }
    none(faults);
}

#[test]
fn figures_stand_above_the_commands_that_made_them() {
    let mut faults = Vec::new();
    let mut shown = BTreeSet::new();
    for page in book() {
        let commands = page.commands();
        for (line, text) in page.numbered().filter(|(_, text)| text.trim_start().starts_with("![")) {
            for target in targets(text) {
                let file = name(Path::new(&target));
                let made = commands
                    .iter()
                    .any(|command| (line..line + 10).contains(&command.line) && command.words.contains(&file));
                if !made {
                    faults.push(page.fault(line, &format!("no 'blockscope … --out {file}' in the lines below")));
                }
                shown.insert(file);
            }
        }
    }
    let folder = source().join("figures");
    for path in ["svg", "png"].iter().flat_map(|ending| files(&folder, ending)) {
        let bytes = fs::metadata(&path).expect("a figure has a size").len();
        if bytes > FIGURE {
            faults.push(format!("{}: {bytes} bytes, more than {FIGURE}", path.display()));
        }
        if !shown.contains(&name(&path)) {
            faults.push(format!("{}: no chapter shows it", path.display()));
        }
    }
    none(faults);
}

#[test]
fn every_symbol_is_in_the_table_of_notation() {
    let rows = notation();
    let known: BTreeSet<&str> = rows.iter().flat_map(|row| row.symbols.iter().map(String::as_str)).collect();
    let mut faults = Vec::new();
    for page in book() {
        for Used { line, symbol, .. } in page.symbols() {
            if !is_known(&symbol, &known) {
                faults.push(page.fault(line, &format!("{symbol} is not in notation.md")));
            }
        }
    }
    none(faults);
}

#[test]
fn the_table_says_where_a_symbol_is_first_used() {
    let order: Vec<Page> = chapters().iter().map(|chapter| Page::read(source().join(chapter))).collect();
    let table = Page::read(source().join("notation.md"));
    let mut faults = Vec::new();
    for row in notation() {
        let uses = |page: &&Page| page.symbols().iter().any(|used| row.symbols.contains(&used.symbol));
        let first = order.iter().filter(|page| page.path != table.path).find(uses).map(|page| name(&page.path));
        let said = row.first_used.as_deref();
        if first.as_deref() != said {
            let symbols: Vec<_> = row.symbols.iter().cloned().collect();
            let first = first.as_deref().unwrap_or("nowhere");
            let said = said.unwrap_or("nothing");
            let fault = format!("{} is first used in {first}; the table says {said}", symbols.join(", "));
            faults.push(table.fault(row.line, &fault));
        }
    }
    none(faults);
}

#[test]
fn the_head_by_hand_is_the_one_of_the_lessons() {
    let page = Page::read(source().join("attention.md"));
    let shown: Vec<&str> = page.blocks("text").map(|(_, text)| text).filter(|text| !text.is_empty()).collect();
    let steps = blockscope::learn::worked::Worked::Head.steps();
    // The first step only says what comes.
    let computed = steps.iter().skip(1).flat_map(|step| std::iter::once(&step.title).chain(&step.lines));
    let computed: Vec<&str> = computed.map(String::as_str).filter(|line| !line.is_empty()).collect();
    assert_eq!(shown, computed, "attention.md: the block of text has to be what Worked::Head computes");
}

// Pages

/// A file in Markdown.
struct Page {
    path: PathBuf,
    lines: Vec<String>,
    /// For each line the language of the fenced block that it is in; fences themselves included.
    fenced: Vec<Option<String>>,
}

/// A line, or a piece of code in a line, that begins with `blockscope `.
struct Commanded {
    line: usize,
    in_block: bool,
    /// What follows `blockscope`.
    words: Vec<String>,
}

/// A symbol at a place.
struct Used {
    line: usize,
    symbol: String,
}

impl Page {
    fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let mut within: Option<String> = None;
        let fenced = lines
            .iter()
            .map(|line| match (line.trim_start().strip_prefix("```"), within.clone()) {
                (Some(_), Some(language)) => {
                    within = None;
                    Some(language)
                }
                (Some(language), None) => {
                    within = Some(language.trim().to_owned());
                    within.clone()
                }
                (None, language) => language,
            })
            .collect();
        Self { path, lines, fenced }
    }

    /// Lines with their numbers, from 1.
    fn numbered(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines.iter().enumerate().map(|(index, text)| (index + 1, text.as_str()))
    }

    /// Those outside of fenced blocks.
    fn prose(&self) -> impl Iterator<Item = (usize, &str)> {
        self.numbered().filter(|(line, _)| self.fenced[line - 1].is_none())
    }

    /// Those inside of fenced blocks of a language, without the fences.
    fn blocks<'a>(&'a self, language: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
        self.numbered().filter(move |(line, text)| {
            self.fenced[line - 1].as_deref() == Some(language) && !text.trim_start().starts_with("```")
        })
    }

    fn links(&self) -> Vec<(usize, String)> {
        let all =
            self.prose().flat_map(|(line, text)| targets(&without_code(text)).into_iter().map(move |it| (line, it)));
        all.collect()
    }

    fn commands(&self) -> Vec<Commanded> {
        let blocks = self.blocks("sh").map(|(line, text)| (line, true, text));
        let inline =
            self.prose().flat_map(|(line, text)| code(text).into_iter().map(move |it| (line, false, &text[it])));
        blocks
            .chain(inline)
            .filter_map(|(line, in_block, text)| {
                let words = text.strip_prefix("blockscope ")?;
                let words = words.split(" #").next().unwrap_or(words).split_whitespace().map(str::to_owned);
                Some(Commanded { line, in_block, words: words.collect() })
            })
            .collect()
    }

    /// In prose what stands between asterisks, in formulas letters by themselves.
    fn symbols(&self) -> Vec<Used> {
        let prose = self.prose().flat_map(|(line, text)| emphasised(text).into_iter().map(move |it| (line, it)));
        let formulas =
            self.blocks("formula").flat_map(|(line, text)| letters(text).into_iter().map(move |it| (line, it)));
        prose.chain(formulas).map(|(line, symbol)| Used { line, symbol }).collect()
    }

    /// The anchors of its headings.
    fn anchors(&self) -> BTreeSet<String> {
        let headings = self.prose().filter(|(_, text)| text.starts_with('#'));
        headings.map(|(_, text)| anchor(text.trim_start_matches('#').trim())).collect()
    }

    fn fault(&self, line: usize, what: &str) -> String {
        let path = self.path.strip_prefix(root()).unwrap_or(&self.path);
        format!("{}:{line}: {what}", path.display())
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn source() -> PathBuf {
    root().join("docs/book/src")
}

/// The chapters in the order of `SUMMARY.md`.
fn chapters() -> Vec<String> {
    Page::read(source().join("SUMMARY.md")).links().into_iter().map(|(_, target)| target).collect()
}

/// All pages of the book, its summary among them.
fn book() -> Vec<Page> {
    files(&source(), "md").into_iter().map(Page::read).collect()
}

/// The book's pages, the README, and what lies in `docs`.
fn pages() -> Vec<Page> {
    let readme = Page::read(root().join("README.md"));
    let docs = files(&root().join("docs"), "md").into_iter().map(Page::read);
    book().into_iter().chain([readme]).chain(docs).collect()
}

/// The files in a folder whose names end so, sorted.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("a folder can be listed").path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|it| it == ending)).collect();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Fails with all of them, if there are any.
fn none(faults: Vec<String>) {
    assert!(faults.is_empty(), "{} to mend:\n{}", faults.len(), faults.join("\n"));
}

// Markdown

/// What links and images of a line point at.
fn targets(text: &str) -> Vec<String> {
    let parts = text.split("](").skip(1);
    parts.filter_map(|part| part.split_once(')')).map(|(target, _)| target.to_owned()).collect()
}

/// Why a relative link leads nowhere.
fn broken(page: &Page, target: &str) -> Option<String> {
    let (file, wanted) = target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor)));
    let path = if file.is_empty() { page.path.clone() } else { page.path.parent()?.join(file) };
    if !path.exists() {
        return Some("does not exist".to_owned());
    }
    let wanted = wanted?;
    (!Page::read(path).anchors().contains(wanted)).then(|| format!("has no heading #{wanted}"))
}

/// A heading's anchor, as forges and mdBook make it.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase().replace(' ', "-");
    kept.chars().filter(|it| it.is_alphanumeric() || matches!(it, '-' | '_')).collect()
}

/// Where code stands in a line, without its backticks.
fn code(text: &str) -> Vec<Range<usize>> {
    let ticks: Vec<usize> = text.match_indices('`').map(|(at, _)| at).collect();
    ticks.chunks_exact(2).map(|pair| pair[0] + 1..pair[1]).collect()
}

fn without_code(text: &str) -> String {
    text.split('`').step_by(2).collect::<Vec<_>>().join(" ")
}

/// What stands between single asterisks, by its bare name.
fn emphasised(text: &str) -> Vec<String> {
    let plain = without_code(text).replace("**", "");
    plain.split('*').skip(1).step_by(2).map(bare).collect()
}

// Symbols

/// Raised and lowered signs, primes, and the hat that follows its letter: they belong to a symbol,
/// but are not what it is called.
fn is_mark(sign: char) -> bool {
    matches!(sign, '²' | '³' | '¹' | '′' | '″' | '\u{2070}'..='\u{209c}' | '\u{1d2c}'..='\u{1d6a}')
}

/// A symbol without its marks.
fn bare(symbol: &str) -> String {
    symbol.chars().filter(|sign| !is_mark(*sign)).collect()
}

/// The symbols of a formula: letters by themselves, with what hangs on them by an underscore. Words of
/// two letters and more are words.
fn letters(formula: &str) -> Vec<String> {
    let belongs = |sign: char| (sign.is_alphabetic() && !is_mark(sign)) || matches!(sign, '_' | '\u{302}');
    let runs = formula.split(|sign: char| !belongs(sign));
    let is_symbol = |run: &&str| {
        let letter = run.split('_').next().unwrap_or(run);
        letter.chars().filter(|sign| sign.is_alphabetic()).count() == 1
    };
    runs.filter(is_symbol).map(str::to_owned).collect()
}

/// In the table as it is, or, with an index that is a symbol itself, without it.
fn is_known(symbol: &str, known: &BTreeSet<&str>) -> bool {
    let indexed = symbol.split_once('_').is_some_and(|(letter, index)| known.contains(letter) && known.contains(index));
    known.contains(symbol) || indexed
}

/// A row of the table of notation.
struct Row {
    line: usize,
    symbols: BTreeSet<String>,
    first_used: Option<String>,
}

/// The rows whose first cell has symbols.
fn notation() -> Vec<Row> {
    let page = Page::read(source().join("notation.md"));
    let rows = page.prose().filter(|(_, text)| text.starts_with("| *"));
    let rows = rows.map(|(line, text)| {
        let cells: Vec<&str> = text.trim_matches('|').split(" | ").collect();
        let symbols = emphasised(cells[0]).into_iter().collect();
        Row { line, symbols, first_used: cells.last().and_then(|cell| targets(cell).pop()) }
    });
    rows.collect()
}

// The program

fn help(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_blockscope"))
        .args(words)
        .output()
        .unwrap_or_else(|error| panic!("blockscope {}: {error}", words.join(" ")));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The commands that `blockscope --help` lists.
fn subcommands() -> BTreeSet<String> {
    let help = help(&["--help"]);
    let list = help.lines().skip_while(|line| !line.starts_with("Commands:")).skip(1);
    let list = list.take_while(|line| !line.is_empty());
    let named = list.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    named.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
}

/// The flags that a help text names.
fn flags(help: &str) -> BTreeSet<String> {
    let words = help.split(|sign: char| !(sign.is_alphanumeric() || sign == '-'));
    words.filter(|word| word.starts_with("--")).map(str::to_owned).collect()
}
