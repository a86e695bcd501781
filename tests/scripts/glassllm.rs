//! The model that is written anew, from arrays of NumPy to a folder in Hugging Face layout.

use crate::clone::{Clone, assert_refused};
use std::fs;
use std::path::PathBuf;

/// A wheel in glassllm's layout: one layer of two heads of four numbers, one of keys. Every matrix counts upwards.
const SMALL_GLASSLLM: &str = r#"
def npy(kind, shape, data):
    header = repr({"descr": kind, "fortran_order": False, "shape": shape}).encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data
def counting(*shape):
    count = shape[0] * (shape[1] if len(shape) > 1 else 1)
    return npy("<f2", shape, struct.pack(f"<{count}e", *range(count)))
config = json.dumps(dict(vocab_size=7, d_model=8, n_layers=1, n_heads=2, n_kv_heads=1, max_len=16,
                         rope_base=10000.0, eps=1e-6, init_std=0.02))
arrays = {"__config__": npy(f"<U{len(config)}", (), config.encode("utf-32-le")), "E": counting(7, 8),
          "norm_f.gamma": counting(8)}
shapes = {"norm1.gamma": (8,), "norm2.gamma": (8,), "attn.W_Q": (8, 8), "attn.W_K": (8, 4), "attn.W_V": (8, 4),
          "attn.W_O": (8, 8), "ffn.W1": (8, 21), "ffn.W3": (8, 21), "ffn.W2": (21, 8)}
arrays.update({f"blocks.0.{name}": counting(*shape) for name, shape in shapes.items()})
packed = io.BytesIO()
with zipfile.ZipFile(packed, "w") as npz:
    for name, content in arrays.items():
        npz.writestr(name + ".npy", content)
wheel.writestr("glassllm/weights/en.npz", packed.getvalue())
wheel.writestr("glassllm/weights/en.tokenizer.json", json.dumps(dict(alphabet=["a", "\u2581"], merges=[["\u2581", "a"]])))
wheel.writestr("glassllm-0.1.0.dist-info/licenses/LICENSE", "MIT License")
"#;

fn with_a_small_glassllm() -> Clone {
    let clone = Clone::new();
    let made = clone.wheel("glassllm-0.1.0-py3-none-any.whl", SMALL_GLASSLLM);
    clone.pin("models.sh", "1611801c031d0fc300dc89d3c07cd6be56dc1784e38e24422b2242d0761a333b", &made);
    clone
}

#[test]
fn arrays_of_numpy_become_the_folder_of_a_llama() {
    let clone = with_a_small_glassllm();
    let outcome = clone.run_with("models.sh", &["glassllm-en"], &[("BLOCKSCOPE_WHEELS", &clone.path("wheels"))]);
    assert!(outcome.success, "{}", outcome.stderr);
    let folder = clone.path("cache/blockscope/models/glassllm-en");
    assert_eq!(fs::read_to_string(folder.join("LICENSE")).unwrap(), "MIT License");

    let json =
        |file: &str| -> serde_json::Value { serde_json::from_slice(&fs::read(folder.join(file)).unwrap()).unwrap() };
    let config = json("config.json");
    assert_eq!((&config["intermediate_size"], &config["rms_norm_eps"]), (&21.into(), &1e-6.into()));
    let vocabulary = &json("tokenizer.json")["model"]["vocab"];
    assert_eq!((&vocabulary["<unk>"], &vocabulary["a"], &vocabulary["▁a"]), (&1.into(), &4.into(), &6.into()));

    let content = fs::read(folder.join("model.safetensors")).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&content).unwrap();
    let numbers = |name: &str| -> Vec<f32> {
        let data = tensors.tensor(name).unwrap().data();
        data.chunks_exact(2).map(|bits| half::f16::from_le_bytes([bits[0], bits[1]]).to_f32()).collect()
    };
    assert_eq!(tensors.len(), 11);
    assert_eq!(numbers("model.embed_tokens.weight")[8..10], [8.0, 9.0]);
    // Transposed: the first row of the result is the first column of W1.
    assert_eq!(tensors.tensor("model.layers.0.mlp.gate_proj.weight").unwrap().shape(), [21, 8]);
    assert_eq!(numbers("model.layers.0.mlp.gate_proj.weight")[..3], [0.0, 21.0, 42.0]);
    // And the columns of W_K of even number first, so that neighbours in a head lie half a head apart.
    let keys = numbers("model.layers.0.self_attn.k_proj.weight");
    assert_eq!([keys[0], keys[8], keys[16], keys[24]], [0.0, 2.0, 1.0, 3.0]);
    let queries = numbers("model.layers.0.self_attn.q_proj.weight");
    assert_eq!([queries[32], queries[40], queries[48], queries[56]], [4.0, 6.0, 5.0, 7.0]);
}

#[test]
fn a_write_that_fails_leaves_no_half_of_a_model() {
    let clone = with_a_small_glassllm();
    // As on a full disk: no file may grow beyond a block.
    let script = clone.path("clone/scripts/models.sh");
    let limited = clone.write("clone/scripts/limited.sh", &format!("ulimit -f 1; . '{}'", script.display()));
    let limited = limited.file_name().unwrap().to_str().unwrap();
    let outcome = clone.run_with(limited, &["glassllm-en"], &[("BLOCKSCOPE_WHEELS", &clone.path("wheels"))]);
    assert_refused(&outcome, &["File too large", "could not be written"]);
    assert_eq!(clone.left_in("models"), Vec::<PathBuf>::new());
}

#[test]
fn another_package_of_that_name_is_refused_by_what_it_lacks() {
    let clone = Clone::new();
    let made = clone.wheel("glassllm-0.1.0-py3-none-any.whl", "wheel.writestr('glassllm/__init__.py', '')");
    clone.pin("models.sh", "1611801c031d0fc300dc89d3c07cd6be56dc1784e38e24422b2242d0761a333b", &made);
    let outcome = clone.run_with("models.sh", &["glassllm-pt"], &[("BLOCKSCOPE_WHEELS", &clone.path("wheels"))]);
    assert_refused(&outcome, &["not what glassllm 0.1.0 holds", "pt.tokenizer.json", "could not be written"]);
    assert_eq!(clone.left_in("models"), Vec::<PathBuf>::new());
}
