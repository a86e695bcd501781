//! Entries that change nothing that a forward pass computes, in any family.

/// Entries of `config.json`: where it came from, how it was trained, how it generates, what its tasks are called.
const IN_CONFIG: &[&str] = &[
    "_attn_implementation",
    "_attn_implementation_autoset",
    "_commit_hash",
    "_name_or_path",
    "add_bos_token",
    "add_eos_token",
    "architectures",
    "auto_map",
    "begin_suppress_tokens",
    "bos_token_id",
    "cache_implementation",
    "chunk_size_feed_forward",
    "custom_pipelines",
    "decoder_start_token_id",
    "dtype",
    "eos_token_id",
    "finetuning_task",
    "gradient_checkpointing",
    "id2label",
    "init_std",
    "initializer_factor",
    "initializer_range",
    "is_decoder",
    "keep_dim",
    "keys_to_ignore_at_inference",
    "label2id",
    "language",
    "license",
    "max_length",
    "model_type",
    "output_attentions",
    "output_hidden_states",
    "output_past",
    "pad_token_id",
    "prefix",
    "pretraining_tp",
    "problem_type",
    "quantization",
    "reorder_and_upcast_attn",
    "return_dict",
    "sep_token_id",
    "task_specific_params",
    "tokenizer_class",
    "torch_dtype",
    "torchscript",
    "transformers.js_config",
    "transformers_version",
    "unsloth_fixed",
    "unsloth_version",
    "unk_token_id",
    "use_cache",
    "use_flash_attn",
    "use_return_dict",
];

/// Entries of a GGUF architecture.
const IN_GGUF: &[&str] = &["tensor_data_layout", "vocab_size", "rope.scaling.finetuned"];

/// Of an entry of `config.json`: dropout and summaries are of training and of other tasks.
pub(super) fn in_config(key: &str) -> bool {
    let is_of_training = |key: &str| key.contains("dropout") || key.ends_with("_pdrop") || key.ends_with("layerdrop");
    IN_CONFIG.contains(&key) || is_of_training(key) || key.starts_with("summary_")
}

pub(super) fn in_gguf(key: &str) -> bool {
    IN_GGUF.contains(&key)
}
