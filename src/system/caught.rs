//! A panic of code that is not ours, as an error.
//!
//! LibTorch's operators panic where they refuse, and so do some tokenizers on files that contradict themselves. Where
//! that is expected it is an error like any other, and nothing is reported beside it.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    /// How many of this thread's calls would catch a panic now.
    static WAITING: Cell<u32> = const { Cell::new(0) };
}

/// Does `work`; a panic in it becomes an error with its message.
///
/// # Errors
/// It panicked.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    WAITING.set(WAITING.get() + 1);
    let done = catch_unwind(AssertUnwindSafe(work));
    WAITING.set(WAITING.get() - 1);
    done.map_err(|panic| {
        let message = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        without_frames(message.unwrap_or("a panic without a message")).to_owned()
    })
}

/// What LibTorch says, without where in its own code it said so: kilobytes of C++ frames.
pub fn without_frames(message: &str) -> &str {
    let end = message.find("Exception raised from").unwrap_or(message.len());
    // The line break before it, which is written out where the message is that of an `unwrap`.
    message[..end].trim_end().trim_end_matches("\\n").trim_end()
}

/// Whether a panic of this thread will become an error: whoever reports panics has nothing to say about it.
pub fn is_waiting() -> bool {
    WAITING.get() > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_with_its_message() {
        assert_eq!(caught(|| 1), Ok(1));
        assert_eq!(caught(|| panic!("{} and {}", 1, 2)), Err::<(), _>("1 and 2".to_owned()));
        assert!(!is_waiting());
        let told = "can't allocate memory\nException raised from alloc_cpu at alloc_cpu.cpp:1\nframe #0: x";
        assert_eq!(without_frames(told), "can't allocate memory");
        assert_eq!(without_frames(&format!("{told:?}")), "\"can't allocate memory");
        assert_eq!(caught(|| is_waiting() && caught(is_waiting) == Ok(true)), Ok(true));
    }
}
