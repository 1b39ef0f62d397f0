//! The records that a key seals which only opens by now: how many there are, and sealing them anew.
//!
//! Logins and revocations that are to be confirmed last for days, and are found by their indexes. Sessions last for minutes and are in no
//! index: they are gone before any operator leaves a key out.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use time::OffsetDateTime;

use super::outbox::{Outbox, RevocationKey};
use crate::backend::logins::index::LoginIndex;
use crate::backend::logins::resealing::Resealed;
use crate::backend::logins::{LoginKey, Logins, RecordError};
use crate::clock::{Clock, RuntimeTimer, Timer};
use crate::store::Noted;
use crate::telemetry::backend_metrics::BackendMetrics;

/// From one count to the next while there are such records. With one key there is nothing to count, so that this costs what it does
/// only while keys are changed.
const PAUSE: Duration = Duration::from_hours(1);
/// The same when there were none: only a backend with other settings can have written one since.
const LONG_PAUSE: Duration = Duration::from_hours(24);

/// How many records are looked at at once.
const AT_ONCE: usize = 64;
/// How many revocations are read at a time.
const PAGE: usize = 1_000;
/// No revocation is due later.
const LAST_DUE: time::Duration = time::Duration::days(8);

/// A record that is just being written is tried again after this time, so often: a refresh takes no longer.
const TRY_AGAIN: Duration = Duration::from_millis(500);
const MOST_TRIES: u32 = 60;

/// The records that old keys seal.
pub struct OldKeys {
    /// The logins, with the keys.
    pub logins: Arc<Logins>,
    /// Which logins there are.
    pub index: Arc<LoginIndex>,
    /// The revocations.
    pub outbox: Outbox,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where the count is shown.
    pub metrics: Arc<BackendMetrics>,
}

/// How many records have which end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Sealed anew.
    pub resealed: u64,
    /// Sealed with the key that seals now before.
    pub not_needed: u64,
    /// Written by another process all the time.
    pub busy: u64,
    /// Not to be opened: damaged, or without their key.
    pub unreadable: u64,
}

/// A record that lasts.
enum Record {
    Login(LoginKey),
    Revocation(RevocationKey),
}

impl OldKeys {
    /// Counts them now and then, and when the keys change; never returns.
    pub async fn keep_counting(&self) {
        loop {
            let changed = self.logins.keyring.changed();
            let pause = match self.count().await {
                Ok(0) => LONG_PAUSE,
                Ok(_) => PAUSE,
                Err(error) => {
                    tracing::warn!(%error, "the records of old keys are not counted: the next count is in an hour");
                    PAUSE
                }
            };
            tokio::select! {
                () = changed => {}
                () = RuntimeTimer.wait(pause) => {}
            }
        }
    }

    /// Counts them.
    ///
    /// # Errors
    /// When the store does not answer, or there is no randomness.
    pub async fn count(&self) -> Result<i64, RecordError> {
        let mut count = 0;
        if self.logins.keyring.has_old_keys() {
            self.each(async |record| self.is_old(&record).await, |is_old| count += i64::from(is_old)).await?;
        }
        self.metrics.renewals.records_of_old_keys.set(count);
        Ok(count)
    }

    /// Seals them anew, beside backends that run. What was done stays done when it is interrupted.
    ///
    /// # Errors
    /// When the store does not answer, or there is no randomness.
    pub async fn reseal(&self) -> Result<Figures, RecordError> {
        let mut figures = Figures::default();
        let note = |end| match end {
            Some(Resealed::Done) => figures.resealed += 1,
            Some(Resealed::NotNeeded) => figures.not_needed += 1,
            Some(Resealed::Gone) => {}
            Some(Resealed::Busy) => figures.busy += 1,
            None => figures.unreadable += 1,
        };
        self.each(async |record| self.resealed(&record).await, note).await?;
        Ok(figures)
    }

    async fn is_old(&self, record: &Record) -> Result<bool, RecordError> {
        match record {
            Record::Login(key) => self.logins.is_sealed_by_another(key).await,
            Record::Revocation(key) => self.outbox.is_sealed_by_another(key).await,
        }
    }

