//! The sweep: a login that was not used for `UNUSED_LOGIN_LIFETIME` is revoked and forgotten.
//!
//! Each backend sweeps when it starts and then about every hour, one replica at a time. A sweep goes on where the one before it
//! ended: what could not be ended stays in the index and is passed over for a day, so that no sweep reads all of it again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use futures_util::{StreamExt, TryStreamExt, stream};
use time::OffsetDateTime;

use super::{Disconnected, Logout};
use crate::backend::logins::LoginKey;
use crate::backend::logins::index::{LoginIndex, USE_RESOLUTION};
use crate::backend::oidc::clusters::{Clusters, KnownCluster};
use crate::backend::oidc::revocation_request::silence::WhileSilent;
use crate::backstage_names::UserRef;
use crate::clock::{Clock, RuntimeTimer, Timer};
use crate::problem::Problem;
use crate::protocol::Code;
use crate::random::{NoRandomness, Random};
use crate::store::lock::Lock;
use crate::store::{Key, Noted, Store};
use crate::telemetry::AUDIT;

/// How much longer than its lifetime the store keeps the record of an unused login: time for a sweep to revoke it, also after a
/// few days without any backend.
pub const MARGIN: Duration = Duration::from_hours(24 * 7);

/// From one sweep to the next; up to a quarter more, so that replicas that started together do not stay together.
const PAUSE: Duration = Duration::from_hours(1);

/// How long what could not be ended is passed over.
const PASSED_OVER: Duration = Duration::from_hours(24);

/// The lock of the replica that sweeps; renewed meanwhile.
const LOCK: &Key = "unused-sweep-lock";
const LOCK_LIFE: Duration = Duration::from_mins(1);

/// How many entries are read at a time.
const BATCH: usize = 1_000;

/// How many logins of one cluster are ended at once: each waits for its identity provider.
const AT_ONCE: usize = 16;

/// Ends logins that are unused.
pub struct UnusedLogins {
    /// Which logins are kept, and when each was last used.
    pub index: Arc<LoginIndex>,
    /// The clusters that are configured: only their logins can be ended.
    pub clusters: Arc<Clusters>,
    /// Ends a login.
    pub logout: Arc<Logout>,
    /// The store, for the lock of the sweep.
    pub store: Arc<dyn Store>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// After how long without a use a login ends.
    pub lifetime: Duration,
}

/// The sweeps of one process.
pub struct Sweep {
    logins: Arc<UnusedLogins>,
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
    pub fn new(logins: Arc<UnusedLogins>) -> Self {
        let round = Round::begin(logins.clock.now());
        Self { logins, round, unconfigured: HashSet::new() }
    }

    /// Sweeps now and then, for as long as the process lives.
    pub async fn now_and_then(mut self) {
        loop {
            self.once().await;
            let pause = until_the_next(self.logins.random.as_ref()).unwrap_or(PAUSE);
            RuntimeTimer.wait(pause).await;
        }
    }

