//! The uses of logins that this process has written down or is about to: a use is written once an hour, and what the others in
//! that hour cost is a look into a map.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::Notify;

use crate::backend::logins::{IssuedTo, LoginKey};

/// How long a use stands for those after it: what the index says is late by no more than this.
pub const USE_RESOLUTION: Duration = Duration::from_hours(1);

/// How many logins a process remembers the last use of; about 10 MiB.
const REMEMBERED: usize = 65_536;

/// How many uses wait to be written; more are left to the next use of their logins.
const WAITING: usize = 16_384;

/// One use of a login.
pub(super) struct Use {
    pub(super) key: LoginKey,
    pub(super) issued_to: IssuedTo,
    pub(super) at: OffsetDateTime,
}

/// The uses of one process.
#[derive(Default)]
pub(super) struct NotedUses {
    noted: Mutex<HashMap<LoginKey, OffsetDateTime>>,
    waiting: Mutex<Vec<Use>>,
    wake: Notify,
    /// Held while uses are written, so that a process which ends can wait for that.
    writing: tokio::sync::Mutex<()>,
}

impl NotedUses {
    /// Whether this use is to be written down; then those after it are not, for an hour.
    pub(super) fn is_due(&self, key: &LoginKey, now: OffsetDateTime) -> bool {
        let stands = |noted: &OffsetDateTime| now < *noted + USE_RESOLUTION;
        let mut uses = self.noted();
        if uses.get(key).is_some_and(stands) {
            return false;
        }
        if uses.len() >= REMEMBERED {
            uses.retain(|_, noted| stands(noted));
            // So many in use within the hour: each is written once more, which is cheaper than looking with each new one.
            if uses.len() > REMEMBERED / 2 {
                uses.clear();
            }
        }
        uses.insert(key.clone(), now);
        true
    }

    /// The next use is due, whatever was written before.
    pub(super) fn forget(&self, key: &LoginKey) {
        self.noted().remove(key);
    }

    /// Returns when uses wait to be written.
    pub(super) async fn some_wait(&self) {
        self.wake.notified().await;
    }

    /// The uses that wait. They are written by one task at a time, which holds the guard meanwhile.
    pub(super) async fn take_waiting(&self) -> (Vec<Use>, tokio::sync::MutexGuard<'_, ()>) {
        let writing = self.writing.lock().await;
        (std::mem::take(&mut *self.waiting()), writing)
    }

    fn noted(&self) -> MutexGuard<'_, HashMap<LoginKey, OffsetDateTime>> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Use>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves a use to be written, or to the next one where too many wait.
    pub(super) fn queue(&self, key: &LoginKey, issued_to: &IssuedTo, at: OffsetDateTime) {
        let mut waiting = self.waiting();
        if waiting.len() >= WAITING {
            drop(waiting);
            return self.forget(key);
        }
        waiting.push(Use { key: key.clone(), issued_to: issued_to.clone(), at });
        self.wake.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::assembly::example_backend::example_login;

    #[test]
    fn a_process_remembers_no_more_uses_than_its_limit() {
        let (noted, user) = (NotedUses::default(), "user:default/felix".parse().unwrap());
        let now = OffsetDateTime::UNIX_EPOCH;
        for n in 0..=REMEMBERED {
            assert!(noted.is_due(&LoginKey::new(&user, &n.to_string()), now), "{n}");
        }
        assert!(noted.noted().len() <= REMEMBERED);
        let last = LoginKey::new(&user, &REMEMBERED.to_string());
        assert!(!noted.is_due(&last, now));
        assert!(noted.is_due(&last, now + USE_RESOLUTION));
    }

    #[test]
    fn a_use_that_finds_no_place_is_left_to_the_next() {
        let (noted, user) = (NotedUses::default(), "user:default/felix".parse().unwrap());
        let now = OffsetDateTime::UNIX_EPOCH;
        let subject = example_login("felix", now).issued_to;
        for n in 0..=WAITING {
            let key = LoginKey::new(&user, &n.to_string());
            assert!(noted.is_due(&key, now));
            noted.queue(&key, &subject, now);
        }
        assert_eq!(noted.waiting().len(), WAITING);
        assert!(!noted.is_due(&LoginKey::new(&user, "0"), now));
        assert!(noted.is_due(&LoginKey::new(&user, &WAITING.to_string()), now));
    }
}
