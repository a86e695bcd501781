//! Many rows looked at together.

/// The level at which each row of a family has to be judged, so that the chance of any false finding among all of them
/// stays at 1 − `level`: Holm (1979). The smallest of m `p` is asked for (1 − level) ÷ m, the next for ÷ (m − 1), and
/// so on until one fails; all after it are judged as that one, and fail too.
pub fn holm(p: &[f64], level: f64) -> Vec<f64> {
    let alpha = 1.0 - level;
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut levels = vec![level; p.len()];
    let (mut asked, mut failed) = (alpha, false);
    for (rank, &row) in order.iter().enumerate() {
        if !failed {
            asked = alpha / (p.len() - rank) as f64;
        }
        failed |= p[row] > asked * (1.0 + 1e-9) || p[row].is_nan();
        levels[row] = 1.0 - asked;
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_rows_the_more_is_asked_of_each() {
        let asked =
            |p: &[f64]| holm(p, 0.95).iter().map(|level| ((1.0 - level) * 1e6).round() / 1e6).collect::<Vec<_>>();
        assert_eq!(asked(&[0.03]), [0.05]);
        assert_eq!(asked(&[0.04, 0.01, 0.03]), [0.025, 0.016667, 0.025], "0.03 fails, and with it 0.04");
        assert_eq!(asked(&[0.04, 0.001, 0.02]), [0.05, 0.016667, 0.025], "none fails");
        assert_eq!(asked(&[]), [] as [f64; 0]);
        assert_eq!(asked(&[f64::NAN, 0.2]), [0.025, 0.025]);
    }
}
