//! Where records are kept: Redis, and the keys that they are sealed with.

mod cluster;
mod failover;
mod sealing;
mod trouble;
