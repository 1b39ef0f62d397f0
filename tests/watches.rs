//! Thousands of watches, and people that read beside them: what a watch costs in memory, and how long a read takes at most. The
//! backend, its cluster and the callers are processes of their own. `WATCHES=5000 cargo test --test watches` is the whole of it.

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

use std::time::Duration;

use parts::{Offered, Parts};
use people::{open_watches, read_beside};

/// Enough to see that it works, and few enough for every change.
const WATCHES: usize = 200;
/// The full size, at which the bounds hold.
const ALL_WATCHES: usize = 5_000;
const WATCHERS: usize = 10;
const READERS: usize = 100;
/// Reads a reader.
const READS: usize = 20;

const SLOWEST: Duration = Duration::from_secs(1);
const KIB_A_WATCH: u64 = 40;

/// What one run has shown.
struct Figures {
    slowest: Duration,
    kib_a_watch: u64,
    text: String,
}

fn measure(offered: Offered, watches: usize) -> Figures {
    let parts = Parts::start(offered);
    let users = parts.people("watcher", WATCHERS);
    let readers = parts.people("reader", READERS);
    // What a backend in use needs anyhow is no watch's.
    read_beside(&parts, &readers, 1, || ());
    let before = parts.resident_kib();
    let open = open_watches(&parts, &users, watches / WATCHERS);
    assert_eq!(parts.streams(), open.len());
    let quiet = parts.resident_kib();
    let slowest = read_beside(&parts, &readers, READS, || {
        // An event for each watch, twice.
        parts.here.cluster.touch();
        parts.here.cluster.touch();
    });
    let busy = parts.resident_kib();
    assert_eq!(parts.streams(), open.len(), "watches have ended");
    let count = u64::try_from(open.len()).unwrap();
    let kib_a_watch = quiet.max(busy).saturating_sub(before).div_ceil(count);
    let text = format!(
        "{}: {count} watches by {WATCHERS} users, {} reads by {READERS} people beside them, the slowest {:.2} s, \
         {kib_a_watch} KiB a watch (resident {before} KiB before, {quiet} with the watches, {busy} after events and reads)",
        offered.name(),
        READERS * READS,
        slowest.as_secs_f64(),
    );
    println!("{text}");
    Figures { slowest, kib_a_watch, text }
}

fn main() {
    let watches = std::env::var("WATCHES").ok().map(|text| text.parse().expect("WATCHES is no number"));
    let watches = watches.unwrap_or(WATCHES);
    let all: Vec<_> = [Offered::Http1, Offered::Http2].map(|offered| measure(offered, watches)).into();
    if watches >= ALL_WATCHES {
        for figures in &all {
            let holds = figures.slowest <= SLOWEST && figures.kib_a_watch <= KIB_A_WATCH;
            assert!(holds, "watches: failed (above {SLOWEST:?} or {KIB_A_WATCH} KiB: {})", figures.text);
        }
    }
    let figures: Vec<_> = all
        .iter()
        .map(|figures| {
            format!("{:.2} s and {} KiB a watch", figures.slowest.as_secs_f64(), figures.kib_a_watch)
        })
        .collect();
    println!(
        "watches: ok ({watches} watches by {WATCHERS} users and {READERS} readers; slowest read and memory: HTTP/1.1 {}, HTTP/2 {})",
        figures[0], figures[1]
    );
}
