//! The machine that runs the model.

use crate::engine::{Device, cuda};
use std::collections::BTreeMap;
use std::path::Path;
use sysinfo::{CpuRefreshKind, RefreshKind, System};

/// The version of LibTorch that this binary was linked with.
pub fn libtorch() -> &'static str {
    env!("LIBTORCH_VERSION")
}

/// The own name of what computes: the processor, or the GPU.
pub fn name(device: Device) -> String {
    match device {
        Device::Cpu => processor(),
        Device::Cuda(number) => cuda::find().gpu(number).map_or_else(|| device.to_string(), |gpu| gpu.name.clone()),
    }
}

/// The processor's own name.
pub fn processor() -> String {
    let system = System::new_with_specifics(RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing()));
    let name = system.cpus().first().map_or("", |cpu| cpu.brand()).trim();
    if name.is_empty() { std::env::consts::ARCH.to_owned() } else { name.to_owned() }
}

/// Bytes of the last-level caches that this many threads can have at once, where the system says.
pub fn last_level_cache(device: Device, threads: usize) -> Option<u64> {
    match device {
        Device::Cpu => caches(Path::new("/sys/devices/system/cpu"), threads),
        Device::Cuda(number) => cuda::find().gpu(number)?.cache,
    }
}

/// The same out of Linux's description of the processors: each has a folder for every cache above it, and
/// a cache that several share is told apart by who they are.
fn caches(processors: &Path, threads: usize) -> Option<u64> {
    let folders = |path: &Path, prefix: &str| {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        let named = entries.filter(|entry| {
            let name = entry.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix(prefix));
            number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
        });
        named.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let mut caches: BTreeMap<(u32, String), u64> = BTreeMap::new();
    for cache in folders(processors, "cpu").iter().flat_map(|cpu| folders(&cpu.join("cache"), "index")) {
        let said = |name: &str| Some(std::fs::read_to_string(cache.join(name)).ok()?.trim().to_owned());
        let level = said("level").and_then(|level| level.parse().ok());
        let size = said("size").and_then(|size| bytes(&size));
        if let (Some(level), Some(size), Some(sharers)) = (level, size, said("shared_cpu_list"))
            && said("type").is_some_and(|kind| kind != "Instruction")
        {
            caches.insert((level, sharers), size);
        }
    }
    let (last, _) = caches.keys().next_back()?;
    let mut last: Vec<u64> = caches.iter().filter(|((level, _), _)| level == last).map(|(_, &size)| size).collect();
    last.sort_unstable_by(|a, b| b.cmp(a));
    Some(last.into_iter().take(threads.max(1)).fold(0, u64::saturating_add)).filter(|&bytes| bytes > 0)
}

/// `32768K` in bytes.
fn bytes(size: &str) -> Option<u64> {
    let (number, unit) = match size.strip_suffix('K') {
        Some(number) => (number, 1 << 10),
        None => size.strip_suffix('M').map_or((size, 1), |number| (number, 1 << 20)),
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Caches of one processor: level, type, size, who shares it.
    fn processor(root: &Path, number: usize, caches: &[(u32, &str, &str, &str)]) {
        for (index, (level, kind, size, sharers)) in caches.iter().enumerate() {
            let folder = root.join(format!("cpu{number}/cache/index{index}"));
            std::fs::create_dir_all(&folder).unwrap();
            for (name, text) in
                [("level", level.to_string().as_str()), ("type", kind), ("size", size), ("shared_cpu_list", sharers)]
            {
                std::fs::write(folder.join(name), format!("{text}\n")).unwrap();
            }
        }
    }

    #[test]
    fn the_last_level_is_counted_once_for_those_who_share_it() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(caches(root.path(), 1), None);
        for (number, sharers) in [(0, "0-1"), (1, "0-1"), (2, "2-3"), (3, "2-3")] {
            let own = number.to_string();
            let all =
                [(1, "Data", "32K", own.as_str()), (1, "Instruction", "32K", &own), (3, "Unified", "32M", sharers)];
            processor(root.path(), number, &all);
        }
        std::fs::create_dir(root.path().join("cpufreq")).unwrap();
        assert_eq!(caches(root.path(), 1), Some(32 << 20), "one thread has one of the two");
        assert_eq!(caches(root.path(), 4), Some(64 << 20));
    }

    #[test]
    fn what_the_system_says_in_other_words_is_unknown() {
        let root = tempfile::tempdir().unwrap();
        processor(root.path(), 0, &[(3, "Unified", "large", "0"), (9, "Instruction", "8K", "0")]);
        assert_eq!(caches(root.path(), 1), None);
        assert_eq!(
            [bytes("32768K"), bytes("8M"), bytes("512"), bytes("")],
            [Some(1 << 25), Some(8 << 20), Some(512), None]
        );
        assert_eq!(bytes("99999999999999999999K"), None);
    }
}
