//! A vocabulary with scores becomes one of SentencePiece's two algorithms.

use super::algorithm::{Algorithm, Fallback, Join, Names, Sums, Trie, Unigram, join};
use super::parts::{Kind, Parts};

/// A token longer than this many bytes is not looked for in a text piece by piece.
const LONGEST: usize = 256;

/// Which of SentencePiece's algorithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scored {
    /// The neighbours whose token scores best are joined.
    Join,
    /// The pieces whose scores add up to the most are taken.
    Unigram(Sums),
}

/// What beside the tokens decides how they are found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub algorithm: Scored,
    /// A character without a token becomes its bytes.
    pub bytes: bool,
    pub unknown: Option<u32>,
}

impl Parts {
    /// The algorithm on these tokens. What must be said of it goes to `warnings`.
    pub fn scored(&self, rules: Rules, warnings: &mut Vec<String>) -> Algorithm {
        let short = |id: u32| self.tokens[id as usize].len() <= LONGEST;
        let normal: Vec<u32> = self.of(Kind::Normal).into_iter().filter(|&id| short(id)).collect();
        let too_long = self.of(Kind::Normal).len() - normal.len();
        if too_long > 0 {
            warnings.push(format!("{too_long} tokens are longer than {LONGEST} bytes and are never made of text"));
        }
        let is_text = |id: u32| self.kinds[id as usize] == Kind::Normal;
        let names = Names::new(self.tokens.clone(), is_text);
        let byte = |byte: u8| names.id(&format!("<0x{byte:02X}>")).filter(|_| rules.bytes);
        let fallback = Fallback::new(byte, rules.unknown);
        let kept = self.of(Kind::Kept);
        match rules.algorithm {
            Scored::Join => {
                // What is unused takes part, and is taken apart again.
                let takes_part = |id: usize| matches!(self.kinds[id], Kind::Normal | Kind::Unused) && short(id as u32);
                let ranks = join::ranks(&self.scores, takes_part);
                let frozen = Trie::new(kept.iter().map(|&id| (self.tokens[id as usize].as_str(), id)));
                let join = Join::new(names, ranks, fallback);
                Algorithm::Join(join.with_frozen(frozen).with_unused(self.of(Kind::Unused)))
            }
            Scored::Unigram(sums) => {
                let pieces = [normal.as_slice(), kept.as_slice()].concat();
                Algorithm::Unigram(Unigram::new(names, &pieces, kept, self.scores.clone(), sums, fallback))
            }
        }
    }
}
