//! What C++ hands to Rust: nothing is ever thrown across.

use std::fs;
use std::path::Path;

/// Its body asks the processor for its features, and does nothing that can throw.
const ASKS_THE_PROCESSOR: &str = "blockscope_has_bf16_tiles";

/// Every function that Rust calls promises not to throw, or does its work where what is thrown is caught.
#[test]
fn no_exception_leaves_what_is_called_from_rust() {
    let native = Path::new(env!("CARGO_MANIFEST_DIR")).join("native");
    let mut found = 0;
    for entry in fs::read_dir(native).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "cpp") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        // Definitions: `extern "C"` before each, or around several, which then begin at the margin.
        let (alone, together) = text.split_once("extern \"C\" {").unwrap_or((&text, ""));
        let definitions = alone.split("extern \"C\" ").skip(1).chain(together.split("\n}\n"));
        for definition in definitions.filter(|definition| definition.contains("blockscope_")) {
            let Some((signature, body)) = definition.split_once(" {\n").or(definition.split_once(" { ")) else {
                continue;
            };
            let name = signature.split('(').next().unwrap().rsplit([' ', '*', '\n']).next().unwrap();
            let body = body.split("\n}\n").next().unwrap();
            let guarded = ["return operator_named(", "return caught("].iter().any(|guard| body.contains(guard));
            let safe = signature.ends_with("noexcept") || guarded || name == ASKS_THE_PROCESSOR;
            assert!(safe, "{}: {name} may throw", path.display());
            found += usize::from(name.starts_with("blockscope_"));
        }
    }
    assert!(found >= 20, "{found} functions were found");
}
