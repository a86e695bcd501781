//! Four ideas, each on a card or two: mixture of experts, speculative decoding, LoRA, gradient checkpointing, in the
//! order of lesson 25.
//!
//! Sources: Shazeer et al. 2017 and Jiang et al. 2024 (Mixtral); Leviathan et al. 2023, appendix A.1;
//! Hu et al. 2021; Chen et al. 2016.

use super::matrix::{Matrix, number, tiny};
use super::online_softmax::softmax;
use super::{Step, grouped};

/// How many experts work on a column.
const TOP: usize = 2;

/// The gate, `[expert, feature]`, and a column.
const GATE: [[f64; 3]; 5] = [[0.5, -1.0, 0.2], [1.2, 0.3, -0.4], [-0.7, 0.8, 0.1], [0.9, 0.6, 1.1], [-0.2, -0.5, 0.6]];
const COLUMN: [f64; 3] = [1.0, 0.5, -0.5];

/// The large model's p and the small one's q for a token.
const TOKENS: [&str; 4] = ["mat", "rug", "bed", "sofa"];
const P: [f64; 4] = [0.50, 0.30, 0.15, 0.05];
const Q: [f64; 4] = [0.30, 0.20, 0.40, 0.10];

/// SmolLM2's width and blocks.
const WIDTH: usize = 576;
const BLOCKS: usize = 30;

/// The best experts of a column, best first, with their weights, which sum to 1: softmax of the scores, the `top`
/// largest, divided by their sum.
pub fn gate(scores: &[f64], top: usize) -> Vec<(usize, f64)> {
    let mut shares: Vec<(usize, f64)> = softmax(scores).into_iter().enumerate().collect();
    shares.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    shares.truncate(top);
    let sum: f64 = shares.iter().map(|(_, share)| share).sum();
    shares.into_iter().map(|(expert, share)| (expert, share / sum)).collect()
}

/// How often a proposed token is accepted: min(1, p/q).
fn accepted(p: f64, q: f64) -> f64 {
    if q == 0.0 { 1.0 } else { (p / q).min(1.0) }
}

/// From what a token is drawn after one was rejected: max(0, p − q), scaled to sum to 1; zeros where q never exceeds
/// p, since then none is rejected.
fn residual(p: &[f64], q: &[f64]) -> Vec<f64> {
    let lacking: Vec<f64> = p.iter().zip(q).map(|(p, q)| (p - q).max(0.0)).collect();
    let sum: f64 = lacking.iter().sum();
    lacking.iter().map(|part| if sum == 0.0 { 0.0 } else { part / sum }).collect()
}

/// The distribution of the token that comes out, way by way: proposed and accepted, or any rejected and then drawn.
pub fn speculative(p: &[f64], q: &[f64]) -> Vec<f64> {
    let kept: Vec<f64> = p.iter().zip(q).map(|(&p, &q)| q * accepted(p, q)).collect();
    let rejected: f64 = q.iter().zip(&kept).map(|(q, kept)| q - kept).sum();
    kept.iter().zip(residual(p, q)).map(|(kept, drawn)| kept + rejected * drawn).collect()
}

/// Numbers that LoRA learns for a matrix of `width` × `width`: B is width × rank, A rank × width.
pub fn lora(width: usize, rank: usize) -> usize {
    width * rank + rank * width
}

/// How many inputs of blocks are held at once, at most, if only every `stretch`-th is kept: found by going back
/// through all blocks, each stretch computed again from its kept input.
pub fn peak(blocks: usize, stretch: usize) -> usize {
    let mut kept: Vec<usize> = (0..blocks).step_by(stretch).collect();
    let mut most = kept.len();
    let mut end = blocks;
    while let Some(start) = kept.pop() {
        most = most.max(kept.len() + (start..end).len()); // its own input and those computed again
        end = start;
    }
    most
}

pub(super) fn steps() -> Vec<Step> {
    vec![experts(), chosen(), proposed(), exact(), added(), checkpoints()]
}

fn experts() -> Step {
    // Mixtral: width, hidden width, matrices of an expert, blocks, experts.
    let (width, hidden, matrices, blocks, experts) = (4096, 14_336, 3, 32, 8);
    let billions = |working: usize| (width * hidden * matrices * blocks * working) as f64 / 1e9;
    Step::new("Mixture of experts")
        .line("        ┌ expert 1 ┐")
        .line(" x ─────┤ expert 2 ├─ Σ ── + ──")
        .line(" │      └ …        ┘  │")
        .line(" └─ gate ─────────────┘")
        .gap()
        .say(&format!("Mixtral has {experts} experts a block, {TOP} at work. Weights of its experts, in billions:"))
        .line(format!("  in memory     {:>6.1}", billions(experts)))
        .line(format!("  for a token   {:>6.1}", billions(TOP)))
}

fn chosen() -> Step {
    let scores = Matrix::new(GATE).times(&Matrix::column_of(&COLUMN)).column(0);
    let shares = softmax(&scores);
    let best = gate(&scores, TOP);
    let row = |expert: usize| {
        let weight = best
            .iter()
            .find(|(chosen, _)| *chosen == expert)
            .map_or("rests".to_owned(), |(_, weight)| number(*weight, 3));
        format!("{:>6}{:>9}{:>10}{weight:>9}", expert + 1, number(scores[expert], 2), number(shares[expert], 3))
    };
    let pair: Vec<f64> = best.iter().map(|&(expert, _)| scores[expert]).collect();
    let direct: Vec<String> = softmax(&pair).iter().map(|&weight| number(weight, 3)).collect();
    Step::new("The gate: the two best work")
        .line("expert    score   softmax   weight")
        .rows((0..scores.len()).map(row))
        .gap()
        .say("The two largest are kept and scaled to sum to 1. That is softmax of their two scores:")
        .line(format!("  {}", direct.join(" and ")))
}

