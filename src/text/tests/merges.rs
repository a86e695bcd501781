//! How byte-pair encoding comes to its tokens, and where tokens stand in a text.

use super::*;
use crate::text::script::shares;
use crate::text::{Input, Taken, Word};
use rand::SeedableRng;

/// Tokenizers of every kind that has merges, each with the merges of its file by their spelling.
fn tokenizers() -> Vec<(Tokenizer, HashMap<String, u32>)> {
    let ranks = |json: &[u8]| -> HashMap<String, u32> {
        (0..).zip(vocabulary_of(json).1).map(|(rank, (left, right))| (format!("{left} {right}"), rank)).collect()
    };
    let (bytes, pieces) = (byte_level(), sentence_piece());
    let read = |json: &[u8]| Tokenizer::from_folder(folder(json, &[]).path()).unwrap();
    vec![
        (read(&bytes), ranks(&bytes)),
        (read(&pieces), ranks(&pieces)),
        (from_gguf(&byte_level_metadata(&[])).unwrap(), ranks(&bytes)),
        (from_gguf(&sentence_piece_metadata(&[])).unwrap(), HashMap::new()), // its ranks come from scores
    ]
}

fn texts() -> Vec<String> {
    let mut random = ChaCha8Rng::seed_from_u64(9);
    TEXTS.map(str::to_owned).into_iter().chain((0..100).map(|_| random_text(&mut random))).collect()
}

fn spelled(tokenizer: &Tokenizer, id: u32) -> String {
    tokenizer.encoder.lock().unwrap().id_to_token(id).unwrap()
}

/// What a word is at every step, as its tokens are spelled, with the rank of the merge that comes next.
fn states(tokenizer: &Tokenizer, word: &Word) -> Vec<(Vec<String>, Option<u32>)> {
    (0..=word.steps.len())
        .map(|step| {
            let pieces = word.after(step).iter().map(|token| spelled(tokenizer, token.id)).collect();
            (pieces, word.steps.get(step).map(|step| step.rank))
        })
        .collect()
}

#[test]
fn the_last_step_is_what_the_encoder_gives() {
    for (tokenizer, _) in tokenizers() {
        for text in texts() {
            for input in [Input::Prompt, Input::Text] {
                let without_marks = if input == Input::Prompt { Input::Rendered } else { input };
                let words = tokenizer.merges(&text, input).unwrap();
                let ids: Vec<u32> = words.iter().flat_map(|word| word.tokens()).map(|token| token.id).collect();
                assert_eq!(ids, tokenizer.encode(&text, without_marks).unwrap(), "{text:?}");
            }
        }
    }
}

/// By the definition of byte-pair encoding: of all neighbours that have a merge, those of the lowest rank.
#[test]
fn every_step_is_the_merge_that_was_learned_first() {
    for (tokenizer, ranks) in tokenizers().into_iter().filter(|(_, ranks)| !ranks.is_empty()) {
        for text in texts() {
            for word in tokenizer.merges(&text, Input::Rendered).unwrap() {
                for ((pieces, rank), at) in
                    states(&tokenizer, &word).iter().zip(word.steps.iter().map(|step| Some(step.at)).chain([None]))
                {
                    let rank_of = |pair: &[String]| ranks.get(&format!("{} {}", pair[0], pair[1])).copied();
                    let possible = pieces.windows(2).enumerate().filter_map(|(at, pair)| Some((rank_of(pair)?, at)));
                    let first = possible.min().filter(|_| word.taken == Taken::Merged);
                    assert_eq!(first, rank.zip(at), "{pieces:?} of {text:?}");
                }
            }
        }
    }
}

#[test]
fn a_word_begins_as_its_bytes_or_its_characters() {
    let label = |words: &[Word]| -> Vec<String> {
        words.iter().map(|word| word.pieces.iter().map(|token| token.label()).collect::<Vec<_>>().join(" ")).collect()
    };
    let bytes = from_gguf(&byte_level_metadata(&[])).unwrap();
    let words = bytes.merges("The é<|im_end|>", Input::Prompt).unwrap();
    assert_eq!(label(&words), ["T h e", "· ⟨c3⟩ ⟨a9⟩", "<|im_end|>"]);
    assert_eq!(words.iter().map(|word| word.place.clone()).collect::<Vec<_>>(), [0..3, 3..6, 6..16]);
    assert_eq!((words[2].taken, words[2].text.as_str()), (Taken::Added, "<|im_end|>"));
    // SentencePiece splits nothing; a character without a token is its bytes.
    let pieces = from_gguf(&sentence_piece_metadata(&[])).unwrap();
    assert_eq!(label(&pieces.merges("a cat猫", Input::Rendered).unwrap()), ["a · c a t ⟨e7⟩ ⟨8c⟩ ⟨ab⟩"]);
    assert_eq!(bytes.merges("", Input::Prompt).unwrap(), []);
}

