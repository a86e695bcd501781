//! Peaks are kept in one file of the cache folder, for every machine and every condition under which they
//! were measured. What is in it is believed only as far as it can be true.

use crate::engine::source::cache_folder;
use crate::engine::{Device, Error, Result};
use crate::measure::machine;
use crate::record::Peaks;
use crate::system::aside::beside;
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};
use std::path::Path;

const NAME: &str = "peaks.json";

/// The number of the file's format.
const VERSION: u64 = 1;

/// Most peaks that are kept, the latest; a file of so many is far smaller than what is read at most.
const MOST: usize = 64;
const MOST_BYTES: u64 = 1 << 20;

/// What the file holds.
#[derive(Serialize, Deserialize)]
struct Stored {
    version: u64,
    /// Oldest first.
    peaks: Vec<Peaks>,
}

/// The peaks that were measured for this machine (by the name of what computes), device and number of
/// threads with the present LibTorch; `None` if there are none.
///
/// # Errors
/// There is a file of them that cannot be read. The message says so and what to do; measuring replaces it.
pub fn cached(machine: &str, device: Device, threads: usize) -> Result<Option<Peaks>> {
    // Without a cache folder nothing was ever kept.
    let Ok(folder) = cache_folder() else { return Ok(None) };
    let mut kept = read(&folder.join(NAME))?;
    kept.reverse();
    Ok(kept.into_iter().find(|peaks| fits(peaks, machine, device, threads)))
}

/// Whether peaks are those of this machine, device, number of threads and the present LibTorch.
pub fn fits(peaks: &Peaks, machine: &str, device: Device, threads: usize) -> bool {
    let (same_place, same_threads) = (peaks.device == device.to_string(), peaks.threads as usize == threads);
    same_place && same_threads && peaks.machine == machine && peaks.libtorch == machine::libtorch()
}

/// Keeps peaks, in place of earlier ones under the same conditions.
///
/// # Errors
/// There is no cache folder, or it cannot be written to.
pub fn store(peaks: &Peaks) -> Result<()> {
    store_in(&cache_folder()?, peaks)
}

fn store_in(folder: &Path, peaks: &Peaks) -> Result<()> {
    let path = folder.join(NAME);
    let failed = |error: &dyn std::fmt::Display| Error::file(&path, format!("cannot write: {error}"));
    let conditions = |of: &Peaks| (of.machine.clone(), of.device.clone(), of.threads, of.libtorch.clone());
    // A broken file is worth nothing: it is replaced.
    let mut kept = read(&path).unwrap_or_default();
    kept.retain(|other| conditions(other) != conditions(peaks));
    kept.push(peaks.clone());
    kept.drain(..kept.len().saturating_sub(MOST));
    std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    // Aside and then renamed: whoever reads meanwhile sees the old file or the new one.
    let mut aside = beside(&path).map_err(|error| failed(&error))?;
    let json = serde_json::to_vec_pretty(&Stored { version: VERSION, peaks: kept }).map_err(|error| failed(&error))?;
    aside.write_all(&json).map_err(|error| failed(&error))?;
    aside.persist(&path).map_err(|error| failed(&error.error))?;
    Ok(())
}

/// Everything in the file; nothing where there is none.
fn read(path: &Path) -> Result<Vec<Peaks>> {
    let failed = |problem: String| {
        Error::file(path, format!("{problem}; it is ignored, and `blockscope doctor --refresh` writes it anew"))
    };
    // A pipe of that name would wait for its writer.
    if path.exists() && !path.is_file() {
        return Err(failed("expected a file of measured peaks".into()));
    }
    let mut text = Vec::new();
    let file = match std::fs::File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        file => file.map_err(|error| failed(format!("cannot read: {error}")))?,
    };
    file.take(MOST_BYTES + 1).read_to_end(&mut text).map_err(|error| failed(format!("cannot read: {error}")))?;
    if text.len() as u64 > MOST_BYTES {
        return Err(failed(format!("expected measured peaks, at most {MOST_BYTES} bytes of them, found more")));
    }
    let kept: Stored =
        serde_json::from_slice(&text).map_err(|error| failed(format!("expected measured peaks: {error}")))?;
    if kept.version != VERSION {
        return Err(failed(format!("expected version {VERSION}, found {}", kept.version)));
    }
    kept.peaks.iter().try_for_each(Peaks::check).map_err(failed)?;
    Ok(kept.peaks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::peaks::tests::measured;

    fn peaks(threads: u32) -> Peaks {
        Peaks { machine: "this one".into(), device: "cpu".into(), threads, libtorch: "2.11.0".into(), ..measured() }
    }

    #[test]
    fn what_is_kept_is_found_again_and_the_latest_counts() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("not/there/yet");
        let path = inside.join(NAME);
        assert_eq!(read(&path).unwrap(), []);
        store_in(&inside, &peaks(1)).unwrap();
        store_in(&inside, &peaks(2)).unwrap();
        let later = Peaks { measured: 7, ..peaks(1) };
        store_in(&inside, &later).unwrap();
        assert_eq!(read(&path).unwrap(), [peaks(2), later]);
        for threads in 3..100 {
            store_in(&inside, &peaks(threads)).unwrap();
        }
        let kept = read(&path).unwrap();
        assert_eq!((kept.len(), kept[MOST - 1].threads), (MOST, 99));
        assert!(path.metadata().unwrap().len() * 4 < MOST_BYTES);
    }

    #[test]
    fn peaks_fit_only_the_conditions_under_which_they_were_measured() {
        let of = Peaks { libtorch: machine::libtorch().into(), ..peaks(2) };
        assert!(fits(&of, "this one", Device::Cpu, 2));
        assert!(!fits(&of, "another", Device::Cpu, 2));
        assert!(!fits(&of, "this one", Device::Cuda(0), 2));
        assert!(!fits(&of, "this one", Device::Cpu, 1));
        assert!(!fits(&Peaks { libtorch: "1.0.0".into(), ..of }, "this one", Device::Cpu, 2));
    }

    #[test]
    fn a_broken_file_is_refused_and_then_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        let zero = Stored { version: VERSION, peaks: vec![peaks(1)] };
        let zero = serde_json::to_string(&zero).unwrap().replacen("\"q1\":", "\"q1\":-", 1);
        let deep = "[".repeat(100_000);
        let long = " ".repeat(MOST_BYTES as usize + 1);
        for (text, said) in [
            ("", "expected measured peaks"),
            ("{\"version\":1,\"peaks\":[{}]}", "missing field"),
            ("{\"version\":2,\"peaks\":[]}", "found 2"),
            (zero.as_str(), "0 < q1"),
            (&deep, "expected measured peaks"),
            (&long, "at most"),
        ] {
            std::fs::write(&path, text).unwrap();
            let refusal = read(&path).unwrap_err().to_string();
            assert!(refusal.contains(said) && refusal.contains("--refresh"), "{refusal}");
            store_in(folder.path(), &peaks(1)).unwrap();
            assert_eq!(read(&path).unwrap(), [peaks(1)]);
        }
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("expected a file"));
        assert!(store_in(folder.path(), &peaks(1)).is_err());
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_said_so() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a file");
        std::fs::write(&file, "").unwrap();
        let refusal = store_in(&file.join("below"), &peaks(1)).unwrap_err().to_string();
        assert!(refusal.contains("cannot write"), "{refusal}");
    }
}
