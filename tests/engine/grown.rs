//! A text that grows, one that is held against another, and one that is opened from a file without its model.

use crate::common::{golden, open};
use blockscope::interpret::explore::{Captured, LensRequest};
use blockscope::interpret::{Change, Exploration, Intervention, Interventions, Sources, Target};
use blockscope::measure::{Control, Session};
use blockscope::record::explored::{Area, Head, Place};
use std::path::Path;
use tch::{Kind, Tensor};

const IDS: [u32; 9] = [1, 5, 9, 5, 9, 5, 3, 8, 2];

fn session(family: &str, toggles: &str) -> Session {
    open(golden(family).to_str().unwrap(), toggles)
}

fn explored(session: &Session, ids: &[u32]) -> Exploration {
    session.explore(ids, &Control::default(), &mut |_| {}).unwrap()
}

fn apart(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.size(), b.size());
    (a.nan_to_num(-1.0, None, None) - b.nan_to_num(-1.0, None, None)).abs().max().double_value(&[])
}

/// Both saw the same: every pattern, entropy and place of the residual stream.
fn assert_same(a: &Exploration, b: &Exploration, tolerance: f64) {
    assert_eq!(a.ids, b.ids);
    for place in a.places() {
        assert!(apart(a.residual(place), b.residual(place)) < tolerance, "{place}");
    }
    let whole = Area { queries: 0..a.len(), keys: 0..a.len() };
    for block in 0..a.n_layers() {
        for head in 0..a.heads(block).len() {
            let (one, other) = (a.heads(block), b.heads(block));
            assert!(apart(&one.pattern(head, &whole), &other.pattern(head, &whole)) < tolerance, "{block}.{head}");
            let entropies = one.entropy(head).into_iter().zip(other.entropy(head));
            assert!(entropies.into_iter().all(|(a, b)| f64::from((a - b).abs()) < tolerance), "{block}.{head}");
        }
    }
}

#[test]
fn a_text_that_grew_token_by_token_is_seen_as_one_that_was_read_whole() {
    for family in ["llama", "llama3-rope", "gpt2"] {
        for toggles in ["", "attention=window:4", "attention=sinks:1+3", "kv_cache=off"] {
            let session = session(family, toggles);
            let mut seen = explored(&session, &IDS);
            let mut cache = session.cache_of(&seen);
            for n in 1..=6 {
                seen = session.grow(&seen, &mut cache, &Control::default()).unwrap();
                assert_eq!(seen.len(), IDS.len() + n);
            }
            assert_same(&seen, &explored(&session, &seen.ids), 1e-4);
        }
    }
}

#[test]
fn a_head_changed_by_how_much_of_its_attention_moved() {
    let clean = explored(&session("llama", ""), &IDS);
    let window = explored(&session("llama", "attention=window:2"), &IDS);
    let change = |of: &Exploration, reference: &Exploration| -> Vec<f32> {
        let mut found = Vec::new();
        let each = &mut |_, ran: blockscope::interpret::explore::BlockHeads| {
            found.extend(ran.scores.into_iter().map(|scores| scores.change.unwrap()));
        };
        of.survey(8, Some(reference), &Control::default(), each).unwrap();
        found
    };
    assert!(change(&clean, &clean).iter().all(|&change| change < 1e-6));
    let whole = Area { queries: 0..IDS.len(), keys: 0..IDS.len() };
    let moved = change(&window, &clean);
    for (at, &found) in moved.iter().enumerate() {
        let (block, head) = (at / clean.heads(0).len(), at % clean.heads(0).len());
        let of = |seen: &Exploration| seen.heads(block).pattern(head, &whole).nan_to_num(0.0, None, None);
        let expected = (of(&clean) - of(&window)).abs().sum(Kind::Float).double_value(&[]) / 2.0 / IDS.len() as f64;
        assert!((f64::from(found) - expected).abs() < 1e-5, "{block}.{head}: {found} for {expected}");
    }
    // Of a text of another length there is nothing to say.
    let shorter = explored(&session("llama", ""), &IDS[..5]);
    clean
        .survey(8, Some(&shorter), &Control::default(), &mut |_, ran| {
            assert!(ran.scores.iter().all(|scores| scores.change.is_none()));
        })
        .unwrap();
}

#[test]
fn what_keys_receive_is_the_mean_of_the_queries_that_see_them() {
    for toggles in ["", "attention=window:3"] {
        let seen = explored(&session("llama", toggles), &IDS);
        let (heads, t) = (seen.heads(1), IDS.len());
        let pattern = heads.pattern(2, &Area { queries: 0..t, keys: 0..t });
        let a = |q: usize, k: usize| pattern.double_value(&[q as i64, k as i64]);
        for (key, found) in heads.received(2).into_iter().enumerate() {
            let shares: Vec<f64> = (0..t).map(|q| a(q, key)).filter(|share| !share.is_nan()).collect();
            let expected = shares.iter().sum::<f64>() / shares.len() as f64;
            assert!((f64::from(found) - expected).abs() < 1e-5, "{toggles} {key}");
        }
        let spread = heads.spread(2);
        assert!(spread.iter().all(|spread| (0.0..=1.0 + 1e-5).contains(spread)), "{spread:?}");
    }
}

