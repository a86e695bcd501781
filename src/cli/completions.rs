//! `blockscope completions`: what a shell needs to complete commands and options.

use super::failure::Result;
use super::output::Output;
use clap_complete::Shell;

/// Print completions for a shell: bash, zsh, fish, elvish or powershell
///
/// For bash: blockscope completions bash > ~/.local/share/bash-completion/completions/blockscope. For fish:
/// blockscope completions fish > ~/.config/fish/completions/blockscope.fish. For zsh: into a file _blockscope in a folder
/// of $fpath.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

/// Prints the completions of `program`, the whole command line.
///
/// # Errors
/// Standard output cannot be written.
pub fn run(args: &Args, mut program: clap::Command, out: &mut Output) -> Result {
    let mut script = Vec::new();
    let name = program.get_name().to_owned();
    clap_complete::generate(args.shell, &mut program, name, &mut script);
    out.stream(&String::from_utf8_lossy(&script))
}
