//! `blockscope man`: the manual pages.

use super::failure::{Failure, Result};
use super::output::Output;
use std::path::PathBuf;

/// Print the manual page of blockscope or of one of its commands, for man; or write all of them into a folder
///
/// blockscope man | man -l - shows the page; blockscope man --out ~/.local/share/man/man1 installs all.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The command whose page is printed [default: the page of blockscope itself]
    #[arg(value_name = "COMMAND", conflicts_with = "out")]
    command: Option<String>,

    /// Write the pages of all commands into this folder, which is made if it is not there; pages there are replaced
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// Prints or writes the pages of `program`, the whole command line.
///
/// # Errors
/// There is no such command; standard output or the folder cannot be written.
pub fn run(args: &Args, program: clap::Command, out: &mut Output) -> Result {
    let mut program = program.disable_help_subcommand(true);
    if let Some(folder) = &args.out {
        let written = std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(program, folder));
        return written.map_err(|error| Failure::Failed(format!("{}: {error}", folder.display())));
    }
    // Commands take their whole name, blockscope-run, from this.
    program.build();
    let page = match &args.command {
        None => program,
        Some(name) => program.find_subcommand(name).cloned().ok_or_else(|| unknown(name, &program))?,
    };
    let mut text = Vec::new();
    let rendered = clap_mangen::Man::new(page).render(&mut text);
    rendered.map_err(|error| Failure::Failed(format!("cannot write the page: {error}")))?;
    out.stream(&String::from_utf8_lossy(&text))
}

fn unknown(name: &str, program: &clap::Command) -> Failure {
    let names: Vec<&str> = program.get_subcommands().map(clap::Command::get_name).collect();
    Failure::Usage(format!("there is no command '{name}'; there are {}", names.join(", ")))
}
