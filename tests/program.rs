//! Whole-program tests: the real binary among real parts, a feature a file.

// clippy.toml allows these in functions marked #[test] only, and a harness is more than those: here a panic is a red test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod harness;

mod callers;
mod cors;
mod error_table;
mod exchange;
mod health;
mod id_token_lies;
mod kubernetes_proxy;
mod login_over_http;
mod provider_cache;
