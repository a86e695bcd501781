//! One attention head on three tokens, matrix by matrix.
//!
//! Source: Vaswani et al. 2017, equation 1, with tokens as columns as in Turner 2023, 'An introduction to
//! transformers'. The entries are invented, small enough to be checked by hand.

use super::Step;
use super::matrix::{Block, Matrix, side_by_side};
use super::online_softmax::softmax;

const TOKENS: [&str; 3] = ["the", "cat", "sat"];

/// What goes in, `[feature, token]`.
const X: [[f64; 3]; 4] = [[2.0, 0.0, 0.0], [0.0, 2.0, 1.0], [0.0, 1.0, 2.0], [1.0, 0.0, 1.0]];

/// The head's matrices, `[d, feature]`.
const W_Q: [[f64; 4]; 2] = [[0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 1.0]];
const W_K: [[f64; 4]; 2] = [[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]];
const W_V: [[f64; 4]; 2] = [[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, -1.0]];

/// Every matrix of the head, in the order in which it is made. Columns are tokens: of two kinds, the queries.
#[derive(Debug, Clone, PartialEq)]
pub struct Computed {
    pub x: Matrix,       // [feature, token]
    pub w_q: Matrix,     // [d, feature]
    pub w_k: Matrix,     // [d, feature]
    pub w_v: Matrix,     // [d, feature]
    pub q: Matrix,       // [d, query]
    pub k: Matrix,       // [d, key]
    pub v: Matrix,       // [d, key]
    pub scores: Matrix,  // [key, query]
    pub scaled: Matrix,  // [key, query], / √d
    pub masked: Matrix,  // [key, query], −∞ where the key is later than the query
    pub weights: Matrix, // [key, query], each column sums to 1
    pub z: Matrix,       // [d, query]
}

pub fn compute() -> Computed {
    let x = Matrix::new(X).labelled(&TOKENS);
    let (w_q, w_k, w_v) = (Matrix::new(W_Q), Matrix::new(W_K), Matrix::new(W_V));
    let (q, k, v) = (w_q.times(&x), w_k.times(&x), w_v.times(&x));
    let scores = k.transposed().times(&q);
    let root = (q.rows() as f64).sqrt();
    let scaled = scores.map(|_, _, score| score / root);
    let masked = scaled.map(|key, query, score| if key > query { f64::NEG_INFINITY } else { score });
    let weights = masked.map_columns(softmax);
    let z = v.times(&weights);
    Computed { x, w_q, w_k, w_v, q, k, v, scores, scaled, masked, weights, z }
}

/// `left · right = product`, in whole numbers.
fn product(left: &Matrix, right: &Matrix, product: &Matrix) -> Vec<String> {
    let [left, right, product] = [left, right, product].map(|matrix| matrix.shown(0));
    side_by_side(&[left, Block::sign("·"), right, Block::sign("="), product])
}

