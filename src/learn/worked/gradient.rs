//! One layer, its loss, its gradient, and two ways to take a step: softmax regression on one example.
//!
//! Sources: the gradient of softmax with cross-entropy, Bishop 2006, equation 4.109; Adam, Kingma and Ba 2014,
//! algorithm 1, with its usual β₁ = 0.9, β₂ = 0.999, ε = 1e−8.

use super::Step;
use super::matrix::{Block, Matrix, number, side_by_side, tiny};
use super::online_softmax::softmax;

/// The weights, `[class, feature]`, the example's column, and the class that it really has, counted from 0.
const W: [[f64; 2]; 3] = [[0.5, -0.3], [0.1, 0.8], [-0.4, 0.2]];
const X: [f64; 2] = [1.0, 2.0];
const TARGET: usize = 0;

/// η, the size of a step, and h, by which a weight is moved for the check.
const RATE: f64 = 0.1;
const MOVE: f64 = 1e-4;

/// Parameters of SmolLM2-135M.
const PARAMETERS: usize = 134_515_008;

/// p = softmax(W x), `[class]`.
pub fn predict(w: &Matrix, x: &[f64]) -> Vec<f64> {
    softmax(&w.times(&Matrix::column_of(x)).column(0))
}

/// L = −ln p of the class that it really is, in nats.
pub fn loss(w: &Matrix, x: &[f64], target: usize) -> f64 {
    -predict(w, x)[target].ln()
}

/// g = ∂L/∂z for z = W x, `[class]`: p, less 1 at the target.
fn error(w: &Matrix, x: &[f64], target: usize) -> Matrix {
    Matrix::column_of(&predict(w, x)).map(|class, _, p| if class == target { p - 1.0 } else { p })
}

/// ∂L/∂W = g xᵀ, `[class, feature]`.
pub fn gradient(w: &Matrix, x: &[f64], target: usize) -> Matrix {
    error(w, x, target).times(&Matrix::column_of(x).transposed())
}

/// The same without theory: (L(w+h) − L(w−h)) / 2h, weight by weight.
pub fn numeric(w: &Matrix, x: &[f64], target: usize, h: f64) -> Matrix {
    let moved = |row: usize, column: usize, by: f64| {
        let w = w.map(|r, c, weight| if (r, c) == (row, column) { weight + by } else { weight });
        loss(&w, x, target)
    };
    Matrix::from_fn(w.rows(), w.columns(), |row, column| (moved(row, column, h) - moved(row, column, -h)) / (2.0 * h))
}

/// Plain descent: w ← w − η·g.
pub fn descend(w: &Matrix, gradient: &Matrix, rate: f64) -> Matrix {
    w.map(|row, column, weight| weight - rate * gradient.at(row, column))
}

/// What Adam keeps between steps.
#[derive(Debug, Clone)]
pub struct Adam {
    /// m, the running mean of g.
    pub mean: Matrix,
    /// v, the running mean of g².
    pub square: Matrix,
    /// Steps taken.
    pub steps: i32,
}

impl Adam {
    const BETA_1: f64 = 0.9;
    const BETA_2: f64 = 0.999;
    const EPSILON: f64 = 1e-8;

    pub fn new(rows: usize, columns: usize) -> Self {
        let zeros = Matrix::from_fn(rows, columns, |_, _| 0.0);
        Self { mean: zeros.clone(), square: zeros, steps: 0 }
    }

    /// m and v go on by one gradient; w ← w − η · m̂ / (√v̂ + ε).
    pub fn step(&mut self, w: &Matrix, gradient: &Matrix, rate: f64) -> Matrix {
        let running = |old: &Matrix, beta: f64, new: &dyn Fn(f64) -> f64| {
            old.map(|row, column, old| beta * old + (1.0 - beta) * new(gradient.at(row, column)))
        };
        self.mean = running(&self.mean, Self::BETA_1, &|g| g);
        self.square = running(&self.square, Self::BETA_2, &|g| g * g);
        self.steps += 1;
        // Both began at 0; the hats take that out.
        let (of_mean, of_square) = (1.0 - Self::BETA_1.powi(self.steps), 1.0 - Self::BETA_2.powi(self.steps));
        w.map(|row, column, weight| {
            let (mean, square) = (self.mean.at(row, column) / of_mean, self.square.at(row, column) / of_square);
            weight - rate * mean / (square.sqrt() + Self::EPSILON)
        })
    }
}

