//! What the parts of a model are called on the screen, what they do, and which ones a model will have.

use crate::model::spec::{MlpKind, Positions, Spec};
use crate::model::toggles::{Fuse, Kernel, Toggles};
use crate::record::ModelInfo;

/// What a part belongs to: the colour of its bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartKind {
    Attention,
    Mlp,
    Other,
}

/// Which of the two stages of a block a part belongs to.
pub fn kind(path: &str) -> PartKind {
    match inside_block(path).map(|inside| inside.split('.').next().unwrap_or_default()) {
        Some("attn" | "attn_residual") => PartKind::Attention,
        Some("mlp" | "mlp_residual") => PartKind::Mlp,
        _ => PartKind::Other,
    }
}

/// The number of the block that a path lies in.
pub fn block_of(path: &str) -> Option<u32> {
    path.strip_prefix("blocks.")?.split('.').next()?.parse().ok()
}

/// The rest of the path inside its block: `attn.qkv`; empty for the block itself.
pub fn inside_block(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("blocks.")?;
    Some(rest.split_once('.').map_or("", |(_, inside)| inside))
}

/// The path of a row inside a traced part: an operator, or what lies between them.
pub fn row_inside(path: &str, row: &str) -> String {
    format!("{path}/{row}")
}

/// The path of what contains it.
pub fn parent(path: &str) -> Option<&str> {
    if let Some((part, _)) = path.split_once('/') {
        return Some(part);
    }
    let (parent, _) = path.rsplit_once('.')?;
    (parent != "blocks").then_some(parent)
}

/// The name on the screen: `block 3`, `QKV`. Foreign text, if the path is of an unknown version.
pub fn name(path: &str) -> String {
    if let (Some(block), Some("")) = (block_of(path), inside_block(path)) {
        return format!("block {block}");
    }
    let last = path.rsplit('.').next().unwrap_or(path);
    match last {
        "embed" => "embedding",
        "final_norm" => "final norm",
        "lm_head" => "LM head",
        "attn" => "attention",
        "mlp" => "MLP",
        "qkv" => "QKV",
        "rope" => "RoPE",
        "cache" => "KV cache",
        "fused" => "fused kernel",
        "out" => "output",
        "act" => "activation",
        "attn_residual" | "mlp_residual" => "residual",
        other => return other.replace('_', " "),
    }
    .to_owned()
}

/// The name with its stage, for where it stands alone: `MLP up`, `attention norm`.
pub fn staged_name(path: &str) -> String {
    let stage = match inside_block(path).unwrap_or(path).split_once(['.', '_']) {
        Some(("attn", _)) => "attention ",
        Some(("mlp", _)) => "MLP ",
        _ => "",
    };
    let name = name(path);
    if name.starts_with("fused") { name } else { format!("{stage}{name}") }
}

/// What it does, in one sentence; empty for a part of an unknown version.
pub fn about(path: &str) -> &'static str {
    let place = inside_block(path).unwrap_or(path);
    match place {
        "" => "one layer: attention moves information between positions, the MLP works at each position",
        "embed" => "looks up the vector of each token",
        "final_norm" => "brings the residual stream to unit scale, a last time",
        "lm_head" => "one score for each token of the vocabulary: the logits",
        "attn" => "first stage: x + attention(norm x)",
        "mlp" => "second stage: x + MLP(norm x)",
        "attn.norm" | "mlp.norm" => "brings the residual stream to unit scale before the stage",
        "attn.qkv" => "makes a query, a key and a value of each position, for each head",
        "attn.rope" => "turns queries and keys by their position, so that scores see distances",
        "attn.cache" => "writes the new keys and values beside those of past positions",
        "attn.scores" => "how well each query matches each key: Q·Kᵀ, scaled and masked",
        "attn.softmax" => "turns the scores of a query into weights that add up to 1",
        "attn.values" => "the average of the values under these weights",
        "attn.fused" => "scores, softmax and values in one kernel that never stores the T×T matrix",
        "attn.out" => "mixes what the heads have read back to the width of the stream",
        "attn_residual" | "mlp_residual" => "adds what the stage found to the residual stream",
        "mlp.gate" => "how far each hidden unit opens",
        "mlp.up" => "widens each position to the hidden width",
        "mlp.act" => "the non-linearity, and the product with the gate where there is one",
        "mlp.down" => "brings the hidden units back to the width of the stream",
        _ => "",
    }
}

