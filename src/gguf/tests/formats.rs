//! The number formats: candle's arithmetic, reached without a copy and without an alignment.

use super::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Every readable type with candle's name of it.
const TYPES: [(BlockType, GgmlDType); 13] = [
    (BlockType::F32, GgmlDType::F32),
    (BlockType::F16, GgmlDType::F16),
    (BlockType::BF16, GgmlDType::BF16),
    (BlockType::Q4_0, GgmlDType::Q4_0),
    (BlockType::Q4_1, GgmlDType::Q4_1),
    (BlockType::Q5_0, GgmlDType::Q5_0),
    (BlockType::Q5_1, GgmlDType::Q5_1),
    (BlockType::Q8_0, GgmlDType::Q8_0),
    (BlockType::Q2_K, GgmlDType::Q2K),
    (BlockType::Q3_K, GgmlDType::Q3K),
    (BlockType::Q4_K, GgmlDType::Q4K),
    (BlockType::Q5_K, GgmlDType::Q5K),
    (BlockType::Q6_K, GgmlDType::Q6K),
];

#[test]
fn every_type_dequantises_as_candle_does() {
    for (kind, dtype) in TYPES {
        let stored = tensor(&[3, 512], dtype);
        let expected = stored.dequantize(&Device::Cpu).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let file = open(&bytes(&[], &[("w", stored)])).unwrap();
        assert_eq!(file.tensor("w").unwrap().kind.readable(), Some(kind));
        let mut values = vec![f32::NAN; 3 * 512];
        file.dequantise("w", &mut values).unwrap();
        assert_eq!(values, expected, "{kind}");
        // And they are the values that were stored, as nearly as the format can hold them.
        let exact = tensor(&[3, 512], GgmlDType::F32).dequantize(&Device::Cpu).unwrap();
        let exact = exact.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let worst = values.iter().zip(&exact).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        let bits = 8.0 * kind.bytes_per_block() as f32 / kind.values_per_block() as f32;
        let largest = exact.iter().fold(0_f32, |most, x| most.max(x.abs()));
        assert!(worst <= largest * 2_f32.powf(1.5 - bits.min(9.0)), "{kind}: {worst} of {largest}");
    }
}

#[test]
fn misaligned_blocks_have_the_same_values() {
    for (kind, dtype) in TYPES {
        let stored = tensor(&[40, 512], dtype); // more than one chunk of one buffer
        let data = stored.data().unwrap();
        let (mut aligned, mut shifted) = (vec![0.0; 40 * 512], vec![0.0; 40 * 512]);
        kind.dequantise(&data, &mut aligned);
        let mut moved = vec![0xff; 1];
        moved.extend_from_slice(&data);
        kind.dequantise(&moved[1..], &mut shifted);
        assert_eq!(aligned, shifted, "{kind}");
    }
}

/// The three formats that the int4 and int8 paths will stand on, computed from their definition.
#[test]
fn q4_0_q4_1_and_q8_0_are_what_their_definition_says() {
    // d = 0.5, m = -1.25 as f16, little-endian
    let (d, m) = ([0x00, 0x38], [0x00, 0xbd]);
    let nibbles: Vec<u8> = (0..16).map(|i| i | (15 - i) << 4).collect(); // value i: low nibble; value 16 + i: high

    let mut values = [0.0; 32];
    BlockType::Q4_0.dequantise(&[&d[..], &nibbles].concat(), &mut values);
    for i in 0..16 {
        assert_eq!(values[i], 0.5 * (i as f32 - 8.0));
        assert_eq!(values[16 + i], 0.5 * ((15 - i) as f32 - 8.0));
    }
    BlockType::Q4_1.dequantise(&[&d[..], &m, &nibbles].concat(), &mut values);
    for i in 0..16 {
        assert_eq!(values[i], 0.5 * i as f32 - 1.25);
        assert_eq!(values[16 + i], 0.5 * (15 - i) as f32 - 1.25);
    }
    let bytes: Vec<u8> = (0..32).map(|i| (i * 8 - 128_i32) as u8).collect(); // from -128 in steps of 8
    BlockType::Q8_0.dequantise(&[&d[..], &bytes].concat(), &mut values);
    for (i, value) in values.into_iter().enumerate() {
        assert_eq!(value, 0.5 * (i as f32 * 8.0 - 128.0));
    }
}

#[test]
fn random_blocks_never_panic() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for kind in BlockType::ALL {
        let mut data = vec![0; 64 * kind.bytes_per_block()];
        random.fill(&mut data[..]);
        kind.dequantise(&data, &mut vec![0.0; 64 * kind.values_per_block()]);
    }
}
