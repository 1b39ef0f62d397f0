//! What anyone may ask, and what an error looks like.

mod cors;
mod error_table;
mod extension;
mod health;
mod info;
