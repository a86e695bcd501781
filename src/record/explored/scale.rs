//! How a share becomes a shade.

/// How a share of attention, or a probability, becomes a shade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    Linear,
    /// Small shares stand out.
    #[default]
    Root,
    /// From 1/1000 to 1.
    Log,
    /// Against the largest of its row.
    Row,
}

impl Scale {
    pub fn next(self) -> Self {
        match self {
            Scale::Linear => Scale::Root,
            Scale::Root => Scale::Log,
            Scale::Log => Scale::Row,
            Scale::Row => Scale::Linear,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Scale::Linear => "linear",
            Scale::Root => "√",
            Scale::Log => "log",
            Scale::Row => "of the row's most",
        }
    }

    /// A share as a shade, where the largest of its row is `most`.
    pub fn shade(self, share: f32, most: f32) -> f32 {
        if self == Scale::Row && most > 0.0 { (share / most).clamp(0.0, 1.0) } else { self.of(share) }
    }

    /// A share from 0 to 1 as a shade from 0 to 1.
    pub fn of(self, share: f32) -> f32 {
        let share = share.clamp(0.0, 1.0);
        match self {
            Scale::Linear | Scale::Row => share,
            Scale::Root => share.sqrt(),
            Scale::Log => (share.max(1e-3).log10() / 3.0 + 1.0).clamp(0.0, 1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_run_from_nothing_to_all() {
        for scale in [Scale::Linear, Scale::Root, Scale::Log, Scale::Row] {
            assert_eq!((scale.of(0.0), scale.of(1.0)), (0.0, 1.0));
            assert!(scale.of(0.1) > scale.of(0.01));
        }
    }
}
