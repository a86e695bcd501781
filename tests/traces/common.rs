//! Reading traces, and what every timeline promises.

use blockscope::analyse::chrome::{self, Error};
use blockscope::analyse::timeline::{Slice, Timeline, Track};
use blockscope::units::Nanos;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};

pub fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pytorch-trace/tiny.json.gz")
}

/// The fixture, decompressed.
pub fn plain() -> Vec<u8> {
    let mut text = Vec::new();
    GzDecoder::new(std::fs::File::open(fixture()).unwrap()).read_to_end(&mut text).unwrap();
    text
}

pub fn read(content: impl AsRef<[u8]>) -> Result<Timeline, Error> {
    let timeline = chrome::read(Cursor::new(content.as_ref().to_vec()), Path::new("x.json"));
    timeline.as_ref().inspect(|timeline| assert_sound(timeline)).ok();
    timeline
}

pub fn opened(content: impl AsRef<[u8]>) -> Timeline {
    read(content).unwrap_or_else(|error| panic!("{error}"))
}

pub fn refusal(content: impl AsRef<[u8]>) -> String {
    read(content).expect_err("refused").to_string()
}

pub fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A trace of these events, which are JSON.
pub fn trace(events: &[&str]) -> String {
    format!("{{\"schemaVersion\":1,\"traceEvents\":[{}]}}", events.join(","))
}

/// What every timeline promises.
pub fn assert_sound(timeline: &Timeline) {
    for track in &timeline.tracks {
        let mut inside = vec![Nanos(0); track.slices.len()];
        for (index, slice) in track.slices.iter().enumerate() {
            assert!((slice.name as usize) < timeline.names.len() && (slice.detail as usize) < timeline.details.len());
            assert!(slice.depth < track.rows && slice.end() <= timeline.end);
            assert!(index == 0 || track.slices[index - 1].start <= slice.start);
            match slice.parent {
                Slice::NO_PARENT => assert_eq!(slice.depth, 0),
                parent => {
                    let outer = &track.slices[parent as usize];
                    assert!((parent as usize) < index && outer.depth + 1 == slice.depth);
                    assert!(outer.start <= slice.start && slice.end() <= outer.end());
                    inside[parent as usize] += slice.time;
                }
            }
        }
        for (slice, inside) in track.slices.iter().zip(inside) {
            assert_eq!(slice.own + inside, slice.time);
        }
    }
    for curve in &timeline.memory {
        assert!(curve.points.is_sorted_by_key(|&(at, _)| at));
    }
}

pub fn name<'a>(timeline: &'a Timeline, slice: &Slice) -> &'a str {
    &timeline.names[slice.name as usize]
}

pub fn detail<'a>(timeline: &'a Timeline, slice: &Slice) -> &'a str {
    &timeline.details[slice.detail as usize]
}

/// The slices of a track as name, start and time.
pub fn seen<'a>(timeline: &'a Timeline, track: &Track) -> Vec<(&'a str, u64, u64)> {
    track.slices.iter().map(|slice| (name(timeline, slice), slice.start.0, slice.time.0)).collect()
}
