//! One login attempt.

mod cancel;
mod exchange;
mod killed_backend;
