//! Rank tests: how likely a difference at least this large would be if both configurations were the same.
//!
//! In a pair whose order was drawn at random, A and A again are as likely to come out one way as the other. So under
//! 'no difference' every sign of every pair can be flipped, and how many of these 2ⁿ results are as far out as the one
//! that was seen is exact, for any distribution. A `p` read off a bootstrap would call three lucky pairs of three
//! certain; this one knows that three pairs happen to agree in one case of four.
//!
//! What is added up over the signs are ranks of sizes (Wilcoxon, 1945), and those of the larger half count no more than
//! the middle one: a time that is ten times as long, because something else had the cores, is one sign and no more.
//! This lies between Wilcoxon's test and the sign test (Policello and Hettmansperger, 1976).
//!
//! Samples that do not pair are shuffled instead of flipped: the rank-sum test of Wilcoxon, and Mann and Whitney (1947).

/// Up to so many pairs all results are counted; beyond, they are normal to more digits than anybody reads.
const EXACT_PAIRS: usize = 100;
/// The same for both samples together.
const EXACT_SAMPLES: usize = 40;

/// The two-sided `p` of pairs of positive quantities, by the sizes of their ratios.
pub fn signed_rank(pairs: &[(f64, f64)]) -> f64 {
    let (ranks, above) = signed(pairs);
    if ranks.len() <= EXACT_PAIRS { signed_exactly(&ranks, above) } else { signed_normally(&ranks, above) }
}

/// The two-sided `p` of two samples that do not pair.
pub fn rank_sum(baseline: &[f64], candidate: &[f64]) -> f64 {
    let (ranks, sum) = summed(baseline, candidate);
    let taken = candidate.len();
    if ranks.len() <= EXACT_SAMPLES { sum_exactly(&ranks, taken, sum) } else { sum_normally(&ranks, taken, sum) }
}

/// The ranks of all pairs, up to the middle one, and the sum of those in which the candidate takes longer.
fn signed(pairs: &[(f64, f64)]) -> (Vec<u64>, u64) {
    let logs = pairs.iter().map(|(baseline, candidate)| candidate.ln() - baseline.ln());
    // Equal ones say nothing for either side, nor do two zeros.
    let differences: Vec<f64> = logs.filter(|log| !log.is_nan() && *log != 0.0).collect();
    let sizes: Vec<f64> = differences.iter().map(|log| log.abs()).collect();
    let middle = sizes.len() as u64 + 1;
    let ranks: Vec<u64> = doubled_ranks(&sizes).into_iter().map(|rank| rank.min(middle)).collect();
    let above = ranks.iter().zip(&differences).filter(|(_, log)| **log > 0.0).map(|(rank, _)| rank).sum();
    (ranks, above)
}

/// Every rank counts for either side with a chance of one half.
fn signed_exactly(ranks: &[u64], above: u64) -> f64 {
    let mut chances = vec![0.0; ranks.iter().sum::<u64>() as usize + 1];
    chances[0] = 1.0;
    for &rank in ranks {
        let rank = rank as usize;
        for sum in (0..chances.len()).rev() {
            let with = if sum >= rank { chances[sum - rank] } else { 0.0 };
            chances[sum] = (chances[sum] + with) / 2.0;
        }
    }
    two_sided(&chances, above as usize)
}

fn signed_normally(ranks: &[u64], above: u64) -> f64 {
    let variance: f64 = ranks.iter().map(|&rank| (rank as f64).powi(2)).sum::<f64>() / 4.0;
    normal(above as f64 - ranks.iter().sum::<u64>() as f64 / 2.0, variance)
}

/// The ranks of both samples together, and the sum of those of the candidate.
fn summed(baseline: &[f64], candidate: &[f64]) -> (Vec<u64>, u64) {
    let ranks = doubled_ranks(&[baseline, candidate].concat());
    let sum = ranks[baseline.len()..].iter().sum();
    (ranks, sum)
}

/// Every choice of so many ranks is as likely as any other.
fn sum_exactly(ranks: &[u64], taken: usize, sum: u64) -> f64 {
    let whole = ranks.iter().sum::<u64>() as usize;
    // By how many were taken and their sum: in how many ways.
    let mut ways = vec![vec![0.0; whole + 1]; taken + 1];
    ways[0][0] = 1.0;
    for &rank in ranks {
        let rank = rank as usize;
        for n in (1..=taken).rev() {
            for sum in rank..=whole {
                ways[n][sum] += ways[n - 1][sum - rank];
            }
        }
    }
    let all: f64 = ways[taken].iter().sum();
    let chances: Vec<f64> = ways[taken].iter().map(|ways| ways / all).collect();
    two_sided(&chances, sum as usize)
}