    /// Sweeps, unless another replica does.
    pub async fn once(&mut self) {
        let logins = Arc::clone(&self.logins);
        match Lock::take(logins.store.as_ref(), LOCK, logins.random.as_ref(), LOCK_LIFE).await {
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
        self.logins.index.complete_users().await?;
        let now = self.logins.clock.now();
        if now >= self.round.began + PASSED_OVER {
            self.round = Round::begin(now);
        }
        // A use is noted up to an hour late.
        let until = now - (self.logins.lifetime + USE_RESOLUTION);
        loop {
            let entries = self.logins.index.last_used_until(&self.round.passed, until, BATCH).await?;
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
            by_cluster.entry(key.cluster().to_owned()).or_default().push((user, key));
        }
        let mut of_configured = Vec::new();
        for (name, logins) in by_cluster {
            match self.logins.clusters.get(&name) {
                Ok(cluster) => of_configured.push((Arc::clone(cluster), logins)),
                Err(_) => self.tell_of(name),
            }
        }
        let ends =
            of_configured.into_iter().map(|(cluster, of_it)| self.logins.end_all(cluster, of_it, until));
        try_join_all(ends).await?;
        Ok(())
    }

    /// Without a known identity provider, logins cannot be revoked. They are kept until their cluster is configured again.
    fn tell_of(&mut self, cluster: String) {
        if self.unconfigured.contains(&cluster) {
            return;
        }
        tracing::warn!(
            cluster,
            "unused logins of a cluster that is not configured cannot be revoked: configure it, or revoke them at its identity provider"
        );
        self.unconfigured.insert(cluster);
    }
}

impl UnusedLogins {
    /// Those of one cluster: its identity provider may hang. Once it was found to, the rest is forgotten and left to the retries.
    async fn end_all(
        &self,
        cluster: Arc<KnownCluster>,
        logins: Vec<(UserRef, LoginKey)>,
        until: OffsetDateTime,
    ) -> Result<(), Interrupted> {
        let ends = stream::iter(logins).map(async |(user, key)| self.end(&cluster, &user, &key, until).await);
        ends.buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn end(
        &self,
        cluster: &Arc<KnownCluster>,
        user: &UserRef,
        key: &LoginKey,
        until: OffsetDateTime,
    ) -> Result<(), Interrupted> {
        // Used since the batch was read: not unused any more, and not among the next ones.
        let Some(last_use) = self.index.last_use(key).await?.filter(|at| *at <= until) else {
            return Ok(());
        };
        match self.logout.log_out(user, cluster, WhileSilent::LeaveAlone).await {
            Ok(outcome) => {
                audit(key, last_use, outcome);
                // Or it would be met again.
                Ok(self.index.forgotten(key, None).await?)
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
    use crate::backend::assembly::example_backend::ExampleBackend;
    use crate::backend::logins::{EndReason, LoginState};
    use crate::clock::Clock;

    const DAY: Duration = Duration::from_hours(24);

    fn sweep_of(example: &ExampleBackend) -> Sweep {
        Sweep::new(Arc::clone(&example.unused))
    }

    async fn is_noted(example: &ExampleBackend, key: &LoginKey) -> bool {
        example.index.last_use(key).await.unwrap().is_some()
    }

    async fn use_now(example: &ExampleBackend, key: &LoginKey) {
        example.uses(key);
        example.index.write_last_uses().await;
    }

    #[actix_web::test]
    async fn what_is_unused_for_longer_is_ended_and_what_was_used_stays() {
        let example = ExampleBackend::new();
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
        let example = ExampleBackend::new();
        let mut staying = Vec::new();
        for n in 0..=BATCH {
            let key = example.log_in(&format!("unreadable-{n}"), "dev").await;
            example.store.put(&key.record(), b"garbage", 90 * DAY).await.unwrap();
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
        let example = ExampleBackend::new();
        let key = example.log_in("felix", "dev").await;
        let record = example.record(&key).await.unwrap();
        example.store.put(&key.record(), b"garbage", 90 * DAY).await.unwrap();
        example.clock.advance(31 * DAY);
        let mut sweep = sweep_of(&example);
        let asked = || example.metrics.store_seconds.with_label_values(&["noted_at"]).get_sample_count();
        sweep.once().await;
        assert_eq!(asked(), 1);
        example.store.put(&key.record(), &record, 90 * DAY).await.unwrap();
        example.clock.advance(DAY / 2);
        sweep.once().await;
        assert_eq!(asked(), 1, "what could not be ended is looked at again within the day");
        let unused_since = example.log_in("mara", "dev").await;
        let long_ago = example.clock.now() - 31 * DAY;
        example.store.note("logins", &unused_since.member(), long_ago).await.unwrap();
        sweep.once().await;
        assert_eq!(example.record(&unused_since).await, None, "what became unused since waits for a day");
        example.clock.advance(DAY / 2);
        sweep.once().await;
        assert_eq!(example.record(&key).await, None);
    }

    #[actix_web::test]
    async fn an_entry_without_a_record_goes() {
        let example = ExampleBackend::new();
        let key = example.log_in("felix", "dev").await;
        example.clock.advance(38 * DAY);
        assert_eq!(example.record(&key).await, None, "the store keeps it for ever");
        sweep_of(&example).once().await;
        assert!(!is_noted(&example, &key).await);
    }

    #[actix_web::test]
    async fn a_login_that_is_used_while_the_sweep_goes_on_stays() {
        let example = ExampleBackend::new();
        let key = example.log_in("felix", "dev").await;
        example.clock.advance(35 * DAY);
        let until = example.clock.now() - DAY;
        use_now(&example, &key).await;
        let user = "user:default/felix".parse().unwrap();
        let cluster = example.clusters.get("dev").unwrap();
        assert!(example.unused.end(cluster, &user, &key, until).await.is_ok());
        assert!(example.record(&key).await.is_some());
        assert!(is_noted(&example, &key).await);
    }

    #[actix_web::test]
    async fn one_replica_sweeps_at_a_time() {
        let example = ExampleBackend::new();
        let key = example.log_in("felix", "dev").await;
        example.clock.advance(35 * DAY);
        let (store, random) = (example.store.as_ref(), example.random.as_ref());
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
