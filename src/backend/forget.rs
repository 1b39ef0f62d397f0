//! The end of a login that somebody wants: revoked at the identity provider, forgotten here.

use super::login_record::{LoginKey, LoginState, RecordError, TokenSet};
use super::refresh::{RefreshError, Refresher};
use crate::store::Write;
use crate::store::lock::Lock;

/// What there was to forget.
pub enum Forgotten {
    /// Nothing.
    Nothing,
    /// A login without tokens.
    Ended,
    /// These tokens, which are still to be revoked.
    Tokens(Box<TokenSet>),
}

impl Refresher<'_> {
    /// Forgets a login. Takes the lock, so that a refresh under way is over, or finds nothing to write to and revokes what it got.
    ///
    /// # Errors
    /// [`RefreshError::Busy`] when the lock is not to be had in time, and those of the store.
    pub async fn forget(&self, key: &LoginKey) -> Result<Forgotten, RefreshError> {
        let deadline = self.clock.now() + self.limits.wait;
        while self.clock.now() < deadline {
            let taken =
                Lock::take(self.logins.store, &key.lock(), self.logins.random, self.limits.lock).await?;
            let Some(lock) = taken else {
                self.pause.wait(super::refresh::LOOK_AGAIN).await;
                continue;
            };
            let outcome = lock.hold(self.pause, self.delete(key)).await;
            lock.release().await;
            if let Some(forgotten) = outcome? {
                return Ok(forgotten);
            }
        }
        Err(RefreshError::Busy)
    }

    /// `None` when the record changed under our hands: the lock was lost.
    async fn delete(&self, key: &LoginKey) -> Result<Option<Forgotten>, RecordError> {
        let Some(stored) = self.logins.read(key).await? else { return Ok(Some(Forgotten::Nothing)) };
        if self.logins.store.delete_seen(&key.record(), &stored.sealed).await? == Write::Refused {
            return Ok(None);
        }
        Ok(Some(match stored.record.state {
            LoginState::Live(live) => Forgotten::Tokens(Box::new(live.tokens)),
            LoginState::Ended(_) => Forgotten::Ended,
        }))
    }
}
