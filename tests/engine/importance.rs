//! What a part matters is what switching it off by itself does, however the pass is computed.

use crate::common::{golden, open};
use crate::planted::planted;
use blockscope::engine::Error;
use blockscope::interpret::{Change, Intervention, Interventions, Sources, Target};
use blockscope::measure::{Control, Session};
use blockscope::record::explored::{Component, Head, Importance};

const IDS: [u32; 12] = [5, 9, 2, 41, 7, 9, 2, 30, 11, 5, 9, 2];

/// What every component of every block matters, in the order of the model.
fn importance(session: &Session, ids: &[u32]) -> Vec<Importance> {
    let control = Control::default();
    let exploration = session.explore(ids, &control, &mut |_| {}).unwrap();
    let of_block = |block| session.importance_of(&exploration, block, &control).unwrap();
    (0..exploration.n_layers()).flat_map(of_block).collect()
}

/// The mean KL, and by how much −ln p grows, by two whole passes.
fn effect(session: &Session, ids: &[u32], component: Component) -> (f32, f32) {
    let target = match component {
        Component::Head(head) => Target::Head(head),
        Component::Attn(block) => Target::Attn(block),
        Component::Mlp(block) => Target::Mlp(block),
    };
    let off = [Intervention { target, change: Change::Zero }];
    let off = Interventions::new(&off, &session.card().model, Sources::default()).unwrap();
    let effect = session.effect(ids, &off, 0, &Control::default()).unwrap();
    (effect.mean_kl(), effect.more_nll())
}

fn agree(session: &Session, ids: &[u32], found: &[Importance], within: f32, named: &str) {
    for Importance { component, kl, more_nll } in found {
        let (expected_kl, expected_more) = effect(session, ids, *component);
        let near = |found: f32, expected: f32| (found - expected).abs() <= within * expected.abs().max(1e-2);
        assert!(near(*kl, expected_kl), "{named}, {component}: KL {kl} for {expected_kl}");
        assert!(near(*more_nll, expected_more), "{named}, {component}: Δ −ln p {more_nll} for {expected_more}");
    }
}

#[test]
fn all_parts_of_a_block_at_once_are_each_by_itself() {
    for family in ["llama", "llama3-rope", "gpt2"] {
        for toggles in
            ["", "kv_cache=off", "attention=eager", "attention=window:3", "attention=sinks:1+2", "fuse=joined"]
        {
            let session = open(golden(family).to_str().unwrap(), toggles);
            let found = importance(&session, &IDS);
            let components: Vec<Component> = found.iter().map(|found| found.component).collect();
            assert_eq!(components, (0..2).flat_map(|block| Component::of_block(block, 4)).collect::<Vec<_>>());
            agree(&session, &IDS, &found, 1e-3, &format!("{family} {toggles}"));
        }
    }
}

#[test]
fn real_heads_matter_what_switching_them_off_does() {
    let ids = [1780, 10134, 284, 3814, 3759, 288, 260, 3033, 28, 3814, 4032, 253, 5230, 288];
    let session = open("smollm2", "");
    let (control, mut all) = (Control::default(), Vec::new());
    let exploration = session.explore(&ids, &control, &mut |_| {}).unwrap();
    for block in [0, 13, 29] {
        all.extend(session.importance_of(&exploration, block, &control).unwrap());
    }
    assert_eq!(all.len(), 3 * (9 + 2));
    all.iter().for_each(|found| assert!(found.kl > 1e-5, "{found:?}"));
    agree(&session, &ids, &all, 1e-3, "smollm2");
}

#[test]
fn in_other_formats_it_is_the_same_where_they_multiply_in_the_same_way() {
    // Few rows of activations are multiplied by some formats in another way than many: this text has enough of them.
    // bf16 has three digits.
    let ids: Vec<u32> = (0..200).map(|at| (at * 7 + at / 11) % 60).collect();
    for toggles in ["weights=bf16,compute=bf16", "weights=int8", "weights=int4,compute=bf16"] {
        let session = open(golden("llama").to_str().unwrap(), toggles);
        agree(&session, &ids, &importance(&session, &ids), 1e-2, toggles);
    }
}

#[test]
fn a_long_text_goes_through_in_pieces() {
    // Nothing but the context stands in the way of longer texts.
    let folder = tempfile::tempdir().unwrap();
    for file in ["model.safetensors", "tokenizer.json"] {
        std::fs::copy(golden("llama").join(file), folder.path().join(file)).unwrap();
    }
    let config = std::fs::read_to_string(golden("llama").join("config.json")).unwrap();
    let longer = config.replace("\"max_position_embeddings\": 256", "\"max_position_embeddings\": 4096");
    assert_ne!(config, longer);
    std::fs::write(folder.path().join("config.json"), longer).unwrap();
    let session = open(folder.path().to_str().unwrap(), "");
    // All parts together, three at a time, one at a time beside the clean text, one alone.
    for t in [300, 1000, 2000, 2100] {
        let ids: Vec<u32> = (0..t).map(|at| (at * 7 + at / 11) % 60).collect();
        agree(&session, &ids, &importance(&session, &ids), 1e-3, &format!("{t} tokens"));
    }
}

#[test]
fn heads_that_write_nothing_matter_nothing() {
    let folder = tempfile::tempdir().unwrap();
    planted(folder.path());
    // In eight bits too, though the parts that are off together are more rows than the text alone.
    for toggles in ["", "weights=int8"] {
        let session = open(folder.path().to_str().unwrap(), toggles);
        for Importance { component, kl, more_nll } in importance(&session, &[0, 7, 3, 15, 9, 7, 3]) {
            let writes = [Component::Head(Head { block: 0, head: 0 }), Component::Attn(0)].contains(&component);
            assert_eq!(kl > 1e-6 && more_nll.abs() > 1e-6, writes, "{toggles} {component}: {kl}, {more_nll}");
        }
    }
}

#[test]
fn one_token_has_no_next_one_to_predict_and_a_cancel_ends_it() {
    let session = open(golden("llama").to_str().unwrap(), "");
    assert!(importance(&session, &[7]).iter().all(|found| found.kl > 0.0 && found.more_nll == 0.0));
    let control = Control::default();
    let exploration = session.explore(&IDS, &control, &mut |_| {}).unwrap();
    control.cancel();
    assert!(matches!(session.importance_of(&exploration, 0, &control), Err(Error::Cancelled)));
    assert!(matches!(session.worth(&IDS, &[], &control, &mut |_, _| {}), Err(Error::Cancelled)));
}

#[test]
fn shares_of_a_prefill_are_parts_of_a_whole() {
    let session = open(golden("llama").to_str().unwrap(), "");
    let found = importance(&session, &IDS);
    let mut told = Vec::new();
    let table = session.worth(&IDS, &found, &Control::default(), &mut |pass, of| told.push((pass, of))).unwrap();
    assert_eq!((told.len(), told.last().copied()), (22, Some((22, 22))));
    assert_eq!((table.positions, table.repeats, table.worths.len()), (12, 11, found.len()));
    assert_eq!(
        table.kv.0,
        2 * 2 * 12 * 2 * session.card().model.d_head() as u64 * 4,
        "two blocks, two key/value heads"
    );
    let wholes = || table.worths.iter().filter(|worth| !worth.importance.component.is_head());
    for share in [wholes().map(|worth| worth.time_share).sum::<f64>(), wholes().map(|worth| worth.flops_share).sum()] {
        assert!(0.1 < share && share < 1.0, "{share}");
    }
}
