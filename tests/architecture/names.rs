//! Which file defines what a path names.

use crate::source::{Source, closing};
use std::collections::{BTreeMap, BTreeSet};

/// What is known of the names of a module.
#[derive(Default)]
struct Module {
    /// The file that its code lies in.
    file: usize,
    /// The items that it defines, and the modules in it.
    items: BTreeSet<String>,
    modules: BTreeSet<String>,
    /// What it calls names from elsewhere: `use a::b as c` is `c` → `a::b`.
    imported: BTreeMap<String, Vec<String>>,
    globs: Vec<Vec<String>>,
}

/// A `use` of a single name.
pub struct Use {
    /// As it is written, `["super", "run", "Run"]`; the last is `*` for all names.
    pub path: Vec<String>,
    name: String,
    pub is_public: bool,
}

/// What a path in a file names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// Something that this file defines.
    Item(usize),
    /// A module as such.
    Module,
}

/// The names of all files.
pub struct Names {
    modules: BTreeMap<Vec<String>, Module>,
}

impl Names {
    pub fn of(sources: &[Source]) -> Self {
        let mut modules = BTreeMap::new();
        for (file, source) in sources.iter().enumerate() {
            read(&mut modules, file, &source.module, &source.tokens);
        }
        Self { modules }
    }

    /// What a path in the code of a module names: `None` where that is none of the program's own.
    pub fn find(&self, module: &[String], path: &[String]) -> Option<Named> {
        self.find_within(module, path, 0)
    }

    /// Whether a module gives a name from elsewhere on as its own, or uses it.
    pub fn import(&self, module: &[String], name: &str) -> bool {
        self.modules.get(module).is_some_and(|module| module.imported.contains_key(name))
    }

    fn find_within(&self, module: &[String], path: &[String], depth: usize) -> Option<Named> {
        let (first, rest) = path.split_first()?;
        let parent = || module.split_last().map(|(_, parent)| parent);
        match first.as_str() {
            _ if depth > 20 => None, // names that stand for each other
            "crate" => self.inside(&[], rest, depth),
            "self" => self.inside(module, rest, depth),
            "super" if rest.first().is_some_and(|next| next == "super") => self.find_within(parent()?, rest, depth + 1),
            "super" => self.inside(parent()?, rest, depth),
            _ => self.known(module, path, depth),
        }
    }

    /// A path that begins in this module: what it does not have by another name, it defines itself, by a macro.
    fn inside(&self, module: &[String], path: &[String], depth: usize) -> Option<Named> {
        let Some(first) = path.first() else { return Some(Named::Module) };
        let here = self.modules.get(module)?;
        let is_known = here.items.contains(first) || here.modules.contains(first) || here.imported.contains_key(first);
        match self.known(module, path, depth) {
            None if !is_known => Some(Named::Item(here.file)),
            found => found,
        }
    }

    fn known(&self, module: &[String], path: &[String], depth: usize) -> Option<Named> {
        let (first, rest) = path.split_first()?;
        let here = self.modules.get(module)?;
        // A module and a function may have the same name; a path that goes on is the module's.
        if here.items.contains(first) && (rest.is_empty() || !here.modules.contains(first)) {
            return Some(Named::Item(here.file));
        }
        if here.modules.contains(first) && !(rest.is_empty() && here.imported.contains_key(first)) {
            let inner: Vec<String> = module.iter().chain([first]).cloned().collect();
            return self.inside(&inner, rest, depth + 1);
        }
        if let Some(path) = here.imported.get(first) {
            let whole: Vec<String> = path.iter().chain(rest).cloned().collect();
            return self.find_within(module, &whole, depth + 1);
        }
        here.globs.iter().find_map(|glob| {
            let whole: Vec<String> = glob.iter().chain(path).cloned().collect();
            self.find_glob(module, &whole, depth + 1)
        })
    }

    /// As [`Names::find_within`], but for a name that the module named by the rest need not have.
    fn find_glob(&self, module: &[String], path: &[String], depth: usize) -> Option<Named> {
        let (name, glob) = path.split_last()?;
        let (_, top) = self.modules.iter().find(|(known, _)| self.is_at(module, glob, known))?;
        let has = top.items.contains(name) || top.modules.contains(name) || top.imported.contains_key(name);
        has.then(|| self.find_within(module, path, depth)).flatten()
    }

