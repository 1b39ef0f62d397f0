//! An earlier binary and this one on one Redis, under load: rolled forward, and back; then by turns on one file.
//! `EARLIER_BINARY=… EARLIER_BINARY_WITH_FILE=… cargo test --test upgrade`; `make upgrade` builds the earlier ones.
//!
//! No login may be lost, and neither binary may find a record that it cannot read.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "an upgrade that panics has failed, and says so"
)]
#![expect(clippy::print_stdout, reason = "this is a program of its own")]

#[expect(dead_code, reason = "the program tests use the rest of it")]
mod harness;

#[path = "upgrade/filed.rs"]
mod filed;
#[path = "upgrade/load.rs"]
mod load;
#[path = "upgrade/logins.rs"]
mod logins;
#[path = "upgrade/replicas.rs"]
mod replicas;

use std::path::PathBuf;
use std::time::Instant;

use serde_json::json;

use load::Load;
use logins::Kept;
use replicas::{Replicas, Version};

/// What runs beside each other, as a rolling upgrade has it, and its way back.
const STEPS: [[Version; 2]; 5] = [
    [Version::Earlier, Version::Earlier],
    [Version::Earlier, Version::This],
    [Version::This, Version::This],
    [Version::This, Version::Earlier],
    [Version::Earlier, Version::Earlier],
];

/// Each login is refreshed so often in each step.
const REFRESHES: u64 = 2;

/// The identity provider refuses so many refreshes in each step: a record that says so is read by the other version.
const REFUSED: u64 = 3;

/// Logins to one cluster under several names; what is kept of one ends and begins anew in each step, at either replica.
const LOGINS: usize = 12;

fn main() {
    let earlier = |name: &str| {
        let binary = std::env::var(name);
        PathBuf::from(
            binary.unwrap_or_else(|_| panic!("upgrade: failed ({name} is not set: run make upgrade)")),
        )
    };
    let turns = filed::take_turns(earlier("EARLIER_BINARY_WITH_FILE"));
    let began = Instant::now();
    let kept = Kept::start("upgrade", LOGINS);
    let mut replicas = Replicas::new(&kept.here, earlier("EARLIER_BINARY"));
    replicas.become_all(STEPS[0]);
    kept.log_in(&replicas.apis());
    let load = Load::begin(&kept.clusters, &replicas.shared());
    for versions in STEPS {
        let (asked, since) = (load.answers(), Instant::now());
        replicas.become_all(versions);
        kept.log_out_and_in(&replicas.apis());
        kept.exchange_elsewhere(&replicas.apis());
        kept.here.idp.control("next", json!({ "endpoint": "token", "status": 503, "times": REFUSED }));
        kept.wait_for_refreshes(REFRESHES);
        kept.assert_all_there(&replicas.apis());
        let (told, took) = (load.answers() - asked, since.elapsed().as_secs_f64());
        println!("✓ {versions:?}: {LOGINS} logins kept, {told}, {took:.1} s");
    }
    let told = load.end();
    let (steps, took) = (STEPS.len(), began.elapsed().as_secs_f64());
    println!(
        "upgrade: ok ({steps} steps, {LOGINS} logins, {told}, {} refreshes, {took:.1} s; {turns})",
        kept.here.idp.refreshes()
    );
}
