//! A model's architecture in words: row by row, as `inspect` shows it, and what sets a part apart.

use super::Model;
use super::block::{Block, Order};
use super::mask::Mask;
use super::parts::attention::{Attention, QkNorm, QkNormOver};
use super::parts::experts::Experts;
use super::parts::mlp::{Activation, MlpKind};
use super::parts::norm::{Norm, NormKind};
use super::path::{Instance, Path, StackName};
use super::role::Role;
use super::rotation::{Pairing, Rotation, Scaling};
use super::stack::{Input, Stack};
use crate::units::{count, many};

/// Names and values, those that a model has; of each stack in turn, where it has several.
pub fn in_words(model: &Model) -> Vec<(String, String)> {
    let parameters = model.n_parameters();
    let of_stack = |stack: &Stack| {
        let rows = stack_in_words(stack);
        let named = |(name, value): (&'static str, String)| match stack.name {
            StackName::Only => (name.to_owned(), value),
            stack => (format!("{} {name}", stack.name()), value),
        };
        rows.into_iter().map(named).collect::<Vec<_>>()
    };
    let mut rows: Vec<(String, String)> = model.stacks().flat_map(of_stack).collect();
    let of_model = [
        ("multipliers", multipliers(model)),
        ("vocabulary", Some(model.d_vocab).filter(|&tokens| tokens > 0).map(|tokens| tokens.to_string())),
        ("context", model.stack.embedding().map(|_| format!("{} tokens", model.stack.n_ctx))),
        (if model.head.labels.is_some() { "classifier" } else { "LM head" }, Some(head(model))),
        ("parameters", Some(format!("{parameters} ({})", count(parameters)))),
    ];
    rows.extend(of_model.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    rows
}

fn stack_in_words(stack: &Stack) -> Vec<(&'static str, String)> {
    let Some(first) = stack.blocks.first() else { return Vec::new() };
    let rows = [
        ("input", input(stack)),
        ("blocks", Some(stack.blocks.len().to_string())),
        ("residual stream", Some(stack.d_model.to_string())),
        ("heads", Some(heads(stack))),
        ("attends to", pattern_by_block(stack)),
        ("scores", scores(&first.attn)),
        ("cross-attention", first.cross.as_ref().map(cross)),
        ("MLP", Some(mlp(first))),
        ("experts", first.mlp.experts.map(experts)),
        ("order", order(first)),
        ("norm", Some(norms(stack, first))),
        ("positions", Some(positions(stack))),
        ("kinds of tokens", stack.embedding().and_then(|it| it.token_types).map(|kinds| kinds.to_string())),
        ("biases", Some(biases(first))),
        ("connector", stack.connector.as_ref().map(|connector| format!("two products to width {}", connector.width))),
    ];
    rows.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// What it reads, where that is not token ids.
fn input(stack: &Stack) -> Option<String> {
    match &stack.input {
        Input::Tokens(_) => None,
        Input::Picture(it) => Some(format!(
            "a picture of {0} × {0} pixels as {1} patches of {2} × {2}, and the class token",
            it.image,
            it.n(),
            it.patch
        )),
        Input::Sound(it) => Some(format!(
            "a spectrogram of {} frames of {} bands, which become {} positions",
            2 * it.positions,
            it.bands,
            it.positions
        )),
    }
}

fn cross(attn: &Attention) -> String {
    let positions = attn.source.map_or(0, |source| source.positions);
    format!("{} heads of width {} read {positions} positions of the other stack", attn.n_heads, attn.d_head)
}

fn experts(experts: Experts) -> String {
    let shared = experts.shared.map(|width| format!(", and one of width {width} for all")).unwrap_or_default();
    format!("{} of {} for each position{shared}", experts.per_token, experts.n)
}

/// What blocks have, with how many have it where not all have the same: `the 512 nearest in 15 blocks, all before it in 3`.
fn by_block(stack: &Stack, of: impl Fn(&Block) -> String) -> String {
    let mut kinds: Vec<(String, usize)> = Vec::new();
    for block in &stack.blocks {
        let kind = of(block);
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, n)) => *n += 1,
            None => kinds.push((kind, 1)),
        }
    }
    match kinds.as_slice() {
        [(kind, _)] => kind.clone(),
        kinds => {
            kinds.iter().map(|(kind, n)| format!("{kind} in {}", many(*n, "block"))).collect::<Vec<_>>().join(", ")
        }
    }
}

fn heads(stack: &Stack) -> String {
    by_block(stack, |block| {
        let attn = &block.attn;
        match attn.n_heads / attn.n_kv_heads.max(1) {
            1 => format!("{} of width {}", attn.n_heads, attn.d_head),
            group => {
                format!("{} of width {}, {group} to a key/value head ({})", attn.n_heads, attn.d_head, attn.n_kv_heads)
            }
        }
    })
}

