//! People at work while something is changed: their requests go on until the test is over, or until one of them fails.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Requests that are answered between two changes, at least.
const BETWEEN_CHANGES: u64 = 30;

/// Longer than so many answers take, even on a busy machine.
const TIMEOUT: Duration = Duration::from_mins(1);

/// What all people at work share.
#[derive(Default)]
pub struct Load {
    answered: AtomicU64,
    over: AtomicBool,
}

impl Load {
    /// Repeats a request until it is over.
    pub fn keep(&self, one: impl Fn()) {
        let _over = self.over_when_dropped();
        while self.goes_on() {
            one();
        }
    }

    /// Whether there is to be another request, after one that was answered.
    pub fn goes_on(&self) -> bool {
        self.answered.fetch_add(1, Relaxed);
        !self.over.load(Relaxed)
    }

    /// A failure ends it for all: of the test, or of one request.
    pub fn over_when_dropped(&self) -> Over<'_> {
        Over(self)
    }

    /// Waits for some more answers.
    pub fn wait_for_work(&self) {
        let enough = self.answered.load(Relaxed) + BETWEEN_CHANGES;
        let deadline = Instant::now() + TIMEOUT;
        while self.answered.load(Relaxed) < enough {
            assert!(!self.over.load(Relaxed) && Instant::now() < deadline, "no request is answered");
            std::thread::yield_now();
        }
    }
}

/// The end of a load.
pub struct Over<'l>(&'l Load);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.over.store(true, Relaxed);
    }
}
