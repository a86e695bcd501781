//! Which tokens a text has.

use super::*;
use crate::text::split::Splitting;
use crate::text::{Input, Specials};
use rand::SeedableRng;
use safetensors::SafeTensors;
use tokenizers::{OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer};

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
fn characters_are_composed_where_the_models_own_tokenizer_does() {
    let encode = |pre: &str, text: &str| {
        let pre = [("tokenizer.ggml.pre", Some(Value::String(pre.into())))];
        from_gguf(&byte_level_metadata(&pre)).unwrap().encode(text, Input::Rendered).unwrap()
    };
    for pre in ["qwen2", "qwen35", "command-r", "mpt", "olmo", "modern-bert", "tiny_aya", "f2llmv2"] {
        assert_eq!(encode(pre, "cafe\u{301}"), encode(pre, "café"), "{pre}");
    }
    for pre in ["gpt-2", "llama-bpe", "smollm", "tekken", "deepseek-r1-qwen", "falcon", "default"] {
        assert_ne!(encode(pre, "cafe\u{301}"), encode(pre, "café"), "{pre}");
    }
}

#[test]
fn a_unigram_vocabulary_takes_what_scores_most_and_ends_a_prompt() {
    let tokens = ["<pad>", "</s>", "<unk>", "▁", "a", "b", "ab", "▁ab", "<x>"];
    let scores = [0.0, 0.0, 0.0, -2.0, -3.0, -3.0, -5.0, -6.5, 0.0].map(Value::F32).to_vec();
    let kinds = [3, 3, 2, 1, 1, 1, 1, 1, 4].map(Value::I32).to_vec();
    let metadata = [
        ("tokenizer.ggml.model", Value::String("t5".into())),
        ("tokenizer.ggml.tokens", fixture::strings(tokens)),
        ("tokenizer.ggml.scores", Value::Array(scores)),
        ("tokenizer.ggml.token_type", Value::Array(kinds)),
        ("tokenizer.ggml.eos_token_id", Value::U32(1)),
        ("tokenizer.ggml.unknown_token_id", Value::U32(2)),
        ("tokenizer.ggml.add_space_prefix", Value::Bool(true)),
        ("tokenizer.ggml.remove_extra_whitespaces", Value::Bool(true)),
    ];
    let tokenizer = from_gguf(&metadata).unwrap();
    assert_eq!(tokenizer.encode("  ab  a", Input::Prompt).unwrap(), [7, 3, 4, 1]);
    assert_eq!(tokenizer.encode("b<x>日本", Input::Text).unwrap(), [3, 5, 8, 3, 2]);
    assert_eq!(tokenizer.encode("</s>", Input::Rendered).unwrap(), [1]);
    assert_eq!(tokenizer.encode("</s>", Input::Text).unwrap(), [3, 2]);
    assert_eq!(tokenizer.encode("", Input::Text).unwrap(), [0_u32; 0]);
    assert_eq!(tokenizer.decode(&[7, 3, 4], Specials::Hide).unwrap(), "ab a");
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
        ("tekken", "HTTPServer's 12\n", &["HTTPServer", "'s", "Ġ", "1", "2", "Ċ"]),
        ("gpt-4o", "iPhone's ABCd'LL 1234", &["i", "Phone's", "ĠABCd'LL", "Ġ", "123", "4"]),
        ("tiny_aya", "1234567 1234a", &["1", "234", "567", "Ġ", "123", "4", "a"]),
        ("afmoe", "x12345 ok", &["x", "12", "345", "Ġok"]),
        ("superbpe", "in 1234567 all", &["inĠ", "1", "234", "567", "Ġall"]),
        ("kimi-k2", "日本go语", &["æĹ¥æľ¬", "go", "è¯Ń"]),
        ("qwen35", "e\u{301}a 1", &["eÌģa", "Ġ", "1"]),
        ("deepseek-llm", "Hi, 世界 12", &["Hi", ",", "Ġ", "ä¸ĸçķĮ", "Ġ", "12"]),
        ("bloom", "so, it is", &["so", ",", "Ġit", "Ġis"]),
        ("gemma4", "a  b\n\nc", &["a  b", "\n\n", "c"]),
    ] {
        assert_eq!(words(name, text), expected, "{name} of {text:?}");
    }
}
