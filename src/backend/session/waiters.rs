//! Who in this process waits for which session to change, and which sessions this process began.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use time::OffsetDateTime;
use tokio::sync::Notify;

/// How many may wait for one session at once.
const WAITERS: usize = 2;

/// Below this many sessions nothing is worth looking for.
const FEW: usize = 64;

#[derive(Default)]
struct Inner {
    waited_for: HashMap<String, (Arc<Notify>, usize)>,
    pending: HashMap<String, OffsetDateTime>,
    /// As many as are let come together before those that have run out are looked for.
    look_at: usize,
}

impl Inner {
    /// Forgets those that have run out.
    fn purge(&mut self, now: OffsetDateTime) {
        self.pending.retain(|_, expires_at| *expires_at > now);
        self.look_at = FEW.max(self.pending.len().saturating_mul(2));
    }
}

/// Wakes those who wait. Another replica's change is seen by reading the store again.
#[derive(Default)]
pub struct Waiters(Arc<Mutex<Inner>>);

/// A place among those who wait; given back on drop.
pub struct Waiter {
    changes: Arc<Mutex<Inner>>,
    session: String,
    /// Notified when the session changed in this process.
    pub changed: Arc<Notify>,
}

fn lock(inner: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Waiters {
    /// A session began here. Those that have run out are forgotten, as rarely as keeps the cost constant on average.
    pub fn begun(&self, session: &str, now: OffsetDateTime, expires_at: OffsetDateTime) {
        let mut inner = lock(&self.0);
        if inner.pending.len() >= inner.look_at {
            inner.purge(now);
        }
        inner.pending.insert(session.to_owned(), expires_at);
    }

    /// A session changed; it may have ended.
    pub fn changed(&self, session: &str) {
        if let Some((notify, _)) = lock(&self.0).waited_for.get(session) {
            notify.notify_waiters();
        }
    }

    /// A session has its outcome.
    pub fn ended(&self, session: &str) {
        lock(&self.0).pending.remove(session);
        self.changed(session);
    }

    /// How many sessions of this process are under way.
    #[must_use]
    pub fn pending(&self, now: OffsetDateTime) -> usize {
        let mut inner = lock(&self.0);
        inner.purge(now);
        inner.pending.len()
    }

    /// Takes a place among those who wait for a session, unless two wait already.
    #[must_use]
    pub fn wait_for(&self, session: &str) -> Option<Waiter> {
        let mut inner = lock(&self.0);
        let (changed, waiters) = inner.waited_for.entry(session.to_owned()).or_default();
        if *waiters == WAITERS {
            return None;
        }
        *waiters += 1;
        let changed = Arc::clone(changed);
        Some(Waiter { changes: Arc::clone(&self.0), session: session.to_owned(), changed })
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut inner = lock(&self.changes);
        if let Some((_, waiters)) = inner.waited_for.get_mut(&self.session) {
            *waiters -= 1;
            if *waiters == 0 {
                inner.waited_for.remove(&self.session);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_may_wait_and_a_place_is_given_back() {
        let changes = Waiters::default();
        let (first, second) = (changes.wait_for("s"), changes.wait_for("s"));
        assert!(first.is_some() && second.is_some());
        assert!(changes.wait_for("s").is_none());
        assert!(changes.wait_for("other").is_some());
        drop(first);
        assert!(changes.wait_for("s").is_some());
        drop(second);
        assert_eq!(lock(&changes.0).waited_for.len(), 0, "a session is kept that is waited for no more");
    }

    #[test]
    fn a_session_is_pending_until_it_ends_or_runs_out() {
        let changes = Waiters::default();
        let now = OffsetDateTime::UNIX_EPOCH;
        for (session, seconds) in [("a", 60), ("b", 60), ("c", 0)] {
            changes.begun(session, now, now + time::Duration::seconds(seconds));
        }
        changes.ended("a");
        assert_eq!(changes.pending(now), 1);
    }

    #[test]
    fn sessions_that_run_out_are_forgotten_without_a_request() {
        let changes = Waiters::default();
        let mut now = OffsetDateTime::UNIX_EPOCH;
        changes.begun("lasting", now, now + time::Duration::DAY);
        for session in 0..10 * FEW {
            now += time::Duration::SECOND;
            changes.begun(&session.to_string(), now, now + time::Duration::SECOND);
        }
        let inner = lock(&changes.0);
        assert!(inner.pending.len() <= FEW + 1, "{} are kept", inner.pending.len());
        assert!(inner.pending.contains_key("lasting"));
    }
}
