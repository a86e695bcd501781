//! Unigram by hand: all cuts of a word as paths of a lattice, and the best by Viterbi's algorithm.
//!
//! Sources: Kudo 2018, 'Subword regularization', section 3.2; Viterbi 1967.

use super::{Step, matrix::number};

/// The word that is cut.
pub const WORD: &str = "hugs";

/// Pieces and their probabilities, of a larger vocabulary: what is missing up to 1 belongs to pieces that the word
/// does not hold.
pub const PIECES: [(&str, f64); 9] = [
    ("h", 0.05),
    ("u", 0.06),
    ("g", 0.05),
    ("s", 0.08),
    ("hu", 0.04),
    ("gs", 0.02),
    ("ug", 0.07),
    ("hug", 0.06),
    ("ugs", 0.015),
];

/// Columns of the drawing that one letter takes.
const LETTER: usize = 10;

/// A piece in the word: from node to node, and ln p.
#[derive(Debug, Clone, Copy)]
struct Edge<'a> {
    from: usize,
    to: usize,
    piece: &'a str,
    log: f64,
}

/// Every cut of the word into pieces, with Σ ln p.
pub fn all(word: &str, pieces: &[(&str, f64)]) -> Vec<(Vec<String>, f64)> {
    if word.is_empty() {
        return vec![(Vec::new(), 0.0)];
    }
    let begin = |&(piece, p): &(&str, f64)| Some((piece.to_owned(), word.strip_prefix(piece)?, p.ln()));
    let first = pieces.iter().filter(|(piece, _)| !piece.is_empty()).filter_map(begin);
    first
        .flat_map(|(piece, rest, log)| {
            all(rest, pieces).into_iter().map(move |(cut, sum)| ([vec![piece.clone()], cut].concat(), log + sum))
        })
        .collect()
}

/// The likeliest cut with its Σ ln p, by Viterbi; no pieces and −∞ if the word cannot be cut.
pub fn best(word: &str, pieces: &[(&str, f64)]) -> (Vec<String>, f64) {
    let ways = forward(word, pieces);
    let mut cut: Vec<String> = Vec::new();
    let mut at = word.chars().count();
    let score = ways[at].score;
    while let Some(edge) = ways[at].by {
        cut.insert(0, edge.piece.to_owned());
        at = edge.from;
    }
    (cut, score)
}

/// The best way to a node: its Σ ln p and its last edge. The first node is there from the start.
#[derive(Debug, Clone, Copy)]
struct Way<'a> {
    score: f64,
    by: Option<Edge<'a>>,
}

/// The best way to each node, from left to right: best(j) = max over i of best(i) + ln p(i–j).
fn forward<'a>(word: &str, pieces: &[(&'a str, f64)]) -> Vec<Way<'a>> {
    let mut ways = vec![Way { score: 0.0, by: None }];
    for node in 1..=word.chars().count() {
        let mut way = Way { score: f64::NEG_INFINITY, by: None };
        for edge in edges(word, pieces).into_iter().filter(|edge| edge.to == node) {
            let score = ways[edge.from].score + edge.log;
            if score > way.score {
                way = Way { score, by: Some(edge) };
            }
        }
        ways.push(way);
    }
    ways
}

/// All places where a piece stands in the word.
fn edges<'a>(word: &str, pieces: &[(&'a str, f64)]) -> Vec<Edge<'a>> {
    let mut found = Vec::new();
    for &(piece, p) in pieces.iter().filter(|(piece, _)| !piece.is_empty()) {
        for (from, (start, _)) in word.char_indices().enumerate() {
            if word[start..].starts_with(piece) {
                found.push(Edge { from, to: from + piece.chars().count(), piece, log: p.ln() });
            }
        }
    }
    found
}

/// Knots on one line, and edges below, as many on a line as do not overlap.
fn drawn(word: &str, edges: &[Edge]) -> Vec<String> {
    let nodes: Vec<String> = (0..=word.chars().count()).map(|node| node.to_string()).collect();
    let mut lines = vec![nodes.join(&" ".repeat(LETTER - 1))];
    let mut free = 0;
    for edge in edges {
        let start = edge.from * LETTER;
        if lines.len() == 1 || start < free {
            lines.push(String::new());
        }
        let width = (edge.to - edge.from) * LETTER - 2;
        let name = format!("{} {}", edge.piece, number(edge.log, 2));
        if let Some(line) = lines.last_mut() {
            line.extend(std::iter::repeat_n(' ', start - line.chars().count()));
            line.push_str(&format!("├{name:─^width$}┤"));
        }
        free = edge.to * LETTER;
    }
    lines
}

