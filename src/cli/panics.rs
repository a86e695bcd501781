//! What is said of a panic, which is a fault of this program: an ordinary error is a sentence.

use crate::system::caught;
use crate::text::shown;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, Write};
use std::panic::{self, PanicHookInfo};

/// From now on panics are reported on standard error, but for those that become errors. Where nobody reads it any more,
/// nothing is said: a report that panics itself would abort the process.
pub fn report_panics() {
    panic::set_hook(Box::new(|panic| {
        if !caught::is_waiting() {
            let _ = write!(io::stderr(), "{}", report(panic));
        }
    }));
}

/// Without colours, for it may go to a file; and what a model's file says in it can drive no terminal.
fn report(panic: &PanicHookInfo<'_>) -> String {
    let message = shown::prose(caught::without_frames(message(panic)));
    let place = panic.location().map_or_else(String::new, |place| format!("\n  at {place}"));
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("without a name");
    let way = match Backtrace::capture() {
        way if way.status() == BacktraceStatus::Captured => way.to_string(),
        _ => "  RUST_BACKTRACE=1 shows the way there; please report it".to_owned(),
    };
    let message = shown::bounded(&message);
    format!("error: blockscope panicked: {message}{place}, thread {thread}\n{}\n", shown::prose(&way))
}

fn message<'a>(panic: &'a PanicHookInfo<'_>) -> &'a str {
    let payload = panic.payload();
    payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or(payload.downcast_ref::<&str>().copied())
        .unwrap_or("no message")
}
