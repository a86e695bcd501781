//! What the parts of a model do, each said once: its path, its name on the screen, its branch and one sentence.

/// The branch of a block that a part belongs to: its colour, and what it is added up under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Branch {
    Attention,
    Mlp,
    /// Embedding, head, and what lies between the branches.
    Other,
}

macro_rules! roles {
    ($($role:ident, $path:literal, $name:literal, $branch:ident, $about:literal;)*) => {
        /// What a part does. Parts of a block have a path inside it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Role {
            $(#[doc = $about] $role,)*
        }

        impl Role {
            /// Every role, in the order in which a pass reaches them.
            pub const ALL: &'static [Role] = &[$(Role::$role),*];

            /// The path inside the stack, or inside its block: `embed`, `attn.qkv`; empty for the block itself.
            pub const fn path(self) -> &'static str {
                match self { $(Role::$role => $path,)* }
            }

            /// The name on the screen: `QKV`.
            pub const fn name(self) -> &'static str {
                match self { $(Role::$role => $name,)* }
            }

            pub const fn branch(self) -> Branch {
                match self { $(Role::$role => Branch::$branch,)* }
            }

            /// What it does, in one sentence.
            pub const fn about(self) -> &'static str {
                match self { $(Role::$role => $about,)* }
            }
        }
    };
}

roles! {
    Embed, "embed", "embedding", Other, "looks up the vector of each token";
    Patches, "patches", "patches", Other, "cuts the picture into patches and makes a vector of each";
    Frames, "frames", "frames", Other, "makes a vector of each frame of the spectrogram, from it and its neighbours";
    FramesHalved, "frames_halved", "frames, halved", Other, "makes one vector of every two frames";
    EmbedNorm, "embed_norm", "embedding norm", Other, "brings the embeddings to unit scale before the first block";
    Block, "", "block", Other, "one layer: attention moves information between positions, the MLP works at each position";
    Norm, "norm", "norm", Other, "brings the residual stream to unit scale for both branches";
    Attn, "attn", "attention", Attention, "first branch: every position gathers from those that it attends to";
    AttnNorm, "attn.norm", "norm", Attention, "brings the residual stream to unit scale before the branch";
    Qkv, "attn.qkv", "QKV", Attention, "makes a query, a key and a value of each position, for each head";
    Query, "attn.q", "query", Attention, "makes a query of each position, for each head";
    KeyValue, "attn.kv", "keys and values", Attention, "makes keys and values of what the other stack made, once for an input";
    QkNorm, "attn.qk_norm", "Q/K norm", Attention, "brings queries and keys to unit scale";
    Rope, "attn.rope", "RoPE", Attention, "turns queries and keys by their position, so that scores see distances";
    Cache, "attn.cache", "KV cache", Attention, "writes the new keys and values beside those of past positions";
    Scores, "attn.scores", "scores", Attention, "how well each query matches each key: Q·Kᵀ, scaled and masked";
    Softmax, "attn.softmax", "softmax", Attention, "turns the scores of a query into weights that add up to 1";
    Values, "attn.values", "values", Attention, "the average of the values under these weights";
    Fused, "attn.fused", "fused kernel", Attention, "scores, softmax and values in one kernel that never stores the T×T matrix";
    Out, "attn.out", "output", Attention, "mixes what the heads have read back to the width of the stream";
    AttnPostNorm, "attn.post_norm", "post-norm", Attention, "brings what the branch found to unit scale before it is added";
    AttnResidual, "attn_residual", "residual", Attention, "adds what the branch found to the residual stream";
    AttnSumNorm, "attn_sum_norm", "norm of the sum", Attention, "brings the sum to unit scale: what follows reads and adds to that";
    Mlp, "mlp", "MLP", Mlp, "second branch: every position by itself, across its features";
    MlpNorm, "mlp.norm", "norm", Mlp, "brings the residual stream to unit scale before the branch";
    Router, "mlp.router", "router", Mlp, "scores the experts for each position; the best few compute";
    Experts, "mlp.experts", "experts", Mlp, "each works at the positions that the router gives it";
    Combine, "mlp.combine", "combine", Mlp, "adds up what the experts of a position made, by the router's weights";
    Gate, "mlp.gate", "gate", Mlp, "how far each hidden unit opens";
    Up, "mlp.up", "up", Mlp, "widens each position to the hidden width";
    GateUp, "mlp.gate_up", "gate and up", Mlp, "gate and up in one product, which reads its input once";
    Act, "mlp.act", "activation", Mlp, "the non-linearity, and the product with the gate where there is one";
    Down, "mlp.down", "down", Mlp, "brings the hidden units back to the width of the stream";
    MlpPostNorm, "mlp.post_norm", "post-norm", Mlp, "brings what the branch found to unit scale before it is added";
    MlpResidual, "mlp_residual", "residual", Mlp, "adds what the branch found to the residual stream";
    MlpSumNorm, "mlp_sum_norm", "norm of the sum", Mlp, "brings the sum to unit scale: the next block reads and adds to that";
    Residual, "residual", "residual", Other, "adds what both branches found to the residual stream";
    FinalNorm, "final_norm", "final norm", Other, "brings the residual stream to unit scale, a last time";
    Connector, "connector", "connector", Other, "brings what was read to the width of the stack that reads it";
    ConnectorUp, "connector.up", "up", Other, "the first product of the connector";
    ConnectorAct, "connector.act", "activation", Other, "the non-linearity of the connector";
    ConnectorDown, "connector.down", "down", Other, "the second product of the connector";
    Transform, "transform", "transform", Other, "mixes the features once more before the scores";
    TransformAct, "transform_act", "transform activation", Other, "the non-linearity of the transform";
    TransformNorm, "transform_norm", "transform norm", Other, "brings the transformed features to unit scale";
    Classifier, "classifier", "classifier", Other, "one score for each label, from the first position";
    LmHead, "lm_head", "LM head", Other, "one score for each token of the vocabulary: the logits";
}