/// Which keys queries attend to, where that is not all before them.
fn pattern_by_block(stack: &Stack) -> Option<String> {
    let is_plain = stack.blocks.iter().all(|block| block.attn.mask == Mask::Causal);
    (!is_plain).then(|| {
        by_block(stack, |block| match block.attn.mask {
            Mask::Causal => "all before it".to_owned(),
            Mask::Full => "all, before and after it".to_owned(),
            Mask::Window { sinks: 0, window } => format!("the {window} nearest"),
            mask => mask.to_string(),
        })
    })
}

/// What is not q·k scaled by 1/√d.
fn scores(attn: &Attention) -> Option<String> {
    let mut said: Vec<String> = attn.qk_norm.map(qk_norm).into_iter().collect();
    if (attn.scale * (attn.d_head as f64).sqrt() - 1.0).abs() > 1e-9 {
        said.push(format!("× {}", short(attn.scale)));
    }
    said.extend(attn.softcap.map(|cap| format!("capped at {}", short(cap))));
    if attn.sinks {
        said.push("a learned sink for each head".to_owned());
    }
    (!said.is_empty()).then(|| said.join(", "))
}

/// What sets a part of this model apart, in a few words: the window of a block's attention, the base of its rotation, the
/// kind of a norm. `chosen` is the mask that the toggles add.
pub fn of_part(model: &Model, chosen: Mask, path: Path) -> Option<String> {
    let stack = model.stack_named(path.stack)?;
    let block = path.block.and_then(|block| stack.blocks.get(block));
    match (path.name, block) {
        (Role::EmbedNorm, _) => stack.embedding()?.norm.map(|norm| kind(norm).to_owned()),
        (Role::FinalNorm, _) => stack.final_norm.map(|norm| kind(norm).to_owned()),
        (Role::LmHead, _) => Some(format!("weight: {}", head(model))),
        (role, Some(block)) => match path.instance {
            Instance::Cross => of_attention(block.cross.as_ref()?, Mask::Causal, role),
            _ => of_part_in(block, chosen, role),
        },
        _ => None,
    }
}

fn of_part_in(block: &Block, chosen: Mask, role: Role) -> Option<String> {
    let named = |norm: Option<Norm>| norm.map(|norm| kind(norm).to_owned());
    match role {
        Role::Block => {
            [order(block), pattern(&block.attn, chosen)].into_iter().flatten().reduce(|a, b| format!("{a}; {b}"))
        }
        Role::Norm => match block.order {
            Order::Parallel { norm } => named(norm),
            Order::Sequential => None,
        },
        Role::MlpNorm => named(block.mlp.norm),
        Role::MlpPostNorm => named(block.mlp.post_norm),
        Role::MlpSumNorm => named(block.mlp.sum_norm),
        Role::Experts | Role::Router => block.mlp.experts.map(experts),
        Role::Act => Some(activation(block)),
        role => of_attention(&block.attn, chosen, role),
    }
}

fn of_attention(attn: &Attention, chosen: Mask, role: Role) -> Option<String> {
    let named = |norm: Option<Norm>| norm.map(|norm| kind(norm).to_owned());
    match role {
        Role::Attn | Role::Fused | Role::Softmax => pattern(attn, chosen),
        Role::Scores => [scores(attn), pattern(attn, chosen)].into_iter().flatten().reduce(|a, b| format!("{a}; {b}")),
        Role::QkNorm => attn.qk_norm.map(qk_norm),
        Role::Rope => attn.rotation.as_ref().map(|rotation| rotary(rotation, attn.d_head)),
        Role::AttnNorm => named(attn.norm),
        Role::AttnPostNorm => named(attn.post_norm),
        Role::AttnSumNorm => named(attn.sum_norm),
        _ => None,
    }
}

/// Which keys queries attend to, where that is not all before them, and what distances cost.
fn pattern(attn: &Attention, chosen: Mask) -> Option<String> {
    let keys = match attn.mask.narrowed(chosen) {
        Mask::Causal => None,
        Mask::Window { sinks: 0, window } => Some(format!("attends to the {window} nearest positions")),
        Mask::Window { sinks, window } => {
            Some(format!("attends to the first {sinks} and the {window} nearest positions"))
        }
        Mask::Chunks { size } => Some(format!("attends within chunks of {size} positions")),
        Mask::Full => Some("attends to all positions, before and after".to_owned()),
    };
    let alibi = attn.alibi.map(|_| "scores fall with the distance (ALiBi)".to_owned());
    [keys, alibi].into_iter().flatten().reduce(|a, b| format!("{a}; {b}"))
}

fn qk_norm(qk_norm: QkNorm) -> String {
    let over = match qk_norm.over {
        QkNormOver::Head => "of each head",
        QkNormOver::OwnHead => "of each head, with a scale of its own",
        QkNormOver::AllHeads => "of all heads together",
    };
    format!("{} on queries and keys {over}", kind(qk_norm.norm))
}

fn mlp(block: &Block) -> String {
    format!("{}, width {}", activation(block), block.mlp.d_mlp)
}

