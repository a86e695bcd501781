//! The program: parse what was asked for, do it, say how it went.

use blockscope::cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::arguments();
    // For panics only: an ordinary error is a sentence, not a report.
    if let Err(error) = color_eyre::install() {
        eprintln!("{error}");
    }
    cli::run(cli)
}
