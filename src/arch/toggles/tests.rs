use super::*;
use crate::arch::families;
use std::path::Path;

#[test]
fn what_is_printed_can_be_read_back() {
    let chosen = "attention=sinks:4+60, kv_cache=off,weights=int4,compute=bf16,fuse=joined,batch=3,threads=1";
    let toggles = Toggles::default().with(chosen).unwrap();
    let printed = "attention=sinks:4+60,kv_cache=off,kv_dtype=bf16,weights=int4,lm_head=int8,compute=bf16,\
                   fuse=joined,kernels=native,logits=last,batch=3,threads=1";
    assert_eq!(toggles.to_string(), printed);
    assert_eq!(Toggles::default().with(printed).unwrap().to_string(), printed);
    for attention in ["eager", "fused", "window:7", "sinks:1+2", "eager+window:7", "eager+sinks:1+2"] {
        assert_eq!(attention.parse::<Attention>().unwrap().to_string(), attention);
    }
}

#[test]
fn what_follows_another_choice_follows_it() {
    let of = |list: &str| Toggles::default().with(list).unwrap();
    assert_eq!(of("weights=bf16,compute=bf16").kv_dtype(), Precision::Bf16);
    assert_eq!(of("weights=bf16,compute=bf16").lm_head(), Precision::Bf16);
    assert_eq!(of("weights=int4").lm_head(), Precision::Int8);
    assert_eq!(of("weights=int8").lm_head(), Precision::F16);
    assert_eq!(of("weights=int4,lm_head=bf16").lm_head(), Precision::Bf16);
    assert_eq!(of("weights=int4,lm_head=bf16,lm_head=auto"), of("weights=int4"));
    assert_eq!(of("lm_head=int8").get(Toggle::KvDtype), "auto");
}

#[test]
fn unknown_names_and_values_are_refused_with_those_that_exist() {
    let refusal = |list: &str| Toggles::default().with(list).unwrap_err().to_string();
    assert!(refusal("cache=on").contains("kv_cache"));
    assert!(refusal("weights=int3").contains("f32, bf16, f16, int8, int4"));
    assert!(refusal("kv_dtype=int4").contains("auto, f32, bf16, int8"));
    for attention in ["window:0", "window:", "window:-1", "sinks:4", "sinks:4+0", "flash", "eager+fused"] {
        assert!(refusal(&format!("attention={attention}")).contains("sinks:N+W"), "{attention}");
    }
    assert!(refusal("threads=0").contains('1'));
    assert!(refusal("batch=0").contains("from 1"));
    assert!(refusal("fused").contains("name=value"));
}

#[test]
fn what_cannot_be_had_is_refused_with_the_reason() {
    let model = families::of_config_file(Path::new("src/engine/presets/smollm2-135m.json"), "").unwrap();
    let refusal = |list: &str| Toggles::default().with(list).unwrap().check(&model).unwrap_err().to_string();
    assert!(refusal("compute=bf16").contains("needs weights that are not f32"));
    assert!(refusal("weights=bf16,compute=bf16,kv_dtype=f32").contains("keeps nothing more"));
    assert!(refusal("attention=eager+window:8").contains("kv_cache=off"));
    assert!(refusal("batch=5000").contains("1024"));
    assert!(Toggles::default().with("weights=int4,compute=bf16,kv_dtype=int8").unwrap().check(&model).is_ok());
    let mut odd = model;
    odd.stack.d_model = 40;
    for packed in ["weights=int4", "weights=f32,lm_head=int4"] {
        let refusal = Toggles::default().with(packed).unwrap().check(&odd).unwrap_err().to_string();
        assert!(refusal.contains("d_model 40"), "{refusal}");
    }
}
