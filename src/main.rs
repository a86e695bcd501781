//! The program: parse what was asked for, do it, say how it went.

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod early;

use blockscope::cli::{self, Cli};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::read(std::env::args_os().collect()).unwrap_or_else(|error| error.exit());
    // For panics only: an ordinary error is a sentence, not a report.
    if let Err(error) = color_eyre::install() {
        eprintln!("{error}");
    }
    cli::run(cli)
}
