//! The engine, from files to logits to recorded runs: one binary, so that LibTorch is linked once.

mod common;
mod counted;
mod formats;
mod parity;
mod session;
mod study;
mod toggles;
mod tracer;
mod worker;
