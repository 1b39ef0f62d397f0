//! Whole-program tests: the real binary among real parts, a feature a file.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that panics has failed, and says so"
)]

mod harness;

mod attacks_on_the_helper;
mod backstage_sign_in;
mod callers;
mod cors;
mod disconnect;
mod documents;
mod error_table;
mod exchange;
mod exit_codes;
mod failover;
mod give_token;
mod health;
mod healthcheck;
mod id_token_lies;
mod killed_backend;
mod kubernetes_proxy;
mod login_in_browser;
mod login_over_http;
mod networks;
mod offboarding;
mod panics;
mod provider_cache;
mod proxy;
mod refresh;
mod refresh_identity;
mod refresh_without_rotation;
mod sealing_keys;
mod status_and_logout;
mod stopping;
mod two_users;
