//! A million logins in Redis, and what they cost the real binary: `admin list`, `admin revoke --user`, a sweep that finds one in a
//! hundred unused, `admin reseal`, and `GET /status`; and a tenth of them in a file. `LOGINS=100000 cargo test --test million` has fewer of them.
//!
//! Memory, and that nothing is missed, are asserted, and that a backend with a file listens within a second. Other times are printed.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a measurement that panics has failed, and says so"
)]
#![expect(clippy::print_stdout, reason = "this is a program of its own")]

#[expect(dead_code, reason = "the program tests use the rest of it")]
mod harness;

#[path = "million/filed.rs"]
mod filed;
#[path = "million/logins.rs"]
mod logins;
#[path = "million/measured.rs"]
mod measured;

use std::time::{Duration, Instant};

use harness::deployment::{Deployment, OnRedis};
use harness::programs::backend::{BackendPlan, SEALING_KEY};
use logins::{Kept, fill, user};
use measured::{Measured, peak_of};

/// One login in so many is unused.
const ONE_IN: usize = 100;

/// More than the binary and a few pages of logins, far less than a million of them.
const MOST_MEMORY: u64 = 96 << 20;

/// The budget of a user beside the tokens themselves.
const MOST_BYTES: usize = 4_096;

/// 32 bytes.
const NEW_KEY: &str = "new:YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI=";

/// How often `/status` is asked for its median.
const STATUSES: usize = 500;

struct Parts {
    here: OnRedis,
    logins: usize,
}

fn main() {
    let logins = std::env::var("LOGINS").map_or(1_000_000, |text| text.parse().expect("a number"));
    let here = Deployment::new("million").with_redis().with("RUST_LOG", "info");
    let parts = Parts { here, logins };
    let kept = fill(&parts.here.redis.url, &parts.here.idp.issuer, logins, ONE_IN);
    println!("✓ {logins} logins: sealed and written in {:.1} s", kept.seconds);
    let revoked = revoke(&parts, &kept);
    let bytes = bytes_a_user(&parts, &kept);
    let listed = list(&parts);
    let swept = sweep_and_status(&parts, &kept);
    let resealed = reseal(&parts.here, &parts.here.plan, logins - 2 - kept.unused);
    let moved = filed::moved(&parts.here, logins / 10);
    println!("million: ok ({logins} logins, {bytes}; {revoked}; {listed}; {swept}; {resealed}; {moved})");
}

/// The first command finds what an older version kept; the second has the index.
fn revoke(parts: &Parts, kept: &Kept) -> String {
    let revoke = |number: usize| {
        let user = user(kept.used(number));
        let revoked = Measured::of(
            &parts.here.world,
            &mut parts.here.plan.command(&["admin", "revoke", "--user", &user]),
        );
        assert!(revoked.out().contains("at dev: revoked and forgotten."), "{}", revoked.out());
        revoked.assert_small(MOST_MEMORY);
        revoked
    };
    let (first, second) = (revoke(0), revoke(1));
    let told = format!("admin revoke --user {second}, {first} with the index still to be made");
    println!("✓ {told}");
    told
}

fn bytes_a_user(parts: &Parts, kept: &Kept) -> String {
    let bytes = (logins::used_memory(&parts.here.redis.url) - kept.memory_before) / parts.logins;
    let beside = bytes - kept.token_bytes;
    assert!(beside <= MOST_BYTES, "{beside} bytes a user beside the tokens");
    let told = format!("{bytes} bytes a user, {beside} of them beside the tokens");
    println!("✓ {told}");
    told
}

fn list(parts: &Parts) -> String {
    let listed = Measured::of(&parts.here.world, &mut parts.here.plan.command(&["admin", "list", "--json"]));
    // Two are revoked.
    assert_eq!(listed.lines(), parts.logins - 2);
    listed.assert_small(MOST_MEMORY);
    let told = format!("admin list {listed}");
    println!("✓ {told}");
    told
}

/// With another key; the old one still opens.
fn reseal(here: &OnRedis, plan: &BackendPlan, logins: usize) -> String {
    let plan = plan.clone().with("TOKEN_ENCRYPTION_KEYS", &format!("{NEW_KEY},{SEALING_KEY}"));
    let resealed = Measured::of(&here.world, &mut plan.command(&["admin", "reseal"]));
    assert!(resealed.out().contains(&format!("{logins} records anew, 0 before.")), "{}", resealed.out());
    resealed.assert_small(MOST_MEMORY);
    let told = format!("admin reseal of {logins} {resealed}");
    println!("✓ {told}");
    told
}

fn sweep_and_status(parts: &Parts, kept: &Kept) -> String {
    let began = Instant::now();
    let me = user(kept.used(2));
    let plan = parts.here.plan.clone().with("CLUSTER_AUTH_DEV_USER", &me);
    let (backend, api) = parts.here.start_as(&plan);
    let status = || {
        let asked = Instant::now();
        assert_eq!(api.cluster_status()["connected"], true);
        asked.elapsed()
    };
    let mut slowest = Duration::ZERO;
    while kept.unused_left(&parts.here.redis.url) > 0 {
        slowest = slowest.max(status());
    }
    let swept = began.elapsed().as_secs_f64();
    assert_eq!(logins::left(&parts.here.redis.url), parts.logins - 2 - kept.unused);
    let mut times: Vec<_> = (0..STATUSES).map(|_| status()).collect();
    times.sort_unstable();
    let peak = peak_of(backend.process.id());
    assert!(peak <= MOST_MEMORY, "the backend took {peak} bytes");
    let told = format!(
        "a sweep that ends {} of them {swept:.1} s with a peak of {} MiB; /status {:.1} ms, {:.0} ms at most beside the sweep",
        kept.unused,
        peak >> 20,
        times[STATUSES / 2].as_secs_f64() * 1e3,
        slowest.as_secs_f64() * 1e3,
    );
    println!("✓ {told}");
    told
}
