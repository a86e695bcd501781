//! Where in a model something is: what a path is, how it is printed, and how it is read.
//!
//! `blocks.3.attn.qkv` is a part of the fourth block, `lm_head` one outside of blocks, `blocks.3.attn.hook_q` an
//! activation. A model with several stacks puts the name of the stack before that: `encoder.blocks.3.attn`.

use super::hook::Hook;
use super::role::{Branch, Role};
use std::fmt;

/// A sequence of blocks of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum StackName {
    /// The blocks that end in the vocabulary. Its parts have no prefix.
    #[default]
    Decoder,
    /// The blocks that read the input of an encoder–decoder, or all of an encoder.
    Encoder,
    /// The blocks that read a picture beside a text.
    Vision,
}

/// Where something is: in which stack, in which block, and what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place<N> {
    pub stack: StackName,
    pub block: Option<usize>,
    pub name: N,
}

/// Where a part is.
pub type Path = Place<Role>;

impl StackName {
    pub const ALL: [StackName; 3] = [StackName::Decoder, StackName::Encoder, StackName::Vision];

    /// What stands before a path in this stack.
    pub const fn prefix(self) -> &'static str {
        match self {
            StackName::Decoder => "",
            StackName::Encoder => "encoder.",
            StackName::Vision => "vision.",
        }
    }
}

impl<N> Place<N> {
    /// In the decoder stack.
    pub fn new(block: Option<usize>, name: N) -> Self {
        Self { stack: StackName::Decoder, block, name }
    }
}

impl Path {
    /// Reads a path that was printed; `None` for one of a version or a program that names parts otherwise.
    pub fn parse(text: &str) -> Option<Self> {
        let (stack, block, rest) = split(text)?;
        let name = Role::at(rest).filter(|role| role.is_in_block() == block.is_some())?;
        Some(Self { stack, block, name })
    }

    /// The part that contains it.
    pub fn parent(self) -> Option<Self> {
        self.name.container().map(|name| Self { name, ..self })
    }
}

/// Stack, block and the rest of a path. The rest is empty for the block itself.
fn split(text: &str) -> Option<(StackName, Option<usize>, &str)> {
    let named = |stack: &StackName| !stack.prefix().is_empty() && text.starts_with(stack.prefix());
    let stack = StackName::ALL.into_iter().find(named).unwrap_or_default();
    let rest = &text[stack.prefix().len()..];
    match rest.strip_prefix("blocks.") {
        None => Some((stack, None, rest)),
        Some(inside) => {
            let (number, rest) = inside.split_once('.').unwrap_or((inside, ""));
            Some((stack, Some(number.parse().ok()?), rest))
        }
    }
}

/// The number of the block that a path lies in, of whatever version it is.
pub fn block_of(path: &str) -> Option<u32> {
    let (_, block, _) = split(path)?;
    u32::try_from(block?).ok()
}

/// The rest of a path inside its block: `attn.qkv`; empty for the block itself; `None` outside of blocks.
pub fn inside_block(path: &str) -> Option<&str> {
    let (_, block, rest) = split(path)?;
    block.map(|_| rest)
}

/// What the part at a path does, if this version knows it. A path inside a block may stand alone: `attn.qkv`.
pub fn role_of(path: &str) -> Option<Role> {
    let path = over_all(path).unwrap_or(path);
    Path::parse(path).map(|path| path.name).or_else(|| Role::at(path))
}

/// The name on the screen: `block 3`, `QKV`. Foreign text, if the path is of an unknown version.
pub fn name_of(path: &str) -> String {
    if over_all(path) == Some("") {
        return "all blocks, by part".to_owned();
    }
    match (Path::parse(path), role_of(path)) {
        (Some(Path { block: Some(block), name: Role::Block, .. }), _) => format!("block {block}"),
        (_, Some(role)) => role.name().to_owned(),
        (_, None) => path.rsplit('.').next().unwrap_or(path).replace('_', " "),
    }
}

/// The name where it stands alone: `MLP up`, `attention norm`, `block 3`.
pub fn full_name_of(path: &str) -> String {
    match role_of(path) {
        Some(role) if role != Role::Block => role.full_name(),
        _ => name_of(path),
    }
}

/// The branch of a block that the part at a path belongs to; of an unknown part that of what contains it.
pub fn branch_of(path: &str) -> Branch {
    match role_of(path) {
        Some(role) => role.branch(),
        None => parent_of(path).map_or(Branch::Other, branch_of),
    }
}

/// The last piece of a path as words, for a row below that of what contains it: `qkv`, `block 3`, `lm head`.
pub fn last_of(path: &str) -> String {
    match split(path) {
        Some((_, Some(block), "")) => format!("block {block}"),
        _ => words(path.rsplit('.').next().unwrap_or(path)),
    }
}

/// The path inside its block as words, for a row that stands for all blocks: `attn qkv`, `lm head`; a block is `block 3`.
pub fn inside_of(path: &str) -> String {
    match inside_block(path) {
        Some("") => last_of(path),
        inside => words(inside.unwrap_or(path)),
    }
}

/// What is below a path inside of another as words: `attn residual` in a block, `qkv` in its attention.
pub fn below(path: &str, outer: &str) -> Option<String> {
    path.strip_prefix(outer)?.strip_prefix('.').map(words)
}

fn words(path: &str) -> String {
    path.replace(['.', '_'], " ")
}

