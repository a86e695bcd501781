//! Ending the process while other threads compute.

/// Ends the process at once. No destructor runs: those of LibTorch's statics would take away what a thread that still
/// computes is using. What was printed must have been flushed.
pub fn at_once(code: u8) -> ! {
    #[cfg(unix)]
    // SAFETY: it ends the process and returns to nobody.
    unsafe {
        libc::_exit(code.into())
    }
    #[cfg(not(unix))]
    std::process::exit(code.into())
}
