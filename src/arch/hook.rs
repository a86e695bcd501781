//! The activations that a pass lends to whoever watches. Names and values are TransformerLens's.

macro_rules! hooks {
    ($($hook:ident, $path:literal, $about:literal;)*) => {
        /// An activation with a name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Hook {
            $(#[doc = $about] $hook,)*
        }

        impl Hook {
            /// Every hook, in the order in which a pass reaches them.
            pub const ALL: &'static [Hook] = &[$(Hook::$hook),*];

            /// The name inside the model, or inside its block.
            pub const fn path(self) -> &'static str {
                match self { $(Hook::$hook => $path,)* }
            }

            /// What it is, and its shape.
            pub const fn about(self) -> &'static str {
                match self { $(Hook::$hook => $about,)* }
            }
        }
    };
}

hooks! {
    Embed, "hook_embed", "What enters the first block. [batch, pos, d_model]";
    ResidPre, "hook_resid_pre", "The residual stream before the block. [batch, pos, d_model]";
    Q, "attn.hook_q", "Queries as they are projected, before a norm and the rotation. [batch, pos, n_heads, d_head]";
    K, "attn.hook_k", "Keys as they are projected, before a norm and the rotation. [batch, pos, n_kv_heads, d_head]";
    V, "attn.hook_v", "Values. [batch, pos, n_kv_heads, d_head]";
    RotQ, "attn.hook_rot_q", "Queries as they enter the scores: after the rotation, where there is one. [batch, pos, n_heads, d_head]";
    RotK, "attn.hook_rot_k", "Keys as they enter the scores: after the rotation, where there is one. [batch, pos, n_kv_heads, d_head]";
    Scores, "attn.hook_attn_scores", "Before the softmax, masked. [batch, n_heads, query, key]";
    Pattern, "attn.hook_pattern", "After the softmax. [batch, n_heads, query, key]";
    Z, "attn.hook_z", "What each head read, before the output projection. [batch, pos, n_heads, d_head]";
    AttnOut, "hook_attn_out", "What attention adds to the residual stream. [batch, pos, d_model]";
    ResidMid, "hook_resid_mid", "The residual stream between the branches, where one follows the other. [batch, pos, d_model]";
    MlpPre, "mlp.hook_pre", "Before the activation: the gate where there is one, else the only up-projection. [batch, pos, d_mlp]";
    MlpPost, "mlp.hook_post", "What enters the down-projection. [batch, pos, d_mlp]";
    MlpOut, "hook_mlp_out", "What the MLP adds to the residual stream. [batch, pos, d_model]";
    ResidPost, "hook_resid_post", "The residual stream after the block. [batch, pos, d_model]";
    FinalNormalized, "ln_final.hook_normalized", "What enters the LM head. [batch, pos, d_model]";
    Logits, "logits", "One score for each token of the vocabulary. [batch, pos, d_vocab]";
}

impl Hook {
    /// Whether it lies in a block.
    pub const fn is_in_block(self) -> bool {
        !matches!(self, Hook::Embed | Hook::FinalNormalized | Hook::Logits)
    }
}