#[test]
fn a_swapped_token_and_a_patched_text_are_what_they_say() {
    let session = session("llama", "");
    let control = Control::default();
    let effect = |wanted: &[Intervention], other: Option<&Exploration>| {
        let sources = Sources { text: None, other };
        let ready = Interventions::new(wanted, &session.card().model, sources).unwrap();
        session.effect(&IDS, &ready, 3, &control).unwrap()
    };
    let swap = Intervention { target: Target::Token { position: 4 }, change: Change::Swap(7) };
    let found = effect(&[swap], None);
    assert!(found.kl[..4].iter().all(|&kl| kl < 1e-9) && found.kl[4] > 1e-6, "{:?}", found.kl);
    // Every place of the stream taken from the text with that token: the same.
    let mut ids = IDS;
    ids[4] = 7;
    let other = explored(&session, &ids);
    let stream = |position| Target::Stream { place: Place::Post(1), position };
    let patches: Vec<Intervention> =
        (0..IDS.len() as u32).map(|at| Intervention { target: stream(at), change: Change::Patch }).collect();
    let patched = effect(&patches, Some(&other));
    assert!(found.kl.iter().zip(&patched.kl).all(|(a, b)| (a - b).abs() < 1e-5), "{:?} {:?}", found.kl, patched.kl);
    let refused = |wanted: Intervention| {
        let refused = Interventions::new(&[wanted], &session.card().model, Sources::default());
        refused.err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert!(refused(Intervention { change: Change::Swap(1 << 30), ..swap }).contains("outside the vocabulary"));
    assert!(refused(Intervention { change: Change::Zero, ..swap }).contains("swapped"));
    let far = Intervention { target: Target::Token { position: 99 }, change: Change::Swap(7) };
    let ready = Interventions::new(&[far], &session.card().model, Sources::default()).unwrap();
    assert!(session.effect(&IDS, &ready, 1, &control).unwrap_err().to_string().contains("no position 99"));
}

/// Everything that can be looked at, in a file.
fn captured(session: &Session, path: &Path) -> Captured {
    let seen =
        session.captured(&IDS, LensRequest { positions: 2..7, top: 3 }, &Control::default(), &mut |_| {}).unwrap();
    seen.write(path).unwrap();
    seen
}

#[test]
fn a_capture_opens_again_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    for (family, toggles) in [("llama", ""), ("gpt2", "attention=window:3")] {
        let path = folder.path().join(format!("{family}.safetensors"));
        let was = captured(&session(family, toggles), &path);
        let is = Captured::read(&path).unwrap();
        assert_same(&was.exploration, &is.exploration, 1e-6);
        assert_eq!((&was.lens, &was.attributions, &was.metadata), (&is.lens, &is.attributions, &is.metadata));
        assert_eq!(is.lens.as_ref().unwrap().positions(), 2..7);
        let text = is.text(&[Head { block: 1, head: 1 }]).unwrap();
        assert_eq!((text.patterns.len(), text.thumbnails.len()), (1, text.scores.len()));
        assert!(is.text(&[Head { block: 9, head: 0 }]).unwrap_err().to_string().contains("no head 9.0"));
    }
}

#[test]
fn a_capture_that_is_not_whole_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seen.safetensors");
    captured(&session("llama", ""), &path);
    let bytes = std::fs::read(&path).unwrap();
    let refused = |bytes: &[u8]| {
        let broken = folder.path().join("broken.safetensors");
        std::fs::write(&broken, bytes).unwrap();
        Captured::read(&broken).err().map(|error| error.to_string()).unwrap_or_default()
    };
    for cut in [0, 5, 100, bytes.len() / 2, bytes.len() - 1] {
        assert!(!refused(&bytes[..cut]).is_empty(), "{cut}");
    }
    let changed = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
        let mut bytes = bytes.clone();
        bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
        refused(&bytes)
    };
    assert!(changed("hook_embed", "hook_xmbed").contains("no tensor hook_embed"));
    assert!(changed("\"blockscope\"", "\"somebodyxx\"").contains("capture --out"));
    assert!(changed("\\\"version\\\":2", "\\\"version\\\":9").contains("found 9"));
    assert!(
        changed("blocks.1.attn.hook_rot_k", "blocks.1.attn.hook_rot_x").contains("no tensor blocks.1.attn.hook_rot_k")
    );
}

#[test]
fn a_label_in_a_file_does_not_drive_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seen.safetensors");
    let mut seen = session("llama", "")
        .captured(&IDS, LensRequest { positions: 0..9, top: 2 }, &Control::default(), &mut |_| {})
        .unwrap();
    seen.metadata.labels[3] = "\u{1b}[2J\u{202e}x".into();
    seen.metadata.model = "\u{1b}]0;title\u{7}".into();
    seen.write(&path).unwrap();
    let is = Captured::read(&path).unwrap();
    let said = format!("{}{}", is.metadata.labels[3], is.metadata.model);
    assert!(said.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{said:?}");
}