fn sum_normally(ranks: &[u64], taken: usize, sum: u64) -> f64 {
    let (n, whole) = (ranks.len() as f64, ranks.iter().sum::<u64>() as f64);
    let share = taken as f64 / n;
    let spread: f64 = ranks.iter().map(|&rank| (rank as f64 - whole / n).powi(2)).sum();
    normal(sum as f64 - share * whole, spread * share * (1.0 - share) * n / (n - 1.0))
}

/// Twice the rank of each value from 1, ties sharing the mean of theirs: whole numbers, so.
fn doubled_ranks(values: &[f64]) -> Vec<u64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0; values.len()];
    let mut first = 0;
    for tied in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let last = first + tied.len();
        for &at in tied {
            ranks[at] = (first + 1 + last) as u64;
        }
        first = last;
    }
    ranks
}

/// The chance of what lies as far out as `seen`, on either side.
fn two_sided(chances: &[f64], seen: usize) -> f64 {
    let below: f64 = chances[..=seen].iter().sum();
    let above: f64 = chances[seen..].iter().sum();
    (2.0 * below.min(above)).min(1.0)
}

/// The two-sided `p` of a deviation from the mean that is normal with this variance.
fn normal(deviation: f64, variance: f64) -> f64 {
    if variance > 0.0 { erfc(deviation.abs() / (2.0 * variance).sqrt()) } else { 1.0 }
}

/// The complementary error function for x ≥ 0, to a relative 1.2e-7: Press et al., Numerical Recipes in C, 2nd ed.,
/// §6.2.
fn erfc(x: f64) -> f64 {
    const C: [f64; 10] = [
        -1.265_512_23,
        1.000_023_68,
        0.374_091_96,
        0.096_784_18,
        -0.186_288_06,
        0.278_868_07,
        -1.135_203_98,
        1.488_515_87,
        -0.822_152_23,
        0.170_872_77,
    ];
    let t = 1.0 / (1.0 + 0.5 * x);
    let polynomial = C.iter().rev().fold(0.0, |sum, c| sum * t + c);
    t * (polynomial - x * x).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-6 * expected.max(1e-3), "{found} in place of {expected}");
    }

    /// n pairs of which all are slower, each by another amount.
    fn slower(n: u32) -> Vec<(f64, f64)> {
        (1..=n).map(|i| (100.0, 100.0 + f64::from(i))).collect()
    }

    #[test]
    fn pairs_that_all_agree_are_as_unlikely_as_coins() {
        for n in 1..=20 {
            near(signed_rank(&slower(n)), (2.0 * 0.5f64.powi(n as i32)).min(1.0));
        }
        assert_eq!(signed_rank(&[]), 1.0);
        assert_eq!(signed_rank(&[(1.0, 1.0), (2.0, 2.0), (0.0, 0.0)]), 1.0, "no difference in any");
        near(signed_rank(&[(0.0, 1.0), (0.0, 1.0)]), 0.5);
    }

    #[test]
    fn known_values_of_both_tests() {
        // W = 3 of n = 8, where the larger half counts 4½: 5 of 256 subsets sum up to at most 3, twice.
        let pairs: Vec<(f64, f64)> =
            (1..=8).map(|i| if i == 3 { (103.0, 100.0) } else { (100.0, 100.0 + f64::from(i)) }).collect();
        near(signed_rank(&pairs), 10.0 / 256.0);
        // Of 3 and 3, one arrangement of 20 is this far out, twice.
        near(rank_sum(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]), 0.1);
        near(rank_sum(&[1.0, 2.0, 3.0, 4.0], &[5.0, 6.0, 7.0, 8.0]), 2.0 / 70.0);
        assert_eq!(rank_sum(&[1.0], &[]), 1.0);
        assert_eq!(rank_sum(&[5.0; 4], &[5.0; 4]), 1.0);
        assert_eq!(rank_sum(&[5.0; 40], &[5.0; 40]), 1.0);
    }

    #[test]
    fn counting_and_the_normal_law_meet() {
        let pair = |i: u32| (100.0, if i % 5 < 2 { 100.0 - f64::from(i) / 7.0 } else { 100.0 + f64::from(i) / 7.0 });
        let pairs: Vec<_> = (1..=100).map(pair).collect();
        let (ranks, above) = signed(&pairs);
        let (exact, approximate) = (signed_exactly(&ranks, above), signed_normally(&ranks, above));
        assert!((exact / approximate - 1.0).abs() < 0.02, "{exact} {approximate}");
        let sample = |n: u32, shift: f64| (0..n).map(|i| f64::from(i % 11) + shift).collect::<Vec<_>>();
        let (ranks, sum) = summed(&sample(20, 0.0), &sample(20, 1.3));
        let (exact, approximate) = (sum_exactly(&ranks, 20, sum), sum_normally(&ranks, 20, sum));
        assert!((exact / approximate - 1.0).abs() < 0.05, "{exact} {approximate}");
        near(erfc(0.0), 1.0);
        near(erfc(1.96 / 2f64.sqrt()), 0.049_995_79);
    }
}
