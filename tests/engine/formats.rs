//! The same model out of another file is the same model; a broken file is refused as a whole.

use crate::common::{Model, difference, golden, tensors};
use blockscope::arch::Toggles;
use blockscope::arch::formats::{ALL_PRECISIONS, Precision};
use blockscope::engine::Device;
use blockscope::engine::source::Source;
use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use safetensors::{SafeTensors, serialize_to_file};
use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use tch::{Kind, Tensor};

/// Writes a GGUF file of f32 tensors.
fn write_gguf(path: &Path, metadata: &[(&str, Value)], tensors: &[(String, Tensor)]) {
    let quantised: Vec<(String, QTensor)> = tensors
        .iter()
        .map(|(name, tensor)| {
            let shape: Vec<usize> = tensor.size().iter().map(|&size| size as usize).collect();
            let values: Vec<f32> = Vec::try_from(tensor.contiguous().view([-1])).unwrap();
            let tensor = candle_core::Tensor::from_vec(values, shape, &candle_core::Device::Cpu).unwrap();
            (name.clone(), QTensor::quantize(&tensor, GgmlDType::F32).unwrap())
        })
        .collect();
    let metadata: Vec<(&str, &Value)> = metadata.iter().map(|(key, value)| (*key, value)).collect();
    let tensors: Vec<(&str, &QTensor)> = quantised.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    gguf_file::write(&mut File::create(path).unwrap(), &metadata, &tensors).unwrap();
}

/// The tensors of a golden model under the names that llama.cpp's converter gives them.
fn renamed(family: &str, names: &[(&str, &str)]) -> Vec<(String, Tensor)> {
    let renamed = |name: &str| {
        let mut name = name.to_owned();
        for (from, to) in names {
            name = name.replace(from, to);
        }
        name
    };
    tensors(&golden(family).join("model.safetensors")).into_iter().map(|(name, t)| (renamed(&name), t)).collect()
}

fn assert_agrees(path: &Path, family: &str) {
    let reference = tensors(&golden(family).join("golden.safetensors"));
    let model = Model::open(path.to_str().unwrap(), "");
    let logits = model.logits(&reference["input_ids"]);
    assert!(difference(&logits, &reference["logits"]) < 1e-4, "{family}");
}

