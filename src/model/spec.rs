//! The resolved description of a decoder: everything that its forward pass depends on.
//!
//! `config.json` and GGUF metadata are read into this once, at the edge ([`super::config`]); past it,
//! nothing knows which file a model came from.

use super::toggles::Precision;

/// A decoder-only transformer. Sizes in the field's standard letters.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// A name to show.
    pub name: String,
    pub family: Family,
    /// Blocks.
    pub n_layers: usize,
    /// Query heads.
    pub n_heads: usize,
    /// Key/value heads; fewer than `n_heads` is grouped-query attention, and one serves
    /// `n_heads / n_kv_heads` query heads.
    pub n_kv_heads: usize,
    /// Width of the residual stream.
    pub d_model: usize,
    /// Width of a head; `n_heads · d_head` need not be `d_model`.
    pub d_head: usize,
    /// Hidden width of the MLP.
    pub d_mlp: usize,
    /// Tokens in the vocabulary.
    pub d_vocab: usize,
    /// Most positions that the model was made for.
    pub n_ctx: usize,
    pub norm: Norm,
    pub positions: Positions,
    pub mlp: MlpKind,
    pub biases: Biases,
    /// Whether the LM head is the embedding, transposed.
    pub tied: bool,
    /// The token that a text begins with, where the model wants one.
    pub bos: Option<u32>,
    /// Tokens that end a text or a turn.
    pub eos: Vec<u32>,
}

/// A family of models: which weight names it uses ([`super::weights`]) and how its config is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    Llama,
    Gpt2,
}

/// Normalisation of the residual stream before each stage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Norm {
    /// x / rms(x) · γ (Zhang & Sennrich, arXiv:1910.07467).
    Rms { eps: f64 },
    /// (x − mean) / σ · γ + β (Ba et al., arXiv:1607.06450).
    Layer { eps: f64 },
}

/// How a position enters.
#[derive(Debug, Clone, PartialEq)]
pub enum Positions {
    /// A learned vector for each position, added to the embedding.
    Learned,
    /// Rotation of queries and keys (Su et al., arXiv:2104.09864).
    Rope(Rope),
}

/// Rotary positions.
#[derive(Debug, Clone, PartialEq)]
pub struct Rope {
    /// Base of the geometric series of frequencies.
    pub theta: f64,
    pub scaling: RopeScaling,
}

/// How the frequencies are stretched to reach further than the model was trained for.
#[derive(Debug, Clone, PartialEq)]
pub enum RopeScaling {
    Default,
    /// Every frequency divided by `factor`.
    Linear {
        factor: f64,
    },
    /// Low frequencies divided, high ones kept, a ramp between (Llama 3.1).
    Llama3 {
        factor: f64,
        low_freq_factor: f64,
        high_freq_factor: f64,
        original_n_ctx: f64,
    },
    /// Each frequency divided by a factor of its own (GGUF's `rope_freqs`). [d_head / 2]
    PerFrequency(Vec<f32>),
}

/// The second stage of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MlpKind {
    /// down(act(gate(x)) ⊙ up(x)) (Shazeer, arXiv:2002.05202).
    Gated(Activation),
    /// down(act(up(x)))
    Plain(Activation),
}

/// The non-linearity of an MLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// x · σ(x)
    Silu,
    /// x · Φ(x)
    Gelu,
    /// The tanh approximation of GELU (`gelu_new`, `gelu_pytorch_tanh`).
    GeluTanh,
}

/// Which products add a bias.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Biases {
    pub qkv: bool,
    pub out: bool,
    pub mlp: bool,
}

impl Family {
    /// `llama`, `gpt2`.
    pub fn name(self) -> &'static str {
        match self {
            Family::Llama => "llama",
            Family::Gpt2 => "gpt2",
        }
    }
}

