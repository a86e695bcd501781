//! Byte-pair encoding by hand: merges learned from four words, and a word cut by them.
//!
//! Source: Sennrich, Haddow and Birch 2016, 'Neural machine translation of rare words with subword units', algorithm 1.
//! Its corpus is used here; the mark at the end of a word is `_` in place of `</w>`.

use super::Step;

/// Words of a corpus and how often each stands there.
pub const CORPUS: [(&str, usize); 4] = [("low", 5), ("lower", 2), ("newest", 6), ("widest", 3)];

/// The end of a word: so `est_` at an end is another piece than `est` within.
pub const END: char = '_';

/// How many merges the example learns.
const MERGES: usize = 6;

type Pair = (String, String);

/// Learns up to `merges` merges, most frequent pair first; of equally frequent ones that which is met first.
pub fn learn(words: &[(&str, usize)], merges: usize) -> Vec<Pair> {
    let mut corpus: Vec<(Vec<String>, usize)> = words.iter().map(|&(word, count)| (characters(word), count)).collect();
    let mut learned = Vec::new();
    while learned.len() < merges {
        let Some((pair, _)) = ranking(&corpus).into_iter().next() else { break };
        corpus.iter_mut().for_each(|(pieces, _)| glue(pieces, &pair));
        learned.push(pair);
    }
    learned
}

/// Cuts a word: glues, of all neighbours in the list, those with the lowest rank, until none is left.
pub fn cut(word: &str, merges: &[Pair]) -> Vec<String> {
    cutting(word, merges).pop().map_or_else(Vec::new, |(pieces, _)| pieces)
}

/// All states of a word while it is cut, each with the rank of the merge that led to it; the first came from none.
fn cutting(word: &str, merges: &[Pair]) -> Vec<(Vec<String>, Option<usize>)> {
    let mut pieces = characters(word);
    let mut states = vec![(pieces.clone(), None)];
    while let Some(rank) = merges.iter().position(|pair| neighbours(&pieces).any(|found| found == *pair)) {
        glue(&mut pieces, &merges[rank]);
        states.push((pieces.clone(), Some(rank)));
    }
    states
}

fn characters(word: &str) -> Vec<String> {
    word.chars().chain([END]).map(String::from).collect()
}

fn neighbours(pieces: &[String]) -> impl Iterator<Item = Pair> + '_ {
    pieces.windows(2).map(|pair| (pair[0].clone(), pair[1].clone()))
}

/// Pairs of neighbours with how often they stand in the corpus, most frequent first.
fn ranking(corpus: &[(Vec<String>, usize)]) -> Vec<(Pair, usize)> {
    let mut counts: Vec<(Pair, usize)> = Vec::new();
    for (pieces, count) in corpus {
        for pair in neighbours(pieces) {
            match counts.iter_mut().find(|(known, _)| *known == pair) {
                Some((_, sum)) => *sum += count,
                None => counts.push((pair, *count)),
            }
        }
    }
    counts.sort_by_key(|&(_, count)| std::cmp::Reverse(count)); // stable: what was met first stays first
    counts
}

/// Glues the pair wherever it stands, from left to right.
fn glue(pieces: &mut Vec<String>, (left, right): &Pair) {
    let mut at = 0;
    while at + 1 < pieces.len() {
        if pieces[at] == *left && pieces[at + 1] == *right {
            let right = pieces.remove(at + 1);
            pieces[at].push_str(&right);
        }
        at += 1;
    }
}

pub(super) fn steps() -> Vec<Step> {
    let merges = learn(&CORPUS, MERGES);
    let state = |learned: usize| {
        CORPUS.map(|(word, count)| {
            let mut pieces = characters(word);
            merges[..learned].iter().for_each(|pair| glue(&mut pieces, pair));
            (pieces, count)
        })
    };
    let table = |corpus: &[(Vec<String>, usize)]| -> Vec<String> {
        corpus.iter().map(|(pieces, count)| format!("  {count} ×  {}", pieces.join(" "))).collect()
    };
    let start = Step::new("A corpus of four words")
        .rows(table(&state(0)))
        .gap()
        .say("Each word begins as its characters, and _ marks its end. Before × stands how often the word occurs.");
    let mut steps = vec![start];
    for (rank, (left, right)) in merges.iter().enumerate() {
        let counted = ranking(&state(rank));
        let best: Vec<String> = counted.iter().take(5).map(|((a, b), count)| format!("  {count} ×  {a} {b}")).collect();
        steps.push(
            Step::new(format!("Merge {}: {left} {right} → {left}{right}", rank + 1))
                .line("The most frequent pairs:")
                .rows(best)
                .gap()
                .line(format!("Merged: {left}{right} is a new token, rank {rank}."))
                .rows(table(&state(rank + 1))),
        );
    }
    let list: Vec<String> = merges.iter().map(|(left, right)| format!("{left}{right}")).collect();
    let states = cutting("lower", &merges);
    let ways = states.iter().map(|(pieces, rank)| {
        let from = rank.map_or_else(|| "its characters".to_owned(), |rank| format!("rank {rank}"));
        format!("  {:<14} {}", pieces.join(" "), from)
    });
    let pieces = cut("lower", &merges);
    steps.push(
        Step::new("A word is cut: 'lower'")
            .say(&format!("The list, in order: {}", list.join(", ")))
            .gap()
            .rows(ways)
            .gap()
            .line(format!("{} pieces: {}", pieces.len(), pieces.join(" | ")))
            .gap()
            .say("No other neighbours are in the list. To cut, nothing was counted."),
    );
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(left: &str, right: &str) -> Pair {
        (left.to_owned(), right.to_owned())
    }

    /// The classical result: 9 times `est_`, then 7 times `low`.
    #[test]
    fn the_classical_corpus_gives_its_merges() {
        let expected = [("e", "s"), ("es", "t"), ("est", "_"), ("l", "o"), ("lo", "w"), ("n", "e")];
        assert_eq!(learn(&CORPUS, 6), expected.map(|(left, right)| pair(left, right)));
    }

    #[test]
    fn unseen_words_are_cut_by_what_was_learned() {
        let merges = learn(&CORPUS, 6);
        assert_eq!(cut("lower", &merges), ["low", "e", "r", "_"]);
        assert_eq!(cut("lowest", &merges), ["low", "est_"]);
        assert_eq!(cut("xyz", &merges), ["x", "y", "z", "_"]);
    }

    #[test]
    fn cutting_repeats_what_learning_did() {
        let merges = learn(&CORPUS, 100);
        for (word, _) in CORPUS {
            assert_eq!(cut(word, &merges), [format!("{word}_")]);
        }
    }

    #[test]
    fn the_lowest_rank_goes_first_not_the_leftmost() {
        assert_eq!(cut("abc", &[pair("b", "c"), pair("a", "b")]), ["a", "bc", "_"]);
        assert_eq!(cut("aaa", &[pair("a", "a")]), ["aa", "a", "_"]);
    }

    #[test]
    fn the_last_step_shows_the_pieces() {
        let last = steps().pop().unwrap();
        assert!(last.lines.contains(&"4 pieces: low | e | r | _".to_owned()), "{last:#?}");
    }
}
