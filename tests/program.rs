//! Whole-program tests: the real binary among real parts, a feature a file.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::unwrap_used,
    reason = "a test that panics has failed, and says so"
)]

mod harness;

mod documents;
mod login_over_http;
