//! Choosing the next token, over the full vocabulary.

use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// How the next token is chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    /// 0 is greedy: always the likeliest.
    pub temperature: f32,
    /// Keep only this many of the likeliest; 0 keeps all.
    pub top_k: usize,
    /// Keep the likeliest until their probabilities add up to this; 1 keeps all.
    pub top_p: f32,
    pub seed: u64,
}

impl Default for Sampling {
    /// Greedy.
    fn default() -> Self {
        Self { temperature: 0.0, top_k: 0, top_p: 1.0, seed: 0 }
    }
}

impl Sampling {
    /// The same with a seed of its own for each of several sequences.
    pub fn of(self, sequence: u64) -> Self {
        Self { seed: self.seed.wrapping_add(sequence), ..self }
    }
}

/// A sampler with its own stream of random numbers, the same on every machine.
pub struct Sampler {
    sampling: Sampling,
    random: ChaCha8Rng,
}

impl Sampler {
    pub fn new(sampling: Sampling) -> Self {
        Self { sampling, random: ChaCha8Rng::seed_from_u64(sampling.seed) }
    }

    /// The next token, given the logits of the whole vocabulary.
    pub fn choose(&mut self, logits: &[f32]) -> u32 {
        if self.sampling.temperature <= 0.0 {
            return likeliest(logits);
        }
        let mut kept = distribution(logits, self.sampling.temperature);
        kept.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        if self.sampling.top_k > 0 {
            kept.truncate(self.sampling.top_k);
        }
        if self.sampling.top_p < 1.0 {
            kept.truncate(nucleus(&kept, f64::from(self.sampling.top_p)));
        }
        let mass: f64 = kept.iter().map(|(_, p)| p).sum();
        let mut left = self.random.random::<f64>() * mass;
        for &(id, p) in &kept {
            left -= p;
            if left < 0.0 {
                return id;
            }
        }
        // Rounding can leave a sliver of mass behind the last one.
        kept.last().map_or_else(|| likeliest(logits), |&(id, _)| id)
    }
}

/// The `top` likeliest tokens with their probabilities, best first, and the probability of `chosen`.
pub fn candidates(logits: &[f32], top: usize, chosen: u32) -> (Vec<(u32, f32)>, f32) {
    let mut all = distribution(logits, 1.0);
    let p = all.get(chosen as usize).map_or(0.0, |&(_, p)| p as f32);
    let top = top.min(all.len());
    if top == 0 {
        return (Vec::new(), p);
    }
    let by_probability = |a: &(u32, f64), b: &(u32, f64)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    all.select_nth_unstable_by(top - 1, by_probability);
    all.truncate(top);
    all.sort_unstable_by(by_probability);
    (all.into_iter().map(|(id, p)| (id, p as f32)).collect(), p)
}

/// softmax(logits / temperature), accumulated in f64. Logits that are no numbers have no probability.
fn distribution(logits: &[f32], temperature: f32) -> Vec<(u32, f64)> {
    let largest = logits.iter().copied().filter(|logit| !logit.is_nan()).fold(f32::NEG_INFINITY, f32::max);
    let weight = |&logit: &f32| {
        let weight = (f64::from(logit - largest) / f64::from(temperature)).exp();
        if weight.is_nan() { 0.0 } else { weight }
    };
    let weights: Vec<f64> = logits.iter().map(weight).collect();
    let total: f64 = weights.iter().sum();
    weights.into_iter().enumerate().map(|(id, weight)| (id as u32, weight / total)).collect()
}

/// How many of the likeliest it takes to reach the mass `top_p`: at least one.
fn nucleus(sorted: &[(u32, f64)], top_p: f64) -> usize {
    let total: f64 = sorted.iter().map(|(_, p)| p).sum();
    let mut mass = 0.0;
    for (n, (_, p)) in sorted.iter().enumerate() {
        mass += p / total;
        if mass >= top_p {
            return n + 1;
        }
    }
    sorted.len().max(1)
}

/// The index of the largest logit, the first of equals.
fn likeliest(logits: &[f32]) -> u32 {
    // In lanes, which a processor compares at once; what is no number is never the larger one.
    let mut lanes = [f32::NEG_INFINITY; 16];
    let (chunks, rest) = logits.as_chunks::<16>();
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, &logit)| *lane = if logit > *lane { logit } else { *lane });
    }
    let largest = lanes.iter().chain(rest).fold(f32::NEG_INFINITY, |largest, &logit| largest.max(logit));
    logits.iter().position(|&logit| logit == largest).unwrap_or(0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGITS: [f32; 4] = [1.0, 3.0, 2.0, -1.0];

    fn draws(sampling: Sampling) -> Vec<u32> {
        let mut sampler = Sampler::new(sampling);
        (0..2000).map(|_| sampler.choose(&LOGITS)).collect()
    }

    #[test]
    fn greedy_takes_the_likeliest_and_the_first_of_equals() {
        assert_eq!(draws(Sampling::default())[0], 1);
        assert_eq!(likeliest(&[f32::NAN, 2.0, 2.0]), 1);
    }

    #[test]
    fn draws_follow_the_distribution_and_the_seed() {
        let warm = Sampling { temperature: 1.0, ..Sampling::default() };
        let drawn = draws(warm);
        for (id, p) in distribution(&LOGITS, 1.0) {
            let share = drawn.iter().filter(|&&drawn| drawn == id).count() as f64 / drawn.len() as f64;
            assert!((share - p).abs() < 0.03, "token {id}: {share} against {p}");
        }
        assert_eq!(drawn, draws(warm));
        assert_ne!(drawn, draws(Sampling { seed: 1, ..warm }));
    }

    #[test]
    fn top_k_and_top_p_cut_the_tail_only() {
        let warm = Sampling { temperature: 1.0, ..Sampling::default() };
        let kinds = |sampling| {
            let mut kinds = draws(sampling);
            kinds.sort_unstable();
            kinds.dedup();
            kinds
        };
        assert_eq!(kinds(Sampling { top_k: 2, ..warm }), [1, 2]);
        // 0.66 + 0.24 reach 0.8 together.
        assert_eq!(kinds(Sampling { top_p: 0.8, ..warm }), [1, 2]);
        assert_eq!(kinds(Sampling { top_p: 0.0, ..warm }), [1]);
        assert_eq!(kinds(warm), [0, 1, 2, 3]);
    }

    #[test]
    fn candidates_are_sorted_and_sum_to_one_over_all() {
        let (all, p) = candidates(&LOGITS, 9, 2);
        assert_eq!(all.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [1, 2, 0, 3]);
        assert!((all.iter().map(|(_, p)| p).sum::<f32>() - 1.0).abs() < 1e-6);
        assert_eq!(p, all[1].1);
    }
}
