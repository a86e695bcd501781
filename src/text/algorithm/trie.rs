//! Which of many strings a text begins with.

use std::ops::Range;

/// A tree of bytes: the children of a node lie side by side, in the order of their bytes.
#[derive(Debug, Default)]
pub struct Trie {
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    byte: u8,
    /// What the string that ends here was given.
    value: Option<u32>,
    /// The first child, and how many there are: at most 256.
    first: u32,
    children: u16,
}

impl Trie {
    /// Of two equal strings the first counts; empty ones are left out.
    pub fn new<'a>(strings: impl IntoIterator<Item = (&'a str, u32)>) -> Self {
        let mut strings: Vec<(&[u8], u32)> =
            strings.into_iter().map(|(text, value)| (text.as_bytes(), value)).collect();
        strings.retain(|(text, _)| !text.is_empty());
        strings.sort_by_key(|&(text, _)| text); // stable
        strings.dedup_by_key(|(text, _)| *text);
        let root = Node { byte: 0, value: None, first: 0, children: 0 };
        let mut nodes = vec![root];
        // Level by level: a node, and the strings that begin with it.
        let mut level: Vec<(usize, Range<usize>)> = vec![(0, 0..strings.len())];
        let mut depth = 0;
        while !level.is_empty() {
            let mut next = Vec::new();
            for (node, range) in level {
                let mut at = range.start;
                if strings.get(at).is_some_and(|(text, _)| text.len() == depth && depth > 0) {
                    nodes[node].value = Some(strings[at].1);
                    at += 1;
                }
                nodes[node].first = nodes.len() as u32;
                while at < range.end {
                    let byte = strings[at].0[depth];
                    let end = at + strings[at..range.end].partition_point(|(text, _)| text[depth] == byte);
                    next.push((nodes.len(), at..end));
                    nodes.push(Node { byte, ..root });
                    nodes[node].children += 1;
                    at = end;
                }
            }
            level = next;
            depth += 1;
        }
        Self { nodes }
    }

    /// The strings that `text` begins with, the shortest first: their lengths and values.
    pub fn prefixes<'t>(&'t self, text: &'t [u8]) -> impl Iterator<Item = (usize, u32)> + 't {
        let mut node = self.nodes.first();
        let nodes = text.iter().enumerate().map_while(move |(at, &byte)| {
            node = self.child(node?, byte);
            Some((at + 1, node?.value))
        });
        nodes.filter_map(|(length, value)| Some((length, value?)))
    }

    /// The longest string that `text` begins with.
    pub fn longest(&self, text: &[u8]) -> Option<(usize, u32)> {
        self.prefixes(text).last()
    }

    fn child(&self, node: &Node, byte: u8) -> Option<&Node> {
        let children = &self.nodes[node.first as usize..][..usize::from(node.children)];
        // All bytes have a child, as at the root of many: no search.
        if children.len() == 256 {
            return children.get(usize::from(byte));
        }
        children.binary_search_by_key(&byte, |child| child.byte).ok().map(|at| &children[at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_string_that_a_text_begins_with() {
        let trie = Trie::new([("ab", 1), ("a", 2), ("", 3), ("abcd", 4), ("b", 5), ("ab", 6), ("日", 7)]);
        let found = |text: &str| trie.prefixes(text.as_bytes()).collect::<Vec<_>>();
        assert_eq!(found("abcde"), [(1, 2), (2, 1), (4, 4)]);
        assert_eq!(found("abc"), [(1, 2), (2, 1)]);
        assert_eq!(found("日本"), [(3, 7)]);
        assert_eq!(found("c"), []);
        assert_eq!(found(""), []);
        assert_eq!(trie.longest(b"abcabc"), Some((2, 1)));
        assert_eq!(Trie::default().longest(b"a"), None);
    }
}