/// The path of what is called `inside` in a block, of whatever version that is; of the block itself where it is empty.
pub fn in_block(block: u32, inside: &str) -> String {
    let block = format!("blocks.{block}");
    if inside.is_empty() { block } else { format!("{block}.{inside}") }
}

/// The path of a hook with `*` for the number of its block.
pub fn in_every_block(hook: Hook) -> String {
    if hook.is_in_block() { format!("blocks.*.{}", hook.path()) } else { hook.path().to_owned() }
}

/// The path of a row that adds up over all blocks what they have `inside`; where that is empty, the one that contains
/// these rows.
pub fn over_blocks(inside: &str) -> String {
    if inside.is_empty() { OVER_BLOCKS.to_owned() } else { format!("{OVER_BLOCKS}.{inside}") }
}

const OVER_BLOCKS: &str = "all";

/// What is called so inside of all blocks, of such a row; empty for the one that contains the others.
fn over_all(path: &str) -> Option<&str> {
    match path.strip_prefix(OVER_BLOCKS)? {
        "" => Some(""),
        rest => rest.strip_prefix('.'),
    }
}

/// The path of a row inside a traced part: an operator, or what lies between operators.
pub fn row_inside(path: &str, row: &str) -> String {
    format!("{path}/{row}")
}

/// The path of what contains a part, or a row inside of one.
pub fn parent_of(path: &str) -> Option<&str> {
    if let Some((part, _)) = path.split_once('/') {
        return Some(part);
    }
    let (parent, _) = path.rsplit_once('.')?;
    (parent != "blocks"
        && !parent.ends_with(".blocks")
        && !StackName::ALL.iter().any(|stack| stack.prefix().trim_end_matches('.') == parent))
    .then_some(parent)
}

fn write_path(f: &mut fmt::Formatter<'_>, stack: StackName, block: Option<usize>, path: &str) -> fmt::Result {
    f.write_str(stack.prefix())?;
    match (block, path) {
        (None, path) => f.write_str(path),
        (Some(block), "") => write!(f, "blocks.{block}"),
        (Some(block), path) => write!(f, "blocks.{block}.{path}"),
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_path(f, self.stack, self.block, self.name.path())
    }
}

impl fmt::Display for Place<Hook> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_path(f, self.stack, self.block, self.name.path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_that_is_printed_can_be_read_back() {
        for stack in StackName::ALL {
            for &name in Role::ALL {
                let path = Path { stack, block: name.is_in_block().then_some(12), name };
                assert_eq!(Path::parse(&path.to_string()), Some(path));
                let parent = path.parent().map(|parent| parent.to_string());
                assert_eq!(parent_of(&path.to_string()), parent.as_deref(), "{path}");
            }
        }
    }

    #[test]
    fn rows_over_all_blocks_have_the_names_of_what_they_add_up() {
        let qkv = over_blocks("attn.qkv");
        assert_eq!((name_of(&qkv), branch_of(&qkv)), ("QKV".to_owned(), Branch::Attention));
        assert_eq!((name_of(&over_blocks("")), block_of(&qkv)), ("all blocks, by part".to_owned(), None));
        assert_eq!(parent_of(&qkv), Some(over_blocks("attn").as_str()));
    }

    #[test]
    fn plain_words_of_a_path() {
        let words = |path: &str| (last_of(path), inside_of(path));
        let both = |last: &str, inside: &str| (last.to_owned(), inside.to_owned());
        assert_eq!(words("blocks.3.attn.qkv"), both("qkv", "attn qkv"));
        assert_eq!(words("blocks.3"), both("block 3", "block 3"));
        assert_eq!(words("lm_head"), both("lm head", "lm head"));
        assert_eq!(words("attn.qkv"), both("qkv", "attn qkv"));
        assert_eq!(below("blocks.3.attn_residual", "blocks.3"), Some("attn residual".into()));
        assert_eq!(below("blocks.31", "blocks.3"), None);
        assert_eq!([in_block(3, "attn.qkv"), in_block(3, "")], ["blocks.3.attn.qkv", "blocks.3"]);
        assert_eq!(branch_of("blocks.3.attn.new_part"), Branch::Attention);
    }

    #[test]
    fn no_two_parts_share_a_path() {
        for &role in Role::ALL {
            assert_eq!(Role::at(role.path()), Some(role));
            assert!(!role.about().is_empty() && !role.name().is_empty());
        }
    }

    #[test]
    fn paths_of_other_versions_are_shown_as_they_are() {
        assert_eq!(Path::parse("blocks.3.attn.wonder"), None);
        assert_eq!(Path::parse("blocks.x"), None);
        assert_eq!(Path::parse("blocks.3.lm_head"), None);
        assert_eq!(name_of("blocks.3.attn.new_part"), "new part");
        assert_eq!((block_of("blocks.3.attn.new_part"), inside_block("blocks.3.attn.x")), (Some(3), Some("attn.x")));
    }

    #[test]
    fn a_path_says_where_it_lies() {
        assert_eq!(name_of("blocks.3"), "block 3");
        assert_eq!(name_of("blocks.3.attn.qkv"), "QKV");
        assert_eq!(full_name_of("blocks.3.mlp.up"), "MLP up");
        assert_eq!(full_name_of("attn.norm"), "attention norm");
        assert_eq!(full_name_of("blocks.3"), "block 3");
        assert_eq!((block_of("blocks.12.mlp"), block_of("lm_head")), (Some(12), None));
        assert_eq!(parent_of(&row_inside("blocks.3.attn.qkv", "aten::mm")), Some("blocks.3.attn.qkv"));
    }
}
