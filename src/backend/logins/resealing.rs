//! A login sealed anew, with the key that seals now, and else as it is.

use std::time::Duration;

use super::{LoginKey, Logins, RecordError};
use crate::store::Swap;
use crate::store::lock::{Lock, LockError};
use crate::store::sealing::{Kind, NotSealed};

/// The life of the lock: it is held for two requests to the store.
const LOCK: Duration = Duration::from_secs(15);

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resealed {
    /// It is sealed with the key that seals now.
    Done,
    /// It was already.
    NotNeeded,
    /// It is gone.
    Gone,
    /// It is just being written.
    Busy,
}

impl From<LockError> for RecordError {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Store(error) => error.into(),
            LockError::Random(error) => NotSealed::from(error).into(),
        }
    }
}

impl Logins {
    /// Whether a login has to be sealed anew.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn is_sealed_by_another(&self, key: &LoginKey) -> Result<bool, RecordError> {
        Ok(self.seen(key).await?.is_ok())
    }

    /// Seals a login anew. Under its lock: a refresh would find its record changed, and what it got in vain.
    ///
    /// # Errors
    /// As the variants of [`RecordError`] say; the record then is as it was, or sealed anew.
    pub async fn reseal(&self, key: &LoginKey) -> Result<Resealed, RecordError> {
        if let Err(end) = self.seen(key).await? {
            return Ok(end);
        }
        let lock = Lock::take(self.store.as_ref(), &key.lock(), self.random.as_ref(), LOCK).await?;
        let Some(lock) = lock else { return Ok(Resealed::Busy) };
        let outcome = self.reseal_under(&lock, key).await;
        lock.release().await;
        outcome
    }

    /// A record that has to be sealed anew, or why none has to.
    async fn seen(&self, key: &LoginKey) -> Result<Result<Vec<u8>, Resealed>, RecordError> {
        let sealed = self.store.get(&key.record()).await?.ok_or(Resealed::Gone);
        Ok(sealed.and_then(|sealed| {
            if self.keyring.is_sealed_by_another(&sealed) { Ok(sealed) } else { Err(Resealed::NotNeeded) }
        }))
    }

    /// The bytes within are not looked at: another version may have written more than this one reads.
    async fn reseal_under(&self, lock: &Lock<'_>, key: &LoginKey) -> Result<Resealed, RecordError> {
        let seen = match self.seen(key).await? {
            Ok(seen) => seen,
            Err(end) => return Ok(end),
        };
        let subject = [key.user.as_str(), key.cluster.as_str()];
        let text = self.keyring.open(Kind::Tokens, &subject, &seen)?;
        let sealed = self.keyring.seal(self.random.as_ref(), Kind::Tokens, &subject, &text)?;
        // A record may live longer for it; an unused login ends by its last use all the same.
        match lock.swap(&key.record(), &seen, &sealed, self.ttl).await? {
            Swap::Done => Ok(Resealed::Done),
            Swap::Conflict => Ok(Resealed::Busy),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::assembly::example_backend::{EXAMPLE_KEY, ExampleBackend};

    const NEW_KEY: &str = "b:YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI=";

    #[actix_web::test]
    async fn a_login_is_sealed_anew_once_and_holds_what_it_held() {
        let example = ExampleBackend::new();
        let (logins, key) = (&example.logins, example.log_in("felix", "dev").await);
        assert_eq!(logins.reseal(&key).await.unwrap(), Resealed::NotNeeded);
        let held = async || format!("{:?}", logins.read(&key).await.unwrap().unwrap().record);
        let before = held().await;
        logins.keyring.take(&format!("{NEW_KEY},{EXAMPLE_KEY}")).unwrap();
        assert!(logins.is_sealed_by_another(&key).await.unwrap());
        assert_eq!(logins.reseal(&key).await.unwrap(), Resealed::Done);
        assert_eq!(logins.reseal(&key).await.unwrap(), Resealed::NotNeeded);
        logins.keyring.take(NEW_KEY).unwrap();
        assert_eq!(held().await, before);
        let gone = key.at("elsewhere");
        assert_eq!(logins.reseal(&gone).await.unwrap(), Resealed::Gone);
    }

    /// What a refresh gets is written only to the record that it has read.
    #[actix_web::test]
    async fn a_login_that_is_being_refreshed_is_left_alone() {
        let example = ExampleBackend::new();
        let (logins, key) = (&example.logins, example.log_in("felix", "dev").await);
        logins.keyring.take(&format!("{NEW_KEY},{EXAMPLE_KEY}")).unwrap();
        let (store, random) = (example.store.as_ref(), example.random.as_ref());
        let refresh = Lock::take(store, &key.lock(), random, LOCK).await.unwrap().unwrap();
        let before = example.record(&key).await;
        assert_eq!(logins.reseal(&key).await.unwrap(), Resealed::Busy);
        assert_eq!(example.record(&key).await, before);
        refresh.release().await;
        assert_eq!(logins.reseal(&key).await.unwrap(), Resealed::Done);
        assert!(Lock::take(store, &key.lock(), random, LOCK).await.unwrap().is_some(), "the lock is kept");
    }
}