impl Role {
    /// Whether every block has one, or may have.
    pub const fn is_in_block(self) -> bool {
        !matches!(
            self,
            Role::Embed
                | Role::Patches
                | Role::Frames
                | Role::FramesHalved
                | Role::EmbedNorm
                | Role::FinalNorm
                | Role::Connector
                | Role::ConnectorUp
                | Role::ConnectorAct
                | Role::ConnectorDown
                | Role::Transform
                | Role::TransformAct
                | Role::TransformNorm
                | Role::Classifier
                | Role::LmHead
        )
    }

    /// The role with this path; a block's parts by their path inside it.
    pub fn at(path: &str) -> Option<Self> {
        Role::ALL.iter().copied().find(|role| role.path() == path)
    }

    /// The name where it stands alone: `MLP up`, `attention norm`.
    pub fn full_name(self) -> String {
        match (self, self.branch()) {
            (Role::Attn | Role::Mlp | Role::Fused, _) | (_, Branch::Other) => self.name().to_owned(),
            (_, Branch::Attention) => format!("attention {}", self.name()),
            (_, Branch::Mlp) => format!("MLP {}", self.name()),
        }
    }

    /// The part that contains it; in a block the block itself where no branch does.
    pub fn container(self) -> Option<Role> {
        let outer = self.path().split_once('.').and_then(|(outer, _)| Role::at(outer));
        let is_inside = self.is_in_block() && self != Role::Block;
        outer.or(is_inside.then_some(Role::Block))
    }

    /// Whether it is a branch of a block: what a block can have more than one of.
    pub const fn is_branch(self) -> bool {
        matches!(self, Role::Attn | Role::Mlp)
    }

    /// Whether it is a matrix product with a weight.
    pub const fn is_product(self) -> bool {
        matches!(
            self,
            Role::Patches
                | Role::Frames
                | Role::FramesHalved
                | Role::Qkv
                | Role::Query
                | Role::KeyValue
                | Role::Out
                | Role::Router
                | Role::Gate
                | Role::Up
                | Role::GateUp
                | Role::Down
                | Role::ConnectorUp
                | Role::ConnectorDown
                | Role::Transform
                | Role::Classifier
                | Role::LmHead
        )
    }

    /// Whether it contains other parts.
    pub const fn contains_parts(self) -> bool {
        matches!(self, Role::Block | Role::Attn | Role::Mlp | Role::Experts | Role::Connector)
    }
}
