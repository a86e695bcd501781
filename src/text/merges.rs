//! How byte-pair encoding comes to its tokens. A text is split into words; each begins as single characters or
//! bytes, and the two neighbours whose merge was learned first are joined, again and again, until no neighbours
//! have a merge (Sennrich et al., arXiv:1508.07909).

use super::algorithm::{Algorithm, Join, Joint};
use super::tokenizer::refused;
use super::{Error, Input, Result, Token, Tokenizer};
use serde::Deserialize;
use std::collections::HashMap;
use std::ops::Range;
use tokenizers::models::ModelWrapper;
use tokenizers::models::bpe::BPE;
use tokenizers::{Model, OffsetReferential, OffsetType, PreTokenizer};

/// Squares of the bytes of words, which merging takes a time in proportion to: some seconds, or a single word of 16 KiB.
const MOST_WORK: usize = 1 << 28;

/// What was left together when the text was split; merges never reach beyond it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// As it stands in the text.
    pub text: String,
    /// Its bytes in the text.
    pub place: Range<usize>,
    pub taken: Taken,
    /// What it begins as.
    pub pieces: Vec<Token>,
    /// The merges, in order. After the last one, the pieces are the word's tokens.
    pub steps: Vec<Step>,
}

/// How a word becomes tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// By merges, of which there may be none.
    Merged,
    /// It is in the vocabulary, and this tokenizer then asks for no merges.
    Whole,
    /// It is a token that was looked for before the text was split, such as `<|im_start|>`.
    Added,
}

/// Two neighbours become one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Which piece, from 0, is joined with the one behind it.
    pub at: usize,
    /// The place of this merge among all, from 0; of those that are possible, the lowest is next, the leftmost first.
    /// Where tokens have scores, the place of the token that is made.
    pub rank: u32,
    /// What the two become.
    pub token: Token,
}

impl Word {
    /// The pieces after that many steps.
    pub fn after(&self, steps: usize) -> Vec<&Token> {
        let mut pieces: Vec<&Token> = self.pieces.iter().collect();
        for step in &self.steps[..steps.min(self.steps.len())] {
            pieces.remove(step.at + 1);
            pieces[step.at] = &step.token;
        }
        pieces
    }

    /// What it became.
    pub fn tokens(&self) -> Vec<&Token> {
        self.after(self.steps.len())
    }
}

impl Tokenizer {
    /// The words of a text and how each was merged; their tokens are those of [`Tokenizer::encode`] without what
    /// [`Input::Prompt`] adds around a text.
    ///
    /// # Errors
    /// When the tokenizer has no merges or leaves some out at random, when words are absurdly long, and as
    /// [`Tokenizer::encode`].
    pub fn merges(&self, text: &str, input: Input) -> Result<Vec<Word>> {
        self.with_encoder(text, input, |encoder| {
            let merges = Merges::of(encoder.get_model())?;
            let mut split = encoder.get_added_vocabulary().extract_and_normalize(encoder.get_normalizer(), text);
            if let Some(splitter) = encoder.get_pre_tokenizer() {
                splitter.pre_tokenize(&mut split).map_err(refused)?;
            }
            let mut words = Vec::new();
            let mut work = 0_usize;
            for (spelled, (from, to), added) in split.get_splits(OffsetReferential::Original, OffsetType::Byte) {
                if added.is_none() {
                    work = work.saturating_add(spelled.len().saturating_mul(spelled.len()));
                }
                if work > MOST_WORK {
                    let problem = format!(
                        "its words are too long, one has {} bytes; steps are shown of words of up to {} bytes",
                        spelled.len(),
                        MOST_WORK.isqrt()
                    );
                    return Err(Error::Merges(problem));
                }
                let (taken, pieces, steps) = match added {
                    Some(added) => (Taken::Added, added.iter().map(|token| token.id).collect(), Vec::new()),
                    None => merges.word(spelled)?,
                };
                words.push(Word {
                    text: text.get(from..to).unwrap_or_default().to_owned(),
                    place: from..to,
                    taken,
                    pieces: pieces.into_iter().map(|id| self.known(id)).collect::<Result<_>>()?,
                    steps: steps
                        .into_iter()
                        .map(|Joint { at, rank, made }| Ok(Step { at, rank, token: self.known(made)? }))
                        .collect::<Result<_>>()?,
                });
            }
            let encoded = encoder.encode_fast(text, false).map_err(refused)?;
            if words.iter().flat_map(Word::tokens).map(|token| token.id).ne(encoded.get_ids().iter().copied()) {
                let problem = "merging by rank ends in other tokens than the tokenizer gives; please report this text";
                return Err(Error::Merges(problem.into()));
            }
            Ok(words)
        })
    }
}

/// What a pair of tokens becomes, and when.
#[derive(Debug, Clone, Copy)]
struct Merge {
    rank: u32,
    made: u32,
}

