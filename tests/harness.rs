//! Starts the real parts around a test, each on a free port in a network namespace of the test's own, and stops them on drop.

pub mod clients;
pub mod deployment;
pub mod in_process;
pub mod ledger;
pub mod mounted;
pub mod network;
pub mod node;
pub mod peers;
pub mod process;
pub mod programs;
pub mod screen;
pub mod world;
