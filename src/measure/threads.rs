//! LibTorch's number of threads.

/// LibTorch's number of threads, changed for a while.
pub(super) struct Threads(i32);

impl Threads {
    /// Whatever is set from now on is taken back in the end.
    pub(super) fn kept() -> Self {
        Self(tch::get_num_threads())
    }

    pub fn set(threads: usize) -> Self {
        let before = tch::get_num_threads();
        tch::set_num_threads(threads as i32);
        Self(before)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        tch::set_num_threads(self.0);
    }
}
