//! A storm of requests over several replicas while their login has to be refreshed: real binaries, one real Redis, a real identity
//! provider with reuse detection. `REQUESTS=1000 REPLICAS=3 cargo test --test storm` is the whole of it.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a storm that panics has failed, and says so"
)]
#![expect(clippy::print_stdout, reason = "this is a program of its own")]

#[expect(dead_code, reason = "the program tests use the rest of it")]
mod harness;

#[path = "storm/crowd.rs"]
mod crowd;
#[path = "storm/parts.rs"]
mod parts;
#[path = "storm/redis_gate.rs"]
mod redis_gate;

use std::time::Instant;

use serde_json::json;

use crowd::{Got, storm};
use parts::{Parts, Reuse};
use redis_gate::{RefreshWrite, Stop};

/// Enough to find a second refresh.
const REQUESTS: usize = 100;
const REPLICAS: usize = 3;

/// So that a dead replica is followed soon: its lock lives for ten seconds.
const SHORT_LOCK: (&str, &str) = ("IDP_TIMEOUT", "5s");

/// At which step of a refresh the holder of the lock is killed.
#[derive(Clone, Copy, Debug)]
enum KilledBefore {
    Intent,
    Post,
    Answer,
    Write,
    Release,
}

impl KilledBefore {
    const ALL: [Self; 5] = [Self::Intent, Self::Post, Self::Answer, Self::Write, Self::Release];
    /// Where an overlap period makes the difference.
    const FORGIVEN: [Self; 2] = [Self::Answer, Self::Write];

    fn name(self) -> &'static str {
        match self {
            Self::Intent => "before intent",
            Self::Post => "before POST",
            Self::Answer => "before answer",
            Self::Write => "before write",
            Self::Release => "before release",
        }
    }

    /// How often the token is sent, and what the requests at the other replicas get: a lost successor is asked for
    /// once more, which only an overlap period forgives.
    fn promised(self, reuse: Reuse) -> (u64, Got) {
        match (self, reuse) {
            (Self::Intent | Self::Post | Self::Release, _) => (1, Got::Pods),
            (Self::Answer | Self::Write, Reuse::Overlap) => (2, Got::Pods),
            (Self::Answer | Self::Write, Reuse::Detected) => (2, Got::LoginLost),
        }
    }

    /// Has the holder stop there.
    fn prepare(self, parts: &Parts) {
        match self {
            Self::Intent => parts.gate.arm(RefreshWrite::Intent, Stop::BeforeRedis),
            Self::Post => parts.gate.arm(RefreshWrite::Intent, Stop::BeforeAnswer),
            Self::Answer => parts.here.idp.hold_token("after"),
            Self::Write => parts.gate.arm(RefreshWrite::Tokens, Stop::BeforeRedis),
            Self::Release => parts.gate.arm(RefreshWrite::Tokens, Stop::BeforeAnswer),
        }
    }

    /// Waits until it has; answers with its number.
    fn holder(self, parts: &Parts) -> usize {
        if matches!(self, Self::Answer) {
            parts.here.idp.wait_held();
            return parts.gate.last_writer();
        }
        parts.gate.wait_stopped()
    }
}

/// One refresh, and a good answer to every request, though the identity provider takes its time.
fn slow(parts: &Parts, requests: usize, name: &str, seconds: u64, settings: &[(&str, &str)]) {
    let (_replicas, apis) = parts.replicas(settings);
    apis[0].log_in_and_expire(&parts.here.idp);
    parts.here.idp.control("next", json!({ "endpoint": "token", "delayMs": seconds * 1000 }));
    let (before, began) = (parts.here.idp.refreshes(), Instant::now());
    let (outcome, ()) = storm(&apis, requests, || ());
    let (took, refreshes) = (began.elapsed().as_secs_f64(), parts.here.idp.refreshes() - before);
    let other = outcome.first_other(|_| Got::Pods).unwrap_or_default();
    assert!(
        refreshes == 1 && other.is_empty(),
        "storm: failed ({name}: {refreshes} refreshes, {outcome}; {other})"
    );
    println!("✓ {name}: {refreshes} refreshes at the IdP, {outcome}, {took:.1} s");
}

/// The holder of the lock dies at one step; requests at the other replicas get what is promised.
fn killed(parts: &Parts, requests: usize, step: KilledBefore, reuse: Reuse) {
    let name = format!("{}, holder killed {}", reuse.name(), step.name());
    let (mut replicas, apis) = parts.replicas(&[SHORT_LOCK]);
    apis[0].log_in_and_expire(&parts.here.idp);
    let (before, began) = (parts.here.idp.refreshes(), Instant::now());
    step.prepare(parts);
    let (outcome, dead) = storm(&apis, requests, || {
        let holder = step.holder(parts);
        replicas[holder].process.kill();
        holder
    });
    parts.here.idp.release();
    let (took, refreshes) = (began.elapsed().as_secs_f64(), parts.here.idp.refreshes() - before);
    let (promised, got) = step.promised(reuse);
    let expected = |replica| if replica == dead { Got::NoAnswer } else { got.clone() };
    let other = outcome.first_other(expected).unwrap_or_default();
    assert!(
        refreshes == promised && other.is_empty(),
        "storm: failed ({name}: {refreshes} refreshes instead of {promised}, {outcome}; {other})"
    );
    let gone = outcome.count(&Got::NoAnswer);
    println!("✓ {name}: {refreshes} refreshes at the IdP, {outcome}, {gone} gone with it, {took:.1} s");
}

/// After a refresh that was done: the gate counts writes that Redis knows the script of.
fn kill_at(steps: &[KilledBefore], parts: &Parts, requests: usize, reuse: Reuse) {
    for step in steps {
        killed(parts, requests, *step, reuse);
    }
}

fn main() {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<usize>().expect("a number"));
    let (requests, replicas) =
        (number("REQUESTS").unwrap_or(REQUESTS), number("REPLICAS").unwrap_or(REPLICAS));
    assert!(
        replicas > 1 && requests >= replicas,
        "storm: failed (it takes two replicas, and a request each)"
    );
    let began = Instant::now();
    let strict = Parts::start(Reuse::Detected, replicas);
    slow(&strict, requests, "IdP slow", 1, &[]);
    slow(&strict, requests, "IdP so slow that the lock is renewed", 4, &[SHORT_LOCK]);
    kill_at(&KilledBefore::ALL, &strict, requests, Reuse::Detected);
    drop(strict);
    let overlap = Parts::start(Reuse::Overlap, replicas);
    slow(&overlap, requests, "IdP slow, overlap", 1, &[]);
    kill_at(&KilledBefore::FORGIVEN, &overlap, requests, Reuse::Overlap);
    let scenarios = 3 + KilledBefore::ALL.len() + KilledBefore::FORGIVEN.len();
    let took = began.elapsed().as_secs_f64();
    println!(
        "storm: ok ({scenarios} scenarios of {requests} requests over {replicas} replicas, {took:.1} s)"
    );
}
