//! SmolLM2's own tokenizer and chat template, out of its GGUF file, against the reference.

use blockscope::engine::source::{Origin, Source};
use blockscope::gguf::Gguf;
use blockscope::text::{Input, Message, SAMPLE, Specials, Taken, Tokenizer};
use safetensors::SafeTensors;
use std::path::Path;

fn smollm2() -> Gguf {
    let source =
        Source::open("smollm2").unwrap_or_else(|error| panic!("{error}\nor run `make test`, which fetches it"));
    match source.origin {
        Origin::Gguf(file) => *file,
        _ => panic!("the default model is a GGUF file"),
    }
}

/// A prompt of the reference and its ids.
fn reference(name: &str) -> (String, Vec<u32>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/golden/smollm2-135m");
    let bytes = std::fs::read(folder.join(name).with_extension("safetensors")).unwrap();
    let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
    let prompt = metadata.metadata().as_ref().unwrap()["prompt"].clone();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let ids = tensors.tensor("input_ids").unwrap();
    let ids = ids.data().chunks_exact(8).map(|id| i64::from_le_bytes(id.try_into().unwrap()) as u32);
    (prompt, ids.collect())
}

#[test]
fn smollm2_tokenizes_as_the_reference() {
    let tokenizer = Tokenizer::from_gguf(&smollm2()).unwrap();
    assert_eq!(tokenizer.warnings(), [""; 0]);
    assert_eq!((tokenizer.vocab_size(), tokenizer.bos()), (49_152, Some(1)));
    assert!(tokenizer.stops().contains(&2));
    for name in ["fox", "chat"] {
        let (prompt, ids) = reference(name);
        assert_eq!(tokenizer.encode(&prompt, Input::Prompt).unwrap(), ids, "{name}");
        assert_eq!(tokenizer.decode(&ids, Specials::Show).unwrap(), prompt);
        let tokens = tokenizer.tokenize(&prompt, Input::Prompt).unwrap();
        let bytes: Vec<u8> = tokens.iter().flat_map(|token| token.token.bytes.clone()).collect();
        assert_eq!(bytes, prompt.as_bytes());
    }
}

#[test]
fn digits_accents_and_spaces_of_smollm2_are_those_of_its_vocabulary() {
    let tokenizer = Tokenizer::from_gguf(&smollm2()).unwrap();
    for (text, pieces) in [
        ("Hello world! 123", &["Hello", " world", "!", " ", "1", "2", "3"][..]),
        ("  multiple   spaces", &[" ", " multiple", "  ", " spaces"]),
        ("we'll see 3.14", &["we", "'ll", " see", " ", "3", ".", "1", "4"]),
    ] {
        let tokens = tokenizer.tokenize(text, Input::Prompt).unwrap();
        assert_eq!(tokens.iter().map(|token| token.token.text.as_str()).collect::<Vec<_>>(), pieces);
    }
    let error = tokenizer.encode("end\u{4}", Input::Prompt).unwrap_err().to_string();
    assert!(error.contains("no token for U+0004"), "it would be left out without a word: {error}");
    let text = "Café déjà 日本 👩🏽‍💻 \u{301}";
    let ids = tokenizer.encode(text, Input::Prompt).unwrap();
    let mut stream = tokenizer.stream(Specials::Show);
    let streamed: String = ids.iter().map(|&id| stream.push(id)).collect();
    assert_eq!((streamed.as_str(), stream.flush().as_str()), (text, ""));
}

#[test]
fn smollm2s_chat_template_makes_the_reference_prompt() {
    let tokenizer = Tokenizer::from_gguf(&smollm2()).unwrap();
    let turn = Message { role: "user".into(), content: "What is the capital of France?".into() };
    let text = tokenizer.chat_template().unwrap().render(&[turn], true).unwrap();
    let (prompt, ids) = reference("chat");
    assert_eq!(text, prompt);
    assert_eq!(tokenizer.encode(&text, Input::Rendered).unwrap(), ids);
}

#[test]
fn the_merges_of_smollm2_end_in_its_tokens() {
    let tokenizer = Tokenizer::from_gguf(&smollm2()).unwrap();
    let sample = SAMPLE.map(|(_, text)| text);
    let texts = [
        "Unhappiness, tokenizers and internationalisation",
        "emoji 👩🏽‍💻 ❤️ 🇫🇷 and e\u{301}\u{327}",
        "fn main() {\n    println!(\"{x:?}\"); // ∀x∈ℝ\n}\n",
        "<|im_start|>user\nHi<|im_end|>",
    ];
    for text in sample.into_iter().chain(texts) {
        let words = tokenizer.merges(text, Input::Prompt).unwrap();
        let ids: Vec<u32> = words.iter().flat_map(|word| word.tokens()).map(|token| token.id).collect();
        assert_eq!(ids, tokenizer.encode(text, Input::Rendered).unwrap(), "{text}");
        assert_eq!(words.iter().map(|word| word.text.as_str()).collect::<String>(), text);
        for word in words.iter().filter(|word| word.taken == Taken::Merged) {
            assert!(word.pieces.iter().all(|piece| piece.bytes.len() == 1), "{word:?}");
            assert_eq!(word.pieces.len(), word.text.len());
            assert_eq!(word.pieces.len() - word.steps.len(), word.tokens().len());
        }
    }
}
