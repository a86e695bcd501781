//! The program among things that are not what they should be: files, terminals, signals.

#[cfg(unix)]
mod common;
#[cfg(unix)]
mod gguf;
#[cfg(unix)]
mod messages;
#[cfg(unix)]
mod native;
#[cfg(unix)]
mod numbers;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod special;
#[cfg(unix)]
mod templates;
#[cfg(unix)]
mod terminals;
#[cfg(unix)]
mod tokenizers;
