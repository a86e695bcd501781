//! The engine, from files to logits to recorded runs: one binary, so that LibTorch is linked once.

mod budget;
mod common;
mod counted;
mod explore;
mod formats;
mod gemma;
mod grown;
mod importance;
mod intervene;
mod parity;
mod planted;
mod session;
mod study;
mod toggles;
mod tracer;
mod worker;
