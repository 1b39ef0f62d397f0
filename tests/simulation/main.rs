//! The production refresh code over replicas, clock, store and identity provider made of plain values: a schedule a seed.
//!
//! `SCHEDULES=100000 cargo test --test simulation` runs so many; `SEED=42` replays one and prints what happened.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a simulation that panics has failed"
)]
#![expect(clippy::print_stdout, reason = "this is a program of its own")]

mod executor;
mod idp;
mod mistakes;
mod schedule;
mod world;

use std::time::Instant;

use mistakes::Mistake;

/// Enough to meet every kind of trouble, and few enough for every change.
const SCHEDULES: u64 = 5_000;

/// Each mistake of the refresh code must turn a schedule red: tells which mistake did at which seed.
fn notice_mistakes() {
    for mistake in Mistake::ALL {
        let red = (0..SCHEDULES).step_by(mistake.every()).find_map(|seed| {
            let outcome = schedule::run(seed, Some(mistake));
            outcome.faults.first().map(|fault| format!("seed {seed}: {fault}"))
        });
        let red =
            red.unwrap_or_else(|| panic!("simulation: failed (it does not notice code that {mistake})"));
        println!("✓ code that {mistake} is noticed at {red}");
    }
}

/// The faults that a schedule plants are no news; all others are.
fn pass_over_planted_panics() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.payload().downcast_ref() != Some(&idp::PLANTED) {
            tell(panic);
        }
    }));
}

fn main() {
    pass_over_planted_panics();
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    if let Some(seed) = number("SEED") {
        let outcome = schedule::run(seed, None);
        println!("{}", outcome.trace.join("\n"));
        assert!(outcome.faults.is_empty(), "seed {seed}: {}", outcome.faults.join("; "));
        println!("simulation: ok (seed {seed})");
        return;
    }
    let schedules = number("SCHEDULES").unwrap_or(SCHEDULES);
    let began = Instant::now();
    let mut met = schedule::Met::default();
    for seed in 0..schedules {
        let outcome = schedule::run(seed, None);
        assert!(
            outcome.faults.is_empty(),
            "simulation: failed (seed {seed}: {}; replay it with SEED={seed})",
            outcome.faults.join("; ")
        );
        met.add(&outcome);
    }
    met.assert_all_kinds();
    notice_mistakes();
    println!("simulation: ok ({schedules} schedules, {met}, {:.1} s)", began.elapsed().as_secs_f64());
    println!("{schedules} passed, 0 failed");
}
