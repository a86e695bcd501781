//! What the parts of a model are called on the screen, what they do, and which ones a model will have.

pub use crate::arch::path::{
    block_of, full_name_of as staged_name, inside_block, name_of as name, parent_of as parent, row_inside,
};
pub use crate::arch::role::Branch as PartKind;

use crate::arch::Model;
use crate::arch::path::role_of;
use crate::arch::role::Role;
use crate::arch::toggles::Toggles;
use crate::record::ModelInfo;

/// Which of the branches of a block a part belongs to.
pub fn kind(path: &str) -> PartKind {
    role_of(path).map_or(PartKind::Other, Role::branch)
}

/// What it does, in one sentence; empty for a part of an unknown version.
pub fn about(path: &str) -> &'static str {
    role_of(path).map_or("", Role::about)
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
pub fn inside_blocks(model: &Model, toggles: &Toggles) -> Vec<&'static str> {
    let parts = model.parts(toggles);
    let of_first = parts.iter().filter(|part| part.path.block == Some(0) && part.path.name != Role::Block);
    of_first.map(|part| part.path.name.path()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::role::Role;
    use crate::tui::fixture;

    #[test]
    fn every_op_of_the_forward_pass_is_named_and_explained() {
        let inside = [
            Role::Attn,
            Role::AttnNorm,
            Role::Qkv,
            Role::Rope,
            Role::Cache,
            Role::Scores,
            Role::Softmax,
            Role::Values,
            Role::Fused,
            Role::Out,
            Role::AttnResidual,
            Role::Mlp,
            Role::MlpNorm,
            Role::Gate,
            Role::Up,
            Role::Act,
            Role::Down,
            Role::MlpResidual,
        ];
        let paths = inside.iter().map(|op| format!("blocks.7.{}", op.path()));
        let outside = [Role::Embed, Role::FinalNorm, Role::LmHead].map(|op| op.path().to_owned());
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
        let fused = inside_blocks(&card.model, &card.toggles);
        assert!(fused.contains(&"attn.fused") && fused.contains(&"attn.cache") && !fused.contains(&"attn.scores"));
        let eager = inside_blocks(&card.model, &card.toggles.with("attention=eager,kv_cache=off").unwrap());
        assert!(eager.contains(&"attn.softmax") && !eager.contains(&"attn.cache"));
    }
}
