//! What must hold of tokenizers, wherever they come from.

use super::split::Splitting;
use super::*;
use crate::gguf::{Gguf, fixture};
use candle_core::quantized::gguf_file::Value;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use safetensors::SafeTensors;
use std::collections::HashMap;
use std::path::PathBuf;
use tokenizers::{OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer};

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

fn open(metadata: &[(&str, Value)]) -> Gguf {
    fixture::open(&fixture::bytes(metadata, &[])).unwrap()
}

fn from_gguf(metadata: &[(&str, Value)]) -> Result<Tokenizer> {
    Tokenizer::from_gguf(&open(metadata))
}

/// Text of words, signs, spaces and characters of every length.
fn random_text(random: &mut ChaCha8Rng) -> String {
    let pieces = [
        "the", "cat", " ", "  ", "s", "t", "\n", "é", "日", "👍", "1", "23", "'s", "at", "he", "on", "▁", "in",
        "\u{301}", ".",
    ];
    (0..random.random_range(0..40)).map(|_| pieces[random.random_range(0..pieces.len())]).collect()
}

#[test]
fn prompts_have_the_ids_of_the_reference() {
    for family in ["llama", "llama3-rope", "gpt2"] {
        let path = fixture_path("golden").join(family);
        let reference = std::fs::read(path.join("golden.safetensors")).unwrap();
        let (_, metadata) = SafeTensors::read_metadata(&reference).unwrap();
        let prompt = metadata.metadata().as_ref().unwrap()["prompt"].clone();
        let reference = SafeTensors::deserialize(&reference).unwrap();
        let ids = reference.tensor("input_ids").unwrap();
        let ids: Vec<u32> =
            ids.data().chunks_exact(8).map(|id| i64::from_le_bytes(id.try_into().unwrap()) as u32).collect();
        let tokenizer = Tokenizer::from_folder(&path).unwrap();
        assert_eq!(tokenizer.encode(&prompt, Input::Prompt).unwrap(), ids, "{family}");
        assert_eq!(tokenizer.decode(&ids, Specials::Show).unwrap(), prompt);
        assert_eq!(tokenizer.warnings(), [""; 0]);
    }
    let folder = folder(&sentence_piece(), &[]);
    let tokenizer = Tokenizer::from_folder(folder.path()).unwrap();
    let ids = tokenizer.encode("The cat sat on the mat, and the cat", Input::Prompt).unwrap();
    assert_eq!(ids, [365, 381, 503, 355, 372, 352, 351, 419, 357]);
}

#[test]
fn a_gguf_vocabulary_encodes_as_the_tokenizer_json_it_came_from() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let texts: Vec<String> =
        TEXTS.map(str::to_owned).into_iter().chain((0..300).map(|_| random_text(&mut random))).collect();
    for (json, metadata) in [(byte_level(), byte_level_metadata(&[])), (sentence_piece(), sentence_piece_metadata(&[]))]
    {
        let original = tokenizers::Tokenizer::from_bytes(&json).unwrap();
        let tokenizer = from_gguf(&metadata).unwrap();
        assert_eq!(tokenizer.warnings(), [""; 0]);
        assert_eq!(tokenizer.vocab_size(), original.get_vocab_size(true));
        for text in &texts {
            let expected = original.encode_fast(text.as_str(), false).unwrap();
            let ids = tokenizer.encode(text, Input::Prompt).unwrap();
            assert_eq!(ids, expected.get_ids(), "{text:?}");
            assert_eq!(
                tokenizer.decode(&ids, Specials::Hide).unwrap(),
                original.decode(&ids, true).unwrap(),
                "{text:?}"
            );
        }
    }
}

/// SentencePiece by its definition: join the neighbours whose token scores best, the leftmost first.
fn join_best(text: &str, scores: &HashMap<&str, f32>) -> Vec<String> {
    let mut pieces: Vec<String> = text.replace(' ', "▁").chars().map(String::from).collect();
    loop {
        let mut best: Option<(f32, usize)> = None;
        for at in 1..pieces.len() {
            let joined = format!("{}{}", pieces[at - 1], pieces[at]);
            if let Some(&score) = scores.get(joined.as_str())
                && best.is_none_or(|(most, _)| score > most)
            {
                best = Some((score, at));
            }
        }
        let Some((_, at)) = best else { return pieces };
        let right = pieces.remove(at);
        pieces[at - 1] += &right;
    }
}

