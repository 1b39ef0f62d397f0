//! Whole-program tests: the real binary among real parts, in folders as in `src/`; `whole` has what no folder answers for alone.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that panics has failed, and says so"
)]

mod backend;
mod harness;
mod helper;
mod outbound;
mod settings;
mod store;
mod telemetry;
mod whole;
