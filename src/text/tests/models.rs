//! Folders without a `tokenizer.json`: SentencePiece's models, tiktoken's ranks, Mistral's `tekken.json`. What their
//! own libraries make of some texts lies beside them.

use super::*;
use crate::text::{Input, Specials};
use rand::SeedableRng;

/// The texts, and by the name of a file the ids of each.
fn expected() -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(fixture_path("tokenizers/expected.json")).unwrap()).unwrap()
}

/// The bytes of the vocabulary that is called `name` in a folder.
fn vocabulary(name: &str) -> Vec<u8> {
    let fixture = if matches!(name, "tokenizer.model" | "qwen.tiktoken") { "ranks.tiktoken" } else { name };
    std::fs::read(fixture_path("tokenizers").join(fixture)).unwrap()
}

/// A folder with this vocabulary, and other files by name. All of SentencePiece's are called the same.
fn folder_with(name: &str, bytes: &[u8], others: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let name = if name.ends_with(".model") { "tokenizer.model" } else { name };
    std::fs::write(folder.path().join(name), bytes).unwrap();
    for (name, text) in others {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn read(name: &str, others: &[(&str, &str)]) -> Result<Tokenizer> {
    Tokenizer::from_folder(folder_with(name, &vocabulary(name), others).path())
}

const FILES: [&str; 6] =
    ["unigram.model", "bpe.model", "suffix.model", "tokenizer.model", "qwen.tiktoken", "tekken.json"];

#[test]
fn every_kind_of_file_gives_the_ids_of_its_own_library() {
    let expected = expected();
    assert_eq!(expected.as_object().unwrap().len(), FILES.len() + 1);
    for name in FILES {
        let tokenizer = read(name, &[]).unwrap();
        for (text, ids) in expected["texts"].as_array().unwrap().iter().zip(expected[name].as_array().unwrap()) {
            let text = text.as_str().unwrap();
            let ids: Vec<u32> = ids.as_array().unwrap().iter().map(|id| id.as_u64().unwrap() as u32).collect();
            assert_eq!(tokenizer.encode(text, Input::Text).unwrap(), ids, "{name}: {text:?}");
            let placed: Vec<u32> =
                tokenizer.tokenize(text, Input::Text).unwrap().iter().map(|placed| placed.token.id).collect();
            assert_eq!(placed, ids, "{name}: {text:?}");
        }
    }
}

#[test]
fn what_was_encoded_is_decoded() {
    let expected = expected();
    for name in ["bpe.model", "tokenizer.model", "tekken.json"] {
        let tokenizer = read(name, &[]).unwrap();
        for text in expected["texts"].as_array().unwrap() {
            let text = text.as_str().unwrap();
            let ids = tokenizer.encode(text, Input::Text).unwrap();
            // A `▁` in a text is a space to SentencePiece.
            let spaces = |text: &str| if name == "bpe.model" { text.replace('▁', " ") } else { text.to_owned() };
            assert_eq!(tokenizer.decode(&ids, Specials::Hide).unwrap(), spaces(text), "{name}: {text:?}");
        }
    }
}

#[test]
fn merges_of_ranks_and_scores_are_shown() {
    for name in ["bpe.model", "suffix.model", "tokenizer.model", "tekken.json"] {
        let tokenizer = read(name, &[]).unwrap();
        for text in expected()["texts"].as_array().unwrap() {
            let text = text.as_str().unwrap();
            let words = tokenizer.merges(text, Input::Text).unwrap_or_else(|error| panic!("{name} {text:?}: {error}"));
            let ids: Vec<u32> = words.iter().flat_map(|word| word.tokens()).map(|token| token.id).collect();
            assert_eq!(ids, tokenizer.encode(text, Input::Text).unwrap(), "{name}: {text:?}");
        }
    }
    let error = read("unigram.model", &[]).unwrap().merges("ab", Input::Text).unwrap_err().to_string();
    assert!(error.contains("Unigram"), "{error}");
}

#[test]
fn a_prompt_begins_and_ends_as_its_class_does() {
    let around = |name: &str, config: &str| {
        let tokenizer = read(name, &[("tokenizer_config.json", config)]).unwrap();
        let (plain, prompt) = (tokenizer.encode("a", Input::Rendered), tokenizer.encode("a", Input::Prompt));
        let text = tokenizer.decode(&prompt.unwrap(), Specials::Show).unwrap();
        (text.replace(&tokenizer.decode(&plain.unwrap(), Specials::Show).unwrap(), "a"), tokenizer.warnings().len())
    };
    for (name, config, prompt, warnings) in [
        ("bpe.model", r#"{"tokenizer_class": "LlamaTokenizerFast"}"#, "<s>a", 0),
        ("bpe.model", r#"{"tokenizer_class": "GemmaTokenizer", "add_bos_token": false}"#, "a", 0),
        ("bpe.model", r#"{"tokenizer_class": "OtherTokenizer"}"#, "<s>a", 1),
        (
            "bpe.model",
            r#"{"tokenizer_class": "OtherTokenizer", "add_bos_token": true, "add_eos_token": true}"#,
            "<s>a</s>",
            0,
        ),
        ("bpe.model", "{}", "<s>a", 1),
        ("unigram.model", r#"{"tokenizer_class": "T5Tokenizer"}"#, "a</s>", 0),
        ("tokenizer.model", "{}", "<|begin_of_text|>a", 0),
        ("qwen.tiktoken", "{}", "a", 0),
        ("tekken.json", "{}", "<s>a", 0),
    ] {
        assert_eq!(around(name, config), (prompt.to_owned(), warnings), "{name} {config}");
    }
}

#[test]
fn further_tokens_stand_beside_a_model() {
    let config = r#"{"bos_token": "<|go|>", "eos_token": "<|end|>", "added_tokens_decoder": {
        "700": {"content": "<|go|>", "special": true}, "701": {"content": "<|end|>", "special": true, "rstrip": true},
        "702": {"content": "ab"}, "6": {"content": "<|renamed|>", "special": true}}}"#;
    let others = [("tokenizer_config.json", config), ("added_tokens.json", r#"{"<more>": 705}"#)];
    let tokenizer = read("bpe.model", &others).unwrap();
    assert_eq!((tokenizer.bos(), tokenizer.stops()), (Some(700), &[701][..]));
    assert_eq!(tokenizer.encode("<|go|><more><|end|>  <|renamed|>", Input::Rendered).unwrap(), [700, 705, 701, 6]);
    let ids = tokenizer.encode("<|go|>ab", Input::Text).unwrap();
    assert!(!ids.contains(&700) && ids.ends_with(&[702]), "{ids:?}");
    assert_eq!(tokenizer.decode(&[701, 702, 705], Specials::Hide).unwrap(), "ab<more>");
    let far = read("bpe.model", &[("added_tokens.json", r#"{"<more>": 4000000000}"#)]).unwrap_err().to_string();
    assert!(far.contains("found the id 4000000000"), "{far}");
    // Where a folder lists tiktoken's marks, those are all.
    let config = r#"{"added_tokens_decoder": {"480": {"content": "<|mark|>", "special": true}}}"#;
    let tokenizer = read("tokenizer.model", &[("tokenizer_config.json", config)]).unwrap();
    assert_eq!((tokenizer.vocab_size(), tokenizer.bos()), (481, None));
    assert_eq!(read("tokenizer.model", &[]).unwrap().vocab_size(), 480 + 256);
}

#[test]
fn a_space_goes_before_every_part_or_the_first() {
    let encode = |config: &str, text: &str| {
        read("bpe.model", &[("tokenizer_config.json", config)]).unwrap().encode(text, Input::Rendered).unwrap()
    };
    let (legacy, newer) = (r#"{"legacy": true}"#, r#"{"legacy": false}"#);
    assert_eq!(encode(legacy, "the"), encode(newer, "the"));
    assert_eq!(encode(legacy, "<s>the")[1..], encode(legacy, "the"));
    assert_ne!(encode(newer, "<s>the")[1..], encode(newer, "the"));
}

#[test]
fn what_would_give_other_ids_is_refused_by_name() {
    let class = r#"{"tokenizer_class": "XLMRobertaTokenizerFast"}"#;
    let llama4 = r#"{"model_type": "llama4"}"#;
    for (result, words) in [
        (read("unigram.model", &[("tokenizer_config.json", class)]), "`XLMRobertaTokenizer` numbers pieces"),
        (read("tokenizer.model", &[("config.json", llama4)]), "known of `llama` here, not of `llama4`"),
        (read("qwen.tiktoken", &[("config.json", llama4)]), "known of `qwen` here, not of `llama4`"),
    ] {
        let error = result.expect_err(words).to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn damaged_files_are_refused_in_words() {
    let model = |bytes: &[u8]| Tokenizer::from_folder(folder_with("bpe.model", bytes, &[]).path()).map(drop);
    let tekken = |old: &str, new: &str| {
        let text = String::from_utf8(vocabulary("tekken.json")).unwrap();
        assert!(text.contains(old));
        Tokenizer::from_folder(folder_with("tekken.json", text.replacen(old, new, 1).as_bytes(), &[]).path()).map(drop)
    };
    let unigram = vocabulary("unigram.model");
    let at = |bytes: &[u8]| unigram.windows(bytes.len()).position(|window| window == bytes).unwrap();
    let mut words = unigram.clone();
    words[at(b"\x18\x01\x20") + 1] = 3; // TrainerSpec.model_type
    for (result, expected) in [
        (model(b""), "expected the pieces of a SentencePiece model, found none"),
        (model(b"\x0a\x05ab"), "it is cut off: 5 more bytes were expected, 2 are left"),
        (model(b"\x0b"), "found one of type 3"),
        (model(b"\x0a\x03\x0a\x01a"), "expected one piece for what is unknown, found 0"),
        (model(&words), "found one of words"),
        (model(b"IQ== 0\nIg== 0\n"), "expected one token of rank 0, of at least one byte, found another"),
        (model(b"IQ== 0\nIg== 4000000000\n"), "found the rank 4000000000"),
        (model(b"IQ== 0\n!\x1b[2J"), "found `!\u{241b}[2J`"),
        (
            tekken(r#""default_num_special_tokens": 8"#, r#""default_num_special_tokens": 9000000"#),
            "at most 65536 marks",
        ),
        (tekken(r#""default_num_special_tokens": 8"#, r#""default_num_special_tokens": 2"#), "expected marks below 2"),
        (tekken(r#""pattern": ""#, r#""pattern": "("#), "its expression for words is none"),
        (tekken(r#""token_bytes": ""#, r#""token_bytes": "*"#), "expected base64: "),
        (tekken(r#""vocab""#, r#""words""#), "missing field `vocab`"),
    ] {
        let error = result.expect_err(expected).to_string();
        assert!(error.contains(expected), "expected `{expected}`, found {error}");
    }
}

#[test]
fn a_damaged_file_never_panics() {
    let mut random = ChaCha8Rng::seed_from_u64(11);
    for name in FILES {
        let whole = vocabulary(name);
        for _ in 0..100 {
            let mut damaged = whole.clone();
            for _ in 0..random.random_range(1..6) {
                let at = random.random_range(0..damaged.len());
                damaged[at] = random.random();
            }
            damaged.truncate(random.random_range(damaged.len() / 2..damaged.len() * 2));
            let Ok(tokenizer) = Tokenizer::from_folder(folder_with(name, &damaged, &[]).path()) else { continue };
            for text in TEXTS {
                if let Ok(ids) = tokenizer.encode(text, Input::Prompt) {
                    let _ = tokenizer.decode(&ids, Specials::Show);
                }
            }
        }
    }
}
