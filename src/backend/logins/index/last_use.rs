//! That a login is used is written down behind the request: it waits for nothing, and a store that is slow or away costs no request
//! an answer.
//!
//! A use that is lost (the store failed, the queue was full, the process was killed) is made up for by the next one.

use std::cell::Cell;
use std::time::Duration;

use futures_util::{StreamExt, stream};

use super::LoginIndex;
use super::noted_uses::Use;
use crate::backend::logins::{IssuedTo, LoginKey};
use crate::store::StoreError;

/// How many are written at once.
const AT_ONCE: usize = 16;

/// How long a process that ends goes on writing.
const LAST_WRITES: Duration = Duration::from_secs(2);

impl LoginIndex {
    /// A login is used: that is written down soon, unless it was within the hour, and its record is then kept for longer.
    pub fn used(&self, key: &LoginKey, issued_to: &IssuedTo) {
        let now = self.clock.now();
        if self.noted_uses.is_due(key, now) {
            self.noted_uses.queue(key, issued_to, now);
        }
    }

    /// Writes down what is used, for as long as the process lives.
    pub async fn write_uses(&self) {
        loop {
            self.noted_uses.some_wait().await;
            self.write_waiting().await;
        }
    }

    /// Writes down what still waits, before the process ends.
    pub async fn write_last_uses(&self) {
        if tokio::time::timeout(LAST_WRITES, self.write_waiting()).await.is_err() {
            tracing::warn!("the last uses of logins could not be written down: the next ones are");
        }
    }

    async fn write_waiting(&self) {
        let (uses, _writing) = self.noted_uses.take_waiting().await;
        let failed = Cell::new(false);
        stream::iter(uses)
            .for_each_concurrent(AT_ONCE, async |used| {
                // A store that fails one fails the rest: the rest is not tried.
                if failed.get() {
                    return self.noted_uses.forget(&used.key);
                }
                if let Err(error) = self.write(&used).await {
                    self.noted_uses.forget(&used.key);
                    if !failed.replace(true) {
                        tracing::warn!(%error, "uses of logins could not be written down: the next ones are");
                    }
                }
            })
            .await;
    }

    async fn write(&self, used: &Use) -> Result<(), StoreError> {
        self.store.live_on(&used.key.record(), self.ttl).await?;
        self.note(&used.key, Some(&used.issued_to), used.at).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::backend::assembly::example_backend::{ExampleBackend, example_login};
    use crate::backend::logins::index::noted_uses::USE_RESOLUTION;
    use crate::clock::Clock;
    use crate::store::redis::Redis;

    const DAY: Duration = Duration::from_hours(24);

    fn store_calls(example: &ExampleBackend) -> u64 {
        let families = prometheus::core::Collector::collect(&example.metrics.store_seconds);
        let metrics = families.iter().flat_map(prometheus::proto::MetricFamily::get_metric);
        metrics.map(|metric| metric.get_histogram().get_sample_count()).sum()
    }

    #[actix_web::test]
    async fn a_use_is_written_once_an_hour_and_never_within_the_request() {
        let example = ExampleBackend::new();
        let key = example.log_in("felix", "dev").await;
        example.clock.advance(USE_RESOLUTION.checked_sub(Duration::from_secs(1)).unwrap());
        let before = store_calls(&example);
        (0..1_000).for_each(|_| example.uses(&key));
        example.index.write_waiting().await;
        assert_eq!(store_calls(&example), before, "it was used within the hour");
        example.clock.advance(Duration::from_secs(1));
        (0..1_000).for_each(|_| example.uses(&key));
        assert_eq!(store_calls(&example), before, "a request asked the store");
        example.index.write_waiting().await;
        assert_eq!(store_calls(&example), before + 4);
        assert_eq!(example.index.last_use(&key).await.unwrap(), Some(example.clock.now()));
    }

    #[actix_web::test]
    async fn a_login_that_is_used_lives_on_though_nothing_is_refreshed() {
        let example = ExampleBackend::new();
        let (used_one, other) = (example.log_in("felix", "dev").await, example.log_in("mara", "dev").await);
        example.clock.advance(25 * DAY);
        example.uses(&used_one);
        example.index.write_waiting().await;
        example.clock.advance(25 * DAY);
        assert!(example.record(&used_one).await.is_some());
        assert!(example.record(&other).await.is_none());
    }

    #[actix_web::test]
    async fn a_use_that_could_not_be_written_is_written_with_the_next() {
        let example = ExampleBackend::new();
        let key = example.log_in("felix", "dev").await;
        example.clock.advance(USE_RESOLUTION);
        let (store, clock) = (Arc::clone(&example.store), Arc::clone(&example.clock));
        let nowhere = Arc::new(Redis::new("redis://127.0.0.1:1/", None).unwrap());
        let mut index = LoginIndex::new(nowhere, clock, DAY);
        let subject = example_login("felix", example.clock.now()).issued_to;
        index.used(&key, &subject);
        index.write_waiting().await;
        index.store = store;
        index.used(&key, &subject);
        index.write_waiting().await;
        assert_eq!(index.last_use(&key).await.unwrap(), Some(example.clock.now()));
    }

    #[actix_web::test]
    async fn the_task_writes_and_a_process_that_ends_waits_for_what_is_under_way() {
        let example = ExampleBackend::new();
        let keys = [example.log_in("felix", "dev").await, example.log_in("mara", "dev").await];
        example.clock.advance(USE_RESOLUTION);
        let task = actix_web::rt::spawn({
            let index = Arc::clone(&example.index);
            async move { index.write_uses().await }
        });
        for key in &keys {
            example.uses(key);
            // Whether the task has begun or not.
            tokio::task::yield_now().await;
        }
        example.index.write_last_uses().await;
        task.abort();
        for key in &keys {
            assert_eq!(example.index.last_use(key).await.unwrap(), Some(example.clock.now()));
        }
    }
}
