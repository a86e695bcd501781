//! Texts that occur again and again, each kept once, and all together bounded.

use std::collections::HashMap;

/// A longer text ends in `…`. Kernels that templates made have names of a thousand characters.
const LONGEST: usize = 1024;
/// All texts together; then further ones are all `…`.
const MOST: usize = 64 << 20;

/// Texts by number.
#[derive(Default)]
pub struct Names {
    list: Vec<String>,
    index: HashMap<Box<str>, u32>,
    bytes: usize,
    /// The number of `…`, once no more text fits.
    others: Option<u32>,
}

impl Names {
    /// The number of `text`.
    pub fn id(&mut self, text: &str) -> u32 {
        let whole = text;
        let text = &whole[..cut_at(whole, LONGEST)];
        if let Some(&id) = self.index.get(text) {
            return id;
        }
        if self.bytes + text.len() > MOST {
            return *self.others.get_or_insert_with(|| {
                self.list.push("…".into());
                self.list.len() as u32 - 1
            });
        }
        // What is kept for each beside its bytes counts too: a million empty ones are not nothing.
        self.bytes += text.len() + size_of::<String>() + size_of::<(Box<str>, u32)>();
        let id = self.list.len() as u32;
        self.list.push(if text.len() == whole.len() { text.to_owned() } else { format!("{text}…") });
        self.index.insert(text.into(), id);
        id
    }

    /// All of them, by number.
    pub fn into_list(self) -> Vec<String> {
        self.list
    }

    /// Whether some texts were too many to be kept.
    pub fn is_full(&self) -> bool {
        self.others.is_some()
    }
}

/// The last place, `most` bytes in or before, where a text can be cut.
fn cut_at(text: &str, most: usize) -> usize {
    (0..=most.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once_and_not_at_any_length() {
        let mut names = Names::default();
        let long = "é".repeat(1000);
        assert_eq!((names.id("aten::mm"), names.id(&long), names.id("aten::mm")), (0, 1, 0));
        assert_eq!(names.id(&long), 1);
        let list = names.into_list();
        assert_eq!(list[0], "aten::mm");
        assert_eq!(list[1], format!("{}…", "é".repeat(512)));
    }

    #[test]
    fn many_texts_take_bounded_room() {
        let mut names = Names::default();
        let long = "x".repeat(1000);
        let last = (0..100_000).map(|n| names.id(&format!("{n} {long}"))).max();
        assert!(names.is_full() && last < Some(70_000));
        assert_eq!(names.id(&format!("99998 {long}")), names.id(&format!("99999 {long}")));
        assert_eq!(names.id(&format!("7 {long}")), 7);
        assert!(names.into_list().iter().map(String::len).sum::<usize>() <= MOST);
    }
}
