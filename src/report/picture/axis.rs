//! Axes: where a value lies between two ends, and which values are named.

/// One axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    pub from: f64,
    pub to: f64,
    pub scale: Scale,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    Linear,
    Log,
}

/// More decades than this tell nothing apart.
const MOST_DECADES: f64 = 12.0;
/// A hair, for what rounding does.
const HAIR: f64 = 1e-9;

impl Axis {
    /// From zero to a little above the highest of some values.
    pub fn up_to(values: impl IntoIterator<Item = f64>) -> Self {
        let most = values.into_iter().filter(|value| value.is_finite()).fold(0.0, f64::max);
        Self { from: 0.0, to: if most > 0.0 { most * 1.06 } else { 1.0 }, scale: Scale::Linear }
    }

    /// Around some values, with `room` of their range beside them.
    pub fn around(values: impl IntoIterator<Item = f64>, room: f64) -> Self {
        let (least, most) = range(values.into_iter().filter(|value| value.is_finite())).unwrap_or((0.0, 1.0));
        let room = if most > least { (most - least) * room } else { most.abs().max(1.0) * 0.1 };
        Self { from: least - room, to: most + room, scale: Scale::Linear }
    }

    /// Around the positive ones of some values, with `room` of their range beside them, and at least so many decades long.
    pub fn log(values: impl IntoIterator<Item = f64>, room: f64, decades: f64) -> Self {
        let logs = values.into_iter().filter(|value| value.is_finite() && *value > 0.0).map(f64::log10);
        let (least, most) = range(logs).unwrap_or((0.0, 1.0));
        let least = least.max(most - MOST_DECADES);
        let room = ((most - least) * room).max((decades - (most - least)) / 2.0).max(0.02);
        Self { from: 10f64.powf(least - room), to: 10f64.powf(most + room), scale: Scale::Log }
    }

    /// Where a value lies: 0 at the beginning, 1 at the end; `None` outside.
    pub fn share(&self, value: f64) -> Option<f64> {
        let share = (self.of(value) - self.of(self.from)) / (self.of(self.to) - self.of(self.from));
        (-HAIR..=1.0 + HAIR).contains(&share).then_some(share.clamp(0.0, 1.0))
    }

    fn of(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => value,
            Scale::Log => value.log10(),
        }
    }

    /// The values to name, about `most` of them.
    pub fn ticks(&self, most: usize) -> Vec<f64> {
        let most = most.max(2) as f64;
        match self.scale {
            Scale::Linear => {
                let step = step((self.to - self.from) / most);
                let (first, last) = ((self.from / step - HAIR).ceil() as i64, (self.to / step + HAIR).floor() as i64);
                (first..=last).map(|n| n as f64 * step).collect()
            }
            Scale::Log => {
                let decades = self.of(self.to) - self.of(self.from);
                if decades < 0.7 {
                    // Of so short a piece no power of ten may be inside; it is nearly as even as a linear axis.
                    return Self { scale: Scale::Linear, ..*self }.ticks(most as usize);
                }
                let digits: &[f64] = match most / decades {
                    9.0.. => &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0],
                    3.0.. => &[1.0, 2.0, 5.0],
                    2.0.. => &[1.0, 3.0],
                    _ => &[1.0],
                };
                let every = if most < decades { (decades / most).ceil() as i32 } else { 1 };
                let powers = (self.of(self.from).floor() as i32)..=(self.of(self.to).ceil() as i32);
                let all = powers.filter(|power| power.rem_euclid(every) == 0);
                let all = all.flat_map(|power| digits.iter().map(move |digit| digit * 10f64.powi(power)));
                all.filter(|&value| self.share(value).is_some()).collect()
            }
        }
    }
}

/// The smallest of 1, 2 or 5 times a power of ten that is not smaller.
fn step(least: f64) -> f64 {
    let power = 10f64.powf(least.abs().max(f64::MIN_POSITIVE).log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|digit| digit * power)
        .find(|&step| step >= least * (1.0 - HAIR))
        .unwrap_or(power)
}

fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |range, value| match range {
        None => Some((value, value)),
        Some((least, most)) => Some((value.min(least), value.max(most))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let axis = Axis::up_to([37.0, 12.0, f64::NAN]);
        assert_eq!(axis.ticks(5), [0.0, 10.0, 20.0, 30.0]);
        assert_eq!(Axis::up_to([]).ticks(4), [0.0, 0.5, 1.0]);
        let near = Axis::around([0.9, 1.1], 0.1);
        assert!(near.ticks(5).iter().all(|&tick| near.share(tick).is_some()) && near.ticks(5).len() > 3);
    }

    #[test]
    fn a_logarithmic_axis_names_decades_and_what_fits_between_them() {
        let axis = Axis::log([1.0, 1000.0], 0.0, 1.0);
        assert!((axis.share(10.0).unwrap() - 1.0 / 3.0).abs() < 0.01);
        assert_eq!(axis.ticks(4), [1.0, 10.0, 100.0, 1000.0]);
        let dense = axis.ticks(12);
        assert!(dense.contains(&20.0) && dense.contains(&500.0), "{dense:?}");
        assert_eq!(Axis { from: 0.6, to: 2.2, scale: Scale::Log }.ticks(4), [1.0, 1.5, 2.0]);
        let wide = Axis::log([1e-300, 1e300], 0.0, 1.0);
        assert!(wide.ticks(4).len() <= 6 && wide.from > 0.0, "{wide:?}");
        let none = Axis::log([0.0, -1.0, f64::INFINITY], 0.1, 2.0);
        assert!(none.from > 0.0 && none.to > none.from);
        assert_eq!(axis.share(1e9), None);
        assert_eq!(axis.share(0.0), None);
    }
}
