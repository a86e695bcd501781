//! What is read from files, whole or damaged.

use super::*;
use crate::text::{Input, Specials};
use rand::SeedableRng;

#[test]
fn a_folder_says_how_texts_begin_end_and_are_asked() {
    let config = r#"{"bos_token": {"content": "<|im_start|>"}, "eos_token": "<|im_end|>",
        "chat_template": [{"name": "tools", "template": "no"}, {"name": "default", "template": "{{ bos_token }}old"}]}"#;
    let generation = r#"{"eos_token_id": [0, 2, 99999]}"#;
    let others = [("tokenizer_config.json", config), ("generation_config.json", generation)];
    let read = |others: &[_]| Tokenizer::from_folder(folder(&byte_level(), others).path());
    let tokenizer = read(&others).unwrap();
    assert_eq!((tokenizer.bos(), tokenizer.stops()), (Some(1), &[0, 2][..]));
    assert_eq!(tokenizer.chat_template().unwrap().render(&[], true).unwrap(), "<|im_start|>old");
    let newer = [others[0], others[1], ("chat_template.jinja", "new{{ eos_token }}")];
    assert_eq!(read(&newer).unwrap().chat_template().unwrap().render(&[], true).unwrap(), "new<|im_end|>");

    let broken = read(&[("chat_template.jinja", "{% if %}")]).unwrap();
    assert!(
        broken.chat_template().is_none() && broken.warnings()[0].contains("chat template"),
        "{:?}",
        broken.warnings()
    );
    assert!(read(&[("tokenizer_config.json", "{")]).unwrap_err().to_string().contains("tokenizer_config.json"));
    let missing = Tokenizer::from_folder(tempfile::tempdir().unwrap().path()).unwrap_err().to_string();
    assert!(missing.contains("expected the model's tokenizer here"), "{missing}");
}

#[test]
fn a_pre_tokenizer_is_guessed_with_a_warning_and_refused_where_it_is_unknown() {
    let read = |pre| from_gguf(&byte_level_metadata(&[("tokenizer.ggml.pre", pre)]));
    let tokenizer = read(None).unwrap();
    assert_eq!(tokenizer.warnings().len(), 1);
    assert!(tokenizer.warnings()[0].contains("does not name its pre-tokenizer"), "{}", tokenizer.warnings()[0]);
    let error = read(Some(Value::String("tekken\u{1b}[2J".into()))).unwrap_err().to_string();
    assert!(error.contains("its pre-tokenizer `tekken␛[2J` is not known here"), "{error}");
}

#[test]
fn a_vocabulary_that_contradicts_itself_is_refused_in_words() {
    let byte_level = |key, value| from_gguf(&byte_level_metadata(&[(key, value)])).map(drop);
    let piece = |key, value| from_gguf(&sentence_piece_metadata(&[(key, value)])).map(drop);
    let three = || Some(Value::Array(vec![Value::I32(1); 3]));
    for (result, words) in [
        (byte_level("tokenizer.ggml.tokens", None), "`tokenizer.ggml.tokens` is missing"),
        (byte_level("tokenizer.ggml.tokens", Some(fixture::strings([""; 0]))), "vocabulary is empty"),
        (byte_level("tokenizer.ggml.token_type", three()), "expected 384 token types, one for each token, found 3"),
        (byte_level("tokenizer.ggml.merges", None), "`tokenizer.ggml.merges` is missing"),
        (byte_level("tokenizer.ggml.model", Some(Value::String("rwkv".into()))), "`t5` or `gemma4`, found `rwkv`"),
        (byte_level("tokenizer.ggml.model", Some(Value::String("t5".into()))), "expected a token for what is unknown"),
        (piece("tokenizer.ggml.precompiled_charsmap", three()), "its table of replacements is cut off"),
        (piece("tokenizer.ggml.scores", three()), "expected 512 scores, one for each token, found 3"),
        (piece("tokenizer.ggml.scores", None), "`tokenizer.ggml.scores` is missing"),
    ] {
        let error = result.expect_err(words).to_string();
        assert!(error.contains(words), "{error}");
    }
    // What can be used all the same comes with a warning.
    let merges = fixture::strings(["h e", "zz yy", "h e", "nothing"]);
    let tokenizer = from_gguf(&byte_level_metadata(&[("tokenizer.ggml.merges", Some(merges))])).unwrap();
    assert!(tokenizer.warnings()[0].starts_with("3 of its 4 merges"), "{:?}", tokenizer.warnings());
    let tokens = fixture::strings(["a", "b", "ab"]);
    let few = [("tokenizer.ggml.tokens", Some(tokens)), ("tokenizer.ggml.token_type", None)];
    let tokenizer = from_gguf(&byte_level_metadata(&few)).unwrap();
    let error = tokenizer.encode("abé", Input::Prompt).unwrap_err().to_string();
    assert!(error.contains("no token for U+00E9, at byte 2"), "{error}");
    assert_eq!(tokenizer.encode("ab", Input::Prompt).unwrap(), [2]);
}

#[test]
fn a_damaged_tokenizer_json_never_panics() {
    let whole = byte_level();
    let made = r#"{"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": [["a", "b"]]}}"#;
    let error = Tokenizer::from_folder(folder(made.as_bytes(), &[]).path()).unwrap_err().to_string();
    assert!(error.contains("merges of tokens into a token, found `a` and `b`"), "{error}");
    let far = r#"{"model": {"type": "BPE", "vocab": {"a": 4294967295}, "merges": []}}"#;
    let error = Tokenizer::from_folder(folder(far.as_bytes(), &[]).path()).unwrap_err().to_string();
    assert!(error.contains("found the id 4294967295"), "{error}");

    let mut random = ChaCha8Rng::seed_from_u64(7);
    for _ in 0..300 {
        let mut damaged = whole.clone();
        for _ in 0..random.random_range(1..6) {
            let at = random.random_range(0..damaged.len());
            damaged[at] = random.random_range(b' '..=b'~');
        }
        if let Ok(tokenizer) = Tokenizer::from_folder(folder(&damaged, &[]).path()) {
            for text in TEXTS {
                if let Ok(ids) = tokenizer.encode(text, Input::Prompt) {
                    let _ = tokenizer.decode(&ids, Specials::Show);
                }
            }
        }
    }
}

#[test]
fn a_damaged_gguf_vocabulary_never_panics() {
    let mut random = ChaCha8Rng::seed_from_u64(8);
    for metadata in [byte_level_metadata(&[]), sentence_piece_metadata(&[])] {
        let whole = fixture::bytes(&metadata, &[]);
        for _ in 0..300 {
            let mut damaged = whole.clone();
            for _ in 0..random.random_range(1..6) {
                let at = random.random_range(24..damaged.len());
                damaged[at] = random.random();
            }
            let Ok(file) = fixture::open(&damaged) else { continue };
            let Ok(tokenizer) = Tokenizer::from_gguf(&file) else { continue };
            for text in TEXTS {
                if let Ok(ids) = tokenizer.encode(text, Input::Prompt) {
                    let _ = tokenizer.decode(&ids, Specials::Show);
                }
            }
        }
    }
}