#[test]
fn sentence_piece_follows_the_scores() {
    let texts = ["ab", "abc", "abab", "cabcab", "bcbca", "a b", "aabbcc", "abcabcabc", " ab  c"];
    let tokens = ["<unk>", "a", "b", "c", "▁", "ab", "bc", "abc", "ca", "▁a", "cab"];
    let mut random = ChaCha8Rng::seed_from_u64(4);
    for _ in 0..200 {
        let scores: Vec<f32> = tokens.iter().map(|_| -random.random_range(0.0..100.0_f32)).collect();
        let by_text: HashMap<&str, f32> = tokens.iter().copied().zip(scores.iter().copied()).skip(1).collect();
        let metadata = [
            ("tokenizer.ggml.model", Value::String("llama".into())),
            ("tokenizer.ggml.tokens", fixture::strings(tokens)),
            ("tokenizer.ggml.scores", Value::Array(scores.iter().map(|&score| Value::F32(score)).collect())),
            ("tokenizer.ggml.unknown_token_id", Value::U32(0)),
            ("tokenizer.ggml.add_space_prefix", Value::Bool(false)),
        ];
        let tokenizer = from_gguf(&metadata).unwrap();
        for text in texts {
            let ids = tokenizer.encode(text, Input::Rendered).unwrap();
            let found: Vec<&str> = ids.iter().map(|&id| tokens[id as usize]).collect();
            assert_eq!(found, join_best(text, &by_text), "{text:?} by {by_text:?}");
        }
    }
}

#[test]
fn the_bytes_of_the_tokens_are_the_text() {
    let tokenizer = from_gguf(&byte_level_metadata(&[])).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let texts = TEXTS.map(str::to_owned).into_iter().chain((0..200).map(|_| random_text(&mut random)));
    for text in texts {
        let tokens = tokenizer.tokenize(&text, Input::Prompt).unwrap();
        let bytes: Vec<u8> = tokens.iter().flat_map(|token| token.bytes.clone()).collect();
        assert_eq!(bytes, text.as_bytes());
        let ids: Vec<u32> = tokens.iter().map(|token| token.id).collect();
        assert_eq!(ids, tokenizer.encode(&text, Input::Prompt).unwrap());
        assert_eq!(tokenizer.decode(&ids, Specials::Show).unwrap(), text);
    }
}

#[test]
fn a_stream_never_shows_half_a_character_and_loses_nothing() {
    for metadata in [byte_level_metadata(&[]), sentence_piece_metadata(&[])] {
        let tokenizer = from_gguf(&metadata).unwrap();
        for text in TEXTS {
            let mut stream = tokenizer.stream(Specials::Show);
            let mut streamed = String::new();
            for id in tokenizer.encode(text, Input::Prompt).unwrap() {
                let piece = stream.push(id);
                assert!(!piece.contains(char::REPLACEMENT_CHARACTER), "{piece:?} of {text:?}");
                streamed += &piece;
            }
            assert_eq!(stream.flush(), "");
            let spaces = |text: &str| text.replace('▁', " "); // the vocabulary's own spelling of a space
            assert_eq!(spaces(&streamed), spaces(text));
        }
        // Any ids at all: the same as decoding them together.
        let mut random = ChaCha8Rng::seed_from_u64(6);
        for _ in 0..500 {
            let ids: Vec<u32> = (0..20).map(|_| random.random_range(0..tokenizer.vocab_size() as u32)).collect();
            for specials in [Specials::Show, Specials::Hide] {
                let text_only: Vec<u32> =
                    ids.iter().copied().filter(|&id| !tokenizer.token(id).unwrap().special).collect();
                let ids = if specials == Specials::Show { &ids } else { &text_only };
                let mut stream = tokenizer.stream(specials);
                let mut streamed: String = ids.iter().map(|&id| stream.push(id)).collect();
                streamed += &stream.flush();
                assert_eq!(streamed, tokenizer.decode(ids, specials).unwrap());
            }
        }
        assert_eq!(tokenizer.stream(Specials::Show).push(u32::MAX), "");
    }
}

#[test]
fn what_is_written_like_a_special_token_is_one_only_where_asked() {
    let folder = folder(&byte_level(), &[]);
    let text = "<|im_start|>hi<|im_end|>";
    for tokenizer in [Tokenizer::from_folder(folder.path()).unwrap(), from_gguf(&byte_level_metadata(&[])).unwrap()] {
        for input in [Input::Prompt, Input::Rendered] {
            let ids = tokenizer.encode(text, input).unwrap();
            assert_eq!((ids[0], *ids.last().unwrap()), (1, 2));
            assert_eq!(tokenizer.decode(&ids, Specials::Hide).unwrap(), "hi");
            assert_eq!(tokenizer.decode(&ids, Specials::Show).unwrap(), text);
        }
        let tokens = tokenizer.tokenize(text, Input::Text).unwrap();
        assert!(tokens.iter().all(|token| !token.special && token.id > 2));
        assert_eq!(tokens.iter().map(|token| token.text.as_str()).collect::<String>(), text);
        // And the setting does not stick.
        assert_eq!(tokenizer.encode("<|im_end|>", Input::Rendered).unwrap(), [2]);
    }
    let tokenizer = from_gguf(&sentence_piece_metadata(&[])).unwrap();
    assert_eq!(tokenizer.encode("<bos>", Input::Rendered).unwrap(), [2]);
    assert!(tokenizer.tokenize("<bos>", Input::Text).unwrap().iter().all(|token| !token.special));
}