#[test]
fn a_word_that_is_in_the_vocabulary_may_be_taken_whole() {
    let llama3 = [("tokenizer.ggml.pre", Some(Value::String("llama-bpe".into())))];
    let tokenizer = from_gguf(&byte_level_metadata(&llama3)).unwrap();
    let words = tokenizer.merges("the cat", Input::Prompt).unwrap();
    // `the` has no token without its space.
    assert_eq!(words.iter().map(|word| word.taken).collect::<Vec<_>>(), [Taken::Merged, Taken::Whole]);
    assert_eq!((words[1].pieces[0].text.as_str(), words[1].steps.len()), (" cat", 0));
}

#[test]
fn a_tokenizer_without_merges_says_what_it_does_instead() {
    for (model, expected) in [
        (r#"{"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0], ["a", -1.0], ["ab", -1.5]]}"#, "Unigram"),
        (
            r###"{"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100, "vocab": {"[UNK]": 0, "a": 1, "##b": 2}}"###,
            "longest piece",
        ),
        (r#"{"type": "WordLevel", "unk_token": "[UNK]", "vocab": {"[UNK]": 0, "ab": 1}}"#, "every word is one token"),
        (
            r#"{"type": "BPE", "dropout": 0.1, "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b"]]}"#,
            "at random (dropout 0.1)",
        ),
    ] {
        let tokenizer = Tokenizer::from_folder(folder(format!(r#"{{"model": {model}}}"#).as_bytes(), &[]).path());
        let tokenizer = tokenizer.unwrap();
        assert!(!tokenizer.encode("ab", Input::Text).unwrap().is_empty());
        let error = tokenizer.merges("ab", Input::Text).unwrap_err().to_string();
        assert!(error.starts_with("there are no merges to show: ") && error.contains(expected), "{error}");
    }
}

#[test]
fn every_token_has_its_bytes_in_the_text() {
    let yes = || Some(Value::Bool(true));
    let marked = [("tokenizer.ggml.add_bos_token", yes()), ("tokenizer.ggml.add_eos_token", yes())];
    let tokenizer = from_gguf(&byte_level_metadata(&marked)).unwrap();
    for text in texts() {
        let tokens = tokenizer.tokenize(&text, Input::Prompt).unwrap();
        assert_eq!((&tokens[0].place, &tokens[tokens.len() - 1].place), (&None, &None));
        let mut end = 0;
        for placed in &tokens[1..tokens.len() - 1] {
            let place = placed.place.clone().unwrap();
            assert_eq!(place.start, end, "{text:?}");
            assert_eq!(text.as_bytes()[place.clone()], placed.token.bytes);
            end = place.end;
        }
        assert_eq!(end, text.len());
    }
    // With a space that was put before the text, and spaces that are spelled otherwise.
    let changes = [("tokenizer.ggml.add_space_prefix", yes())];
    let tokenizer = from_gguf(&sentence_piece_metadata(&changes)).unwrap();
    let places = |text: &str| -> Vec<_> {
        tokenizer.tokenize(text, Input::Rendered).unwrap().into_iter().map(|token| token.place.unwrap()).collect()
    };
    assert_eq!(places("The cat"), [0..0, 0..4, 4..7]); // `▁`, `The▁`, `cat`
    assert_eq!(places("猫"), [0..0, 0..1, 1..2, 2..3]);
}

#[test]
fn shares_of_scripts_add_up_to_the_tokens() {
    for (tokenizer, _) in tokenizers() {
        for text in texts() {
            let tokens = tokenizer.tokenize(&text, Input::Text).unwrap();
            let shares = shares(&text, &tokens);
            let sum: f64 = shares.iter().map(|share| share.tokens).sum();
            assert!((sum - tokens.len() as f64).abs() < 1e-9, "{sum} of {} in {text:?}", tokens.len());
            assert_eq!(shares.iter().map(|share| share.characters).sum::<usize>(), text.chars().count());
        }
    }
}
