//! That a login is used is written down behind the request: it waits for nothing, and a store that is slow or away costs no request
//! an answer.
//!
//! A use that is lost (the store failed, the queue was full, the process was killed) is made up for by the next one.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use time::OffsetDateTime;
use tokio::sync::Notify;

use super::{USE_RESOLUTION, note};
use crate::backend::assembly::App;
use crate::backend::logins::LoginKey;
use crate::store::StoreError;

/// How many logins a process remembers the last use of; about 10 MiB.
const REMEMBERED: usize = 65_536;

/// How many uses wait to be written; more are left to the next use of their logins.
const WAITING: usize = 16_384;

/// How many are written at once.
const AT_ONCE: usize = 16;

/// How long a process that ends goes on writing.
const LAST_WRITES: Duration = Duration::from_secs(2);

struct Use {
    key: LoginKey,
    at: OffsetDateTime,
}

/// The uses that this process has written down or is about to.
#[derive(Default)]
pub struct NotedUses {
    noted: Mutex<HashMap<LoginKey, OffsetDateTime>>,
    waiting: Mutex<Vec<Use>>,
    wake: Notify,
    /// Held while uses are written, so that a process which ends can wait for that.
    writing: tokio::sync::Mutex<()>,
}

impl NotedUses {
    /// Whether this use is to be written down; then those after it are not, for an hour.
    pub(crate) fn is_due(&self, key: &LoginKey, now: OffsetDateTime) -> bool {
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

    pub(crate) fn forget(&self, key: &LoginKey) {
        self.noted().remove(key);
    }

    fn noted(&self) -> MutexGuard<'_, HashMap<LoginKey, OffsetDateTime>> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Use>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn queue(&self, key: &LoginKey, at: OffsetDateTime) {
        let mut waiting = self.waiting();
        if waiting.len() >= WAITING {
            drop(waiting);
            return self.forget(key);
        }
        waiting.push(Use { key: key.clone(), at });
        self.wake.notify_one();
    }
}

/// A login is used: that is written down soon, unless it was within the hour, and its record then lives on.
pub fn used(app: &App, key: &LoginKey) {
    let now = app.clock.now();
    if app.noted_uses.is_due(key, now) {
        app.noted_uses.queue(key, now);
    }
}

/// Writes down what is used, for as long as the process lives.
pub async fn write_uses(app: Arc<App>) {
    loop {
        app.noted_uses.wake.notified().await;
        write_waiting(&app).await;
    }
}

/// Writes down what still waits, before the process ends.
pub async fn write_last_uses(app: &App) {
    if tokio::time::timeout(LAST_WRITES, write_waiting(app)).await.is_err() {
        tracing::warn!("the last uses of logins could not be written down: the next ones are");
    }
}

async fn write_waiting(app: &App) {
    let _writing = app.noted_uses.writing.lock().await;
    let uses = std::mem::take(&mut *app.noted_uses.waiting());
    let failed = Cell::new(false);
    stream::iter(uses)
        .for_each_concurrent(AT_ONCE, async |used| {
            // A store that fails one fails the rest: the rest is not tried.
            if failed.get() {
                return app.noted_uses.forget(&used.key);
            }
            if let Err(error) = write(app, &used).await {
                app.noted_uses.forget(&used.key);
                if !failed.replace(true) {
                    tracing::warn!(%error, "uses of logins could not be written down: the next ones are");
                }
            }
        })
        .await;
}

async fn write(app: &App, used: &Use) -> Result<(), StoreError> {
    app.store.live_on(&used.key.record(), app.logins().kept).await?;
    note(app, &used.key, used.at).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::assembly::example_app::ExampleApp;
    use crate::backend::logins::index::last_use;
    use crate::store::redis::Redis;

    const DAY: Duration = Duration::from_hours(24);

    fn store_calls(app: &App) -> u64 {
        let families = prometheus::core::Collector::collect(&app.metrics.store_seconds);
        let metrics = families.iter().flat_map(prometheus::proto::MetricFamily::get_metric);
        metrics.map(|metric| metric.get_histogram().get_sample_count()).sum()
    }

    #[actix_web::test]
    async fn a_use_is_written_once_an_hour_and_never_within_the_request() {
        let example = ExampleApp::new();
        let key = example.log_in("felix", "dev").await;
        example.clock.advance(USE_RESOLUTION.checked_sub(Duration::from_secs(1)).unwrap());
        let before = store_calls(&example.app);
        (0..1_000).for_each(|_| used(&example.app, &key));
        write_waiting(&example.app).await;
        assert_eq!(store_calls(&example.app), before, "it was used within the hour");
        example.clock.advance(Duration::from_secs(1));
        (0..1_000).for_each(|_| used(&example.app, &key));
        assert_eq!(store_calls(&example.app), before, "a request asked the store");
        write_waiting(&example.app).await;
        assert_eq!(store_calls(&example.app), before + 3);
        assert_eq!(last_use(&example.app, &key).await.unwrap(), Some(example.app.clock.now()));
    }

    #[actix_web::test]
    async fn a_login_that_is_used_lives_on_though_nothing_is_refreshed() {
        let example = ExampleApp::new();
        let (used_one, other) = (example.log_in("felix", "dev").await, example.log_in("mara", "dev").await);
        example.clock.advance(25 * DAY);
        used(&example.app, &used_one);
        write_waiting(&example.app).await;
        example.clock.advance(25 * DAY);
        assert!(example.record(&used_one).await.is_some());
        assert!(example.record(&other).await.is_none());
    }

    #[actix_web::test]
    async fn a_use_that_could_not_be_written_is_written_with_the_next() {
        let mut example = ExampleApp::new();
        let key = example.log_in("felix", "dev").await;
        example.clock.advance(USE_RESOLUTION);
        let app = Arc::get_mut(&mut example.app).unwrap();
        let nowhere = Arc::new(Redis::new("redis://127.0.0.1:1/", None).unwrap());
        let store = std::mem::replace(&mut app.store, nowhere);
        used(app, &key);
        write_waiting(app).await;
        app.store = store;
        used(app, &key);
        write_waiting(app).await;
        assert_eq!(last_use(app, &key).await.unwrap(), Some(app.clock.now()));
    }

    #[actix_web::test]
    async fn the_task_writes_and_a_process_that_ends_waits_for_what_is_under_way() {
        let example = ExampleApp::new();
        let keys = [example.log_in("felix", "dev").await, example.log_in("mara", "dev").await];
        example.clock.advance(USE_RESOLUTION);
        let task = actix_web::rt::spawn(write_uses(Arc::clone(&example.app)));
        for key in &keys {
            used(&example.app, key);
            // Whether the task has begun or not.
            tokio::task::yield_now().await;
        }
        write_last_uses(&example.app).await;
        task.abort();
        for key in &keys {
            assert_eq!(last_use(&example.app, key).await.unwrap(), Some(example.app.clock.now()));
        }
    }

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
        for n in 0..=WAITING {
            let key = LoginKey::new(&user, &n.to_string());
            assert!(noted.is_due(&key, now));
            noted.queue(&key, now);
        }
        assert_eq!(noted.waiting().len(), WAITING);
        assert!(!noted.is_due(&LoginKey::new(&user, "0"), now));
        assert!(noted.is_due(&LoginKey::new(&user, &WAITING.to_string()), now));
    }
}
