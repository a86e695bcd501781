//! GGUF files that lack something, or hold what is not computed with: what can be said of them is said.

use crate::common::{refusal, said, text};
use serde_json::Value;
use std::path::PathBuf;

/// A file put together by hand: entries and tensors, whose bytes are all alike.
#[derive(Default)]
struct Made {
    entries: Vec<u8>,
    n_entries: u64,
    tensors: Vec<(String, Vec<u64>, u32, usize)>,
}

const STRING: u32 = 8;
const ARRAY: u32 = 9;
const U32: u32 = 4;
const F32: u32 = 6;
const I32: u32 = 5;

/// ggml's numbers of formats.
const AS_F32: u32 = 0;
const AS_IQ4_NL: u32 = 20;
const AS_I32: u32 = 26;
const AS_MXFP4: u32 = 39;

fn long(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat()
}

impl Made {
    fn entry(mut self, key: &str, kind: u32, value: &[u8]) -> Self {
        self.entries.extend([&long(key)[..], &kind.to_le_bytes(), value].concat());
        self.n_entries += 1;
        self
    }

    fn string(self, key: &str, value: &str) -> Self {
        self.entry(key, STRING, &long(value))
    }

    fn number(self, key: &str, value: u32) -> Self {
        self.entry(key, U32, &value.to_le_bytes())
    }

    fn strings(self, key: &str, values: &[&str]) -> Self {
        let count = (values.len() as u64).to_le_bytes();
        let values: Vec<u8> = values.iter().flat_map(|value| long(value)).collect();
        self.entry(key, ARRAY, &[&STRING.to_le_bytes()[..], &count, &values].concat())
    }

    /// Its dimensions as the file has them, the innermost first; `bytes` are what it takes.
    fn tensor(mut self, name: &str, dims: &[u64], kind: u32, bytes: usize) -> Self {
        self.tensors.push((name.to_owned(), dims.to_vec(), kind, bytes));
        self
    }

    fn write(&self, folder: &tempfile::TempDir, name: &str) -> PathBuf {
        let mut file = b"GGUF\x03\0\0\0".to_vec();
        file.extend((self.tensors.len() as u64).to_le_bytes());
        file.extend(self.n_entries.to_le_bytes());
        file.extend(&self.entries);
        let mut at = 0_usize;
        for (name, dims, kind, bytes) in &self.tensors {
            file.extend(long(name));
            file.extend((dims.len() as u32).to_le_bytes());
            dims.iter().for_each(|dim| file.extend(dim.to_le_bytes()));
            file.extend(kind.to_le_bytes());
            file.extend((at as u64).to_le_bytes());
            at = (at + bytes).next_multiple_of(32);
        }
        file.resize(file.len().next_multiple_of(32), 0);
        // 0x3c3c3c3c as f32 is 0.0115.
        file.resize(file.len() + at, 0x3c);
        let path = folder.path().join(name);
        std::fs::write(&path, file).unwrap();
        path
    }
}

/// A llama of one block, 32 wide, with 16 tokens, whose product up is stored as asked for.
fn llama(up: u32, up_bytes: usize) -> Made {
    let made = Made::default()
        .string("general.architecture", "llama")
        .number("llama.block_count", 1)
        .number("llama.context_length", 64)
        .number("llama.embedding_length", 32)
        .number("llama.feed_forward_length", 32)
        .number("llama.attention.head_count", 2)
        .entry("llama.attention.layer_norm_rms_epsilon", F32, &1e-5_f32.to_le_bytes())
        .tensor("token_embd.weight", &[32, 16], AS_F32, 4 * 32 * 16)
        .tensor("output_norm.weight", &[32], AS_F32, 4 * 32);
    let norms = ["attn_norm", "ffn_norm"];
    let squares = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_down"];
    let name = |part: &str| format!("blk.0.{part}.weight");
    let made = norms.iter().fold(made, |made, part| made.tensor(&name(part), &[32], AS_F32, 4 * 32));
    let made = squares.iter().fold(made, |made, part| made.tensor(&name(part), &[32, 32], AS_F32, 4 * 32 * 32));
    made.tensor(&name("ffn_up"), &[32, 32], up, up_bytes)
}

/// A vocabulary of sixteen letters.
fn with_vocabulary(made: Made) -> Made {
    let tokens = ["a", "b", "c", "d", "e", "f", "g", "h", "ab", "cd", "i", "j", "k", "l", "m", "n"];
    let kinds: Vec<u8> = [1_i32; 16].iter().flat_map(|kind| kind.to_le_bytes()).collect();
    made.string("tokenizer.ggml.model", "gpt2")
        .string("tokenizer.ggml.pre", "gpt-2")
        .strings("tokenizer.ggml.tokens", &tokens)
        .entry("tokenizer.ggml.token_type", ARRAY, &[&I32.to_le_bytes()[..], &16_u64.to_le_bytes(), &kinds].concat())
        .strings("tokenizer.ggml.merges", &["a b", "c d"])
}

