//! Traces of PyTorch's profiler: they open with the numbers that are in them, what is exported opens again, and
//! no file does harm.

mod common;
mod exported;
mod hostile;
mod limits;
mod pytorch;
