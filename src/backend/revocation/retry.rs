//! The task of each process that tries again what identity providers have not confirmed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};

use super::Revoker;
use super::outbox::{Revocation, RevocationKey};
use crate::backend::logins::{LoginState, Logins, RecordError};
use crate::backend::oidc::revocation_request::silence::WhileSilent;
use crate::backend::stopping::Stopping;
use crate::clock::Timer;
use crate::store::StoreError;

/// Between two looks at what is due.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// After a store that did not answer.
const LOOK_LATER: Duration = Duration::from_secs(10);
/// How many are taken in at one look.
const BATCH: usize = 1_000;
/// How many of one cluster are under way at once.
const AT_ONCE: usize = 8;

/// Tries again what is due.
pub struct Retries {
    /// Revokes.
    pub revoker: Arc<Revoker>,
    /// The logins, some of which may still hold what was to be revoked.
    pub logins: Arc<Logins>,
    /// How far the end of the process is.
    pub stopping: Stopping,
}

impl Retries {
    /// Looks for what is due, until the process is to end.
    pub async fn run(&self, timer: &dyn Timer) {
        loop {
            let wait = match self.look().await {
                Ok(()) => LOOK_AGAIN,
                Err(error) => {
                    tracing::warn!(%error, "what is still to be revoked cannot be read");
                    LOOK_LATER
                }
            };
            tokio::select! {
                () = timer.wait(wait) => {}
                () = self.stopping.closes() => return,
            }
        }
    }

    async fn look(&self) -> Result<(), StoreError> {
        let mut by_cluster: HashMap<String, Vec<RevocationKey>> = HashMap::new();
        for key in self.revoker.outbox.due(self.revoker.clock.now(), BATCH).await? {
            by_cluster.entry(key.login.cluster().to_owned()).or_default().push(key);
        }
        join_all(by_cluster.into_values().map(|keys| self.retry_all(keys))).await;
        Ok(())
    }

    /// Those of one cluster: its identity provider may hang. Once it was found to, the rest is put off.
    async fn retry_all(&self, keys: Vec<RevocationKey>) {
        let retries = stream::iter(keys).for_each_concurrent(AT_ONCE, async |key| {
            if let Err(error) = self.retry(&key).await {
                tracing::error!(%error, "a revocation cannot be taken up");
            }
        });
        retries.await;
    }

    async fn retry(&self, key: &RevocationKey) -> Result<(), RecordError> {
        let (outbox, now) = (&self.revoker.outbox, self.revoker.clock.now());
        let Some(revocation) = outbox.take(key, now, self.revoker.first_pause()).await? else {
            return Ok(());
        };
        if self.is_held(key, &revocation).await? {
            let (user, cluster) = (key.login.user(), key.login.cluster());
            tracing::info!(user, cluster, "a login that was to be forgotten is still there: it stays");
            return Ok(outbox.complete(key).await?);
        }
        self.revoker.attempt(key, revocation, WhileSilent::LeaveAlone).await;
        Ok(())
    }

    /// Whether the login that held the tokens is still in the store.
    async fn is_held(&self, key: &RevocationKey, revocation: &Revocation) -> Result<bool, RecordError> {
        let Some(id) = &revocation.held_by else { return Ok(false) };
        let stored = self.logins.read(&key.login).await?;
        Ok(stored.is_some_and(|stored| match stored.record.state {
            LoginState::Live(live) => live.id == *id,
            LoginState::Ended(_) => false,
        }))
    }
}
