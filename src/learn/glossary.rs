//! Terms and symbols, each with a sentence or two.

use std::sync::LazyLock;

/// A term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    pub name: &'static str,
    pub meaning: &'static str,
}

static TERMS: LazyLock<Vec<Term>> = LazyLock::new(|| {
    let lines = include_str!("glossary.md").lines().filter(|line| !line.is_empty());
    lines
        .map(|line| line.split_once(": ").unwrap_or((line, "")))
        .map(|(name, meaning)| Term { name, meaning })
        .collect()
});

/// All terms, by the alphabet.
pub fn glossary() -> &'static [Term] {
    &TERMS
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_term_has_a_meaning_and_stands_once() {
        let names: BTreeSet<&str> = glossary().iter().map(|term| term.name).collect();
        assert_eq!(names.len(), glossary().len());
        assert!(glossary().len() > 100);
        for term in glossary() {
            assert!(term.meaning.ends_with(['.', ')', '?']), "{term:?}");
        }
    }
}
