//! Where in a model something is: what a path is, how it is printed, and how it is read.
//!
//! `blocks.3.attn.qkv` is a part of the fourth block, `lm_head` one outside of blocks, `blocks.3.attn.hook_q` an
//! activation. A model with several stacks puts the name of the stack before that: `encoder.blocks.3.attn`. Where a
//! block has more than one attention or MLP, the path says which: `decoder.blocks.3.cross_attn.q`,
//! `blocks.3.mlp.experts.5.up`.

use super::hook::Hook;
use super::role::{Branch, Role};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// A sequence of blocks of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StackName {
    /// The blocks of a model that has one stack. Its parts have no prefix.
    #[default]
    Only,
    /// What reads the input of an encoder–decoder.
    Encoder,
    /// What writes the output of an encoder–decoder.
    Decoder,
    /// What reads a picture beside a text.
    Vision,
    /// What reads a text beside a picture, and what the picture became.
    Text,
}

/// Which of the attentions or MLPs of a block, where it has more than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Instance {
    /// Self-attention, the MLP; whatever there is only one of.
    #[default]
    Main,
    /// The attention that reads another stack.
    Cross,
    /// One of the MLPs among which a router chooses.
    Expert(usize),
    /// The MLP beside them that every token passes.
    Shared,
}

/// Where something is: in which stack, in which block, in which attention or MLP of it, and what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place<N> {
    pub stack: StackName,
    pub block: Option<usize>,
    pub instance: Instance,
    pub name: N,
}

/// Where a part is.
pub type Path = Place<Role>;

impl StackName {
    pub const ALL: [StackName; 5] =
        [StackName::Only, StackName::Encoder, StackName::Decoder, StackName::Vision, StackName::Text];

    /// What it is called; empty where there is no other.
    pub const fn name(self) -> &'static str {
        match self {
            StackName::Only => "",
            StackName::Encoder => "encoder",
            StackName::Decoder => "decoder",
            StackName::Vision => "vision",
            StackName::Text => "text",
        }
    }

    /// The rest of a path that begins with the name of this stack.
    fn rest_of(self, path: &str) -> Option<&str> {
        path.strip_prefix(self.name())?.strip_prefix('.')
    }
}

impl Instance {
    /// The path inside its block of what is called `name` in the only attention or MLP: `cross_attn.q` of `attn.q`.
    fn path(self, name: &'static str) -> Cow<'static, str> {
        let (main, own) = match self {
            Instance::Main => return Cow::Borrowed(name),
            Instance::Cross => ("attn", CROSS.to_owned()),
            Instance::Expert(number) => ("mlp", format!("{EXPERTS}.{number}")),
            Instance::Shared => ("mlp", SHARED.to_owned()),
        };
        // A branch's result is an activation of the block, called after the branch: `hook_attn_out`.
        Cow::Owned(name.replacen(main, &own, 1))
    }

    /// Which one a path inside a block lies in, and the path in the only one: `attn.q` of `cross_attn.q`.
    fn split(path: &str) -> (Self, Cow<'_, str>) {
        if let Some(rest) = path.strip_prefix(CROSS) {
            return (Instance::Cross, Cow::Owned(format!("attn{rest}")));
        }
        let of = |rest: &str| Cow::Owned(format!("mlp{rest}"));
        if let Some(rest) = path.strip_prefix(SHARED).filter(|rest| rest.is_empty() || rest.starts_with('.')) {
            return (Instance::Shared, of(rest));
        }
        let expert = path.strip_prefix(EXPERTS).and_then(|rest| rest.strip_prefix('.')).and_then(|rest| {
            let (number, _) = rest.split_once('.').unwrap_or((rest, ""));
            Some((Instance::Expert(number.parse().ok()?), of(&rest[number.len()..])))
        });
        expert.unwrap_or((Instance::Main, Cow::Borrowed(path)))
    }

    /// Whether it has such a part.
    const fn has(self, role: Role) -> bool {
        match self {
            Instance::Main => true,
            Instance::Cross => matches!(role.branch(), Branch::Attention),
            Instance::Expert(_) | Instance::Shared => {
                matches!(role, Role::Mlp | Role::Gate | Role::Up | Role::GateUp | Role::Act | Role::Down)
            }
        }
    }

    /// What it is called before the name of a part of it: `cross-attention`, `expert 5`.
    fn name(self) -> Option<String> {
        match self {
            Instance::Main => None,
            Instance::Cross => Some("cross-attention".to_owned()),
            Instance::Expert(number) => Some(format!("expert {number}")),
            Instance::Shared => Some("shared expert".to_owned()),
        }
    }
}

const CROSS: &str = "cross_attn";
const EXPERTS: &str = "mlp.experts";
const SHARED: &str = "mlp.shared";

impl<N> Place<N> {
    /// In a model of one stack, in a block that has one attention and one MLP.
    pub fn new(block: Option<usize>, name: N) -> Self {
        Self { stack: StackName::Only, block, instance: Instance::Main, name }
    }
}

impl Path {
    /// Reads a path that was printed; `None` for one of a version or a program that names parts otherwise.
    pub fn parse(text: &str) -> Option<Self> {
        let (stack, block, rest) = split(text)?;
        let (instance, rest) = Instance::split(rest);
        let name = Role::at(&rest).filter(|role| role.is_in_block() == block.is_some())?;
        instance.has(name).then_some(Self { stack, block, instance, name })
    }

