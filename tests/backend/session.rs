//! One login attempt.

mod cancel;
mod exchange;
mod killed_backend;
mod post_tokens;
mod put_session;