pub(super) fn steps() -> Vec<Step> {
    let w = Matrix::new(W);
    let column = Matrix::column_of(&X);
    let z = w.times(&column);
    let p = Matrix::column_of(&predict(&w, &X));
    let g = error(&w, &X, TARGET);
    let rates = gradient(&w, &X, TARGET);
    let checked = numeric(&w, &X, TARGET, MOVE);
    let before = loss(&w, &X, TARGET);

    let plain = descend(&w, &rates, RATE);
    let mut adam = Adam::new(w.rows(), w.columns());
    let stepped = adam.step(&w, &rates, RATE);
    let falls = |w: &Matrix| format!("L: {} → {}", number(before, 4), number(loss(w, &X, TARGET), 4));
    let kept = ["weight", "gradient", "m", "v"].map(|name| (name, size_of::<f32>()));
    let bytes: usize = kept.iter().map(|(_, bytes)| bytes).sum();

    vec![
        Step::new("Forward: z = W x, p = softmax(z)")
            .rows(side_by_side(&[
                w.shown(1),
                Block::sign("·"),
                column.shown(0),
                Block::sign("="),
                z.shown(1),
                Block::sign("→ p ="),
                p.shown(3),
            ]))
            .gap()
            .say(&format!(
                "Two features, three classes. The right one is class {}; it has p = {}.",
                TARGET + 1,
                number(p.at(TARGET, 0), 3)
            )),
        Step::new("The loss and its gradient")
            .line(format!("  L = −ln p = −ln {} = {}", number(p.at(TARGET, 0), 3), number(before, 4)))
            .gap()
            .line("  g = p − (1 at the right class)")
            .line("  ∂L/∂W = g xᵀ")
            .gap()
            .rows(side_by_side(&[
                g.shown(3),
                Block::sign("·"),
                column.transposed().shown(0),
                Block::sign("="),
                rates.shown(3),
            ]))
            .gap()
            .say("Negative: L falls if the weight grows. The right class is pulled up, the others down."),
        Step::new("A check: move each weight by ±h")
            .line(format!("  (L(w+h) − L(w−h)) / 2h,  h = {MOVE}"))
            .gap()
            .rows(side_by_side(&[Block::sign("moved"), checked.shown(5)]))
            .gap()
            .rows(side_by_side(&[Block::sign("g xᵀ "), rates.shown(5)]))
            .gap()
            .line(format!("Largest difference: {}", tiny(rates.apart(&checked)))),
        Step::new(format!("A plain step: w ← w − η·g, η = {RATE}"))
            .rows(side_by_side(&[w.shown(3), Block::sign("→"), plain.shown(3)]))
            .gap()
            .line(falls(&plain))
            .gap()
            .say("The loss has fallen. Each weight moved in proportion to its gradient."),
        Step::new(format!("A step of Adam, η = {RATE}"))
            .rows(side_by_side(&[Block::sign("m"), adam.mean.shown(3), Block::sign("v"), adam.square.shown(5)]))
            .rows(side_by_side(&[Block::sign("w"), w.shown(2), Block::sign("→"), stepped.shown(2)]))
            .line(falls(&stepped))
            .say("m̂/√v̂ is ±1 at first: all move by η.")
            .gap()
            .line(format!("Kept in f32: {}.", kept.map(|(name, _)| name).join(", ")))
            .line(format!("{bytes} bytes a weight; SmolLM2: {:.2} GB.", (bytes * PARAMETERS) as f64 / 1e9)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_rule_agrees_with_moving_weights() {
        let w = Matrix::new(W);
        for target in 0..3 {
            let apart = gradient(&w, &X, target).apart(&numeric(&w, &X, target, MOVE));
            assert!(apart < 1e-7, "target {target}: {apart}");
        }
    }

    #[test]
    fn equal_scores_lose_the_logarithm_of_the_classes() {
        let w = Matrix::new([[0.0; 2]; 3]);
        assert!((loss(&w, &X, 1) - 3f64.ln()).abs() < 1e-12);
        assert!((gradient(&w, &X, 1).at(1, 1) - (1.0 / 3.0 - 1.0) * 2.0).abs() < 1e-12);
    }

    /// Adding the same to all classes changes nothing, so a gradient's columns sum to 0.
    #[test]
    fn gradients_of_classes_cancel() {
        let rates = gradient(&Matrix::new(W), &X, TARGET);
        assert!((0..2).all(|feature| rates.column(feature).iter().sum::<f64>().abs() < 1e-12));
    }

    #[test]
    fn both_steps_lower_the_loss() {
        let w = Matrix::new(W);
        let rates = gradient(&w, &X, TARGET);
        let before = loss(&w, &X, TARGET);
        assert!(loss(&descend(&w, &rates, RATE), &X, TARGET) < before);
        assert!(loss(&Adam::new(3, 2).step(&w, &rates, RATE), &X, TARGET) < before);
    }

    #[test]
    fn adams_first_step_has_the_same_size_for_all() {
        let w = Matrix::new(W);
        let rates = gradient(&w, &X, TARGET);
        let stepped = Adam::new(3, 2).step(&w, &rates, RATE);
        for (moved, (before, rate)) in stepped.entries().iter().zip(w.entries().iter().zip(rates.entries())) {
            assert!((moved - (before - RATE * rate.signum())).abs() < 1e-6);
        }
    }

    /// Two steps by hand, gradients 1 and then 0: m = 0.09, v = 0.000999, both corrected for the second step.
    #[test]
    fn adams_second_step_by_hand() {
        let mut adam = Adam::new(1, 1);
        let w = adam.step(&Matrix::new([[0.0]]), &Matrix::new([[1.0]]), 1.0);
        let w = adam.step(&w, &Matrix::new([[0.0]]), 1.0);
        let second = (0.09 / 0.19) / ((0.000_999f64 / 0.001_999).sqrt() + 1e-8);
        assert!((w.at(0, 0) - (-1.0 - second)).abs() < 1e-6, "{}", w.at(0, 0));
    }
}
