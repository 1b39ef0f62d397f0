//! Tokens that serve now.

mod get_token;
mod refresh;
