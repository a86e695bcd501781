//! What must hold of pictures of a text: what is absent is not drawn, what is largest survives, foreign labels are safe.

use super::*;
use crate::record::explored::fixture::{pattern, text};
use crate::record::explored::{Area, Head, Pattern, Role, Scale};
use crate::report::picture::heat;
use crate::report::picture::scene::Shape;
use crate::report::picture::style::{Colour, of_role};

const HEAD: Head = Head { block: 0, head: 1 };

fn drawn(picture: Picture, text: &Text) -> Scene {
    picture.of(Subject::Text(text), None).unwrap_or_else(|why| panic!("{picture:?}: {why}"))
}

fn boxes(scene: &Scene, is: impl Fn(Colour) -> bool) -> usize {
    let is = |shape: &&Shape| matches!(shape, Shape::Box { colour, .. } if is(*colour));
    scene.shapes.iter().filter(is).count()
}

fn all_texts(scene: &Scene) -> String {
    scene.labels().map(|label| label.text.clone()).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_key_that_a_query_does_not_see_is_absent_and_not_nothing() {
    let mut text = text(14, 2, 2);
    let masked = boxes(&drawn(Picture::Head, &text), |_| true);
    for share in &mut text.patterns[0].cells {
        *share = if share.is_nan() { 0.0 } else { *share };
    }
    assert_eq!(boxes(&drawn(Picture::Head, &text), |_| true) - masked, 14 * 13 / 2);
}

#[test]
fn the_one_cell_of_a_long_text_that_says_much_is_seen_and_the_file_stays_small() {
    let tokens = 512;
    let mut text = text(tokens, 1, 2);
    let mut noisy = pattern(HEAD, tokens);
    let noise = |cell: usize| (cell.wrapping_mul(2_654_435_761) % 1000) as f32 / 2000.0;
    noisy
        .cells
        .iter_mut()
        .enumerate()
        .for_each(|(cell, share)| *share = if share.is_nan() { *share } else { noise(cell) });
    // Half of the attention at most, but for one cell.
    let is_dark = |Colour(red, ..): Colour| red < heat::colour(Scale::Root.of(0.9)).0;
    text.patterns = vec![noisy];
    let before = boxes(&drawn(Picture::Head, &text), is_dark);
    text.patterns[0].cells[300 * tokens + 17] = 1.0;
    let scene = drawn(Picture::Head, &text);
    assert_eq!(boxes(&scene, is_dark), before + 1);
    assert!(all_texts(&scene).contains("the largest of 4 × 4 positions"));
    let size = svg(&scene, 1.0).unwrap().len();
    assert!(size < 1_500_000, "{size} bytes");
}

#[test]
fn a_head_is_told_in_numbers_and_its_tokens_by_their_positions() {
    let told = all_texts(&drawn(Picture::Head, &text(14, 2, 2)));
    for part in [
        "Head 0.1 — tiny",
        "previous 0.72, evenly 0.12 · entropy 0.30 · 14 tokens",
        "rows sum to 1: queries down, keys across",
        "√ scale",
        "(6) ·went",
        "receives most: (0) When",
    ] {
        assert!(told.contains(part), "no {part}: {told}");
    }
    assert_eq!(told.matches("(13) ·Mary").count(), 2, "down and across");
    let long = all_texts(&drawn(Picture::Head, &text(100, 2, 2)));
    assert!(long.contains("(0) When") && !long.contains("(1) ·Mary"), "every few have a label: {long}");
}

#[test]
fn heads_with_a_name_are_framed_and_counted() {
    let text = text(14, 3, 4);
    let scene = drawn(Picture::Heads, &text);
    let told = all_texts(&scene);
    for role in Role::ALL {
        let with = text.scores.iter().filter(|scores| scores.roles().contains(&role)).count();
        let first = text.scores.iter().filter(|scores| scores.roles().first() == Some(&role)).count();
        assert!(told.contains(&format!("{}: {with}", role.name())), "{role:?}: {told}");
        // Four sides of a frame, and the sign of the legend.
        assert_eq!(boxes(&scene, |colour| colour == of_role(role)), 4 * first + 1, "{role:?}");
    }
}

#[test]
fn the_lens_ends_with_what_the_model_says_and_says_what_it_leaves_out() {
    let scene = drawn(Picture::Lens, &text(100, 30, 2));
    let told = all_texts(&scene);
    for part in ["embedding", "29 mlp = model", "(99)", "Of 100 positions the last", "√ scale", "#6"] {
        assert!(told.contains(part), "no {part}: {told}");
    }
    assert!(!told.contains("(0)"), "{told}");
    let few = Picture::Lens.of(Subject::Text(&text(14, 30, 2)), Some(Size { width: 960, height: 600 })).unwrap();
    let told = all_texts(&few);
    assert!(told.contains("29 mlp = model") && told.contains("Of 61 places one in 4 is shown"), "{told}");
}

#[test]
fn foreign_labels_are_only_text_and_a_picture_is_the_same_each_time() {
    let mut text = text(14, 2, 2);
    text.model = "\u{1b}[2J\u{202e}<svg onload=\"x\">&".into();
    text.tokens[3] = "<b>\"'&\n\u{7}\u{202e}".into();
    text.names.insert(0, "</text>\r\n\u{9b}31m".into());
    for (picture, scene) in Picture::all_of(Subject::Text(&text)) {
        let written = svg(&scene, 1.0).unwrap();
        assert_eq!(well_formed(&written), Ok(()), "{picture:?}");
        assert!(!written.contains(['\u{1b}', '\u{7}', '\u{202e}', '\u{9b}', '\r']), "{picture:?}");
        assert!(!written.contains("<b>") && !written.contains("onload=\"x\""), "{picture:?}");
        assert_eq!(written, svg(&drawn(picture, &text), 1.0).unwrap(), "{picture:?}");
    }
    let head = svg(&drawn(Picture::Head, &text), 1.0).unwrap();
    assert!(head.contains("(4) ·東京") && head.contains("(5) ↵") && head.contains("👩"), "a reader's font has them");
}

#[test]
fn what_cannot_be_is_refused_in_words_or_drawn_on_the_paper() {
    let mut text = text(4, 1, 2);
    let area = |end| Area { queries: 0..end, keys: 0..end };
    for (area, bin, cells) in [(area(4), 1, 15), (area(0), 1, 0), (area(usize::MAX), 1, 4)] {
        text.patterns = vec![Pattern { head: HEAD, area, bin, cells: vec![0.5; cells] }];
        assert!(Picture::Head.of(Subject::Text(&text), None).unwrap_err().contains("no pattern of"));
    }
    let far = usize::MAX - 2..usize::MAX;
    let cells = vec![f32::INFINITY, -3.0, 1e30, 0.5];
    text.patterns = vec![Pattern { head: HEAD, area: Area { queries: far.clone(), keys: far }, bin: 0, cells }];
    text.scores.iter_mut().for_each(|scores| (scores.entropy, scores.distance) = (f32::MAX, f32::INFINITY));
    text.thumbnails[0].at = Head { block: u32::MAX, head: u32::MAX };
    for (_, scene) in Picture::all_of(Subject::Text(&text)) {
        let paper = scene.area();
        assert!(scene.labels().all(|label| paper.holds(&label.area())));
        assert!(svg(&scene, 1.0).is_ok());
    }
}

/// Whether tags are closed in order, attributes quoted and signs escaped.
fn well_formed(xml: &str) -> std::result::Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    for piece in xml.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').ok_or_else(|| format!("a tag without an end: {piece}"))?;
        if tag.matches('"').count() % 2 == 1 || text.contains('>') {
            return Err(format!("a tag that ends early: {piece}"));
        }
        let is_entity =
            |rest: &str| ["amp;", "lt;", "gt;", "quot;", "apos;", "#39;"].iter().any(|name| rest.starts_with(name));
        if piece.split('&').skip(1).any(|rest| !is_entity(rest)) {
            return Err(format!("a sign that is not escaped: {piece}"));
        }
        match tag.strip_prefix('/') {
            Some(closed) if open.pop() != Some(closed) => return Err(format!("{closed} is closed before it is open")),
            Some(_) => {}
            None if tag.ends_with('/') => {}
            None => open.push(tag.split(' ').next().unwrap_or_default()),
        }
    }
    if open.is_empty() { Ok(()) } else { Err(format!("not closed: {open:?}")) }
}