/// The shapes that go in and come out, in the model's numbers; `t` positions are computed, `past` are cached.
pub fn shapes(path: &str, model: &ModelInfo, t: u32, past: u32) -> Option<String> {
    let ModelInfo { n_heads: h, n_kv_heads: g, d_model: d, d_head, d_mlp: m, d_vocab: v, .. } = *model;
    if d == 0 {
        return None;
    }
    let k = t + past;
    Some(match inside_block(path).unwrap_or(path) {
        "embed" => format!("[{t}] ids → [{t}, {d}]"),
        "" | "final_norm" | "attn" | "mlp" | "attn.norm" | "mlp.norm" | "attn_residual" | "mlp_residual" => {
            format!("[{t}, {d}] → [{t}, {d}]")
        }
        "lm_head" => format!("[{d}] → [{v}] logits"),
        "attn.qkv" => format!("[{t}, {d}] → Q [{h}, {t}, {d_head}]  K V [{g}, {t}, {d_head}]"),
        "attn.rope" => format!("Q [{h}, {t}, {d_head}]  K [{g}, {t}, {d_head}]"),
        "attn.cache" => format!("K V [{g}, {past}+{t}, {d_head}]"),
        "attn.scores" => format!("Q [{h}, {t}, {d_head}] · K [{g}, {k}, {d_head}] → [{h}, {t}, {k}]"),
        "attn.softmax" => format!("[{h}, {t}, {k}]"),
        "attn.values" => format!("[{h}, {t}, {k}] · V [{g}, {k}, {d_head}] → [{h}, {t}, {d_head}]"),
        "attn.fused" => format!("Q [{h}, {t}, {d_head}]  K V [{g}, {k}, {d_head}] → [{h}, {t}, {d_head}]"),
        "attn.out" => format!("[{t}, {}] → [{t}, {d}]", h * d_head),
        "mlp.gate" | "mlp.up" => format!("[{t}, {d}] → [{t}, {m}]"),
        "mlp.act" => format!("[{t}, {m}]"),
        "mlp.down" => format!("[{t}, {m}] → [{t}, {d}]"),
        _ => return None,
    })
}

/// The top level of a decoder with this many blocks, in the order in which it runs.
pub fn top_level(n_layers: u32) -> impl Iterator<Item = String> {
    let blocks = (0..n_layers).map(|block| format!("blocks.{block}"));
    ["embed".to_owned()].into_iter().chain(blocks).chain(["final_norm".to_owned(), "lm_head".to_owned()])
}

/// The parts that a block of this model will have, parents before children, in the order in which they run.
pub fn inside_blocks(spec: &Spec, toggles: &Toggles) -> Vec<&'static str> {
    let mut parts = vec!["attn", "attn.norm", "attn.qkv"];
    if matches!(spec.positions, Positions::Rope(_)) {
        parts.push("attn.rope");
    }
    if toggles.kv_cache {
        parts.push("attn.cache");
    }
    match toggles.attention.kernel {
        Kernel::Eager => parts.extend(["attn.scores", "attn.softmax", "attn.values"]),
        Kernel::Fused => parts.push("attn.fused"),
    }
    parts.extend(["attn.out", "attn_residual", "mlp", "mlp.norm"]);
    match (spec.mlp, toggles.fuse) {
        (MlpKind::Gated(_), Fuse::Joined) => parts.push("mlp.gate_up"),
        (MlpKind::Gated(_), Fuse::Separate) => parts.extend(["mlp.gate", "mlp.up"]),
        (MlpKind::Plain(_), _) => parts.push("mlp.up"),
    }
    parts.extend(["mlp.act", "mlp.down", "mlp_residual"]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::probe::Op;
    use crate::tui::fixture;

    #[test]
    fn every_op_of_the_forward_pass_is_named_and_explained() {
        let inside = [
            Op::Attn,
            Op::AttnNorm,
            Op::Qkv,
            Op::Rope,
            Op::Cache,
            Op::Scores,
            Op::Softmax,
            Op::Values,
            Op::Fused,
            Op::Out,
            Op::AttnResidual,
            Op::Mlp,
            Op::MlpNorm,
            Op::Gate,
            Op::Up,
            Op::Act,
            Op::Down,
            Op::MlpResidual,
        ];
        let paths = inside.iter().map(|op| format!("blocks.7.{}", op.path()));
        let outside = [Op::Embed, Op::FinalNorm, Op::LmHead].map(|op| op.path().to_owned());
        for path in paths.chain(outside) {
            assert!(!about(&path).is_empty(), "{path}");
            assert!(shapes(&path, &fixture::info(), 5, 2).is_some(), "{path}");
        }
    }

    #[test]
    fn a_path_says_where_it_lies() {
        assert_eq!(name("blocks.3"), "block 3");
        assert_eq!(name("blocks.3.attn.qkv"), "QKV");
        assert_eq!(staged_name("blocks.3.mlp.up"), "MLP up");
        assert_eq!(staged_name("attn.norm"), "attention norm");
        assert_eq!(staged_name("blocks.3"), "block 3");
        assert_eq!((kind("blocks.3.attn.qkv"), kind("blocks.3.mlp"), kind("blocks.3")), {
            (PartKind::Attention, PartKind::Mlp, PartKind::Other)
        });
        assert_eq!((block_of("blocks.12.mlp"), block_of("lm_head")), (Some(12), None));
        assert_eq!((parent("blocks.3.attn.qkv"), parent("blocks.3"), parent("embed")), {
            (Some("blocks.3.attn"), None, None)
        });
        assert_eq!(parent(&row_inside("blocks.3.attn.qkv", "aten::mm")), Some("blocks.3.attn.qkv"));
    }

    #[test]
    fn toggles_decide_which_parts_come() {
        let card = fixture::card();
        let fused = inside_blocks(&card.spec, &card.toggles);
        assert!(fused.contains(&"attn.fused") && fused.contains(&"attn.cache") && !fused.contains(&"attn.scores"));
        let eager = inside_blocks(&card.spec, &card.toggles.with("attention=eager,kv_cache=off").unwrap());
        assert!(eager.contains(&"attn.softmax") && !eager.contains(&"attn.cache"));
    }
}
