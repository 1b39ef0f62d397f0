//! The end of a login that a person, an admin or the sweep wants: revoked at the identity provider, forgotten here.

use std::sync::Arc;

use crate::backend::logins::{LiveLogin, LoginKey, LoginState, RecordError};
use crate::backend::tokens::refresh::{RefreshError, Refresher};
use crate::panics::caught;
use crate::panics::planted::{self, Place};
use crate::store::Swap;
use crate::store::lock::Lock;

/// What there was to forget.
pub enum Forgotten {
    /// Nothing.
    Nothing,
    /// A login without tokens.
    Ended,
    /// This login; its tokens are still to be revoked.
    Login(Arc<LiveLogin>),
}

impl Refresher<'_> {
    /// Forgets a login. Takes the lock, so that a refresh under way is over, or finds nothing to write to and revokes what it got.
    /// `record_revocation` writes down that the login's tokens are to be revoked; only when it has is the login taken away.
    ///
    /// # Errors
    /// [`RefreshError::Busy`] when the lock is not to be had in time, [`RefreshError::TooLate`] when it is not before the process
    /// ends, those of the store and of `record_revocation`.
    pub async fn forget(
        &self,
        key: &LoginKey,
        record_revocation: impl AsyncFn(&LiveLogin) -> Result<(), RecordError>,
    ) -> Result<Forgotten, RefreshError> {
        let deadline = self.clock.now() + self.limits.wait;
        while self.clock.now() < deadline {
            let Some(lock) = self.lock(key).await? else {
                self.a_moment().await?;
                continue;
            };
            let outcome = caught(lock.hold(self.timer, self.delete(&lock, key, &record_revocation))).await;
            lock.release().await;
            if let Some(forgotten) = outcome?? {
                return Ok(forgotten);
            }
        }
        Err(RefreshError::Busy)
    }

    /// `None` when the record changed under our hands: the lock was lost.
    async fn delete(
        &self,
        lock: &Lock<'_>,
        key: &LoginKey,
        record_revocation: &impl AsyncFn(&LiveLogin) -> Result<(), RecordError>,
    ) -> Result<Option<Forgotten>, RecordError> {
        planted::here(Place::Forget);
        let Some(stored) = self.logins.read(key).await? else { return self.nothing(lock).await };
        if let LoginState::Live(live) = &stored.record.state {
            record_revocation(live).await?;
        }
        if self.logins.store.delete_seen(&key.record(), &stored.sealed).await? == Swap::Conflict {
            return Ok(None);
        }
        self.logins.opened.forget(&key.record());
        Ok(Some(match stored.record.state {
            LoginState::Live(live) => Forgotten::Login(live),
            LoginState::Ended(_) => Forgotten::Ended,
        }))
    }

    /// There is no login: also for a replica of the store, where an earlier call took it away that no replica confirmed.
    async fn nothing(&self, lock: &Lock<'_>) -> Result<Option<Forgotten>, RecordError> {
        Ok((lock.confirm().await? == Swap::Done).then_some(Forgotten::Nothing))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use async_trait::async_trait;
    use time::OffsetDateTime;

    use super::*;
    use crate::backend::logins::{IssuedTo, LoginRecord, Logins, TokenSet};
    use crate::backend::oidc::identity_rule::CatalogSaid;
    use crate::backend::stopping::Stopping;
    use crate::backend::tokens::refresh::grant::{GrantFailure, RefreshGrant};
    use crate::backend::tokens::refresh::{Limits, LockWait};
    use crate::clock::{RuntimeTimer, SystemClock};
    use crate::protocol::WireSecret;
    use crate::random::SystemRandom;
    use crate::store::memory::Memory;
    use crate::store::sealing::Keyring;
    use crate::store::{Store, StoreError};

    /// To forget asks nothing of the identity provider.
    struct NoGrant;

    #[async_trait(?Send)]
    impl RefreshGrant for NoGrant {
        async fn ready(&self) -> Result<(), GrantFailure> {
            unreachable!("nothing is refreshed")
        }

        async fn refresh(&self, _: &LiveLogin, _: &WireSecret) -> Result<TokenSet, GrantFailure> {
            unreachable!("nothing is refreshed")
        }

        async fn revoke(&self, _: &LiveLogin, _: &TokenSet) {
            unreachable!("the caller revokes")
        }
    }

    impl LockWait for NoGrant {
        fn waited(&self, _: time::Duration) {
            unreachable!("nothing is refreshed")
        }
    }

    fn live() -> LiveLogin {
        LiveLogin {
            id: "login".to_owned(),
            issued_to: IssuedTo {
                issuer: "https://idp.example/".to_owned(),
                client_id: "kubernetes".to_owned(),
                subject: "felix".to_owned(),
            },
            organization: None,
            said: CatalogSaid::default(),
            email: None,
            tokens: TokenSet {
                id_token: "id".into(),
                issued_at: OffsetDateTime::UNIX_EPOCH,
                expires_at: OffsetDateTime::UNIX_EPOCH,
                access_token: Some("access".into()),
                access_token_expires_at: None,
                refresh_token: Some("refresh".into()),
                refresh_expires_at: None,
            },
            intent: None,
            failing: None,
        }
    }

    /// The login as a call uses it.
    async fn live_of(logins: &Logins, key: &LoginKey) -> Arc<LiveLogin> {
        match logins.read_to_use(key).await.unwrap().unwrap().state {
            LoginState::Live(live) => live,
            LoginState::Ended(_) => unreachable!("it has not ended"),
        }
    }

    #[actix_web::test]
    async fn a_login_goes_only_when_its_revocation_is_recorded() {
        let (store, ttl) = (Arc::new(Memory::new(Arc::new(SystemClock))), Duration::from_hours(1));
        let keyring = Arc::new(Keyring::random(&SystemRandom).unwrap());
        let random = Arc::new(SystemRandom);
        let logins = Logins {
            store: Arc::clone(&store) as _,
            keyring,
            random,
            ttl,
            kubelogin: None,
            opened: Arc::default(),
        };
        let second = Duration::from_secs(1);
        let limits = Limits { lock: second, wait: second, keep_trying: second, spending: second };
        let refresher = Refresher {
            logins: &logins,
            grant: &NoGrant,
            clock: &SystemClock,
            timer: &RuntimeTimer,
            limits,
            lock_wait: &NoGrant,
            stopping: &Stopping::default(),
        };
        let key = LoginKey::new(&"user:default/felix".parse().unwrap(), "dev");
        let record = LoginRecord::live(1, live());
        store.put(&key.record(), &logins.seal(&key, &record).unwrap(), ttl).await.unwrap();

        let fails = async |_: &_| Err(StoreError::of_redis("away").into());
        let refused = refresher.forget(&key, fails).await;
        assert!(matches!(refused, Err(RefreshError::Record(RecordError::Store(_)))));
        assert!(
            logins.read(&key).await.unwrap().is_some(),
            "the login is gone, and its tokens are never revoked"
        );

        let used = Arc::downgrade(&live_of(&logins, &key).await);
        let sees = async |live: &LiveLogin| {
            assert_eq!(live.id, "login");
            assert!(logins.read(&key).await?.is_some(), "the login went before its revocation was recorded");
            Ok(())
        };
        let forgotten = refresher.forget(&key, sees).await.unwrap();
        assert!(matches!(forgotten, Forgotten::Login(live) if live.id == "login"));
        assert!(used.upgrade().is_none(), "what a call has opened before is still in memory");
        assert!(logins.read(&key).await.unwrap().is_none());
        let nothing = refresher.forget(&key, async |_: &_| unreachable!("there is no login")).await.unwrap();
        assert!(matches!(nothing, Forgotten::Nothing));
    }
}