#[test]
fn a_prompt_begins_and_ends_as_the_file_says() {
    let yes = || Some(Value::Bool(true));
    let changes = [("tokenizer.ggml.add_bos_token", yes()), ("tokenizer.ggml.add_eos_token", yes())];
    for (metadata, bos, eos) in [(byte_level_metadata(&changes), 1, 2), (sentence_piece_metadata(&changes), 2, 1)] {
        let tokenizer = from_gguf(&metadata).unwrap();
        let plain = tokenizer.encode("the cat", Input::Rendered).unwrap();
        assert_eq!(tokenizer.encode("the cat", Input::Prompt).unwrap(), [&[bos], &plain[..], &[eos]].concat());
        assert_eq!((tokenizer.bos(), tokenizer.stops().contains(&eos)), (Some(bos), true));
        // Written out, the first token is not doubled.
        let written = tokenizer.token(bos).unwrap().text + "the cat";
        assert_eq!(tokenizer.encode(&written, Input::Prompt).unwrap(), [&[bos], &plain[..], &[eos]].concat());
    }
    // Where the file does not say, its kind decides.
    let unsaid = [("tokenizer.ggml.add_bos_token", None), ("tokenizer.ggml.add_space_prefix", None)];
    let tokenizer = from_gguf(&sentence_piece_metadata(&unsaid)).unwrap();
    let ids = tokenizer.encode("cat", Input::Prompt).unwrap();
    assert_eq!(tokenizer.decode(&ids, Specials::Show).unwrap(), "<bos>cat");
    assert_eq!(tokenizer.token(ids[1]).unwrap().bytes[0], b' ', "a space goes before the first word");
    let llama3 = [("tokenizer.ggml.pre", Some(Value::String("llama-bpe".into())))];
    let tokenizer = from_gguf(&byte_level_metadata(&llama3)).unwrap();
    assert_eq!(tokenizer.encode("cat", Input::Prompt).unwrap()[0], 1);
}

/// Splits `text` into words; the bytes are spelled as the vocabulary spells them.
fn words(name: &str, text: &str) -> Vec<String> {
    let mut pretokenized = PreTokenizedString::from(text);
    Splitting::named(name).unwrap().pre_tokenizer().unwrap().pre_tokenize(&mut pretokenized).unwrap();
    let splits = pretokenized.get_splits(OffsetReferential::Original, OffsetType::Byte);
    splits.into_iter().map(|(word, ..)| word.to_owned()).collect()
}

#[test]
fn words_are_split_as_each_name_means() {
    for (name, text, expected) in [
        ("gpt-2", "I'm  12345 ok!\n\nx", &["I", "'m", "Ġ", "Ġ12345", "Ġok", "!", "Ċ", "Ċ", "x"][..]),
        ("smollm", "a 123 b45", &["a", "Ġ", "1", "2", "3", "Ġb", "4", "5"]),
        ("smollm", "x  y'll\n", &["x", "Ġ", "Ġy", "'ll", "Ċ"]),
        ("llama-bpe", "I'M 12345 ok!\n\n x", &["I", "'M", "Ġ", "123", "45", "Ġok", "!ĊĊ", "Ġx"]),
        ("llama-bpe", "(foo)\r\n  bar", &["(foo", ")čĊ", "Ġ", "Ġbar"]),
        ("qwen2", "I'm 123\n\n\tx", &["I", "'m", "Ġ", "1", "2", "3", "ĊĊ", "ĉx"]),
        ("default", "a=1234 b", &["a", "=", "123", "4", "Ġb"]),
    ] {
        assert_eq!(words(name, text), expected, "{name} of {text:?}");
    }
}

#[test]
fn a_pre_tokenizer_that_must_be_guessed_is_a_warning() {
    for (pre, words) in [
        (Some(Value::String("tekken\u{1b}[2J".into())), "`tekken␛[2J` is not known here"),
        (None, "does not name its pre-tokenizer"),
    ] {
        let tokenizer = from_gguf(&byte_level_metadata(&[("tokenizer.ggml.pre", pre)])).unwrap();
        assert_eq!(tokenizer.warnings().len(), 1);
        assert!(tokenizer.warnings()[0].contains(words), "{}", tokenizer.warnings()[0]);
    }
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
        (byte_level("tokenizer.ggml.model", Some(Value::String("bert".into()))), "`gpt2` or `llama`, found `bert`"),
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
    assert_eq!(tokenizer.tokenize("ab", Input::Prompt).unwrap().len(), 2, "there is no merge");
}

#[test]
fn ids_outside_the_vocabulary_are_none_or_an_error() {
    let tokenizer = from_gguf(&byte_level_metadata(&[])).unwrap();
    assert_eq!(tokenizer.token(384), None);
    let error = tokenizer.decode(&[5, 384], Specials::Show).unwrap_err().to_string();
    assert_eq!(error, "token 384 is not in the vocabulary, which has the ids 0 to 383");
    let token = tokenizer.token(1).unwrap();
    assert_eq!((token.text.as_str(), token.special, token.label().as_str()), ("<|im_start|>", true, "<|im_start|>"));
}

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
