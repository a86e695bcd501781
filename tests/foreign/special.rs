//! What is called a file and is none: nothing is read from it, and nothing is waited for.

use crate::common::{LLAMA, llama_with, pipe, refusal, said, text};

#[test]
fn a_pipe_a_device_or_a_socket_is_no_model() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (named, plain) = (pipe(at("model.gguf")), pipe(at("model")));
    let socket = at("socket.gguf");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for (path, found) in [
        (text(&named), "expected a file, found a named pipe"),
        (text(&plain), "expected a file, found a named pipe"),
        (text(&socket), "expected a file, found a socket"),
        ("/dev/zero", "expected a file, found a device"),
    ] {
        for command in [
            &["inspect", path][..],
            &["tokenize", path, "text"],
            &["generate", path, "--ids", "1"],
            &["profile", path, "--prompt-tokens", "4", "--new-tokens", "1"],
        ] {
            let errors = refusal(command, 1);
            assert!(errors.contains(found), "{command:?}: {errors}");
        }
    }
}

#[test]
fn a_pipe_in_a_folder_is_no_part_of_a_model() {
    for part in ["model.safetensors", "config.json", "tokenizer.json", "chat_template.jinja", "tokenizer_config.json"] {
        let folder = llama_with(&[]);
        let path = folder.path().join(part);
        let _ = std::fs::remove_file(&path);
        pipe(path);
        let errors = refusal(&["generate", text(folder.path()), "--prompt", "a", "--max-new", "1"], 1);
        assert!(errors.starts_with("error: ") && errors.contains(part), "{part}: {errors}");
    }
    let index = r#"{"weight_map": {"model.embed_tokens.weight": "shard.safetensors"}}"#;
    let folder = llama_with(&[("model.safetensors.index.json", index)]);
    pipe(folder.path().join("shard.safetensors"));
    let errors = refusal(&["inspect", text(folder.path())], 1);
    assert!(errors.contains("shard.safetensors: cannot open: expected a file, found a named pipe"), "{errors}");
}

/// What downloads leave in place of a file.
#[test]
fn a_pointer_or_a_web_page_is_called_by_its_name() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 98362432\n";
    let page = "<!doctype html>\n<html class=\"\"><head>...";
    for (content, expected) in [(pointer, "is a Git LFS pointer"), (page, "is a web page")] {
        let folder = tempfile::tempdir().unwrap();
        let gguf = folder.path().join("model.gguf");
        std::fs::write(&gguf, content).unwrap();
        for command in [&["inspect", text(&gguf)][..], &["tokenize", text(&gguf), "a"]] {
            let errors = refusal(command, 1);
            assert!(errors.contains(&format!("model.gguf: {expected}")), "{errors}");
        }
        for part in ["model.safetensors", "config.json", "tokenizer.json"] {
            let folder = llama_with(&[(part, content)]);
            let errors = refusal(&["generate", text(folder.path()), "--prompt", "a"], 1);
            assert!(errors.contains(&format!("{part}: {expected}")), "{errors}");
        }
    }
    // What is whole is still read.
    assert!(said(&["inspect", LLAMA]).0.contains("llama"));
}
