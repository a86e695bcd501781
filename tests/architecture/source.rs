//! The program's source files as tokens, without comments and without what is compiled for tests only.

use std::fs;
use std::path::{Path, PathBuf};

/// A file of the library.
pub struct Source {
    /// Below `src`: `measure/run.rs`.
    pub path: PathBuf,
    /// Its module: `["measure", "run"]`; of `lib.rs` nothing.
    pub module: Vec<String>,
    /// Words, numbers and signs. Strings are left out, `::` is one sign.
    pub tokens: Vec<String>,
    /// Strings, as they are written, each after its opening quote.
    pub strings: Vec<String>,
}

/// Every Rust file below `src`.
pub fn all() -> Vec<Source> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&src, &mut files);
    files.sort();
    let read = |path: &PathBuf| Source::of(path.strip_prefix(&src).unwrap(), &fs::read_to_string(path).unwrap());
    files.iter().map(read).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The files of the library, without those that are compiled for tests only.
pub fn library() -> Vec<Source> {
    let mut sources = all();
    // The program itself is another crate: what is its own, the library cannot import.
    sources.retain(|source| !["main", "early"].contains(&source.top()));
    let declared: Vec<Vec<String>> = sources.iter().flat_map(Source::declared).collect();
    let is_declared =
        |module: &[String]| (1..=module.len()).all(|n| declared.iter().any(|known| known == &module[..n]));
    sources.retain(|source| is_declared(&source.module));
    sources
}

impl Source {
    pub fn of(path: &Path, text: &str) -> Self {
        let mut module: Vec<String> =
            path.with_extension("").components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        if module.last().is_some_and(|last| last == "mod" || last == "lib") {
            module.pop();
        }
        let all = without_tests(&tokens(text));
        let (strings, tokens) = all.into_iter().partition(|token| token.starts_with('"'));
        Self { path: path.to_owned(), module, tokens, strings }
    }

    /// The first piece of its module: `measure`; of `lib.rs` nothing.
    pub fn top(&self) -> &str {
        self.module.first().map_or("", String::as_str)
    }

    /// The modules that it declares as files of their own, by their full paths.
    fn declared(&self) -> Vec<Vec<String>> {
        let is_declaration = |three: &&[String]| three[0] == "mod" && three[2] == ";";
        let path = |three: &[String]| self.module.iter().chain([&three[1]]).cloned().collect();
        self.tokens.windows(3).filter(is_declaration).map(path).collect()
    }
}

/// Words, numbers, signs and strings of a text in Rust.
fn tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    let starts = |at: usize, sign: &str| sign.chars().enumerate().all(|(i, c)| chars.get(at + i) == Some(&c));
    while at < chars.len() {
        let c = chars[at];
        if starts(at, "//") {
            while at < chars.len() && chars[at] != '\n' {
                at += 1;
            }
        } else if starts(at, "/*") {
            at += 2;
            while at < chars.len() && !starts(at, "*/") {
                at += 1;
            }
            at += 2;
        } else if let Some(end) = raw_string(&chars, at) {
            let written: String = chars[at..end.min(chars.len())].iter().collect();
            tokens.push(format!("\"{written}"));
            at = end;
        } else if c == '"' || starts(at, "b\"") || starts(at, "c\"") {
            at += if c == '"' { 1 } else { 2 };
            let start = at;
            while at < chars.len() && chars[at] != '"' {
                at += if chars[at] == '\\' { 2 } else { 1 };
            }
            let written: String = chars[start..at.min(chars.len())].iter().collect();
            tokens.push(format!("\"{written}"));
            at += 1;
        } else if c == '\'' && (chars.get(at + 1) == Some(&'\\') || chars.get(at + 2) == Some(&'\'')) {
            at += if chars[at + 1] == '\\' { 3 } else { 2 };
            while at < chars.len() && chars[at] != '\'' {
                at += 1;
            }
            at += 1;
        } else if c.is_alphanumeric() || c == '_' {
            let start = at;
            while at < chars.len() && (chars[at].is_alphanumeric() || chars[at] == '_') {
                at += 1;
            }
            tokens.push(chars[start..at].iter().collect());
        } else if starts(at, "::") {
            tokens.push("::".to_owned());
            at += 2;
        } else {
            if !c.is_whitespace() {
                tokens.push(c.to_string());
            }
            at += 1;
        }
    }
    tokens
}

