//! The program: parse what was asked for, do it, say how it went.

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod early;

use blockscope::cli::{self, Cli};
use blockscope::system::{exit, signals};

fn main() {
    // Before any other thread is there: those that come inherit it.
    signals::keep_out();
    signals::let_in().expect("the system can start a thread");
    cli::report_panics();
    let code = match Cli::read(std::env::args_os().collect()) {
        Ok(cli) => cli::run(cli),
        Err(error) => cli::explain(&error),
    };
    // LibTorch's threads, or one of ours that was given up, may still be at work.
    exit::at_once(code)
}
