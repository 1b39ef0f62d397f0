//! Records of logins that are in use, as they were opened: opening one and reading its JSON is up to a seventh of a call, and most find
//! the record of the call before.
//!
//! The store is asked for each call. What was opened counts while the store has the same sealed bytes, and while the keys are the same
//! ones. What no call asks for is forgotten within a minute, and its tokens are wiped from memory.

use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lru::LruCache;
use tokio::time::sleep;

use crate::store::sealing::KeysInUse;

/// So many, of about 6 KiB each; the one that was longest unused makes room.
const MOST: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1_023);

/// What was not asked for since the time before is forgotten this often.
const FORGET_EVERY: Duration = Duration::from_secs(30);

/// A record, and what it was opened from.
struct Opened<R> {
    record: R,
    sealed: Vec<u8>,
    keys: KeysInUse,
    asked_for: Asked,
}

/// Whether a call has asked for a record since [`OpenedRecords::forget_unused`] looked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Since,
    NotSince,
}

/// The opened records of one process, by their places in the store.
pub struct OpenedRecords<R>(Mutex<LruCache<String, Opened<R>>>);

impl<R> Default for OpenedRecords<R> {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MOST)))
    }
}

impl<R: Clone> OpenedRecords<R> {
    /// The record of these bytes, where it was opened with these keys. Another one of that place counts no more.
    #[must_use]
    pub fn recall(&self, place: &str, sealed: &[u8], keys: &KeysInUse) -> Option<R> {
        let mut all = self.lock();
        let opened = all.get_mut(place)?;
        if opened.sealed != sealed || opened.keys != *keys {
            all.pop(place);
            return None;
        }
        opened.asked_for = Asked::Since;
        Some(opened.record.clone())
    }

    /// Remembers a record that was just opened from these bytes with these keys.
    pub fn remember(&self, place: String, (sealed, keys): (Vec<u8>, KeysInUse), record: R) {
        self.lock().put(place, Opened { record, sealed, keys, asked_for: Asked::Since });
    }

    /// Forgets the record of a place that has none any more.
    pub fn forget(&self, place: &str) {
        self.lock().pop(place);
    }

    /// Forgets what is not used, for ever.
    pub async fn look_after(&self) {
        loop {
            sleep(FORGET_EVERY).await;
            self.forget_unused();
        }
    }

    /// Forgets what was not asked for since this was called before.
    fn forget_unused(&self) {
        // They are wiped when no call waits for them any more.
        drop(self.taken_unused());
    }

    fn taken_unused(&self) -> Vec<Opened<R>> {
        let mut all = self.lock();
        // From the one that was used last to the one that was longest unused.
        let used = all.iter().take_while(|(_, opened)| opened.asked_for == Asked::Since).count();
        let mut unused = Vec::new();
        while all.len() > used {
            unused.extend(all.pop_lru().map(|(_, opened)| opened));
        }
        all.iter_mut().for_each(|(_, opened)| opened.asked_for = Asked::NotSince);
        unused
    }

    /// Each change is one step, so what a panic left behind is whole.
    fn lock(&self) -> MutexGuard<'_, LruCache<String, Opened<R>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::backend::assembly::example_backend::{EXAMPLE_KEY, ExampleBackend};
    use crate::backend::logins::{LiveLogin, LoginKey, LoginState};

    /// The login as a call sees it.
    async fn seen(example: &ExampleBackend, key: &LoginKey) -> Option<Arc<LiveLogin>> {
        match example.logins.read_to_use(key).await.unwrap()?.state {
            LoginState::Live(live) => Some(live),
            LoginState::Ended(_) => None,
        }
    }

    fn is_same(one: Option<&Arc<LiveLogin>>, other: Option<&Arc<LiveLogin>>) -> bool {
        one.zip(other).is_some_and(|(one, other)| Arc::ptr_eq(one, other))
    }

    #[actix_web::test]
    async fn a_record_that_has_not_changed_is_not_opened_twice() {
        let example = ExampleBackend::new();
        let key = example.log_in("felix", "dev").await;
        let first = seen(&example, &key).await;
        assert!(is_same(first.as_ref(), seen(&example, &key).await.as_ref()));
    }

    #[actix_web::test]
    async fn a_record_that_has_changed_is_opened_anew() {
        let example = ExampleBackend::new();
        let key = example.log_in("felix", "dev").await;
        let mut live = LiveLogin::clone(&seen(&example, &key).await.unwrap());
        live.id = "another".to_owned();
        example.write(&key, LoginState::Live(Arc::new(live))).await;
        assert_eq!(seen(&example, &key).await.unwrap().id, "another");
    }

    #[actix_web::test]
    async fn a_login_that_is_gone_is_seen_no_more_and_not_remembered() {
        let example = ExampleBackend::new();
        let key = example.log_in("felix", "dev").await;
        let held = Arc::downgrade(&seen(&example, &key).await.unwrap());
        assert!(held.upgrade().is_some(), "it is not remembered");
        example.store.delete(&key.record()).await.unwrap();
        assert!(seen(&example, &key).await.is_none());
        assert!(held.upgrade().is_none(), "its tokens are still in memory");
    }

    #[actix_web::test]
    async fn a_record_moved_to_another_login_does_not_open_though_it_is_remembered() {
        let example = ExampleBackend::new();
        let (key, other) = (example.log_in("felix", "dev").await, example.log_in("anna", "dev").await);
        assert!(seen(&example, &key).await.is_some() && seen(&example, &other).await.is_some());
        let moved = example.record(&key).await.unwrap();
        example.store.put(&other.record(), &moved, example.logins.ttl).await.unwrap();
        assert!(example.logins.read_to_use(&other).await.is_err());
    }

    #[actix_web::test]
    async fn a_record_of_a_key_that_was_taken_out_is_opened_no_more() {
        let example = ExampleBackend::new();
        let key = example.log_in("felix", "dev").await;
        assert!(seen(&example, &key).await.is_some());
        let new = "new:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
        example.logins.keyring.take(&format!("{new},{EXAMPLE_KEY}")).unwrap();
        assert!(seen(&example, &key).await.is_some());
        example.logins.keyring.take(new).unwrap();
        assert!(example.logins.read_to_use(&key).await.is_err());
    }

    #[actix_web::test]
    async fn what_no_call_asks_for_is_forgotten() {
        let example = ExampleBackend::new();
        let (key, other) = (example.log_in("felix", "dev").await, example.log_in("anna", "dev").await);
        let held = Arc::downgrade(&seen(&example, &key).await.unwrap());
        let others = Arc::downgrade(&seen(&example, &other).await.unwrap());
        let opened = &example.logins.opened;
        opened.forget_unused();
        assert!(seen(&example, &other).await.is_some());
        assert!(held.upgrade().is_some(), "forgotten too early");
        opened.forget_unused();
        assert!(held.upgrade().is_none(), "its tokens are still in memory");
        assert!(others.upgrade().is_some(), "one that is in use was forgotten");
    }

    #[actix_web::test]
    async fn so_many_are_remembered_and_no_more() {
        let example = ExampleBackend::new();
        let key = example.log_in("felix", "dev").await;
        let record = example.logins.read_to_use(&key).await.unwrap().unwrap();
        for number in 0..=MOST.get() {
            let keys = example.logins.keyring.in_use();
            example.logins.opened.remember(number.to_string(), (Vec::new(), keys), record.clone());
        }
        assert_eq!(example.logins.opened.lock().len(), MOST.get());
    }
}