    fn is_at(&self, module: &[String], path: &[String], known: &[String]) -> bool {
        let mut at = module.to_vec();
        for (n, piece) in path.iter().enumerate() {
            match piece.as_str() {
                "crate" => at.clear(),
                "self" => {}
                "super" => drop(at.pop()),
                _ if n == 0 => at.push(piece.clone()),
                _ => at.push(piece.clone()),
            }
        }
        at == known
    }
}

/// Notes what a module defines and imports, and the same of the modules that are written inside it.
fn read(modules: &mut BTreeMap<Vec<String>, Module>, file: usize, path: &[String], tokens: &[String]) {
    let mut module = Module { file, ..Module::default() };
    let mut at = 0;
    while at < tokens.len() {
        let next = tokens.get(at + 1).cloned().unwrap_or_default();
        match tokens[at].as_str() {
            "mod" if tokens.get(at + 2).is_some_and(|sign| sign == "{") => {
                let end = closing(tokens, at + 2);
                let inner: Vec<String> = path.iter().chain([&next]).cloned().collect();
                read(modules, file, &inner, &tokens[at + 3..end]);
                module.modules.insert(next);
                at = end;
            }
            "mod" => drop(module.modules.insert(next)),
            "struct" | "enum" | "union" | "trait" | "type" | "fn" | "const" | "static" => {
                // Not `fn(…)`, `'static` or `*const`, which are types.
                let is_word = next.starts_with(|c: char| c.is_alphabetic() || c == '_');
                let is_in_type = at > 0 && ["'", "*"].contains(&tokens[at - 1].as_str());
                if is_word && !is_in_type {
                    module.items.insert(next);
                }
            }
            "use" => {
                let (uses, end) = uses(tokens, at);
                for Use { path, name, .. } in uses {
                    match name.as_str() {
                        "*" => module.globs.push(path[..path.len() - 1].to_vec()),
                        _ => drop(module.imported.insert(name, path)),
                    }
                }
                at = end;
            }
            // What is inside of an item's body is no item of the module; what it imports counts.
            "{" => {
                let end = closing(tokens, at);
                let inside = &tokens[at + 1..end];
                for (n, _) in inside.iter().enumerate().filter(|(_, word)| *word == "use") {
                    let imported = uses(inside, n).0.into_iter().filter(|one| one.name != "*");
                    module.imported.extend(imported.map(|one| (one.name, one.path)));
                }
                at = end;
            }
            _ => {}
        }
        at += 1;
    }
    modules.insert(path.to_vec(), module);
}

/// The names that the `use` at this place imports, and where its `;` is.
pub fn uses(tokens: &[String], at: usize) -> (Vec<Use>, usize) {
    let end = at + tokens[at..].iter().position(|token| token == ";").unwrap_or(tokens.len() - at - 1);
    let is_public = at > 0 && (tokens[at - 1] == "pub" || tokens[at - 1] == ")");
    let mut found = Vec::new();
    tree(&[], &tokens[at + 1..end], &mut found);
    let named = |(path, name): (Vec<String>, String)| Use { path, name, is_public };
    (found.into_iter().map(named).collect(), end)
}

/// The paths of a tree such as `a::{b, c as d, e::{self, f}}`, with the names that they get.
fn tree(before: &[String], tokens: &[String], found: &mut Vec<(Vec<String>, String)>) {
    let mut path = before.to_vec();
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at].as_str() {
            "::" => {}
            "{" => {
                let end = closing(tokens, at);
                let mut start = at + 1;
                let mut inner = start;
                while inner <= end {
                    if tokens[inner] == "{" {
                        inner = closing(tokens, inner);
                    }
                    if tokens[inner] == "," || inner == end {
                        tree(&path, &tokens[start..inner], found);
                        start = inner + 1;
                    }
                    inner += 1;
                }
                return;
            }
            "as" => {
                found.push((path, tokens[at + 1].clone()));
                return;
            }
            "self" if !path.is_empty() => {}
            piece => path.push(piece.to_owned()),
        }
        at += 1;
    }
    if path.len() > before.len() || tokens.first().is_some_and(|token| token == "self") {
        let name = path.last().cloned().unwrap_or_default();
        found.push((path, name));
    }
}
