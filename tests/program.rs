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
mod email_domains;
mod error_table;
mod exchange;
mod exit_codes;
mod failover;
mod faults;
mod faulty_peers;
mod give_token;
mod health;
mod healthcheck;
mod id_token_lies;
mod info;
mod killed_backend;
mod kubernetes_proxy;
mod library_logs;
mod login_in_browser;
mod login_over_http;
mod methods;
mod networks;
mod offboarding;
mod other_versions;
mod panics;
mod provider_cache;
mod proxy;
mod rates;
mod redirect_paths;
mod refresh;
mod refresh_identity;
mod refresh_without_rotation;
mod request_ids;
mod sealing_keys;
mod settings;
mod status_and_logout;
mod stopping;
mod store_trouble;
mod terminal_input;
mod two_users;
mod unconfirmed_backend;
mod unused_logins;
