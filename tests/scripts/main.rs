//! The set-up scripts refuse what they must, in words, and leave nothing half done. Everything here is offline:
//! the scripts run in a copy of the clone, on an empty cache, with programs of our own in front on the PATH.

mod check;
mod clone;
mod glassllm;
mod libtorch;
mod model;
mod models;
