//! Where records are kept: Redis, and the keys that they are sealed with.

mod failover;
mod sealing;
mod trouble;
