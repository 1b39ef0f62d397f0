//! Thousands of watches, and people that read beside them: what a watch costs in memory, and how long a read takes at most. Then exec
//! sessions and a long log beside the watches: what the whole of it costs, and what stays when all are closed. The backend, its cluster
//! and the callers are processes of their own. `WATCHES=5000 cargo test --test watches` is the whole of it.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a measurement that panics has failed, and says so"
)]
#![expect(clippy::print_stdout, reason = "this is a program of its own")]

#[expect(dead_code, reason = "the program tests use the rest of it")]
mod harness;

#[path = "watches/parts.rs"]
mod parts;
#[path = "watches/people.rs"]
mod people;
#[path = "watches/whole_load.rs"]
mod whole_load;

use std::time::Duration;

use parts::{Offered, Parts};
use people::{open_watches, read_beside};
use whole_load::{at_rest, open_sessions, read_log, settle};

/// Enough to see that it works, and few enough for every change.
const WATCHES: usize = 200;
/// The full size, at which the bounds hold.
const ALL_WATCHES: usize = 5_000;
const WATCHERS: usize = 10;
const READERS: usize = 100;
/// Reads a reader.
const READS: usize = 20;

/// A session to so many watches.
const WATCHES_A_SESSION: usize = 5;
/// Parts of 64 KiB of a log: 1 GB with all watches.
const LOG_PARTS_A_WATCH: usize = 4;

const SLOWEST: Duration = Duration::from_secs(1);
const KIB_A_WATCH: u64 = 40;
const MOST_KIB: u64 = 512 << 10;
const MOST_LEFT_PER_CENT: u64 = 110;

/// What one run has shown.
struct Figures {
    slowest: Duration,
    kib_a_watch: u64,
    /// The backend's memory: before all, at most, and when all is closed.
    start_kib: u64,
    most_kib: u64,
    end_kib: u64,
    text: String,
}

impl Figures {
    fn hold(&self) -> bool {
        self.slowest <= SLOWEST
            && self.kib_a_watch <= KIB_A_WATCH
            && self.most_kib <= MOST_KIB
            && self.left_per_cent() <= MOST_LEFT_PER_CENT
    }

    /// What is left when all is closed, in per cent of the start.
    fn left_per_cent(&self) -> u64 {
        (self.end_kib * 100).div_ceil(self.start_kib)
    }
}

fn measure(offered: Offered, watches: usize) -> Figures {
    let parts = Parts::start(offered);
    let users = parts.people("watcher", WATCHERS);
    let in_sessions = parts.people("operator", WATCHERS);
    let readers = parts.people("reader", READERS);
    // What a backend in use needs anyhow is no watch's: a few of each are opened and closed first.
    drop((open_watches(&parts, &users, 1), open_sessions(&parts, &in_sessions, 1)));
    settle(&parts, u64::MAX);
    read_beside(&parts, &readers, READS, || ());
    let start_kib = parts.resident_kib();
    let open = open_watches(&parts, &users, watches / WATCHERS);
    assert_eq!(parts.streams(), open.len());
    let quiet = parts.resident_kib();
    let slowest = read_beside(&parts, &readers, READS, || {
        // An event for each watch, twice.
        parts.here.cluster.touch();
        parts.here.cluster.touch();
    });
    let count = u64::try_from(open.len()).unwrap();
    let busy = at_rest(&parts, start_kib + KIB_A_WATCH * count);
    assert_eq!(parts.streams(), open.len(), "watches have ended");
    let kib_a_watch = quiet.max(busy).saturating_sub(start_kib).div_ceil(count);

    let sessions = open_sessions(&parts, &in_sessions, watches / WATCHES_A_SESSION / WATCHERS);
    let with_sessions = parts.resident_kib();
    let log = read_log(&parts, &readers[0], watches * LOG_PARTS_A_WATCH);
    assert!(parts.streams() >= open.len() + sessions.len(), "streams have ended");
    let most_kib = parts.most_resident_kib();
    let (session_count, log_mb) = (sessions.len(), log / 1_000_000);
    drop((open, sessions));
    let end_kib = settle(&parts, start_kib);
    let text = format!(
        "{}: {count} watches by {WATCHERS} users, {} reads by {READERS} people beside them, the slowest {:.2} s, \
         {kib_a_watch} KiB a watch (resident {start_kib} KiB before, {quiet} with the watches, {busy} after events and reads); \
         with {session_count} sessions {with_sessions} KiB, at most {most_kib} with a log of {log_mb} MB, {end_kib} when all are closed",
        offered.name(),
        READERS * READS,
        slowest.as_secs_f64(),
    );
    println!("{text}");
    Figures { slowest, kib_a_watch, start_kib, most_kib, end_kib, text }
}

fn main() {
    let watches = std::env::var("WATCHES").ok().map(|text| text.parse().expect("WATCHES is no number"));
    let watches = watches.unwrap_or(WATCHES);
    let all: Vec<_> = [Offered::Http1, Offered::Http2].map(|offered| measure(offered, watches)).into();
    if watches >= ALL_WATCHES {
        for figures in &all {
            assert!(
                figures.hold(),
                "watches: failed (above {SLOWEST:?}, {KIB_A_WATCH} KiB a watch, {MOST_KIB} KiB in all or {MOST_LEFT_PER_CENT} % at the end: {})",
                figures.text
            );
        }
    }
    let figures: Vec<_> = all
        .iter()
        .map(|figures| {
            format!(
                "{:.2} s and {} KiB a watch, at most {} MiB, {} % of the start at the end",
                figures.slowest.as_secs_f64(),
                figures.kib_a_watch,
                figures.most_kib.div_ceil(1024),
                figures.left_per_cent()
            )
        })
        .collect();
    println!(
        "watches: ok ({watches} watches by {WATCHERS} users and {READERS} readers; slowest read and memory: HTTP/1.1 {}, HTTP/2 {})",
        figures[0], figures[1]
    );
}
