//! The whole path with real identity providers: the real backend over Redis, the real helper, a real browser at the provider's own login
//! form, and a cluster that verifies the tokens. `make providers` installs the providers and runs it.
//!
//! A step that a provider cannot show says why in its line. `PROVIDERS=dex STEPS=logout` runs less.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a step that panics has failed, and says so"
)]
#![expect(clippy::print_stdout, reason = "this is a program of its own")]

#[expect(dead_code, reason = "the program tests use the rest of it")]
mod harness;

/// Below `tests/providers`.
mod providers {
    pub mod asked;
    pub mod dex;
    pub mod keycloak;
    pub mod login_form;
    pub mod other_application;
    pub mod programs;
    pub mod run;
    pub mod scene;
    pub mod site;
    pub mod steps;
    pub mod waiting;
    pub mod zitadel;
}

use std::process::ExitCode;
use std::time::Instant;

use providers::run::{Outcome, run};

const NAMES: [&str; 3] = ["keycloak", "dex", "zitadel"];

/// Each provider on a thread of its own, which has a network of its own.
fn main() -> ExitCode {
    let began = Instant::now();
    let chosen = std::env::var("PROVIDERS").unwrap_or_default();
    let names: Vec<&str> =
        NAMES.into_iter().filter(|name| chosen.is_empty() || chosen.contains(name)).collect();
    let running: Vec<_> = names.iter().map(|name| std::thread::spawn(|| run(name))).collect();
    let ended = running.into_iter().zip(&names).map(|(thread, name)| match thread.join() {
        Ok(outcome) => outcome,
        Err(_) => Outcome::never_began(name),
    });
    let total = ended.fold(Outcome::default(), Outcome::and);
    println!("{total}, {:.0} s)", began.elapsed().as_secs_f64());
    if total.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
