//! The sweep: a login that nobody has used for `UNUSED_LOGIN_LIFETIME` is revoked and forgotten.
//!
//! Each backend sweeps when it starts and then about every hour, one replica at a time. A sweep goes on where the one before it
//! ended: what could not be ended stays in the index and is passed over for a day, so that no sweep reads all of it again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use futures_util::{StreamExt, TryStreamExt, stream};
use time::OffsetDateTime;

use super::{Disconnected, disconnect};
use crate::backend::assembly::App;
use crate::backend::logins::LoginKey;
use crate::backend::logins::index::{self, USE_RESOLUTION, by_user};
use crate::backend::oidc::silence::WhileSilent;
use crate::backstage_names::UserRef;
use crate::clock::{RuntimeTimer, Timer};
use crate::problem::Problem;
use crate::protocol::Code;
use crate::random::{NoRandomness, Random};
use crate::store::lock::Lock;
use crate::store::{Key, Noted};
use crate::telemetry::AUDIT;

/// How much longer than its lifetime the store keeps the record of an unused login: time for a sweep to revoke it, also after a
/// few days without any backend.
pub const MARGIN: Duration = Duration::from_hours(24 * 7);

/// From one sweep to the next; up to a quarter more, so that replicas that started together do not stay together.
const PAUSE: Duration = Duration::from_hours(1);

/// How long what could not be ended is passed over.
const PASSED_OVER: Duration = Duration::from_hours(24);

/// The lock of whoever sweeps; renewed meanwhile.
const LOCK: &Key = "unused-sweep-lock";
const LOCK_LIFE: Duration = Duration::from_mins(1);

/// How many entries are read at a time.
const BATCH: usize = 1_000;

/// How many logins of one cluster are ended at once: each waits for its identity provider.
const AT_ONCE: usize = 16;

/// The sweeps of one process.
pub struct Sweep {
    app: Arc<App>,
    round: Round,
    /// The clusters that logins were found for and that are not configured: each is told of once.
    unconfigured: HashSet<String>,
}

/// One time through the index, in many sweeps.
struct Round {
    began: OffsetDateTime,
    /// How far it is.
    passed: Noted,
}

impl Round {
    fn begin(now: OffsetDateTime) -> Self {
        Self { began: now, passed: Noted::from(OffsetDateTime::UNIX_EPOCH) }
    }
}

/// Why a sweep ended early.
enum Interrupted {
    /// The store does not answer: the rest would fail, too.
    Store,
}

impl Sweep {
    /// Nothing is swept yet.
    #[must_use]
    pub fn new(app: Arc<App>) -> Self {
        let round = Round::begin(app.clock.now());
        Self { app, round, unconfigured: HashSet::new() }
    }

    /// Sweeps now and then, for as long as the process lives.
    pub async fn now_and_then(mut self) {
        loop {
            self.once().await;
            let pause = until_the_next(self.app.random.as_ref()).unwrap_or(PAUSE);
            RuntimeTimer.wait(pause).await;
        }
    }

    /// Sweeps, unless another replica does.
    pub async fn once(&mut self) {
        let app = Arc::clone(&self.app);
        match Lock::take(app.store.as_ref(), LOCK, app.random.as_ref(), LOCK_LIFE).await {
            Ok(Some(lock)) => {
                let swept = lock.hold(&RuntimeTimer, self.sweep()).await;
                lock.release().await;
                if swept.is_err() {
                    tracing::warn!("unused logins are not all ended: the next sweep goes on");
                }
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "unused logins are not looked for: the next sweep does it"),
        }
    }

    async fn sweep(&mut self) -> Result<(), Interrupted> {
        by_user::complete(&self.app).await?;
        let now = self.app.clock.now();
        if now >= self.round.began + PASSED_OVER {
            self.round = Round::begin(now);
        }
        // A use is noted up to an hour late.
        let until = now - (self.app.settings.unused_login_lifetime + USE_RESOLUTION);
        loop {
            let entries = index::last_used_until(&self.app, &self.round.passed, until, BATCH).await?;
            let Some(last) = entries.last().cloned() else { return Ok(()) };
            self.end_all(entries, until).await?;
            self.round.passed = last;
        }
    }

