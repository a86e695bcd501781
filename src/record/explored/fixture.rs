//! What is seen of a made-up text.

use super::{Area, Head, HeadScores, LensCell, LensTable, Likely, Pattern, Place, Scale, Score, Sink, Text, Thumbnail};

/// Labels of tokens: words, a wide one, a picture, a line break, bytes that are no character, and what was meant to
/// drive a terminal.
const LABELS: [&str; 12] = [
    "When",
    "·Mary",
    "·and",
    "·John",
    "·東京",
    "↵",
    "·went",
    "⟨e2 96⟩",
    "·👩",
    "·uncharacteristically",
    "\u{1b}[2J",
    "·gave",
];
const WORDS: [&str; 6] = ["·the", "·a", "·to", "·Mary", "·東京", "·punishment"];

/// A text of so many tokens in a model of so many blocks and heads, with the pattern of its head 0.1, or 0.0 where that
/// is all.
pub fn text(tokens: usize, blocks: u32, heads: u32) -> Text {
    let all: Vec<Head> = (0..blocks).flat_map(|block| (0..heads).map(move |head| Head { block, head })).collect();
    let head = Head { block: 0, head: 1.min(heads - 1) };
    Text {
        model: "tiny".into(),
        setting: "cpu · A processor".into(),
        versions: "Blockscope 0.1.0, LibTorch 2.11.0".into(),
        tokens: (0..tokens).map(|n| LABELS[n % LABELS.len()].to_owned()).collect(),
        scores: all.iter().map(|&at| scores(at)).collect(),
        thumbnails: all.iter().map(|&at| thumbnail(at, tokens)).collect(),
        patterns: vec![pattern(head, tokens)],
        lens: Some(lens(tokens, blocks as usize)),
        names: (0..).zip(WORDS.map(str::to_owned)).collect(),
        scale: Scale::default(),
    }
}

/// What a head does: 0 rests on the first token, 1 looks at the one before, 2 spreads, 3 looks three back.
fn kind(head: Head) -> u32 {
    (head.block * 3 + head.head * 5 + head.block * head.head) % 4
}

fn share(head: Head, query: usize, key: usize) -> f32 {
    if key > query {
        return f32::NAN;
    }
    let weight = |key: usize| {
        let back = query - key;
        let is_there = match kind(head) {
            0 => key == 0,
            1 => back == 1.min(query),
            2 => false,
            _ => back == 3.min(query),
        };
        let wave = ((key * 7 + query * 3) % 11) as f32 / 11.0;
        wave + if is_there { 4.0 + query as f32 } else { 0.05 }
    };
    weight(key) / (0..=query).map(weight).sum::<f32>()
}

/// The whole pattern of a head.
pub fn pattern(head: Head, tokens: usize) -> Pattern {
    let area = Area { queries: 0..tokens, keys: 0..tokens };
    let cells = (0..tokens * tokens).map(|cell| share(head, cell / tokens, cell % tokens)).collect();
    Pattern { head, area, bin: 1, cells }
}

fn thumbnail(at: Head, tokens: usize) -> Thumbnail {
    let side = tokens.min(16);
    let bin = tokens.div_ceil(16) as u32;
    let cells = (0..side * side).map(|cell| share(at, cell / side, cell % side)).collect();
    Thumbnail { at, side: side as u32, bin, cells }
}

fn scores(at: Head) -> HeadScores {
    let score = |value: f32| Score { value, uniform: 0.12, queries: 9 };
    let kind = kind(at);
    HeadScores {
        at,
        previous: score(if kind == 1 { 0.72 } else { 0.08 }),
        duplicate: score(0.05),
        induction: score(if kind == 3 { 0.81 } else { 0.02 }),
        sink: Sink { key: 0, mass: if kind == 0 || at.block > 1 && kind == 3 { 0.64 } else { 0.11 }, uniform: 0.12 },
        entropy: 0.2 + 0.1 * kind as f32,
        distance: 1.5 + kind as f32,
        change: None,
    }
}

fn lens(tokens: usize, blocks: usize) -> LensTable {
    let places =
        std::iter::once(Place::Embedded).chain((0..blocks).flat_map(|block| [Place::Mid(block), Place::Post(block)]));
    let cell = |depth: usize, position: usize| {
        let sure = (0.02 + depth as f32 / (2.2 * blocks as f32)).min(1.0);
        let likeliest = Likely { id: ((depth / 3 + position * 5) % 7) as u32, probability: sure };
        LensCell {
            top: vec![likeliest, Likely { id: 2, probability: (1.0 - sure) / 2.0 }],
            rank: (position + 1 < tokens).then_some(if depth + position % 4 > 2 * blocks { 0 } else { 5 }),
            entropy: 2.0,
            kl: 1.0,
            norm: 1.0,
            write: (depth > 0).then_some(0.5),
            largest: (17, 30.0),
            massive: false,
        }
    };
    let place = |(depth, place)| (place, (0..tokens).map(|position| cell(depth, position)).collect());
    LensTable { first: 0, places: places.enumerate().map(place).collect() }
}
