//! One login attempt.

mod exchange;
mod killed_backend;