fn activation(block: &Block) -> String {
    let name = match block.mlp.activation {
        Activation::Silu => "SiLU",
        Activation::Gelu => "GELU",
        Activation::GeluTanh => "GELU (tanh)",
        Activation::Relu => "ReLU",
        Activation::QuickGelu => "GELU (sigmoid)",
    };
    let gating = if block.mlp.kind == MlpKind::Gated { "gated " } else { "" };
    format!("{gating}{name}")
}

fn order(block: &Block) -> Option<String> {
    match block.order {
        Order::Sequential => None,
        Order::Parallel { norm: Some(_) } => Some("attention and MLP side by side, on one norm".to_owned()),
        Order::Parallel { norm: None } => Some("attention and MLP side by side".to_owned()),
    }
}

fn kind(norm: Norm) -> &'static str {
    match norm.kind {
        NormKind::Rms => "RMSNorm",
        NormKind::Layer => "LayerNorm",
    }
}

fn norms(stack: &Stack, block: &Block) -> String {
    let shared = match block.order {
        Order::Parallel { norm } => norm,
        Order::Sequential => None,
    };
    let (before, after, of_sum) = (block.attn.norm.or(shared), block.attn.post_norm, block.attn.sum_norm);
    let place = match (before, after, of_sum) {
        (Some(_), Some(_), _) => ", before and after each branch",
        (None, Some(_), _) => ", after each branch",
        (None, None, Some(_)) => ", of the stream after each branch was added",
        _ => "",
    };
    let embedding_norm = match &stack.input {
        Input::Tokens(embedding) => embedding.norm,
        Input::Picture(patches) => patches.norm,
        Input::Sound(_) => None,
    };
    let embedded = if embedding_norm.is_some() { ", on the embedding too" } else { "" };
    match before.or(after).or(of_sum).or(stack.final_norm) {
        Some(norm) => format!("{}, ε {:e}{place}{embedded}", kind(norm), norm.eps as f32),
        None => "none".to_owned(),
    }
}

fn positions(stack: &Stack) -> String {
    if stack.embedding().is_none_or(|embedding| embedding.positions.is_some()) {
        return "learned".to_owned();
    }
    by_block(stack, |block| match (&block.attn.rotation, block.attn.alibi) {
        (Some(rotation), _) => rotary(rotation, block.attn.d_head),
        (None, Some(_)) => "ALiBi".to_owned(),
        (None, None) => "none".to_owned(),
    })
}

fn rotary(rotation: &Rotation, d_head: usize) -> String {
    let scaling = match &rotation.scaling {
        Scaling::None => String::new(),
        Scaling::Linear { factor } => format!(", linear ×{factor}"),
        Scaling::Dynamic { factor, .. } => format!(", dynamic ×{factor}"),
        Scaling::Llama3 { factor, .. } => format!(", llama3 ×{factor}"),
        Scaling::Yarn(yarn) => format!(", yarn ×{}", yarn.factor),
        Scaling::LongRope { original, .. } => format!(", longrope beyond {original}"),
        Scaling::PerFrequency(_) => ", a factor for each frequency".to_owned(),
    };
    let part = if rotation.dims == d_head { String::new() } else { format!(" on {} features", rotation.dims) };
    let pairs = if rotation.pairing == Pairing::Interleaved { ", neighbours" } else { "" };
    format!("RoPE{part}, θ {}{scaling}{pairs}", rotation.base)
}

fn biases(block: &Block) -> String {
    let all = [
        (if block.attn.unbiased_keys { "q v" } else { "q k v" }, block.attn.qkv_bias),
        ("attention output", block.attn.out_bias),
        ("MLP", block.mlp.bias),
    ];
    let biased: Vec<_> = all.iter().filter(|(_, on)| *on).map(|(name, _)| *name).collect();
    if biased.is_empty() { "none".to_owned() } else { biased.join(", ") }
}

fn multipliers(model: &Model) -> Option<String> {
    let of_embedding = model.stack.embedding().map_or(1.0, |embedding| embedding.multiplier);
    let of_branches = model.stack.blocks.first().map_or(1.0, |block| block.multiplier);
    let all = [("embedding", of_embedding), ("branches", of_branches), ("logits", model.head.multiplier)];
    let said: Vec<_> =
        all.iter().filter(|(_, by)| *by != 1.0).map(|(name, by)| format!("{name} × {}", short(*by))).collect();
    (!said.is_empty()).then(|| said.join(", "))
}

fn head(model: &Model) -> String {
    let head = model.head;
    if let Some(labels) = head.labels {
        return format!("{labels} labels, from the first position");
    }
    let tied = if head.tied { "tied to the embedding" } else { "its own" };
    let more = [
        head.transform.map(|_| "after a transform".to_owned()),
        head.bias.then(|| "with a bias".to_owned()),
        head.softcap.map(|cap| format!("logits capped at {}", short(cap))),
    ];
    std::iter::once(tied.to_owned()).chain(more.into_iter().flatten()).collect::<Vec<_>>().join(", ")
}

/// A number with at most four digits after the point.
fn short(number: f64) -> String {
    ((number * 1e4).round() / 1e4).to_string()
}
