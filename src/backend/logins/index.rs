//! Which logins are kept: by when each was last used, for the sweep of unused ones, by user, for the operator, and by subject, for
//! revocations.

pub mod by_subject;
pub mod by_user;
pub mod last_use;
pub mod noted_uses;

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use self::noted_uses::NotedUses;
pub use self::noted_uses::USE_RESOLUTION;
use super::{IssuedTo, LiveLogin, LoginKey};
use crate::clock::Clock;
use crate::store::{Key, Noted, Store, StoreError};

/// The index by moment.
const BY_MOMENT: &Key = "logins";

/// The index by user; its members are noted at one moment, so that they lie in the order of their names.
const BY_USER: &Key = "logins-by-user";
/// The index by issuer, client and subject; its members are noted in the same way.
const BY_SUBJECT: &Key = "logins-by-subject";
const ONE_MOMENT: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

/// The indexes, and the uses that this process has noted in them.
pub struct LoginIndex {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    /// How long a record is kept from each use on.
    ttl: Duration,
    noted_uses: NotedUses,
}

impl LoginIndex {
    /// Of the logins in this store; their records are kept for `ttl` from each use on.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, ttl: Duration) -> Self {
        Self { store, clock, ttl, noted_uses: NotedUses::default() }
    }

    /// Notes a new login. One that could not be noted is with its first use.
    pub async fn kept(&self, key: &LoginKey, live: &LiveLogin) {
        self.noted_uses.forget(key);
        let now = self.clock.now();
        match self.note(key, Some(&live.issued_to), now).await {
            Ok(()) => {
                self.noted_uses.is_due(key, now);
            }
            Err(error) => tracing::warn!(%error, "a new login could not be noted"),
        }
    }

    async fn note(
        &self,
        key: &LoginKey,
        subject: Option<&IssuedTo>,
        at: OffsetDateTime,
    ) -> Result<(), StoreError> {
        if let Some(subject) = subject {
            self.store.note(BY_SUBJECT, &subject.member(key), ONE_MOMENT).await?;
        }
        self.store.note(BY_USER, &key.member(), ONE_MOMENT).await?;
        self.store.note(BY_MOMENT, &key.member(), at).await
    }

    /// Takes out a login that has no record any more; `subject` is the person it was issued to, where that is known.
    ///
    /// # Errors
    /// When the store does not answer; the next sweep takes it out.
    pub async fn forgotten(&self, key: &LoginKey, subject: Option<&IssuedTo>) -> Result<(), StoreError> {
        self.noted_uses.forget(key);
        self.store.unnote(BY_MOMENT, &key.member()).await?;
        self.take_out_of_users(key).await?;
        if let Some(subject) = subject {
            self.store.unnote(BY_SUBJECT, &subject.member(key)).await?;
        }
        // A new login may have come in between, noted before we took it out.
        if self.store.get(&key.record()).await?.is_some() {
            self.note(key, subject, self.clock.now()).await?;
        }
        Ok(())
    }

    /// Takes a login that is gone out of the index by user.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn take_out_of_users(&self, key: &LoginKey) -> Result<(), StoreError> {
        self.store.unnote(BY_USER, &key.member()).await
    }

    /// The entries behind one of them that were last used at that moment or before, the longest unused first; none is the end.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn last_used_until(
        &self,
        after: &Noted,
        until: OffsetDateTime,
        limit: usize,
    ) -> Result<Vec<Noted>, StoreError> {
        self.store.noted_after(BY_MOMENT, after, until, limit).await
    }

    /// When a login was last used, an hour late at most; `None` for one that is not noted.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn last_use(&self, key: &LoginKey) -> Result<Option<OffsetDateTime>, StoreError> {
        self.store.noted_at(BY_MOMENT, &key.member()).await
    }
}

#[cfg(test)]
mod tests {
    use crate::backend::assembly::example_backend::{ExampleBackend, example_login};
    use crate::clock::Clock;

    #[actix_web::test]
    async fn a_login_is_taken_out_unless_a_new_one_came_in_between() {
        let example = ExampleBackend::new();
        let key = example.log_in("felix", "dev").await;
        let subject = example_login("felix", example.clock.now()).issued_to;
        example.index.forgotten(&key, Some(&subject)).await.unwrap();
        assert!(example.index.last_use(&key).await.unwrap().is_some(), "its record is there");
        assert_eq!(example.index.of_subject(&subject, None).await.unwrap().len(), 1);
        example.store.delete(&key.record()).await.unwrap();
        example.index.forgotten(&key, Some(&subject)).await.unwrap();
        assert_eq!(example.index.last_use(&key).await.unwrap(), None);
        assert!(example.index.of_subject(&subject, None).await.unwrap().is_empty());
    }
}