    /// `None` for a record that cannot be opened.
    async fn resealed(&self, record: &Record) -> Result<Option<Resealed>, RecordError> {
        for _ in 0..MOST_TRIES {
            let outcome = match record {
                Record::Login(key) => self.logins.reseal(key).await,
                Record::Revocation(key) => self.outbox.reseal(key, self.clock.now()).await,
            };
            match outcome {
                Ok(Resealed::Busy) => RuntimeTimer.wait(TRY_AGAIN).await,
                Ok(end) => return Ok(Some(end)),
                Err(RecordError::Unreadable(_)) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(Some(Resealed::Busy))
    }

    /// Looks at every record that lasts, page by page: however many there are, no more than a page is held.
    async fn each<T>(
        &self,
        look: impl AsyncFn(Record) -> Result<T, RecordError>,
        mut note: impl FnMut(T),
    ) -> Result<(), RecordError> {
        self.index.complete_users().await?;
        let mut after = None;
        loop {
            let members = self.index.page_of_users(None, after.as_deref()).await?;
            after = members.last().cloned();
            let keys = members.iter().filter_map(|member| LoginKey::of_member(member));
            all(keys.map(|(_, key)| Record::Login(key)), &look, &mut note).await?;
            if after.is_none() {
                break;
            }
        }
        let (mut after, until) = (Noted::from(OffsetDateTime::UNIX_EPOCH), self.clock.now() + LAST_DUE);
        loop {
            let entries = self.outbox.page(&after, until, PAGE).await?;
            let Some(last) = entries.last().cloned() else { return Ok(()) };
            after = last;
            let keys = entries.iter().filter_map(RevocationKey::of);
            all(keys.map(Record::Revocation), &look, &mut note).await?;
        }
    }
}

async fn all<T>(
    records: impl Iterator<Item = Record>,
    look: &impl AsyncFn(Record) -> Result<T, RecordError>,
    note: &mut impl FnMut(T),
) -> Result<(), RecordError> {
    let mut looks = stream::iter(records).map(async |record| look(record).await).buffer_unordered(AT_ONCE);
    while let Some(end) = looks.next().await {
        note(end?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::assembly::example_backend::{EXAMPLE_KEY, ExampleBackend, example_login};
    use crate::backend::revocation::outbox::Revocation;

    const NEW_KEY: &str = "b:YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI=";

    fn reads(example: &ExampleBackend) -> u64 {
        example.metrics.store_seconds.with_label_values(&["get"]).get_sample_count()
    }

    #[actix_web::test]
    async fn with_one_key_nothing_is_read_and_with_two_every_record_that_lasts() {
        let example = ExampleBackend::new();
        let (old_keys, count) = (&example.old_keys, example.metrics.renewals.records_of_old_keys.clone());
        for number in 0..=PAGE {
            example.log_in(&format!("person-{number}"), "dev").await;
        }
        let (key, now) = (example.log_in("felix", "dev").await, example.clock.now());
        let revocation = Revocation::of_login(&example_login("felix", now)).unwrap().begin(now, PAUSE);
        let of_felix = RevocationKey::new(&key, &revocation);
        old_keys.outbox.keep(&of_felix, &revocation, now, Duration::ZERO).await.unwrap();
        let before = reads(&example);
        old_keys.count().await.unwrap();
        assert_eq!((count.get(), reads(&example)), (0, before));

        old_keys.logins.keyring.take(&format!("{NEW_KEY},{EXAMPLE_KEY}")).unwrap();
        old_keys.count().await.unwrap();
        let all = u64::try_from(PAGE).unwrap() + 3;
        assert_eq!(u64::try_from(count.get()).unwrap(), all);
        let damaged = example.log_in("mara", "dev").await;
        example.store.put(&damaged.record(), b"garbage", PAUSE).await.unwrap();
        let figures = old_keys.reseal().await.unwrap();
        assert_eq!(figures, Figures { resealed: all, not_needed: 0, busy: 0, unreadable: 1 });
        let again = old_keys.reseal().await.unwrap();
        assert_eq!(again, Figures { resealed: 0, not_needed: all, busy: 0, unreadable: 1 });
        assert_eq!(example.record(&damaged).await.unwrap(), b"garbage");
        old_keys.logins.keyring.take(NEW_KEY).unwrap();
        let due = now + time::Duration::HOUR;
        assert!(old_keys.outbox.take(&of_felix, due, PAUSE).await.unwrap().is_some());
    }
}
