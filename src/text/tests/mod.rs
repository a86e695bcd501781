//! What must hold of tokenizers, wherever they come from: here, what they are made of.

mod encoding;
mod files;
mod merges;
mod models;
mod tokens;

use super::{Result, Tokenizer};
use crate::gguf::fixture;
use candle_core::quantized::gguf_file::Value;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::collections::HashMap;
use std::path::PathBuf;

const TEXTS: [&str; 16] = [
    "",
    " ",
    "The cat sat on the mat, and the cat",
    "  two  spaces\tand a tab ",
    "\n\n\r\nlines\n \n  of text\n",
    "I'm sure they'll say we've 1234567 of 3.14159",
    "Ünïcödé and e\u{301}\u{327} combining",
    "日本語のトークン、混ざった text。",
    "emoji 👩🏽‍💻 ❤️ 🇫🇷!",
    "العربية ١٢٣ עברית",
    "fn main() { println!(\"{x:?}\"); } // ∀x∈ℝ",
    "<s> <unk> <0x41> ▁ Ġ",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "\u{0}\u{1}\u{7f}\u{85}\u{a0}\u{2028}\u{feff}",
    "ALL CAPS, MixedCase and snake_case-kebab",
    "😀",
];

fn fixture_path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// A folder that holds nothing but this `tokenizer.json`, and other files by name.
fn folder(tokenizer: &[u8], others: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tokenizer.json"), tokenizer).unwrap();
    for (name, text) in others {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn byte_level() -> Vec<u8> {
    std::fs::read(fixture_path("golden/llama/tokenizer.json")).unwrap()
}

fn sentence_piece() -> Vec<u8> {
    std::fs::read(fixture_path("tokenizers/sentencepiece.json")).unwrap()
}

/// Tokens in the order of their ids, and the merges, of a `tokenizer.json`.
fn vocabulary_of(json: &[u8]) -> (Vec<String>, Vec<(String, String)>) {
    let json: serde_json::Value = serde_json::from_slice(json).unwrap();
    let mut tokens: Vec<(u64, String)> = json["model"]["vocab"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(token, id)| (id.as_u64().unwrap(), token.clone()))
        .collect();
    tokens.sort();
    assert!((0..).zip(&tokens).all(|(at, (id, _))| at == *id));
    let pair =
        |merge: &serde_json::Value| (merge[0].as_str().unwrap().to_owned(), merge[1].as_str().unwrap().to_owned());
    let merges = json["model"]["merges"].as_array().unwrap().iter().map(pair).collect();
    (tokens.into_iter().map(|(_, token)| token).collect(), merges)
}

/// The tiny byte-level vocabulary as GGUF metadata, with the given entries over it.
fn byte_level_metadata(changes: &[(&'static str, Option<Value>)]) -> Vec<(&'static str, Value)> {
    let (tokens, merges) = vocabulary_of(&byte_level());
    let kinds = (0..tokens.len()).map(|id| Value::I32(if id < 3 { 3 } else { 1 })).collect();
    let metadata = vec![
        ("tokenizer.ggml.model", Value::String("gpt2".into())),
        ("tokenizer.ggml.pre", Value::String("gpt-2".into())),
        ("tokenizer.ggml.tokens", fixture::strings(tokens)),
        ("tokenizer.ggml.token_type", Value::Array(kinds)),
        ("tokenizer.ggml.merges", fixture::strings(merges.iter().map(|(left, right)| format!("{left} {right}")))),
        ("tokenizer.ggml.bos_token_id", Value::U32(1)),
        ("tokenizer.ggml.eos_token_id", Value::U32(2)),
    ];
    changed(metadata, changes)
}

/// The tiny SentencePiece vocabulary, scored by the order in which it was learned.
fn sentence_piece_metadata(changes: &[(&'static str, Option<Value>)]) -> Vec<(&'static str, Value)> {
    let (tokens, merges) = vocabulary_of(&sentence_piece());
    let mut rank = HashMap::new();
    for (position, (left, right)) in merges.iter().enumerate() {
        rank.entry(format!("{left}{right}")).or_insert(position as f32);
    }
    let scores = tokens.iter().map(|token| Value::F32(rank.get(token).map_or(-1e6, |rank| -rank))).collect();
    let kind = |(id, token): (usize, &String)| match id {
        0..3 => 3,
        3 => 2,
        _ if token.starts_with("<0x") => 6,
        _ => 1,
    };
    let kinds = tokens.iter().enumerate().map(|token| Value::I32(kind(token))).collect();
    let metadata = vec![
        ("tokenizer.ggml.model", Value::String("llama".into())),
        ("tokenizer.ggml.tokens", fixture::strings(&tokens)),
        ("tokenizer.ggml.token_type", Value::Array(kinds)),
        ("tokenizer.ggml.scores", Value::Array(scores)),
        ("tokenizer.ggml.bos_token_id", Value::U32(2)),
        ("tokenizer.ggml.eos_token_id", Value::U32(1)),
        ("tokenizer.ggml.unknown_token_id", Value::U32(3)),
        ("tokenizer.ggml.add_space_prefix", Value::Bool(false)),
        ("tokenizer.ggml.add_bos_token", Value::Bool(false)),
    ];
    changed(metadata, changes)
}

/// The metadata with entries replaced, added or, with `None`, taken away.
fn changed(
    mut metadata: Vec<(&'static str, Value)>,
    changes: &[(&'static str, Option<Value>)],
) -> Vec<(&'static str, Value)> {
    for (key, value) in changes {
        metadata.retain(|(other, _)| other != key);
        metadata.extend(value.clone().map(|value| (*key, value)));
    }
    metadata
}

fn from_gguf(metadata: &[(&str, Value)]) -> Result<Tokenizer> {
    Tokenizer::from_gguf(&fixture::open(&fixture::bytes(metadata, &[])).unwrap())
}

/// Text of words, signs, spaces and characters of every length.
fn random_text(random: &mut ChaCha8Rng) -> String {
    let pieces = [
        "the", "cat", " ", "  ", "s", "t", "\n", "é", "日", "👍", "1", "23", "'s", "at", "he", "on", "▁", "in",
        "\u{301}", ".",
    ];
    (0..random.random_range(0..40)).map(|_| pieces[random.random_range(0..pieces.len())]).collect()
}