#[test]
fn gpt2_out_of_a_gguf_file_agrees_with_the_reference() {
    let names = [
        ("transformer.h.", "blk."),
        ("transformer.wte", "token_embd"),
        ("transformer.wpe", "position_embd"),
        ("transformer.ln_f", "output_norm"),
        ("attn.c_attn", "attn_qkv"),
        ("attn.c_proj", "attn_output"),
        ("mlp.c_fc", "ffn_up"),
        ("mlp.c_proj", "ffn_down"),
        ("ln_1", "attn_norm"),
        ("ln_2", "ffn_norm"),
    ];
    let mut tensors = renamed("gpt2", &names);
    for (name, tensor) in &mut tensors {
        // The converter turns `Conv1D` matrices into [out, in].
        if tensor.dim() == 2 && name.starts_with("blk.") {
            *tensor = tensor.tr();
        }
    }
    let metadata = [
        ("general.architecture", Value::String("gpt2".into())),
        ("gpt2.context_length", Value::U32(256)),
        ("gpt2.embedding_length", Value::U32(64)),
        ("gpt2.block_count", Value::U32(2)),
        ("gpt2.feed_forward_length", Value::U32(256)),
        ("gpt2.attention.head_count", Value::U32(4)),
        ("gpt2.attention.layer_norm_epsilon", Value::F32(1e-5)),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    write_gguf(&path, &metadata, &tensors);
    assert_agrees(&path, "gpt2");
}

#[test]
fn llama_out_of_a_gguf_file_with_stretched_positions_agrees_with_the_reference() {
    let names = [
        ("model.layers.", "blk."),
        ("model.embed_tokens", "token_embd"),
        ("model.norm", "output_norm"),
        ("self_attn.q_proj", "attn_q"),
        ("self_attn.k_proj", "attn_k"),
        ("self_attn.v_proj", "attn_v"),
        ("self_attn.o_proj", "attn_output"),
        ("mlp.gate_proj", "ffn_gate"),
        ("mlp.up_proj", "ffn_up"),
        ("mlp.down_proj", "ffn_down"),
        ("input_layernorm", "attn_norm"),
        ("post_attention_layernorm", "ffn_norm"),
    ];
    let mut tensors = renamed("llama3-rope", &names);
    for (name, tensor) in &mut tensors {
        // The converter interleaves the halves of each head, which rotate together.
        if name.contains("attn_q.") || name.contains("attn_k.") {
            let shape = tensor.size();
            let split = [shape[0] / 16, 2, 8, shape[1]];
            *tensor = tensor.reshape(split).transpose(1, 2).reshape(&shape);
        }
    }
    // What Llama 3's stretching comes to for these frequencies, as the converter writes it.
    let divisor = |pair: i32| {
        let turns = 64.0 * 500_000f64.powf(-f64::from(2 * pair) / 16.0) / std::f64::consts::TAU;
        let kept = ((turns - 1.0) / 3.0).clamp(0.0, 1.0);
        (1.0 / (kept + (1.0 - kept) / 8.0)) as f32
    };
    let divisors: Vec<f32> = (0..8).map(divisor).collect();
    tensors.push(("rope_freqs.weight".into(), Tensor::from_slice(&divisors)));
    let metadata = [
        ("general.architecture", Value::String("llama".into())),
        ("llama.context_length", Value::U32(256)),
        ("llama.embedding_length", Value::U32(64)),
        ("llama.block_count", Value::U32(2)),
        ("llama.feed_forward_length", Value::U32(128)),
        ("llama.attention.head_count", Value::U32(4)),
        ("llama.attention.head_count_kv", Value::U32(2)),
        ("llama.attention.key_length", Value::U32(16)),
        ("llama.attention.layer_norm_rms_epsilon", Value::F32(1e-6)),
        ("llama.rope.dimension_count", Value::U32(16)),
        ("llama.rope.freq_base", Value::F32(500_000.0)),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    write_gguf(&path, &metadata, &tensors);
    assert_agrees(&path, "llama3-rope");
}

/// A copy of the tiny llama whose weights `change` may rearrange into files.
fn copy(change: impl FnOnce(&Path, &SafeTensors)) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(golden("llama").join("config.json"), folder.path().join("config.json")).unwrap();
    let bytes = std::fs::read(golden("llama").join("model.safetensors")).unwrap();
    change(folder.path(), &SafeTensors::deserialize(&bytes).unwrap());
    folder
}

fn refusal(folder: &Path) -> String {
    let source = Source::open(folder.to_str().unwrap()).unwrap_or_else(|error| panic!("{error}"));
    source.load(&Toggles::default(), Device::Cpu, &mut |_, _| true).err().expect("it is broken").to_string()
}

#[test]
fn shards_with_an_index_are_one_model() {
    let folder = copy(|folder, whole| {
        let tensors = whole.tensors();
        let (one, two): (Vec<_>, Vec<_>) = tensors.into_iter().partition(|(name, _)| name.contains("layers.0"));
        let mut weight_map = HashMap::new();
        for (file, tensors) in [("model-1-of-2.safetensors", one), ("model-2-of-2.safetensors", two)] {
            weight_map.extend(tensors.iter().map(|(name, _)| (name.clone(), file)));
            serialize_to_file(tensors, None, &folder.join(file)).unwrap();
        }
        let index = serde_json::json!({ "metadata": {}, "weight_map": weight_map });
        std::fs::write(folder.join("model.safetensors.index.json"), index.to_string()).unwrap();
    });
    assert_agrees(folder.path(), "llama");
}

#[test]
fn an_index_cannot_lead_out_of_its_folder() {
    let folder = copy(|folder, _| {
        let index = serde_json::json!({ "weight_map": { "lm_head.weight": "../../secret.safetensors" } });
        std::fs::write(folder.join("model.safetensors.index.json"), index.to_string()).unwrap();
    });
    assert!(refusal(folder.path()).contains("plain file names"));
}

#[test]
fn all_missing_and_misshapen_tensors_are_listed() {
    let folder = copy(|folder, whole| {
        let mut tensors = whole.tensors();
        tensors.retain(|(name, _)| name != "model.norm.weight");
        let norm = tensors.iter().find(|(name, _)| name == "model.layers.0.input_layernorm.weight").unwrap().1.clone();
        for (name, tensor) in &mut tensors {
            if name == "model.layers.1.mlp.up_proj.weight" {
                *tensor = norm.clone();
            }
        }
        serialize_to_file(tensors, None, &folder.join("model.safetensors")).unwrap();
    });
    let refusal = refusal(folder.path());
    assert!(refusal.contains("model.norm.weight: missing; expected shape [64]"), "{refusal}");
    assert!(refusal.contains("model.layers.1.mlp.up_proj.weight: expected shape [128, 64], found [64]"), "{refusal}");
}

#[test]
fn a_truncated_file_is_refused() {
    let bytes = std::fs::read(golden("llama").join("model.safetensors")).unwrap();
    for length in [0, 4, 100, bytes.len() / 2, bytes.len() - 1] {
        let folder = copy(|folder, _| std::fs::write(folder.join("model.safetensors"), &bytes[..length]).unwrap());
        assert!(refusal(folder.path()).contains("model.safetensors"), "{length} bytes");
    }
}

#[test]
fn half_precision_weights_are_read() {
    let folder = copy(|folder, _| {
        let bytes = std::fs::read(golden("llama").join("model.safetensors")).unwrap();
        let whole = SafeTensors::deserialize(&bytes).unwrap();
        let halves: Vec<(String, Vec<usize>, Vec<u8>)> = whole
            .tensors()
            .into_iter()
            .map(|(name, view)| {
                let values = view.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
                let bytes = values.flat_map(|value| half::bf16::from_f32(value).to_le_bytes()).collect();
                (name, view.shape().to_vec(), bytes)
            })
            .collect();
        let views = halves.iter().map(|(name, shape, bytes)| {
            (name, safetensors::tensor::TensorView::new(safetensors::Dtype::BF16, shape.clone(), bytes).unwrap())
        });
        serialize_to_file(views, None, &folder.join("model.safetensors")).unwrap();
    });
    let reference = tensors(&golden("llama").join("golden.safetensors"));
    let logits = Model::open(folder.path().to_str().unwrap(), "").logits(&reference["input_ids"]);
    let best = |logits: &Tensor| logits.argmax(-1, false);
    let agree = best(&logits).eq_tensor(&best(&reference["logits"])).to_kind(Kind::Float).mean(Kind::Float);
    assert!(agree.double_value(&[]) >= 0.9);
}

/// Weights are drawn once, in f32, and then converted: in every format it is the same model, rounded. Of another one the
/// logits would be as far away as they are large.
#[test]
fn random_weights_are_the_same_model_in_every_format() {
    for family in ["llama", "gpt2", "gemma3", "phi"] {
        let named = format!("random:{}", golden(family).join("config.json").display());
        let ids = Tensor::from_slice(&[5_i64, 17, 3, 42, 8, 100, 29, 64]).unsqueeze(0);
        let exact = Model::open(&named, "threads=1").logits(&ids);
        for precision in ALL_PRECISIONS {
            let toggles = Toggles::default().with(&format!("weights={}", precision.name())).unwrap();
            let source = Source::open(&named).unwrap();
            if toggles.check(&source.model).is_err() {
                continue; // its rows are not whole groups
            }
            let logits = Model::open(&named, &format!("threads=1,weights={}", precision.name())).logits(&ids);
            let apart = difference(&logits, &exact);
            let most = match precision {
                Precision::F32 => 0.0,
                Precision::F16 => 2e-3,
                Precision::Bf16 => 2e-2,
                Precision::Int8 => 3e-2,
                Precision::Int4 => 0.3,
            };
            println!("{family}, {}: differs by {apart:.1e}", precision.name());
            assert!(apart <= most, "{family} in {}: differs by {apart}", precision.name());
        }
    }
}
