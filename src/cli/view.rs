//! `blockscope view`: the terminal interface on a saved run.