    async fn end_all(&mut self, entries: Vec<Noted>, until: OffsetDateTime) -> Result<(), Interrupted> {
        let mut by_cluster: HashMap<String, Vec<(UserRef, LoginKey)>> = HashMap::new();
        for entry in entries {
            let Some((user, key)) = LoginKey::of_member(&entry.member) else {
                tracing::warn!("the index of logins holds an entry that is not ours");
                continue;
            };
            if self.app.settings.clusters.contains_key(key.cluster()) {
                by_cluster.entry(key.cluster().to_owned()).or_default().push((user, key));
            } else {
                self.tell_of(&key);
            }
        }
        let this = &*self;
        try_join_all(by_cluster.into_values().map(|logins| this.end_of_cluster(logins, until))).await?;
        Ok(())
    }

    /// One cluster's: its identity provider may hang. Once it was found to, the rest is forgotten and left to the retries.
    async fn end_of_cluster(
        &self,
        logins: Vec<(UserRef, LoginKey)>,
        until: OffsetDateTime,
    ) -> Result<(), Interrupted> {
        let ends = stream::iter(logins).map(async |(user, key)| self.end(&user, &key, until).await);
        ends.buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn end(&self, user: &UserRef, key: &LoginKey, until: OffsetDateTime) -> Result<(), Interrupted> {
        // Used since the batch was read: not unused any more, and not among the next ones.
        let Some(last_use) = index::last_use(&self.app, key).await?.filter(|at| *at <= until) else {
            return Ok(());
        };
        match disconnect(&self.app, user, key.cluster(), WhileSilent::LeaveAlone).await {
            Ok(outcome) => {
                audit(key, last_use, outcome);
                // Or it would be met again.
                Ok(index::forgotten(&self.app, key).await?)
            }
            Err(problem) if problem.code() == Code::StoreUnavailable => Err(Interrupted::Store),
            Err(problem) => {
                let (user, cluster, code) = (key.user(), key.cluster(), problem.code().as_str());
                tracing::warn!(
                    user,
                    cluster,
                    code,
                    "an unused login could not be ended: a sweep tries again within a day"
                );
                Ok(())
            }
        }
    }

    /// A login whose identity provider is not known can not be revoked. It is left for whoever configures the cluster again.
    fn tell_of(&mut self, key: &LoginKey) {
        if self.unconfigured.insert(key.cluster().to_owned()) {
            tracing::warn!(
                cluster = key.cluster(),
                "unused logins of a cluster that is not configured cannot be revoked: configure it, or revoke them at its identity provider"
            );
        }
    }
}

impl From<crate::store::StoreError> for Interrupted {
    fn from(error: crate::store::StoreError) -> Self {
        // Logs it.
        let _ = Problem::from(error);
        Self::Store
    }
}

fn audit(key: &LoginKey, last_use: OffsetDateTime, outcome: Disconnected) {
    if outcome != Disconnected::NotConnected {
        let (user, cluster) = (key.user(), key.cluster());
        tracing::info!(target: AUDIT, user, cluster, %last_use, outcome = "unused", "login ended");
    }
}

fn until_the_next(random: &dyn Random) -> Result<Duration, NoRandomness> {
    let mut share = [0; 1];
    random.fill(&mut share)?;
    Ok(PAUSE + PAUSE / 4 * u32::from(share[0]) / 255)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::assembly::example_app::ExampleApp;
    use crate::backend::logins::{EndReason, LoginState};

    const DAY: Duration = Duration::from_hours(24);

    fn sweep_of(example: &ExampleApp) -> Sweep {
        Sweep::new(Arc::clone(&example.app))
    }

    async fn is_noted(example: &ExampleApp, key: &LoginKey) -> bool {
        index::last_use(&example.app, key).await.unwrap().is_some()
    }

    async fn use_now(example: &ExampleApp, key: &LoginKey) {
        index::used(&example.app, key);
        index::write_last_uses(&example.app).await;
    }

    #[actix_web::test]
    async fn what_is_unused_for_longer_is_ended_and_what_was_used_stays() {
        let example = ExampleApp::new();
        let (unused, used) = (example.log_in("felix", "dev").await, example.log_in("mara", "dev").await);
        example.clock.advance(29 * DAY);
        use_now(&example, &used).await;
        example.clock.advance((DAY + USE_RESOLUTION).checked_sub(Duration::from_millis(1)).unwrap());
        let mut sweep = sweep_of(&example);
        sweep.once().await;
        assert!(example.record(&unused).await.is_some(), "ended before its time");
        example.clock.advance(Duration::from_millis(1));
        sweep.once().await;
        assert_eq!(example.record(&unused).await, None);
        assert!(!is_noted(&example, &unused).await);
        assert!(example.record(&used).await.is_some());
        assert!(is_noted(&example, &used).await);
    }

    #[actix_web::test]
    async fn what_cannot_be_ended_stays_and_does_not_keep_the_rest() {
        let example = ExampleApp::new();
        let mut staying = Vec::new();
        for n in 0..=BATCH {
            let key = example.log_in(&format!("unreadable-{n}"), "dev").await;
            example.app.store.put(&key.record(), b"garbage", 90 * DAY).await.unwrap();
            staying.push(key);
            staying.push(example.log_in(&format!("elsewhere-{n}"), "not-configured").await);
        }
        example.clock.advance(DAY);
        let (live, ended) = (example.log_in("felix", "dev").await, example.log_in("mara", "dev").await);
        example.write(&ended, LoginState::Ended(EndReason::RefreshLost)).await;
        example.clock.advance(31 * DAY);
        sweep_of(&example).once().await;
        for key in [live, ended] {
            assert_eq!(example.record(&key).await, None, "{key:?}");
            assert!(!is_noted(&example, &key).await, "{key:?}");
        }
        for key in staying {
            assert!(example.record(&key).await.is_some(), "{key:?}");
            assert!(is_noted(&example, &key).await, "{key:?}");
        }
    }

    #[actix_web::test]
    async fn what_stays_is_passed_over_for_a_day() {
        let example = ExampleApp::new();
        let key = example.log_in("felix", "dev").await;
        let record = example.record(&key).await.unwrap();
        example.app.store.put(&key.record(), b"garbage", 90 * DAY).await.unwrap();
        example.clock.advance(31 * DAY);
        let mut sweep = sweep_of(&example);
        let asked = || example.app.metrics.store_seconds.with_label_values(&["noted_at"]).get_sample_count();
        sweep.once().await;
        assert_eq!(asked(), 1);
        example.app.store.put(&key.record(), &record, 90 * DAY).await.unwrap();
        example.clock.advance(DAY / 2);
        sweep.once().await;
        assert_eq!(asked(), 1, "what could not be ended is looked at again within the day");
        let unused_since = example.log_in("mara", "dev").await;
        let long_ago = example.app.clock.now() - 31 * DAY;
        example.app.store.note("logins", &unused_since.member(), long_ago).await.unwrap();
        sweep.once().await;
        assert_eq!(example.record(&unused_since).await, None, "what became unused since waits for a day");
        example.clock.advance(DAY / 2);
        sweep.once().await;
        assert_eq!(example.record(&key).await, None);
    }

    #[actix_web::test]
    async fn an_entry_without_a_record_goes() {
        let example = ExampleApp::new();
        let key = example.log_in("felix", "dev").await;
        example.clock.advance(38 * DAY);
        assert_eq!(example.record(&key).await, None, "the store keeps it for ever");
        sweep_of(&example).once().await;
        assert!(!is_noted(&example, &key).await);
    }

    #[actix_web::test]
    async fn a_login_that_is_used_while_the_sweep_goes_on_stays() {
        let example = ExampleApp::new();
        let key = example.log_in("felix", "dev").await;
        example.clock.advance(35 * DAY);
        let until = example.app.clock.now() - DAY;
        use_now(&example, &key).await;
        let user = "user:default/felix".parse().unwrap();
        assert!(sweep_of(&example).end(&user, &key, until).await.is_ok());
        assert!(example.record(&key).await.is_some());
        assert!(is_noted(&example, &key).await);
    }

    #[actix_web::test]
    async fn one_replica_sweeps_at_a_time() {
        let example = ExampleApp::new();
        let key = example.log_in("felix", "dev").await;
        example.clock.advance(35 * DAY);
        let (store, random) = (example.app.store.as_ref(), example.app.random.as_ref());
        let other = Lock::take(store, LOCK, random, LOCK_LIFE).await.unwrap().unwrap();
        sweep_of(&example).once().await;
        assert!(example.record(&key).await.is_some());
        other.release().await;
        sweep_of(&example).once().await;
        assert_eq!(example.record(&key).await, None);
    }

    #[test]
    fn the_next_sweep_is_in_an_hour_and_a_little() {
        let pauses: HashSet<_> =
            (0..100).map(|_| until_the_next(&crate::random::SystemRandom).unwrap()).collect();
        assert!(pauses.len() > 10, "replicas that start together stay together");
        assert!(pauses.iter().all(|pause| (PAUSE..=PAUSE + PAUSE / 4).contains(pause)), "{pauses:?}");
    }
}
