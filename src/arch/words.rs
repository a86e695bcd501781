//! A model's architecture in words: row by row, as `inspect` shows it, and what sets a part apart.

use super::Model;
use super::mask::Mask;
use super::model::{Block, Order};
use super::parts::attention::{QkNorm, QkNormOver};
use super::parts::mlp::{Activation, MlpKind};
use super::parts::norm::{Norm, NormKind};
use super::path::Path;
use super::role::Role;
use super::rotation::{Pairing, Rotation, Scaling};
use crate::units::count;

/// Names and values, those that a model has.
pub fn in_words(model: &Model) -> Vec<(&'static str, String)> {
    let Some(first) = model.blocks.first() else { return Vec::new() };
    let parameters = model.n_parameters();
    let rows = [
        ("blocks", Some(model.n_layers().to_string())),
        ("residual stream", Some(model.d_model.to_string())),
        ("heads", Some(heads(model))),
        ("attends to", pattern_by_block(model)),
        ("scores", scores(first)),
        ("MLP", Some(mlp(first))),
        ("order", order(first)),
        ("norm", Some(norms(model, first))),
        ("positions", Some(positions(model))),
        ("biases", Some(biases(model, first))),
        ("multipliers", multipliers(model, first)),
        ("vocabulary", Some(model.d_vocab.to_string())),
        ("context", Some(format!("{} tokens", model.n_ctx))),
        ("LM head", Some(head(model))),
        ("parameters", Some(format!("{parameters} ({})", count(parameters)))),
    ];
    rows.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// What blocks have, with how many have it where not all have the same: `the 512 nearest in 15 blocks, all before it in 3`.
fn by_block(model: &Model, of: impl Fn(&Block) -> String) -> String {
    let mut kinds: Vec<(String, usize)> = Vec::new();
    for block in &model.blocks {
        let kind = of(block);
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, n)) => *n += 1,
            None => kinds.push((kind, 1)),
        }
    }
    match kinds.as_slice() {
        [(kind, _)] => kind.clone(),
        kinds => {
            let blocks = |n: usize| if n == 1 { "1 block".to_owned() } else { format!("{n} blocks") };
            kinds.iter().map(|(kind, n)| format!("{kind} in {}", blocks(*n))).collect::<Vec<_>>().join(", ")
        }
    }
}

fn heads(model: &Model) -> String {
    by_block(model, |block| {
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
fn pattern_by_block(model: &Model) -> Option<String> {
    let is_plain = model.blocks.iter().all(|block| block.attn.mask == Mask::Causal);
    (!is_plain).then(|| {
        by_block(model, |block| match block.attn.mask {
            Mask::Causal => "all before it".to_owned(),
            Mask::Window { sinks: 0, window } => format!("the {window} nearest"),
            mask => mask.to_string(),
        })
    })
}

/// What is not q·k scaled by 1/√d.
fn scores(block: &Block) -> Option<String> {
    let attn = &block.attn;
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
    let block = path.block.and_then(|block| model.blocks.get(block));
    match (path.name, block) {
        (Role::EmbedNorm, _) => model.embedding.norm.map(|norm| kind(norm).to_owned()),
        (Role::FinalNorm, _) => model.final_norm.map(|norm| kind(norm).to_owned()),
        (Role::LmHead, _) => Some(format!("weight: {}", head(model))),
        (role, Some(block)) => of_part_in(block, chosen, role),
        _ => None,
    }
}

fn of_part_in(block: &Block, chosen: Mask, role: Role) -> Option<String> {
    let attn = &block.attn;
    let named = |norm: Option<Norm>| norm.map(|norm| kind(norm).to_owned());
    match role {
        Role::Block => [order(block), pattern(block, chosen)].into_iter().flatten().reduce(|a, b| format!("{a}; {b}")),
        Role::Attn | Role::Fused | Role::Softmax => pattern(block, chosen),
        Role::Scores => {
            [scores(block), pattern(block, chosen)].into_iter().flatten().reduce(|a, b| format!("{a}; {b}"))
        }
        Role::QkNorm => attn.qk_norm.map(qk_norm),
        Role::Rope => attn.rotation.as_ref().map(|rotation| rotary(rotation, attn.d_head)),
        Role::Norm => match block.order {
            Order::Parallel { norm } => named(norm),
            Order::Sequential => None,
        },
        Role::AttnNorm => named(attn.norm),
        Role::AttnPostNorm => named(attn.post_norm),
        Role::MlpNorm => named(block.mlp.norm),
        Role::MlpPostNorm => named(block.mlp.post_norm),
        Role::Act => Some(activation(block)),
        _ => None,
    }
}

/// Which keys the queries of a block attend to, where that is not all before them, and what distances cost.
fn pattern(block: &Block, chosen: Mask) -> Option<String> {
    let keys = match block.attn.mask.narrowed(chosen) {
        Mask::Causal => None,
        Mask::Window { sinks: 0, window } => Some(format!("attends to the {window} nearest positions")),
        Mask::Window { sinks, window } => {
            Some(format!("attends to the first {sinks} and the {window} nearest positions"))
        }
        Mask::Chunks { size } => Some(format!("attends within chunks of {size} positions")),
    };
    let alibi = block.attn.alibi.map(|_| "scores fall with the distance (ALiBi)".to_owned());
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

fn norms(model: &Model, block: &Block) -> String {
    let shared = match block.order {
        Order::Parallel { norm } => norm,
        Order::Sequential => None,
    };
    let (before, after) = (block.attn.norm.or(shared), block.attn.post_norm);
    let place = match (before, after) {
        (Some(_), Some(_)) => ", before and after each branch",
        (None, Some(_)) => ", after each branch",
        _ => "",
    };
    let embedded = if model.embedding.norm.is_some() { ", on the embedding too" } else { "" };
    match before.or(after).or(model.final_norm) {
        Some(norm) => format!("{}, ε {:e}{place}{embedded}", kind(norm), norm.eps as f32),
        None => "none".to_owned(),
    }
}

fn positions(model: &Model) -> String {
    if model.embedding.positions.is_some() {
        return "learned".to_owned();
    }
    by_block(model, |block| match (&block.attn.rotation, block.attn.alibi) {
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

fn biases(model: &Model, block: &Block) -> String {
    let all = [
        ("q k v", block.attn.qkv_bias),
        ("attention output", block.attn.out_bias),
        ("MLP", block.mlp.bias),
        ("LM head", model.head.bias),
    ];
    let biased: Vec<_> = all.iter().filter(|(_, on)| *on).map(|(name, _)| *name).collect();
    if biased.is_empty() { "none".to_owned() } else { biased.join(", ") }
}

fn multipliers(model: &Model, block: &Block) -> Option<String> {
    let all =
        [("embedding", model.embedding.multiplier), ("branches", block.multiplier), ("logits", model.head.multiplier)];
    let said: Vec<_> =
        all.iter().filter(|(_, by)| *by != 1.0).map(|(name, by)| format!("{name} × {}", short(*by))).collect();
    (!said.is_empty()).then(|| said.join(", "))
}

fn head(model: &Model) -> String {
    let tied = if model.head.tied { "tied to the embedding" } else { "its own" };
    match model.head.softcap {
        Some(cap) => format!("{tied}, logits capped at {}", short(cap)),
        None => tied.to_owned(),
    }
}

/// A number with at most four digits after the point.
fn short(number: f64) -> String {
    ((number * 1e4).round() / 1e4).to_string()
}
