//! What a prediction is about: quantities that are measured on the loaded model and text.

macro_rules! quantities {
    ($($quantity:ident, $name:literal, $about:literal;)*) => {
        /// A quantity, by name. What computes it is `interpret::proof::measured`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Quantity {
            $(#[doc = $about] $quantity,)*
        }

        impl Quantity {
            /// Every quantity, in the order of the lessons.
            pub const ALL: &'static [Quantity] = &[$(Quantity::$quantity),*];

            /// What a lesson writes after `of: `.
            pub const fn name(self) -> &'static str {
                match self { $(Quantity::$quantity => $name,)* }
            }

            /// How it is computed.
            pub const fn about(self) -> &'static str {
                match self { $(Quantity::$quantity => $about,)* }
            }
        }
    };
}

quantities! {
    TopProbability, "top-probability", "probability of the likeliest token after the last one, in %";
    CharactersPerToken, "characters-per-token", "characters of the text for each of its tokens";
    TokensPerCharacter, "tokens-per-character", "tokens per character of one sentence in each script";
    EmbeddingCosine, "embedding-cosine", "mean cosine of the embeddings of two different tokens of the text";
    SlowestTurn, "slowest-turn", "positions in which the slowest pair of features turns once around";
    LargestWeight, "largest-weight", "largest weight of the last query, mean over the heads of the middle block, in %";
    NegativeScores, "negative-scores", "scores below 0 among those that the mask leaves, middle block, in %";
    ScoreSpread, "score-spread", "standard deviation of k·q before the scaling, middle block";
    StrongestHead, "strongest-head", "length of the largest write among those of a block's heads, share of their sum at the last position, in %";
    FutureWeight, "future-weight", "weight on later tokens if nothing hid them, mean over the queries but the last, middle block, in %";
    OpenGates, "open-gates", "numbers above 0 that enter the activation of the MLP, middle block, in %";
    StreamGrowth, "stream-growth", "size of the last column after the last block, divided by its size before the first";
    DecisionDepth, "decision-depth", "depth from which on the lens names the model's own first choice at the last position, in % of the parts";
    FirstChoices, "first-choices", "tokens of the text that were the first choice, in %";
    RestingHeads, "resting-heads", "heads that give the first token at least half of their attention, in %";
    Writers, "writers", "shares of the likeliest token's logit: embedding, heads, MLPs";
    Work, "work", "FLOPs of a prefill of the text: attention's projections, scores and values, MLPs, LM head";
    WithoutCache, "without-cache", "time of the last step without a cache, divided by its time with one, medians of 3";
    SharedPatterns, "shared-patterns", "weight that two heads with the same keys put on the same positions, middle block, in %";
    Repairs, "repairs", "pieces after the first that bring a larger maximum, last query, middle block, in %";
    FourBits, "four-bits", "error of the text's embeddings in 4 bits, divided by that in 8 bits";
    HalfWindow, "half-window", "positions whose first choice stays with a window of half the text, in %";
    Accepted, "accepted", "proposals that are accepted where the draft sees the last two tokens only, in %";
}

impl Quantity {
    /// The quantity of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|quantity| quantity.name() == name)
    }
}
