//! The machine that runs the model.

use sysinfo::{CpuRefreshKind, RefreshKind, System};

/// The version of LibTorch that this binary was linked with.
pub fn libtorch() -> &'static str {
    env!("LIBTORCH_VERSION")
}

/// The processor's own name.
pub fn processor() -> String {
    let system = System::new_with_specifics(RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing()));
    let name = system.cpus().first().map_or("", |cpu| cpu.brand()).trim();
    if name.is_empty() { std::env::consts::ARCH.to_owned() } else { name.to_owned() }
}