    /// The part that contains it.
    pub fn parent(self) -> Option<Self> {
        let main = Self { instance: Instance::Main, ..self };
        match (self.instance, self.name.container()?) {
            (Instance::Expert(_), Role::Block) => Some(Self { name: Role::Experts, ..main }),
            (Instance::Shared, Role::Block) => Some(Self { name: Role::Mlp, ..main }),
            (_, Role::Block) => Some(Self { name: Role::Block, ..main }),
            (_, name) => Some(Self { name, ..self }),
        }
    }
}

/// Stack, block and the rest of a path. The rest is empty for the block itself.
fn split(text: &str) -> Option<(StackName, Option<usize>, &str)> {
    let named = StackName::ALL.into_iter().filter(|&stack| stack != StackName::Only);
    let found = named.filter_map(|stack| Some((stack, stack.rest_of(text)?))).next();
    let (stack, rest) = found.unwrap_or((StackName::Only, text));
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
    place_of(path).map(|(_, role)| role)
}

/// Which attention or MLP of its block the part at a path lies in, and what it does there.
fn place_of(path: &str) -> Option<(Instance, Role)> {
    let path = over_all(path).unwrap_or(path);
    if let Some(path) = Path::parse(path) {
        return Some((path.instance, path.name));
    }
    let (instance, path) = Instance::split(path);
    Some((instance, Role::at(&path)?))
}

/// The name on the screen: `block 3`, `QKV`. Foreign text, if the path is of an unknown version.
pub fn name_of(path: &str) -> String {
    if over_all(path) == Some("") {
        return "all blocks, by part".to_owned();
    }
    match (Path::parse(path), place_of(path)) {
        (Some(Path { block: Some(block), name: Role::Block, .. }), _) => format!("block {block}"),
        (_, Some((instance, role))) => {
            instance.name().filter(|_| role.is_branch()).unwrap_or_else(|| role.name().to_owned())
        }
        (_, None) => path.rsplit('.').next().unwrap_or(path).replace('_', " "),
    }
}

/// The name where it stands alone: `MLP up`, `attention norm`, `block 3`.
pub fn full_name_of(path: &str) -> String {
    match place_of(path) {
        Some((Instance::Main, role)) if role != Role::Block => role.full_name(),
        Some((instance, role)) if !role.is_branch() => match instance.name() {
            Some(name) => format!("{name} {}", role.name()),
            None => name_of(path),
        },
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
    let is_of_stack = StackName::ALL.iter().any(|stack| stack.name() == parent);
    (parent != "blocks" && !parent.ends_with(".blocks") && !is_of_stack).then_some(parent)
}

fn write_path<N>(f: &mut fmt::Formatter<'_>, place: &Place<N>, path: &'static str) -> fmt::Result {
    if place.stack != StackName::Only {
        write!(f, "{}.", place.stack.name())?;
    }
    let path = place.instance.path(path);
    match (place.block, path.as_ref()) {
        (None, path) => f.write_str(path),
        (Some(block), "") => write!(f, "blocks.{block}"),
        (Some(block), path) => write!(f, "blocks.{block}.{path}"),
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_path(f, self, self.name.path())
    }
}

impl fmt::Display for Place<Hook> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_path(f, self, self.name.path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_that_is_printed_can_be_read_back() {
        for stack in StackName::ALL {
            for &name in Role::ALL {
                let instances = [Instance::Main, Instance::Cross, Instance::Expert(5), Instance::Shared];
                for instance in instances.into_iter().filter(|instance| instance.has(name)) {
                    let path = Path { stack, block: name.is_in_block().then_some(12), instance, name };
                    assert_eq!(Path::parse(&path.to_string()), Some(path), "{path}");
                    let parent = path.parent().map(|parent| parent.to_string());
                    assert_eq!(parent_of(&path.to_string()), parent.as_deref(), "{path}");
                }
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
    fn a_path_says_which_attention_or_mlp_it_lies_in() {
        let of = |path: &str| Path::parse(path).map(|path| (path.instance, path.name));
        assert_eq!(of("decoder.blocks.0.cross_attn.out"), Some((Instance::Cross, Role::Out)));
        assert_eq!(of("decoder.blocks.0.cross_attn_residual"), Some((Instance::Cross, Role::AttnResidual)));
        assert_eq!(of("blocks.0.mlp.experts"), Some((Instance::Main, Role::Experts)));
        assert_eq!(of("blocks.0.mlp.experts.11"), Some((Instance::Expert(11), Role::Mlp)));
        assert_eq!(of("blocks.0.mlp.experts.x"), None);
        let names = ["mlp.experts.3", "mlp.experts.3.up", "mlp.shared", "cross_attn", "cross_attn.q"].map(full_name_of);
        assert_eq!(names, ["expert 3", "expert 3 up", "shared expert", "cross-attention", "cross-attention query"]);
        let hook = Place { stack: StackName::Decoder, block: Some(1), instance: Instance::Cross, name: Hook::AttnOut };
        assert_eq!(hook.to_string(), "decoder.blocks.1.hook_cross_attn_out");
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
