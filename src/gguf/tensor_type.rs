//! The number formats that a file can name: all of ggml's, of which some can be read.

use std::borrow::Cow;
use std::fmt;

/// The number format of a tensor, as its header names it: one of those that can be read, or any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TensorType(u32);

impl TensorType {
    /// By ggml's number.
    pub(super) fn of(number: u32) -> Self {
        Self(number)
    }

    /// As GGUF files and their names spell it: `Q4_1`; `type 36` where the number has no name, or has had several.
    pub fn name(self) -> Cow<'static, str> {
        self.known().map_or_else(|| format!("type {}", self.0).into(), |(_, name, _)| Cow::Borrowed(*name))
    }

    /// ggml's number.
    pub(super) fn number(self) -> u32 {
        self.0
    }

    /// How many values share a block, and how many bytes it takes, where that is known.
    pub(super) fn block(self) -> Option<(usize, usize)> {
        self.known().and_then(|(.., block)| *block)
    }

    fn known(self) -> Option<&'static Known> {
        TYPES.iter().find(|(number, ..)| *number == self.0)
    }
}

impl fmt::Display for TensorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name())
    }
}

/// A type's number, its name, and how many values share a block of how many bytes.
type Known = (u32, &'static str, Option<(usize, usize)>);

/// ggml's types (`ggml.h`, `ggml-common.h`). 4 and 5 are no longer in use;
/// 36 to 38 were IQ4_NL in other orders there, and are something else in files of other programs.
const TYPES: [Known; 38] = [
    (0, "F32", Some((1, 4))),
    (1, "F16", Some((1, 2))),
    (2, "Q4_0", Some((32, 18))),
    (3, "Q4_1", Some((32, 20))),
    (6, "Q5_0", Some((32, 22))),
    (7, "Q5_1", Some((32, 24))),
    (8, "Q8_0", Some((32, 34))),
    (9, "Q8_1", Some((32, 36))),
    (10, "Q2_K", Some((256, 84))),
    (11, "Q3_K", Some((256, 110))),
    (12, "Q4_K", Some((256, 144))),
    (13, "Q5_K", Some((256, 176))),
    (14, "Q6_K", Some((256, 210))),
    (15, "Q8_K", Some((256, 292))),
    (16, "IQ2_XXS", Some((256, 66))),
    (17, "IQ2_XS", Some((256, 74))),
    (18, "IQ3_XXS", Some((256, 98))),
    (19, "IQ1_S", Some((256, 50))),
    (20, "IQ4_NL", Some((32, 18))),
    (21, "IQ3_S", Some((256, 110))),
    (22, "IQ2_S", Some((256, 82))),
    (23, "IQ4_XS", Some((256, 136))),
    (24, "I8", Some((1, 1))),
    (25, "I16", Some((1, 2))),
    (26, "I32", Some((1, 4))),
    (27, "I64", Some((1, 8))),
    (28, "F64", Some((1, 8))),
    (29, "IQ1_M", Some((256, 56))),
    (30, "BF16", Some((1, 2))),
    (31, "Q4_0_4_4", Some((32, 18))),
    (32, "Q4_0_4_8", Some((32, 18))),
    (33, "Q4_0_8_8", Some((32, 18))),
    (34, "TQ1_0", Some((256, 54))),
    (35, "TQ2_0", Some((256, 66))),
    (39, "MXFP4", Some((32, 17))),
    (40, "NVFP4", Some((64, 36))),
    (41, "Q1_0", Some((128, 18))),
    (42, "Q2_0", None),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gguf::BlockType;

    /// What can be read has the sizes of what reads it.
    #[test]
    fn every_readable_type_has_the_size_of_its_blocks() {
        for kind in BlockType::ALL {
            let named = TensorType::from(kind);
            assert_eq!(named.readable(), Some(kind));
            assert_eq!(named.block(), Some((kind.values_per_block(), kind.bytes_per_block())), "{kind}");
        }
    }

    #[test]
    fn the_types_are_each_there_once_and_in_order() {
        assert!(TYPES.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(TensorType::of(36).name(), "type 36");
        assert_eq!(TensorType::of(26).readable(), None);
    }
}