impl Spec {
    /// Whether these sizes can be a model at all. Past this check no product of two of them overflows.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn validate(&self) -> Result<(), String> {
        // Wide enough for any model that exists; narrow enough that their products fit in 64 bits.
        const MOST: usize = 1 << 24;
        for (name, size) in [
            ("n_layers", self.n_layers),
            ("n_heads", self.n_heads),
            ("n_kv_heads", self.n_kv_heads),
            ("d_model", self.d_model),
            ("d_head", self.d_head),
            ("d_mlp", self.d_mlp),
            ("d_vocab", self.d_vocab),
            ("n_ctx", self.n_ctx),
        ] {
            if size == 0 || size > MOST {
                return Err(format!("{name} is {size}; expected a number from 1 to {MOST}"));
            }
        }
        // A file can name more blocks than it could hold weights for: each is checked by name later.
        if self.n_layers > 10_000 || self.n_heads > 10_000 {
            return Err(format!("{} layers of {} heads: no model is like that", self.n_layers, self.n_heads));
        }
        if !self.n_heads.is_multiple_of(self.n_kv_heads) {
            return Err(format!(
                "{} query heads cannot share {} key/value heads evenly",
                self.n_heads, self.n_kv_heads
            ));
        }
        if matches!(self.positions, Positions::Rope(_)) && !self.d_head.is_multiple_of(2) {
            return Err(format!("rotary positions turn pairs of features, but a head has {}", self.d_head));
        }
        if let Positions::Rope(Rope { scaling: RopeScaling::PerFrequency(divisors), .. }) = &self.positions
            && divisors.len() != self.d_head / 2
        {
            return Err(format!("{} rotary frequency divisors; expected {}", divisors.len(), self.d_head / 2));
        }
        Ok(())
    }

    /// Number of weights; a tied LM head is not counted again.
    pub fn parameters(&self) -> u64 {
        let head = if self.tied { 0 } else { self.d_vocab * self.d_model };
        (self.embedding_parameters() + self.n_layers * self.block_parameters() + self.norm_parameters() + head) as u64
    }

    /// Bytes of the keys and values of `tokens` positions: 2 · L · T · G · h · bytes, and where the format has
    /// scales, one for each head and position.
    pub fn kv_bytes(&self, tokens: usize, precision: Precision) -> u64 {
        (2 * self.n_layers * tokens * self.n_kv_heads) as u64 * precision.row_bytes(self.d_head as u64)
    }

    /// Width of all query heads together.
    pub fn d_attn(&self) -> usize {
        self.n_heads * self.d_head
    }

    /// Width of all key heads together.
    pub fn d_kv(&self) -> usize {
        self.n_kv_heads * self.d_head
    }

    fn embedding_parameters(&self) -> usize {
        let positions = if self.positions == Positions::Learned { self.n_ctx * self.d_model } else { 0 };
        self.d_vocab * self.d_model + positions
    }

    fn norm_parameters(&self) -> usize {
        match self.norm {
            Norm::Rms { .. } => self.d_model,
            Norm::Layer { .. } => 2 * self.d_model,
        }
    }

    /// Weights of one block that are vectors: norms and biases.
    fn block_vectors(&self) -> usize {
        let biased = |on: bool, size: usize| if on { size } else { 0 };
        let up = match self.mlp {
            MlpKind::Gated(_) => 2 * self.d_mlp,
            MlpKind::Plain(_) => self.d_mlp,
        };
        2 * self.norm_parameters()
            + biased(self.biases.qkv, self.d_attn() + 2 * self.d_kv())
            + biased(self.biases.out, self.d_model)
            + biased(self.biases.mlp, up + self.d_model)
    }

    fn block_parameters(&self) -> usize {
        let matrices = match self.mlp {
            MlpKind::Gated(_) => 3,
            MlpKind::Plain(_) => 2,
        };
        self.d_model * (2 * self.d_attn() + 2 * self.d_kv() + matrices * self.d_mlp) + self.block_vectors()
    }
}
