//! Tokens, their columns in the embedding, and what is predicted from them.

use super::common::{choices, percent};
use crate::arch::formats::Precision;
use crate::engine::matrix::Matrix;
use crate::engine::{Error, Result};
use crate::interpret::proof::numbers::distinct;
use crate::interpret::proof::subject::Subject;
use crate::learn::worked::wordpiece;
use crate::text::{Input, Specials};
use tch::{Kind, Tensor};

/// The probability of the likeliest token after the last one, in %.
pub fn top_probability(subject: &Subject) -> Result<f64> {
    Ok(100.0 * last(subject, &subject.ids)?.max().double_value(&[]))
}

/// Probabilities after the last of some tokens. [d_vocab]
fn last(subject: &Subject, ids: &[u32]) -> Result<Tensor> {
    let logits = subject.logits(subject.session.decoder(), ids)?;
    Ok(logits.get(ids.len() as i64 - 1).softmax(-1, Kind::Double))
}

/// Characters of the text for each of its tokens.
pub fn characters_per_token(subject: &Subject) -> Result<f64> {
    let tokenizer = subject.tokenizer()?;
    let text = tokenizer.decode(&subject.ids, Specials::Hide)?;
    let tokens = tokenizer.encode(&text, Input::Text)?.len();
    Ok(text.chars().count() as f64 / tokens as f64)
}

/// Tokens per character of one sentence in each script, in the order of the example.
pub fn tokens_per_character(subject: &Subject) -> Result<Vec<f64>> {
    let tokenizer = subject.tokenizer()?;
    let of = |(_, sentence): &(&str, &str)| -> Result<f64> {
        Ok(tokenizer.encode(sentence, Input::Text)?.len() as f64 / sentence.chars().count() as f64)
    };
    wordpiece::SENTENCES.iter().map(of).collect()
}

/// The embeddings of the text's tokens, each once. [tokens, d_model]
fn embeddings(subject: &Subject) -> Tensor {
    subject.embeddings(&distinct(&subject.ids, usize::MAX)).to_kind(Kind::Double)
}

/// The mean cosine of two different ones of them.
pub fn embedding_cosine(subject: &Subject) -> Result<f64> {
    let rows = embeddings(subject);
    let n = rows.size()[0] as f64;
    let unit = &rows / rows.square().sum_dim_intlist([-1].as_slice(), true, Kind::Double).sqrt();
    let cosines = unit.matmul(&unit.tr());
    Ok((cosines.sum(Kind::Double).double_value(&[]) - cosines.trace().double_value(&[])) / (n * (n - 1.0)))
}

/// Tokens of the text that were the model's first choice, in %.
pub fn first_choices(subject: &Subject) -> Result<f64> {
    let n = subject.ids.len() - 1;
    let logits = subject.logits(subject.session.decoder(), &subject.ids[..n])?;
    let chosen = choices(&logits)?;
    let is_right = |(chosen, came): &(&i64, &u32)| **chosen == i64::from(**came);
    Ok(percent(chosen.iter().zip(&subject.ids[1..]).filter(is_right).count(), n))
}

/// The error of the text's embeddings in four bits, divided by that in eight.
pub fn four_bits(subject: &Subject) -> Result<f64> {
    let rows = subject.embeddings(&distinct(&subject.ids, usize::MAX));
    let ids = Tensor::arange(rows.size()[0], (Kind::Int64, rows.device()));
    let error = |precision| -> Result<f64> {
        let again = Matrix::of(&rows, precision)?.rows(&ids).to_kind(Kind::Double);
        Ok((rows.to_kind(Kind::Double) - again).square().mean(Kind::Double).sqrt().double_value(&[]))
    };
    let (eight, four) = (error(Precision::Int8)?, error(Precision::Int4)?);
    let size = rows.to_kind(Kind::Double).square().mean(Kind::Double).sqrt().double_value(&[]);
    if eight < 1e-6 * size {
        let exact = "this model's embedding rests in eight bits already, nothing is rounded: choose weights=f32 and lm_head=f32";
        return Err(Error::Request(exact.into()));
    }
    Ok(four / eight)
}

/// How often a draft is accepted that sees the last two tokens only, in %: Σ min(p, q).
pub fn accepted(subject: &Subject) -> Result<f64> {
    const SEEN: usize = 2;
    let [p, q] = [last(subject, &subject.ids)?, last(subject, &subject.ids[subject.ids.len() - SEEN..])?];
    Ok(100.0 * p.minimum(&q).sum(Kind::Double).double_value(&[]))
}
