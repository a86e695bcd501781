//! What tokens stand for: bytes, streamed text, marks around a prompt.

use super::*;
use crate::text::{Input, Specials};
use rand::SeedableRng;

#[test]
fn the_bytes_of_the_tokens_are_the_text() {
    let tokenizer = from_gguf(&byte_level_metadata(&[])).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let texts = TEXTS.map(str::to_owned).into_iter().chain((0..200).map(|_| random_text(&mut random)));
    for text in texts {
        let tokens = tokenizer.tokenize(&text, Input::Prompt).unwrap();
        let bytes: Vec<u8> = tokens.iter().flat_map(|token| token.token.bytes.clone()).collect();
        assert_eq!(bytes, text.as_bytes());
        let ids: Vec<u32> = tokens.iter().map(|token| token.token.id).collect();
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
        assert!(tokens.iter().all(|token| !token.token.special && token.token.id > 2));
        assert_eq!(tokens.iter().map(|token| token.token.text.as_str()).collect::<String>(), text);
        // And the setting does not stick.
        assert_eq!(tokenizer.encode("<|im_end|>", Input::Rendered).unwrap(), [2]);
    }
    let tokenizer = from_gguf(&sentence_piece_metadata(&[])).unwrap();
    assert_eq!(tokenizer.encode("<bos>", Input::Rendered).unwrap(), [2]);
    assert!(tokenizer.tokenize("<bos>", Input::Text).unwrap().iter().all(|token| !token.token.special));
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

#[test]
fn ids_outside_the_vocabulary_are_none_or_an_error() {
    let tokenizer = from_gguf(&byte_level_metadata(&[])).unwrap();
    assert_eq!(tokenizer.token(384), None);
    let error = tokenizer.decode(&[5, 384], Specials::Show).unwrap_err().to_string();
    assert_eq!(error, "token 384 is not in the vocabulary, which has the ids 0 to 383");
    let token = tokenizer.token(1).unwrap();
    assert_eq!((token.text.as_str(), token.special, token.label().as_str()), ("<|im_start|>", true, "<|im_start|>"));
}
