//! The same as JSON. Bytes are two hexadecimal digits each; places are bytes of the text, the last one excluded.

use super::hex;
use crate::text::{Cut, Cuts, Placed, Taken, Token, Word};
use serde_json::{Value, json};

/// The tokens of a text.
pub fn tokens(tokens: &[Placed]) -> Value {
    json!({
        "ids": tokens.iter().map(|placed| placed.token.id).collect::<Vec<_>>(),
        "tokens": tokens.iter().map(placed).collect::<Vec<_>>(),
    })
}

/// How the words of a text were merged.
pub fn merges(words: &[Word]) -> Value {
    let word = |word: &Word| {
        let steps = word.steps.iter().map(|step| {
            let mut value = token(&step.token);
            (value["at"], value["rank"]) = (json!(step.at), json!(step.rank));
            value
        });
        json!({
            "text": word.text, "start": word.place.start, "end": word.place.end,
            "taken": match word.taken {
                Taken::Merged => "merged",
                Taken::Whole => "whole",
                Taken::Added => "added",
            },
            "pieces": word.pieces.iter().map(token).collect::<Vec<_>>(),
            "steps": steps.collect::<Vec<_>>(),
            "ids": word.tokens().iter().map(|token| token.id).collect::<Vec<_>>(),
        })
    };
    json!({ "words": words.iter().map(word).collect::<Vec<_>>() })
}

/// Texts by several tokenizers.
pub fn cuts(all: &[Cuts]) -> Value {
    let text = |cuts: &Cuts| {
        let cut = |cut: &Cut| {
            let share = |share: &crate::text::script::Share| {
                json!({
                    "script": share.script, "characters": share.characters, "tokens": share.tokens,
                    "tokens_per_character": share.tokens_per_character(),
                })
            };
            json!({
                "tokenizer": cut.tokenizer, "vocab_size": cut.vocab_size, "n_tokens": cut.tokens.len(),
                "tokens_per_character": cuts.tokens_per_character(cut), "bytes_per_token": cuts.bytes_per_token(cut),
                "scripts": cut.scripts.iter().map(share).collect::<Vec<_>>(),
                "tokens": cut.tokens.iter().map(placed).collect::<Vec<_>>(),
            })
        };
        json!({
            "language": cuts.language, "text": cuts.text,
            "characters": cuts.characters(), "bytes": cuts.text.len(),
            "tokenizers": cuts.cuts.iter().map(cut).collect::<Vec<_>>(),
        })
    };
    json!({ "texts": all.iter().map(text).collect::<Vec<_>>() })
}

fn placed(placed: &Placed) -> Value {
    let mut value = token(&placed.token);
    value["start"] = json!(placed.place.as_ref().map(|place| place.start));
    value["end"] = json!(placed.place.as_ref().map(|place| place.end));
    value
}

fn token(token: &Token) -> Value {
    json!({ "id": token.id, "text": token.text, "bytes": hex(&token.bytes, "") })
}