fn cells(name: &str, numbers: &[f64]) -> String {
    let cells: Vec<String> = numbers.iter().map(|&value| format!("{:>7}", number(value, 3))).collect();
    format!("{name:<11}{}", cells.concat())
}

fn proposed() -> Step {
    let accepted: Vec<f64> = P.iter().zip(&Q).map(|(&p, &q)| accepted(p, q)).collect();
    let kept: Vec<f64> = Q.iter().zip(&accepted).map(|(q, accepted)| q * accepted).collect();
    Step::new("Speculative decoding: propose, check")
        .line(format!("{:<11}{}", "", TOKENS.map(|token| format!("{token:>7}")).concat()))
        .line(cells("p, large", &P))
        .line(cells("q, small", &Q))
        .line(cells("accepted", &accepted))
        .line(cells("q·accepted", &kept))
        .gap()
        .say(&format!(
            "Accepted with min(1, p/q). All in all {} of proposals stay; {} are rejected.",
            number(kept.iter().sum(), 2),
            number(1.0 - kept.iter().sum::<f64>(), 2)
        ))
        .gap()
        .say("What q proposes too often is cut down to p.")
}

fn exact() -> Step {
    let kept: Vec<f64> = P.iter().zip(&Q).map(|(&p, &q)| q * accepted(p, q)).collect();
    let rejected = 1.0 - kept.iter().sum::<f64>();
    let after: Vec<f64> = residual(&P, &Q).iter().map(|drawn| rejected * drawn).collect();
    let out = speculative(&P, &Q);
    let apart = out.iter().zip(&P).map(|(out, p)| (out - p).abs()).fold(0.0, f64::max);
    Step::new("Speculative decoding: exactly p")
        .line(format!("{:<11}{}", "", TOKENS.map(|token| format!("{token:>7}")).concat()))
        .line(cells("max(0,p−q)", &P.iter().zip(&Q).map(|(p, q)| (p - q).max(0.0)).collect::<Vec<_>>()))
        .line(cells("scaled", &residual(&P, &Q)))
        .line(cells(&format!("· {}", number(rejected, 3)), &after))
        .line(cells("+ accepted", &kept))
        .line(cells("= result", &out))
        .line(cells("p, large", &P))
        .gap()
        .line(format!("Largest difference: {}", tiny(apart)))
        .gap()
        .say("What q proposes too rarely is made up for when others are rejected.")
}

fn added() -> Step {
    let row = |rank: usize| {
        let share = 100.0 * lora(WIDTH, rank) as f64 / (WIDTH * WIDTH) as f64;
        format!("  r = {rank:<4}{:>12}{share:>9.1}%", grouped(lora(WIDTH, rank)))
    };
    Step::new("LoRA: W′ = W + B·A")
        .line(format!("  W: D × D with D = {WIDTH}: {}", grouped(WIDTH * WIDTH)))
        .line("  B: D × r, A: r × D, together r·(D + D):")
        .gap()
        .line("              learned   of W's")
        .rows([1, 4, 8, 16, 64].map(row))
        .gap()
        .say("W rests. Afterwards W + B·A is one matrix again, no slower than W.")
}

fn checkpoints() -> Step {
    let row = |blocks: usize| {
        let stretch = (blocks as f64).sqrt().round() as usize;
        format!("{blocks:>5}{:>10}{stretch:>9}{:>12}", peak(blocks, 1), peak(blocks, stretch))
    };
    Step::new("Gradient checkpointing")
        .say("Inputs of blocks that are held at once:")
        .gap()
        .line("    M  keep all  every …  then held")
        .rows([16, BLOCKS, 64, 144, 400].map(row))
        .gap()
        .say("√M are kept for good, and √M of one stretch are computed again on the way back: about 2√M in place of M.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_out_has_the_large_models_distribution() {
        for (p, q) in [(P, Q), (Q, P), (P, P), ([1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5])] {
            let out = speculative(&p, &q);
            assert!(out.iter().zip(&p).all(|(out, p)| (out - p).abs() < 1e-12), "{out:?}");
        }
    }

    #[test]
    fn other_acceptance_would_not_do() {
        assert_eq!(accepted(0.3, 0.2), 1.0); // the quiz of lesson 25
        assert!((accepted(0.15, 0.4) - 0.375).abs() < 1e-12);
        assert!(P.iter().zip(&Q).any(|(p, q)| (p - q).abs() > 0.1), "the example's models differ");
    }

    #[test]
    fn the_gate_is_softmax_of_the_best_scores() {
        let best = gate(&[0.0, 2.0, -1.0, 1.0], 2);
        let direct = softmax(&[2.0, 1.0]);
        assert_eq!([best[0].0, best[1].0], [1, 3]);
        assert!((best[0].1 - direct[0]).abs() < 1e-12 && (best[1].1 - direct[1]).abs() < 1e-12);
    }

    #[test]
    fn lora_counts_as_the_lesson_does() {
        assert_eq!((lora(576, 8), 576 * 576), (9_216, 331_776));
    }

    #[test]
    fn memory_grows_with_the_root() {
        assert_eq!(peak(30, 1), 30);
        assert_eq!(peak(30, 30), 30); // one stretch: all is computed again at once
        assert_eq!(peak(16, 4), 7);
        let (small, large) = (peak(100, 10) as f64, peak(400, 20) as f64);
        assert!((large / small - 2.0).abs() < 0.1, "four times the blocks, twice the memory");
    }

    #[test]
    fn the_second_step_is_the_gate() {
        assert!(steps()[1].title.contains("gate"));
    }
}
