//! Interventions do what they say, with a cache and without, and none does nothing.

use crate::common::{golden, open, tiny_models};
use blockscope::interpret::{Change, Intervention, Interventions, Sources, Target};
use blockscope::measure::{Control, Session};
use blockscope::record::explored::Place;
use blockscope::record::explored::{Effect, Head};

const IDS: [u32; 8] = [5, 9, 2, 41, 7, 9, 2, 30];

fn effect(session: &Session, wanted: &[Intervention]) -> Effect {
    let control = Control::default();
    let reference = session.explore(&[3, 1, 4, 1, 5, 9, 2, 6], &control, &mut |_| {}).unwrap();
    let interventions =
        Interventions::new(wanted, &session.card().model, Sources { text: Some(&reference), other: Some(&reference) })
            .unwrap();
    session.effect(&IDS, &interventions, 6, &control).unwrap()
}

/// Every kind of target, and every change, at least once.
fn every_kind() -> Vec<Intervention> {
    let head = Target::Head(Head { block: 1, head: 2 });
    let stream = Target::Stream { place: Place::Post(0), position: 3 };
    let kinds = [
        (head, Change::Zero),
        (head, Change::Mean),
        (head, Change::Patch),
        (Target::Group { block: 0, group: 1 }, Change::Zero),
        (Target::Attn(0), Change::Scale(0.5)),
        (Target::Mlp(1), Change::Zero),
        (Target::Mlp(0), Change::Mean),
        (Target::Block(1), Change::Zero),
        (stream, Change::Patch),
        (stream, Change::Zero),
        (Target::Token { position: 2 }, Change::Swap(7)),
    ];
    // A new variant does not compile here until it has a number, and then stands above.
    let target = |target: &Target| match target {
        Target::Head(_) => 0,
        Target::Group { .. } => 1,
        Target::Attn(_) => 2,
        Target::Mlp(_) => 3,
        Target::Block(_) => 4,
        Target::Stream { .. } => 5,
        Target::Token { .. } => 6,
    };
    let change = |change: &Change| match change {
        Change::Zero => 0,
        Change::Mean => 1,
        Change::Scale(_) => 2,
        Change::Patch => 3,
        Change::Swap(_) => 4,
    };
    assert!((0..7).all(|number| kinds.iter().any(|(it, _)| target(it) == number)));
    assert!((0..5).all(|number| kinds.iter().any(|(_, it)| change(it) == number)));
    kinds.map(|(target, change)| Intervention { target, change }).into()
}

#[test]
fn an_empty_intervention_changes_no_bit() {
    for family in ["llama", "gpt2"] {
        let session = open(golden(family).to_str().unwrap(), "");
        let found = effect(&session, &[]);
        assert!(found.kl.iter().all(|&kl| kl == 0.0), "{family}");
        assert!(found.nll.iter().all(|(clean, changed)| clean.to_bits() == changed.to_bits()));
        assert_eq!(found.clean, found.changed);
        assert_eq!((found.kl.len(), found.nll.len(), found.clean.len()), (8, 7, 6));
    }
}

#[test]
fn they_hold_with_the_cache_and_without_in_every_kernel() {
    for family in ["llama", "gpt2"] {
        let open = |toggles: &str| open(golden(family).to_str().unwrap(), toggles);
        let sessions = [open(""), open("kv_cache=off"), open("attention=eager"), open("fuse=joined")];
        for wanted in every_kind() {
            let [first, others @ ..] = sessions.each_ref().map(|session| effect(session, &[wanted]));
            assert!(first.mean_kl() > 1e-9, "{family} {wanted}: nothing changed");
            for other in others {
                assert_eq!(first.changed, other.changed, "{family} {wanted}");
                let near = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-4);
                assert!(near(&first.kl, &other.kl), "{family} {wanted}");
            }
        }
    }
}

#[test]
fn nothing_changes_before_the_position_that_is_patched() {
    let session = open(golden("llama").to_str().unwrap(), "");
    let target = Target::Stream { place: Place::Mid(0), position: 5 };
    let found = effect(&session, &[Intervention { target, change: Change::Patch }]);
    assert!(found.kl[..5].iter().all(|&kl| kl < 1e-9) && found.kl[5] > 1e-9, "{:?}", found.kl);
}

#[test]
fn a_part_at_what_it_was_is_as_it_was() {
    let session = open(golden("llama").to_str().unwrap(), "");
    let control = Control::default();
    let same = session.explore(&IDS, &control, &mut |_| {}).unwrap();
    for wanted in every_kind().into_iter().filter(|wanted| wanted.change == Change::Patch) {
        let interventions =
            Interventions::new(&[wanted], &session.card().model, Sources { text: Some(&same), other: Some(&same) })
                .unwrap();
        let found = session.effect(&IDS, &interventions, 1, &control).unwrap();
        assert!(found.mean_kl() < 1e-6, "{wanted}");
    }
    let scaled = Intervention { target: Target::Attn(1), change: Change::Scale(1.0) };
    assert!(effect(&session, &[scaled]).mean_kl() < 1e-9);
}

#[test]
fn what_a_model_does_not_have_cannot_be_changed() {
    let session = open(golden("llama").to_str().unwrap(), "");
    let refused = |target, change| {
        let refused = Interventions::new(&[Intervention { target, change }], &session.card().model, Sources::default());
        refused.err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert!(refused(Target::Head(Head { block: 9, head: 0 }), Change::Zero).contains("no block 9"));
    assert!(refused(Target::Head(Head { block: 0, head: 99 }), Change::Zero).contains("no head 99"));
    assert!(refused(Target::Mlp(0), Change::Mean).contains("no text to take the value from"));
}

#[test]
fn every_part_of_every_family_can_be_switched_off() {
    for folder in tiny_models() {
        let session = open(folder.to_str().unwrap(), "");
        let model = session.card().model.clone();
        let ids: Vec<u32> = (3..11).collect();
        for (block, described) in model.stack.blocks.iter().enumerate() {
            let index = block as u32;
            let heads = (0..described.attn.n_heads as u32).map(|head| Target::Head(Head { block: index, head }));
            let groups = (0..described.attn.n_kv_heads as u32).map(|group| Target::Group { block: index, group });
            let branches = [Target::Attn(index), Target::Mlp(index), Target::Block(index)];
            for target in heads.chain(groups).chain(branches) {
                let off = Intervention { target, change: Change::Zero };
                let ready = Interventions::new(&[off], &model, Sources::default()).unwrap();
                let found = session.effect(&ids, &ready, 1, &Control::default()).unwrap();
                assert!(found.mean_kl() > 0.0 && found.mean_kl().is_finite(), "{}: {off}", folder.display());
            }
        }
    }
}

#[test]
fn where_branches_lie_side_by_side_there_is_no_stream_between_them() {
    let session = open(golden("phi").to_str().unwrap(), "");
    let target = Target::Stream { place: Place::Mid(0), position: 1 };
    let wanted = [Intervention { target, change: Change::Zero }];
    let refused = Interventions::new(&wanted, &session.card().model, Sources::default()).err().unwrap().to_string();
    assert!(refused.contains("side by side"), "{refused}");
}