fn inspected(path: &std::path::Path) -> Value {
    serde_json::from_str(&said(&["inspect", "--json", text(path)]).0).unwrap()
}

#[test]
fn a_format_that_is_not_computed_with_is_shown_and_refused_only_when_it_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    for (kind, name, bytes) in [(AS_IQ4_NL, "IQ4_NL", 32 * 18), (AS_MXFP4, "MXFP4", 32 * 17)] {
        let path = with_vocabulary(llama(kind, bytes)).write(&folder, &format!("{name}.gguf"));
        let path = text(&path);
        let (report, errors) = said(&["inspect", path]);
        assert!(report.contains("blocks") && report.contains(name), "{report}");
        let refused = format!("its tensor `blk.0.ffn_up.weight` is of {name}; this version computes with F32");
        assert!(errors.contains(&refused), "{errors}");
        let told = inspected(path.as_ref());
        assert_eq!(told["total"]["formats"][name], 1);
        let of_mlp = told["parts"].as_array().unwrap().iter().find(|part| part["name"] == "MLP").unwrap();
        assert_eq!(of_mlp["file_bytes"], 2 * 4 * 32 * 32 + bytes);
        assert_eq!(said(&["tokenize", path, "--json", "abcd"]).1, "");
        let errors = refusal(&["generate", path, "--prompt", "ab"], 1);
        assert!(errors.contains(&refused) && errors.contains(".gguf: "), "{errors}");
    }
    // What nothing uses is no reason for anything.
    let unused = with_vocabulary(llama(AS_F32, 4 * 32 * 32)).tensor("blk.0.unused.idx", &[8], AS_I32, 32);
    let path = unused.write(&folder, "unused.gguf");
    assert_eq!(said(&["inspect", text(&path)]).1, "");
    assert_eq!(inspected(&path)["problems"], serde_json::json!([]));
    assert!(!said(&["generate", text(&path), "--prompt", "ab", "--max-new", "2", "--ignore-stop"]).0.is_empty());
}

#[test]
fn a_file_without_a_tokenizer_takes_ids() {
    let folder = tempfile::tempdir().unwrap();
    for (name, made) in [
        ("nothing.gguf", llama(AS_F32, 4 * 32 * 32)),
        ("none.gguf", llama(AS_F32, 4 * 32 * 32).string("tokenizer.ggml.model", "none")),
        ("no-vocab.gguf", llama(AS_F32, 4 * 32 * 32).string("tokenizer.ggml.model", "no_vocab")),
    ] {
        let path = made.write(&folder, name);
        let path = text(&path);
        let (report, errors) = said(&["inspect", path]);
        assert!(report.contains("no tokenizer: it takes token ids only"), "{report}");
        assert!(errors.contains("there is no tokenizer in this file: it takes token ids, but no text"), "{errors}");
        let generated = said(&["generate", path, "--ids", "5,6,7", "--max-new", "3", "--json"]).0;
        let generated: Value = serde_json::from_str(&generated).unwrap();
        assert_eq!(generated["new_ids"].as_array().unwrap().len(), 3);
        said(&["profile", path, "--prompt-tokens", "8", "--new-tokens", "2", "--repeats", "1"]);
        said(&["explore", path, "--ids", "1,2,3"]);
        let errors = refusal(&["generate", path, "--prompt", "text"], 1);
        assert!(errors.contains("this model has no tokenizer; give token ids"), "{errors}");
    }
}

/// As llama.cpp keeps vocabularies for its tests, of architectures that run here and of others.
#[test]
fn a_vocabulary_without_weights_can_be_tokenized_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    for architecture in ["llama", "of-tomorrow"] {
        let made = with_vocabulary(Made::default().string("general.architecture", architecture));
        let path = made.write(&folder, &format!("{architecture}.gguf"));
        let path = text(&path);
        let tokens: Value = serde_json::from_str(&said(&["tokenize", path, "--json", "abcd"]).0).unwrap();
        assert_eq!(tokens["tokens"].as_array().unwrap().len(), 2, "{tokens}");
        let (report, _) = said(&["inspect", path]);
        assert!(report.contains("no weights: this file holds a vocabulary only"), "{report}");
        assert!(report.contains(architecture) && report.contains("16 tokens"), "{report}");
        let told = inspected(path.as_ref());
        assert_eq!((&told["family"], &told["tokenizer"]["vocabulary"]), (&architecture.into(), &16.into()));
        let errors = refusal(&["generate", path, "--ids", "1"], 1);
        assert!(errors.contains("it has no weights, only a vocabulary"), "{errors}");
    }
}
