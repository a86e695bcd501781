//! What goes in and out: lessons 1 to 5.

use super::experiment::{ClaimKind, Outcome, Proof};
use super::subject::{Subject, columns_apart, worst};
use crate::engine::{Error, Result};
use crate::learn::worked::{unigram, wordpiece};
use crate::record::explored::Place;
use crate::text::{Input, Specials};
use tch::Tensor;

pub const IN_AND_OUT: Proof = Proof {
    kind: ClaimKind::Law,
    claim: "N tokens go in, and N columns of probabilities over the whole vocabulary come out.",
    measure: "largest |Σp − 1| of a column",
    run: in_and_out,
};

fn in_and_out(subject: &Subject) -> Result<Outcome> {
    let model = &subject.session.card().model;
    let logits = subject.logits(subject.session.decoder(), &subject.ids)?; // [N, d_vocab]
    let (n, shape) = (subject.ids.len() as i64, logits.size());
    let sums = logits.softmax(-1, tch::Kind::Double).sum_dim_intlist([-1].as_slice(), false, tch::Kind::Double);
    let off = if shape == [n, model.d_vocab as i64] { (sums - 1.0).abs().max().double_value(&[]) } else { f64::NAN };
    Outcome::at_most(off, 1e-9, format!("X is {} × {n}, out come {} × {n}", model.stack.d_model, model.d_vocab))
}

pub const MERGES: Proof = Proof {
    kind: ClaimKind::Law,
    claim: "Merging the best pair of neighbours again and again gives exactly the tokenizer's tokens.",
    measure: "tokens that differ",
    run: merges,
};

fn merges(subject: &Subject) -> Result<Outcome> {
    let tokenizer = subject.tokenizer()?;
    let text = tokenizer.decode(&subject.ids, Specials::Hide)?;
    let words = tokenizer.merges(&text, Input::Text).map_err(|error| Error::Request(error.to_string()))?;
    let whole = tokenizer.encode(&text, Input::Text)?;
    if whole.is_empty() {
        return Err(Error::Request("there is nothing but special tokens in this text, and they are not merged".into()));
    }
    let by_hand: Vec<u32> = words.iter().flat_map(|word| word.after(usize::MAX)).map(|token| token.id).collect();
    let differ = by_hand.iter().zip(&whole).filter(|(a, b)| a != b).count() + by_hand.len().abs_diff(whole.len());
    let steps: usize = words.iter().map(|word| word.steps.len()).sum();
    Outcome::at_most(differ as f64, 0.0, format!("{} words, {steps} merges, {} tokens", words.len(), whole.len()))
}

pub const SCRIPTS: Proof = Proof {
    kind: ClaimKind::Observation,
    claim: "Each of six scripts comes back exactly from its tokens.",
    measure: "sentences that come back changed",
    run: scripts,
};

fn scripts(subject: &Subject) -> Result<Outcome> {
    let tokenizer = subject.tokenizer()?;
    let (mut changed, mut said) = (0, Vec::new());
    for (script, text) in wordpiece::SENTENCES {
        let ids = tokenizer.encode(text, Input::Text)?;
        changed += usize::from(tokenizer.decode(&ids, Specials::Show)? != text);
        said.push(format!("{script} {:.1}", ids.len() as f64 / text.chars().count() as f64));
    }
    Outcome::at_most(changed as f64, 0.0, format!("tokens a character: {}", said.join(", ")))
}

pub const UNIGRAM: Proof = Proof {
    kind: ClaimKind::Law,
    claim: "Viterbi finds the most likely way to cut a word without trying them all.",
    measure: "ln p of the best of all − ln p that Viterbi found",
    run: by_viterbi,
};

fn by_viterbi(_subject: &Subject) -> Result<Outcome> {
    let all = unigram::all(unigram::WORD, &unigram::PIECES);
    let best = worst(all.iter().map(|(_, score)| *score));
    let (cut, found) = unigram::best(unigram::WORD, &unigram::PIECES);
    let off = if cut.concat() == unigram::WORD { (best - found).abs() } else { f64::NAN };
    Outcome::at_most(off, 1e-12, format!("{} of {} ways", cut.join("|"), all.len()))
}

pub const EMBEDDING: Proof = Proof {
    kind: ClaimKind::Law,
    claim: "To embed is to look up: a table times a column that is 1 at the token and 0 elsewhere.",
    measure: "largest difference, as a share",
    run: embedding,
};

fn embedding(subject: &Subject) -> Result<Outcome> {
    let _no_grad = tch::no_grad_guard();
    let mut distinct = subject.ids.clone();
    distinct.sort_unstable();
    distinct.dedup();
    let each: Vec<i64> = distinct.iter().map(|&id| i64::from(id)).collect();
    // The column of a token has its 1 where the token stands among those of the text: rows that no token picks add 0.
    let places = subject.ids.iter().map(|id| distinct.binary_search(id).unwrap_or_default() as i64);
    let one_hot = Tensor::from_slice(&places.collect::<Vec<i64>>()).one_hot(distinct.len() as i64);
    let product = one_hot.to_kind(tch::Kind::Float).matmul(&subject.embeddings(&each)); // [T, d_model]
    // What becomes of it before the first block: positions, a multiplier, a norm, where the model has them.
    let embedding = subject.session.decoder().embedding();
    let placed = embedding.placed(product.unsqueeze(0).to_device(subject.session.card().device.torch()), 0);
    let entering = embedding.norm.as_ref().map_or(placed.shallow_clone(), |norm| norm.forward(&placed));
    let product = entering.squeeze_dim(0).to_device(tch::Device::Cpu).to_kind(tch::Kind::Float);
    let stream = subject.explored()?.residual(Place::Embedded).to_device(tch::Device::Cpu).to_kind(tch::Kind::Float);
    let bound = if subject.rounding() < 1e-3 { 1e-6 } else { 1e-2 };
    Outcome::at_most(
        columns_apart(&product, &stream),
        bound,
        format!("{} tokens, {} of them different", subject.ids.len(), distinct.len()),
    )
}