/// A word of the vocabulary's own spelling: how it is taken, the ids of its pieces, and where which merge is made.
type Merged = (Taken, Vec<u32>, Vec<Joint>);

/// How a vocabulary merges.
enum Merges<'m> {
    /// By merges in a list.
    Listed(Box<Listed<'m>>),
    /// By the scores of what is made.
    Scored(&'m Join),
}

/// The merges of a vocabulary, in a list.
struct Listed<'m> {
    model: &'m BPE,
    /// The same without any: what it makes of a word is what that begins as.
    unmerged: BPE,
    by_pair: HashMap<(u32, u32), Merge>,
}

impl<'m> Merges<'m> {
    fn of(algorithm: &'m Algorithm) -> Result<Self> {
        let without = |how: &str| Err(Error::Merges(how.into()));
        let model = match algorithm {
            Algorithm::Join(join) => return Ok(Merges::Scored(join)),
            Algorithm::Crate(ModelWrapper::BPE(model)) => model,
            Algorithm::Unigram(_) | Algorithm::Crate(ModelWrapper::Unigram(_)) => {
                return without("this is a Unigram tokenizer, which takes the pieces whose scores add up to the most");
            }
            Algorithm::Crate(ModelWrapper::WordPiece(_)) => {
                return without(
                    "this is a WordPiece tokenizer, which takes the longest piece that a word begins with, \
                     then the longest that its rest begins with, and so on",
                );
            }
            Algorithm::Crate(ModelWrapper::WordLevel(_)) => {
                return without("this is a WordLevel tokenizer, of which every word is one token");
            }
        };
        if let Some(share) = model.dropout.filter(|&share| share > 0.0) {
            return without(&format!("this tokenizer leaves merges out at random (dropout {share})"));
        }
        let mut unmerged = model.clone();
        unmerged.dropout = Some(1.0);
        let by_pair = by_pair(model).map_err(|error| Error::Merges(error.to_string()))?;
        Ok(Merges::Listed(Box::new(Listed { model, unmerged, by_pair })))
    }

    /// Takes a time that grows with the square of the word's length.
    fn word(&self, spelled: &str) -> Result<Merged> {
        match self {
            Merges::Listed(listed) => listed.word(spelled),
            Merges::Scored(join) => match join.whole(spelled) {
                Some(id) => Ok((Taken::Whole, vec![id], Vec::new())),
                None => {
                    let (pieces, steps) = join.steps(spelled).map_err(Error::Merges)?;
                    Ok((Taken::Merged, pieces, steps))
                }
            },
        }
    }
}

impl Listed<'_> {
    fn word(&self, spelled: &str) -> Result<Merged> {
        if let Some(id) = self.model.token_to_id(spelled).filter(|_| self.model.ignore_merges) {
            return Ok((Taken::Whole, vec![id], Vec::new()));
        }
        let begins = self.unmerged.tokenize(spelled).map_err(refused)?;
        let pieces: Vec<u32> = begins.into_iter().map(|token| token.id).collect();
        let merge = |pair: &[u32]| self.by_pair.get(&(pair[0], pair[1])).copied();
        let mut left = pieces.clone();
        // Of each piece with the one behind it.
        let mut possible: Vec<Option<Merge>> = left.windows(2).map(merge).collect();
        let mut steps = Vec::new();
        let next = |possible: &[Option<Merge>]| {
            let made = possible.iter().enumerate().filter_map(|(at, merge)| Some((at, (*merge)?)));
            made.min_by_key(|(_, merge)| merge.rank) // of equal ones the first
        };
        while let Some((at, first)) = next(&possible) {
            steps.push(Joint { at, rank: first.rank, made: first.made });
            left[at] = first.made;
            left.remove(at + 1);
            possible.remove(at);
            for pair in at.saturating_sub(1)..=at {
                if let Some(slot) = possible.get_mut(pair) {
                    *slot = merge(&left[pair..pair + 2]);
                }
            }
        }
        Ok((Taken::Merged, pieces, steps))
    }
}

/// The `tokenizers` crate tells its merges only by writing them as JSON, in the order of their ranks.
fn by_pair(model: &BPE) -> serde_json::Result<HashMap<(u32, u32), Merge>> {
    #[derive(Deserialize)]
    struct Written {
        merges: Vec<(String, String)>,
    }
    let written: Written = serde_json::from_slice(&serde_json::to_vec(model)?)?;
    let prefix = model.continuing_subword_prefix.as_deref().unwrap_or_default();
    let merge = |(rank, (left, right)): (u32, &(String, String))| {
        let made = format!("{left}{}", right.strip_prefix(prefix).unwrap_or(right));
        let [left, right, made] = [left, right, &made].map(|token| model.token_to_id(token));
        Some(((left?, right?), Merge { rank, made: made? }))
    };
    Ok((0..).zip(&written.merges).filter_map(merge).collect())
}
