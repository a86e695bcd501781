//! What the operating system says this process holds in memory.

use crate::record::Resident;
use crate::units::Bytes;
use std::fs;

/// The high-water mark of this process's memory, since a moment.
pub struct HighWater {
    before: Bytes,
    was_reset: bool,
}

impl HighWater {
    /// Begins here. `None` where the system does not say.
    pub fn reset() -> Option<Self> {
        // 5 sets the high-water mark to what is resident now (proc_pid_clear_refs(5)).
        let was_reset = fs::write("/proc/self/clear_refs", "5").is_ok();
        Some(Self { before: field("VmRSS")?, was_reset })
    }

    /// Where it stands now.
    pub fn read(&self) -> Option<Resident> {
        Some(Resident { before: self.before, peak: field("VmHWM")?, is_of_pass: self.was_reset })
    }
}

/// A size in the process's status, which is in KiB.
fn field(name: &str) -> Option<Bytes> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok().map(|kib: u64| Bytes(kib * 1024))
}