/// Where a raw string that begins here ends.
fn raw_string(chars: &[char], at: usize) -> Option<usize> {
    let follows = |at: usize, c: char| chars.get(at) == Some(&c);
    let before = at.checked_sub(1).and_then(|before| chars.get(before));
    if before.is_some_and(|c| c.is_alphanumeric() || *c == '_') {
        return None;
    }
    let start = if follows(at, 'b') { at + 1 } else { at };
    if !follows(start, 'r') {
        return None;
    }
    let signs = chars[start + 1..].iter().take_while(|c| **c == '#').count();
    let mut end = start + 1 + signs;
    if !follows(end, '"') {
        return None;
    }
    end += 1;
    while end < chars.len() && !(follows(end, '"') && (1..=signs).all(|i| follows(end + i, '#'))) {
        end += 1;
    }
    Some(end + 1 + signs)
}

/// The tokens without the items, statements and fields after `#[cfg(test)]`, or a `cfg` that asks for `test` among
/// other things.
fn without_tests(tokens: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match attribute(tokens, at) {
            Some(end) if is_for_tests(&tokens[at..end]) => at = after_item(tokens, end),
            _ => {
                kept.push(tokens[at].clone());
                at += 1;
            }
        }
    }
    kept
}

/// Where an attribute that begins here ends.
fn attribute(tokens: &[String], at: usize) -> Option<usize> {
    let begins = tokens.get(at)? == "#" && tokens.get(at + 1)? == "[";
    begins.then(|| closing(tokens, at + 1) + 1)
}

fn is_for_tests(attribute: &[String]) -> bool {
    let has = |word: &str| attribute.iter().any(|token| token == word);
    has("cfg") && has("test") && !has("not") && !has("any")
}

/// The bracket that closes the one at `open`.
pub fn closing(tokens: &[String], open: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len() - 1
}

/// Where the item, the statement or the field that begins here has ended.
fn after_item(tokens: &[String], mut at: usize) -> usize {
    while let Some(end) = attribute(tokens, at) {
        at = end;
    }
    if tokens.get(at).is_some_and(|token| token == "pub") {
        at += 1;
        if tokens[at] == "(" {
            at = closing(tokens, at) + 1;
        }
    }
    const ITEMS: [&str; 11] =
        ["fn", "struct", "enum", "union", "trait", "impl", "mod", "unsafe", "extern", "const", "static"];
    let is_item = ITEMS.contains(&tokens[at].as_str());
    let is_statement = ["use", "let", "type"].contains(&tokens[at].as_str());
    while at < tokens.len() {
        match tokens[at].as_str() {
            ";" => return at + 1,
            "," if !is_item && !is_statement => return at + 1,
            "}" => return at,
            "{" if is_item => return closing(tokens, at) + 1,
            "(" | "[" | "{" => at = closing(tokens, at) + 1,
            _ => at += 1,
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        Source::of(Path::new("a.rs"), text).tokens.join(" ")
    }

    #[test]
    fn comments_and_strings_say_nothing() {
        assert_eq!(read("a /* b */ // c\n \"d\\\"\" 'e' '\\n' r#\"f\"g\"# b\"h\" <'i> i"), "a < ' i > i");
        assert_eq!(read("a::b(1.5)"), "a :: b ( 1 . 5 )");
        assert_eq!(Source::of(Path::new("a.rs"), "a(\"b c\", r#\"d\"#)").strings, ["\"b c", "\"r#\"d\"#"]);
    }

    #[test]
    fn what_is_for_tests_is_left_out() {
        assert_eq!(read("a; #[cfg(test)] mod tests { b { c } } d"), "a ; d");
        assert_eq!(read("#[cfg(test)] use a::{b, c}; d"), "d");
        assert_eq!(read("#[cfg(test)] #[path = \"e\"] pub(super) fn a<B, C>(d: E) -> F { g } h"), "h");
        assert_eq!(read("struct A { #[cfg(test)] pub b: C<D>, e: F }"), "struct A { e : F }");
        assert_eq!(read("A { b, #[cfg(test)] c: D { e, f } }"), "A { b , }");
        assert_eq!(read("#[cfg(all(test, unix))] mod tests { a } b"), "b");
        assert_eq!(read("#[cfg(unix)] a"), "# [ cfg ( unix ) ] a");
    }
}