pub(super) fn steps() -> Vec<Step> {
    let c = compute();
    let column = |matrix: &Matrix, at: usize| super::matrix::number(matrix.column(at).iter().sum(), 3);
    let sums: Vec<String> = (0..c.weights.columns()).map(|at| column(&c.weights, at)).collect();
    let made =
        |title: &str, w: &Matrix, out: &Matrix, say: &str| Step::new(title).rows(product(w, &c.x, out)).gap().say(say);
    vec![
        Step::new("What one head does")
            .line("  Q = W_q·X    what each looks for")
            .line("  K = W_k·X    what each offers")
            .line("  V = W_v·X    what each gives")
            .gap()
            .line("  S = KᵀQ      a score for each pair")
            .line("  S/√d, mask   kept small; no future")
            .line("  A = softmax  columns sum to 1")
            .line("  Z = V·A      the average")
            .gap()
            .say("Next: each line with numbers, small enough to check by hand."),
        Step::new("X: three tokens, four features").rows(c.x.lines(0)).gap().say(&format!(
            "One column a token: X is {} × {}. The numbers are invented.",
            c.x.rows(),
            c.x.columns()
        )),
        made(
            "Q = W_q·X",
            &c.w_q,
            &c.q,
            &format!("Queries are columns of d = {} entries: rows of W_q times columns of X.", c.q.rows()),
        ),
        made("K = W_k·X", &c.w_k, &c.k, "Keys, by another matrix from the same X."),
        made("V = W_v·X", &c.w_v, &c.v, "Values: what will be averaged."),
        Step::new("S = KᵀQ").rows(product(&c.k.transposed(), &c.q, &c.scores)).gap().say(
            "Rows of S are keys (the, cat, sat), columns are queries. S[n′,n] is the product of key n′ and query n.",
        ),
        Step::new("S / √d").rows(c.scaled.lines(2)).gap().say(&format!(
            "All scores divided by √{} = {:.3}. Which is the largest of a column stays.",
            c.q.rows(),
            (c.q.rows() as f64).sqrt()
        )),
        Step::new("The causal mask")
            .rows(c.masked.lines(2))
            .gap()
            .say("A key (row) later than the query (column) gets −∞: 'cat' must not see 'sat'."),
        Step::new("A = softmax of each column")
            .rows(c.weights.lines(3))
            .gap()
            .say("e to the power of each entry, divided by the column's sum; e^(−∞) is 0.")
            .line(format!("Sums of columns: {}", sums.join(", "))),
        Step::new("Z = V·A")
            .rows(side_by_side(&[Block::sign("V·A ="), c.v.shown(0), Block::sign("·"), c.weights.shown(2)]))
            .gap()
            .rows(side_by_side(&[Block::sign("  Z ="), c.z.shown(2)]))
            .gap()
            .line(format!("Sums of A's columns: {}", sums.join(", ")))
            .say("Each column of Z is an average of V's columns. 'the' sees itself only and keeps its own value."),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_weights_sum_to_one() {
        let weights = compute().weights;
        for query in 0..3 {
            assert!((weights.column(query).iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn nothing_comes_from_later_tokens() {
        let computed = compute();
        for (key, query) in [(1, 0), (2, 0), (2, 1)] {
            assert_eq!(computed.masked.at(key, query), f64::NEG_INFINITY);
            assert_eq!(computed.weights.at(key, query), 0.0);
        }
        assert_eq!(computed.z.column(0), computed.v.column(0));
    }

    #[test]
    fn shapes_are_as_the_lesson_says() {
        let c = compute();
        let shape = |matrix: &Matrix| (matrix.rows(), matrix.columns());
        assert_eq!([&c.x, &c.w_q, &c.q, &c.k, &c.v, &c.z].map(shape), [(4, 3), (2, 4), (2, 3), (2, 3), (2, 3), (2, 3)]);
        assert_eq!([&c.scores, &c.scaled, &c.masked, &c.weights].map(shape), [(3, 3); 4]);
    }

    /// By hand: query 'sat' is (2, 1), the keys are (0, 1), (2, 0), (1, 1).
    #[test]
    fn the_last_column_by_hand() {
        let c = compute();
        assert_eq!(c.scores.column(2), [1.0, 4.0, 3.0]);
        let powers = [1.0, 4.0, 3.0].map(|score: f64| (score / 2f64.sqrt()).exp());
        let sum: f64 = powers.iter().sum();
        let first = (powers[0] * 2.0 + powers[1] + powers[2] * 2.0) / sum; // V's first row is 2 1 2
        assert!((c.z.at(0, 2) - first).abs() < 1e-12);
    }

    /// An average lies between the least and the largest of what it is taken of.
    #[test]
    fn z_stays_within_v() {
        let c = compute();
        for row in 0..2 {
            let values: Vec<f64> = (0..3).map(|key| c.v.at(row, key)).collect();
            let (least, most) =
                (values.iter().copied().fold(f64::MAX, f64::min), values.iter().copied().fold(f64::MIN, f64::max));
            assert!((0..3).all(|query| (least - 1e-12..=most + 1e-12).contains(&c.z.at(row, query))));
        }
    }
}
