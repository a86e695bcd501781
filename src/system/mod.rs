//! What is asked of the operating system itself, below everything else.
//!
//! | | |
//! |---|---|
//! | [`signals`] | which thread takes them: one that never computes |
//! | [`file`] | opening what somebody else made: files only, never a pipe or a device |
//! | [`aside`] | making a file beside its place, to be put there when it is complete |
//! | [`folders`] | where a program keeps its files |
//! | [`map`] | a file in memory, which another program may cut short while it is read |
//! | [`confined`] | running what cannot be trusted to end, in a process that can be ended |
//! | [`caught`] | a panic of code that is not ours, as an error |
//! | [`exit`] | ending the process while other threads compute |

pub mod aside;
pub mod caught;
pub mod confined;
pub mod exit;
pub mod file;
pub mod folders;
pub mod map;
pub mod signals;
