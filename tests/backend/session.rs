//! One login attempt.

mod cancel;
mod exchange;
mod killed_backend;
mod killed_with_tokens;
mod post_tokens;
mod put_session;
