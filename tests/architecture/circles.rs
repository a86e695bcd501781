//! No circle of files: whoever reads a file can read those that it uses first, down to those that use none.

use crate::names::{Named, Names, uses};
use crate::source::{Source, library};
use std::collections::{BTreeMap, BTreeSet};

/// For each file the files that it imports, with the names that it takes from them.
type Imports = Vec<BTreeMap<usize, BTreeSet<String>>>;

fn imports(sources: &[Source]) -> Imports {
    let names = Names::of(sources);
    let of = |(file, source): (usize, &Source)| {
        let mut found: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
        for path in paths(source, &names) {
            if let Some(Named::Item(other)) = names.find(&source.module, &path)
                && other != file
            {
                found.entry(other).or_default().insert(path.join("::"));
            }
        }
        found
    };
    sources.iter().enumerate().map(of).collect()
}

/// The paths that a file's own code names: what it imports, each path that it spells out, and of what it passes on to
/// others (`pub use`) the names that it uses itself.
fn paths(source: &Source, names: &Names) -> Vec<Vec<String>> {
    let tokens = &source.tokens;
    let mut paths = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at] == "use" {
            let (uses, end) = uses(tokens, at);
            paths.extend(uses.into_iter().filter(|one| !one.is_public).map(|one| one.path));
            at = end + 1;
            continue;
        }
        let is_word =
            |at: usize| tokens.get(at).is_some_and(|token| token.starts_with(|c: char| c.is_alphabetic() || c == '_'));
        let before = at.checked_sub(1).map_or("", |before| &tokens[before]);
        if !is_word(at) || ["::", ".", "fn", "mod"].contains(&before) {
            at += 1;
            continue;
        }
        let mut path = vec![tokens[at].clone()];
        while tokens.get(at + 1).is_some_and(|token| token == "::") && is_word(at + 2) {
            path.push(tokens[at + 2].clone());
            at += 2;
        }
        let is_called = tokens.get(at + 1).is_some_and(|token| token == "(" || token == "::");
        let is_type = path[0].starts_with(|c: char| c.is_uppercase());
        if path.len() > 1 || names.import(&source.module, &path[0]) && (is_called || is_type) {
            paths.push(path);
        }
        at += 1;
    }
    paths
}

/// The groups of files that reach each other.
fn circles(imports: &Imports) -> Vec<Vec<usize>> {
    let reached: Vec<BTreeSet<usize>> = (0..imports.len())
        .map(|file| {
            let mut reached = BTreeSet::new();
            let mut next: Vec<usize> = imports[file].keys().copied().collect();
            while let Some(other) = next.pop() {
                if reached.insert(other) {
                    next.extend(imports[other].keys());
                }
            }
            reached
        })
        .collect();
    let mut circles: Vec<Vec<usize>> = (0..imports.len())
        .filter(|file| reached[*file].contains(file))
        .map(|file| reached[file].iter().copied().filter(|other| reached[*other].contains(&file)).collect())
        .collect();
    circles.dedup();
    circles.sort();
    circles.dedup();
    circles
}

/// Files form no circle. A file **imports** another one if its own code names something that the other defines: in a
/// `use`, or in a path that it spells out. Names are followed through re-exports to the file that defines them.
///
/// - A file that only declares its children (`mod`) and passes on their names (`pub use`) imports none of them; where
///   its own code uses such a name, it does.
/// - Naming a module imports nothing; naming something in it does.
/// - Code after `#[cfg(test)]` does not count, nor do files that are declared so.
/// - Calling a method imports nothing by itself: it is the type that was named.
#[test]
fn files_form_no_circle() {
    let sources = library();
    let imports = imports(&sources);
    let mut told = String::new();
    for circle in circles(&imports) {
        told += &format!("a circle of {} files:\n", circle.len());
        for file in &circle {
            for (other, names) in imports[*file].iter().filter(|(other, _)| circle.contains(other)) {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let [one, other] = [*file, *other].map(|file| sources[file].path.display());
                told += &format!("  {one} -> {other}: {}\n", names.join(", "));
            }
        }
    }
    assert!(told.is_empty(), "{told}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// The circles of a program of these files, by their names.
    fn circles_of(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let library = [("lib.rs", "mod a; mod b;")];
        let files = library.iter().chain(files);
        let sources: Vec<Source> = files.map(|(path, text)| Source::of(Path::new(path), text)).collect();
        let name = |file: usize| sources[file].path.display().to_string();
        circles(&imports(&sources)).into_iter().map(|circle| circle.into_iter().map(name).collect()).collect()
    }

    const CHILD: (&str, &str) = ("a/b.rs", "use super::Shared; pub fn b(_: Shared) {}");

    #[test]
    fn a_parent_that_only_passes_names_on_imports_nothing() {
        let passes_on = ("a.rs", "mod b; pub use b::b; pub struct Shared;");
        assert_eq!(circles_of(&[passes_on, CHILD]), Vec::<Vec<String>>::new());
        for uses in [
            "mod b; pub struct Shared; fn c() { b::b(Shared) }",
            "mod b; pub use b::b; struct Shared; fn c() { b(Shared) }",
        ] {
            assert_eq!(circles_of(&[("a.rs", uses), CHILD]), [["a.rs", "a/b.rs"]], "{uses}");
        }
    }

    #[test]
    fn a_name_is_followed_to_the_file_that_defines_it() {
        let parent = ("a.rs", "mod b; mod c; pub use c::Shared; fn d() { b::b(Shared) }");
        assert_eq!(circles_of(&[parent, CHILD, ("a/c.rs", "pub struct Shared;")]), Vec::<Vec<String>>::new());
        let elsewhere = ("a/c.rs", "pub struct Shared(crate::a::b::B);");
        assert_eq!(circles_of(&[parent, CHILD, elsewhere]), [["a/b.rs", "a/c.rs"]]);
    }

    #[test]
    fn naming_a_module_imports_nothing_and_naming_something_in_it_does() {
        let (one, other) = (("a.rs", "use crate::b; fn a() { b::b() }"), "use crate::a; pub fn b() {}");
        assert_eq!(circles_of(&[one, ("b.rs", other)]), Vec::<Vec<String>>::new());
        assert_eq!(circles_of(&[one, ("b.rs", "pub fn b() { crate::a::a() }")]), [["a.rs", "b.rs"]]);
    }

    #[test]
    fn tests_may_import_what_they_like() {
        let tested = ("a/b.rs", "pub fn b() {} #[cfg(test)] mod tests { use crate::a::Shared; }");
        assert_eq!(
            circles_of(&[("a.rs", "mod b; struct Shared; fn c() { b::b() }"), tested]),
            Vec::<Vec<String>>::new()
        );
    }

    #[test]
    fn a_function_and_its_module_may_have_one_name() {
        let parent = ("a.rs", "mod b; pub use b::b; fn c() { b(1) }");
        assert_eq!(circles_of(&[parent, ("a/b.rs", "pub fn b(_: u32) { super::c() }")]), [["a.rs", "a/b.rs"]]);
    }
}
