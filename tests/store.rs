//! Where records are kept: Redis or a file, and the keys that they are sealed with.

mod cluster;
mod failover;
mod file;
mod sealing;
mod trouble;
