//! Which logins are kept, and when each was last used: for `admin list`, and for the sweep of those that nobody uses.
//!
//! A use is written down once an hour a login and process. What the others in that hour cost is a look into a map.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;

use super::app::App;
use super::login_record::LoginKey;
use crate::store::{Key, StoreError};

/// How long a use stands for those after it: what the index says is late by no more than this.
pub const A_USE_STANDS: Duration = Duration::from_hours(1);

/// The index in the store.
const INDEX: &Key = "logins";

/// How many logins a process remembers the last use of; about 10 MiB.
const REMEMBERED: usize = 65_536;

/// The uses that this process has written down.
#[derive(Default)]
pub struct NotedUses(Mutex<HashMap<LoginKey, OffsetDateTime>>);

impl NotedUses {
    /// Whether this use is to be written down; then those after it are not, for an hour.
    fn is_due(&self, key: &LoginKey, now: OffsetDateTime) -> bool {
        let stands = |noted: &OffsetDateTime| now < *noted + A_USE_STANDS;
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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

    fn forget(&self, key: &LoginKey) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

/// Notes that a login is used, unless that was within the hour, and lets its record, whose bytes were `seen`, live on. A store that fails here fails
/// nobody's request: the next use is written down instead.
pub async fn used(app: &App, key: &LoginKey, seen: &[u8]) {
    let now = app.clock.now();
    if !app.noted_uses.is_due(key, now) {
        return;
    }
    let (record, kept) = (key.record(), app.logins().kept);
    // Whoever wrote in between has let it live on.
    let lives_on = app.store.swap(&record, seen, seen, kept).await;
    if let Err(error) = lives_on.and(app.store.note(INDEX, &key.member(), now).await) {
        app.noted_uses.forget(key);
        tracing::warn!(%error, "a login's use could not be written down");
    }
}

/// Notes a new login. One that could not be noted is with its first use.
pub async fn kept(app: &App, key: &LoginKey) {
    app.noted_uses.forget(key);
    let now = app.clock.now();
    match app.store.note(INDEX, &key.member(), now).await {
        Ok(()) => {
            app.noted_uses.is_due(key, now);
        }
        Err(error) => tracing::warn!(%error, "a new login could not be noted"),
    }
}

/// Takes out a login whose record is gone.
///
/// # Errors
/// When the store does not answer; the next sweep takes it out.
pub async fn forgotten(app: &App, key: &LoginKey) -> Result<(), StoreError> {
    app.noted_uses.forget(key);
    app.store.unnote(INDEX, &key.member()).await?;
    // A new login may have come in between, noted before we took it out.
    if app.store.get(&key.record()).await?.is_some() {
        app.store.note(INDEX, &key.member(), app.clock.now()).await?;
    }
    Ok(())
}

/// The entries that were last used at that moment or before, the longest unused first, at most `limit`.
///
/// # Errors
/// When the store does not answer.
pub async fn last_used_until(
    app: &App,
    until: OffsetDateTime,
    limit: usize,
) -> Result<Vec<String>, StoreError> {
    app.store.noted(INDEX, until, limit).await
}

/// When a login was last used, an hour late at most; `None` for one that is not noted.
///
/// # Errors
/// When the store does not answer.
pub async fn last_use(app: &App, key: &LoginKey) -> Result<Option<OffsetDateTime>, StoreError> {
    app.store.noted_at(INDEX, &key.member()).await
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::backend::example_app::ExampleApp;
    use crate::store::redis::Redis;

    const DAY: Duration = Duration::from_hours(24);

    async fn used_now(example: &ExampleApp, key: &LoginKey) {
        let seen = example.record(key).await.unwrap();
        used(&example.app, key, &seen).await;
    }

    #[actix_web::test]
    async fn a_use_is_written_once_an_hour_and_costs_the_store_nothing_otherwise() {
        let example = ExampleApp::new();
        let key = example.log_in("felix", "dev").await;
        let writes = || {
            let count = |op| example.app.metrics.store_seconds.with_label_values(&[op]).get_sample_count();
            (count("note"), count("swap"))
        };
        example.clock.advance(A_USE_STANDS.checked_sub(Duration::from_secs(1)).unwrap());
        let (seen, before) = (example.record(&key).await.unwrap(), writes());
        for _ in 0..1_000 {
            used(&example.app, &key, &seen).await;
        }
        assert_eq!(writes(), before);
        example.clock.advance(Duration::from_secs(1));
        for _ in 0..1_000 {
            used(&example.app, &key, &seen).await;
        }
        assert_eq!(writes(), (before.0 + 1, before.1 + 1));
        assert_eq!(last_use(&example.app, &key).await.unwrap(), Some(example.app.clock.now()));
    }

    #[actix_web::test]
    async fn a_login_that_is_used_lives_on_though_nothing_is_refreshed() {
        let example = ExampleApp::new();
        let (used_one, other) = (example.log_in("felix", "dev").await, example.log_in("mara", "dev").await);
        example.clock.advance(25 * DAY);
        used_now(&example, &used_one).await;
        example.clock.advance(25 * DAY);
        assert!(example.record(&used_one).await.is_some());
        assert!(example.record(&other).await.is_none());
    }

    #[actix_web::test]
    async fn a_use_that_could_not_be_written_is_written_with_the_next() {
        let mut example = ExampleApp::new();
        let key = example.log_in("felix", "dev").await;
        let seen = example.record(&key).await.unwrap();
        example.clock.advance(A_USE_STANDS);
        let app = Arc::get_mut(&mut example.app).unwrap();
        let nowhere = Arc::new(Redis::new("redis://127.0.0.1:1/", None).unwrap());
        let store = std::mem::replace(&mut app.store, nowhere);
        used(app, &key, &seen).await;
        app.store = store;
        used(app, &key, &seen).await;
        assert_eq!(last_use(app, &key).await.unwrap(), Some(app.clock.now()));
    }

    #[actix_web::test]
    async fn a_login_is_taken_out_unless_a_new_one_came_in_between() {
        let example = ExampleApp::new();
        let key = example.log_in("felix", "dev").await;
        forgotten(&example.app, &key).await.unwrap();
        assert!(last_use(&example.app, &key).await.unwrap().is_some(), "its record is there");
        example.app.store.delete(&key.record()).await.unwrap();
        forgotten(&example.app, &key).await.unwrap();
        assert_eq!(last_use(&example.app, &key).await.unwrap(), None);
    }

    #[test]
    fn a_process_remembers_no_more_uses_than_its_limit() {
        let (noted, user) = (NotedUses::default(), "user:default/felix".parse().unwrap());
        let now = OffsetDateTime::UNIX_EPOCH;
        for n in 0..=REMEMBERED {
            assert!(noted.is_due(&LoginKey::new(&user, &n.to_string()), now), "{n}");
        }
        assert!(noted.0.lock().unwrap().len() <= REMEMBERED);
        let last = LoginKey::new(&user, &REMEMBERED.to_string());
        assert!(!noted.is_due(&last, now));
        assert!(noted.is_due(&last, now + A_USE_STANDS));
    }
}
