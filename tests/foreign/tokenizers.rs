//! Tokenizers on which the library that reads them panics.

use crate::common::{refusal, text};
use serde_json::json;

#[test]
fn a_tokenizer_that_contradicts_itself_is_an_error_with_its_file() {
    let model = json!({ "type": "BPE", "vocab": { "a": 0, "b": 1, "ab": 2 }, "merges": ["a b"] });
    for tokenizer in [
        json!({ "model": model, "normalizer": { "type": "Precompiled", "precompiled_charsmap": "AAAA" } }),
        json!({ "model": model, "pre_tokenizer": { "type": "FixedLength", "length": 0 } }),
    ] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("tokenizer.json"), tokenizer.to_string()).unwrap();
        for more in [&[][..], &["--steps"]] {
            let errors = refusal(&[&["tokenize", text(folder.path()), "abab"], more].concat(), 1);
            assert!(errors.starts_with("error: ") && errors.contains("tokenizer.json: "), "{errors}");
        }
    }
}