pub(super) fn steps() -> Vec<Step> {
    let lattice = edges(WORD, &PIECES);
    let ways = forward(WORD, &PIECES);
    let (cut, score) = best(WORD, &PIECES);
    let mut cuts = all(WORD, &PIECES);
    cuts.sort_by(|(_, a), (_, b)| b.total_cmp(a));

    let mut first = Step::new("Pieces and their probabilities").line("piece        p     ln p");
    for (piece, p) in PIECES {
        first = first.line(format!("{piece:<8}{p:>6.3}{:>9}", number(p.ln(), 2)));
    }
    let first = first.gap().say("A cut's probability is a product, so its logarithm is a sum.");

    let second = Step::new(format!("'{WORD}' as a lattice"))
        .rows(drawn(WORD, &lattice))
        .gap()
        .say("Knots stand between letters; each piece is an edge, with its ln p.")
        .gap()
        .say(&format!("{} edges make {} paths from 0 to {}.", lattice.len(), cuts.len(), WORD.chars().count()));

    let mut third = Step::new("The best way to each node, left to right").line("to   best ends with    sum of ln p");
    for (node, way) in ways.iter().enumerate() {
        let (piece, from) = way.by.map_or(("", String::new()), |edge| (edge.piece, format!("from {}", edge.from)));
        third = third.line(format!("{node:<5}{piece:<6}{from:<11}{:>11}", number(way.score, 2)));
    }
    let third = third.gap().say("Only the best way to a node is kept: a worse one could not get better later.");

    let path: Vec<Edge> = {
        let mut path: Vec<Edge> =
            std::iter::successors(ways[WORD.chars().count()].by, |edge| ways[edge.from].by).collect();
        path.reverse();
        path
    };
    let last = Step::new("The best path, read back from the end")
        .rows(drawn(WORD, &path))
        .line(format!("best: {}, sum {}", cut.join(" | "), number(score, 3)))
        .gap()
        .line("All cuts, for comparison:")
        .rows(
            cuts.iter()
                .map(|(cut, sum)| format!("  {:<14}{:>8}  p = {:.7}", cut.join(" | "), number(*sum, 3), sum.exp())),
        );
    vec![first, second, third, last]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn viterbi_finds_the_best_of_all() {
        let (cut, score) = best(WORD, &PIECES);
        let (by_hand, highest) = all(WORD, &PIECES).into_iter().max_by(|(_, a), (_, b)| a.total_cmp(b)).unwrap();
        assert_eq!((cut.join("|").as_str(), cut), ("hug|s", by_hand));
        assert!((score - highest).abs() < 1e-12);
        assert!((score.exp() - 0.06 * 0.08).abs() < 1e-12);
    }

    #[test]
    fn there_is_a_cut_for_each_choice_of_nodes_but_the_whole_word() {
        let cuts = all(WORD, &PIECES);
        assert_eq!(cuts.len(), 7);
        assert!(cuts.iter().all(|(cut, _)| cut.concat() == WORD));
    }

    #[test]
    fn the_longest_piece_does_not_always_win() {
        let pieces = [("ab", 0.001), ("a", 0.3), ("b", 0.3)];
        assert_eq!(best("ab", &pieces).0, ["a", "b"]);
        assert_eq!(best("ab", &[("ab", 0.02), ("a", 0.1), ("b", 0.1)]).0, ["ab"]);
    }

    #[test]
    fn a_word_without_a_path_has_no_cut() {
        assert_eq!(best("hugz", &PIECES), (Vec::new(), f64::NEG_INFINITY));
        assert!(all("hugz", &PIECES).is_empty());
    }

    #[test]
    fn probabilities_leave_room_for_other_pieces() {
        assert!(PIECES.iter().map(|(_, p)| p).sum::<f64>() <= 1.0);
    }
}
