//! A user's login at a cluster is over: forgotten here, revoked at the identity provider.

pub mod delete_record;
pub mod delete_tokens;
pub mod unused_sweep;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use time::OffsetDateTime;

use self::delete_record::Forgotten;
use super::logins::LoginKey;
use super::logins::index::LoginIndex;
use super::oidc::clusters::KnownCluster;
use super::oidc::revocation_request::silence::WhileSilent;
use super::revocation::{Outcome, Revoker};
use super::stopping::detached::Detached;
use super::tokens::{self, Tokens};
use crate::backstage_names::UserRef;
use crate::panics::Panicked;
use crate::problem::Problem;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disconnected {
    /// There was no login.
    NotConnected,
    /// It is forgotten, and nothing is outstanding.
    Revoked,
    /// It is forgotten here, and the identity provider offers no revocation: it lives on there.
    LivesOn {
        /// Until when, where the identity provider has said so.
        until: Option<OffsetDateTime>,
    },
    /// It is forgotten, and the identity provider has not confirmed; that goes on by itself.
    RevocationPending,
}

/// Ends logins.
pub struct Logout {
    /// Takes the lock of a login.
    pub tokens: Arc<Tokens>,
    /// Which logins are kept.
    pub index: Arc<LoginIndex>,
    /// Revokes what a login held.
    pub revoker: Arc<Revoker>,
    /// Where that goes on.
    pub detached: Detached,
}

impl Logout {
    /// Forgets a user's login at a cluster and revokes its tokens. A task of its own: a caller who hangs up stops none of it.
    ///
    /// # Errors
    /// `record_unreadable` and `timeout`, after which the login is still there; `store_unavailable`, after which it may be: asked
    /// again, it goes for good.
    pub async fn log_out(
        self: &Arc<Self>,
        user: &UserRef,
        cluster: &Arc<KnownCluster>,
        while_silent: WhileSilent,
    ) -> Result<Disconnected, Problem> {
        let all = self.log_out_of_all(user, std::slice::from_ref(cluster), while_silent).await;
        all.into_iter().next().unwrap_or_else(|| Err(Panicked.into()))
    }

    /// The same for several clusters, each with its own outcome. All are forgotten before any token is revoked: with one client, each
    /// is then the last login of the person, and none is left for another.
    pub async fn log_out_of_all(
        self: &Arc<Self>,
        user: &UserRef,
        clusters: &[Arc<KnownCluster>],
        while_silent: WhileSilent,
    ) -> Vec<Result<Disconnected, Problem>> {
        let (logout, user, all) = (Arc::clone(self), user.clone(), clusters.to_vec());
        let work = self.detached.begin(async move || {
            let forgotten = join_all(all.iter().map(|cluster| logout.forget(&user, cluster))).await;
            let revoked = all.iter().zip(forgotten).map(async |(cluster, forgotten)| {
                Ok(logout.revoke(&LoginKey::new(&user, cluster.name()), forgotten?, while_silent).await)
            });
            join_all(revoked).await
        });
        work.await.unwrap_or_else(|_| clusters.iter().map(|_| Err(Panicked.into())).collect())
    }

    async fn forget(&self, user: &UserRef, cluster: &KnownCluster) -> Result<Forgotten, Problem> {
        let (tokens, revoker) = (&self.tokens, &self.revoker);
        let key = LoginKey::new(user, cluster.name());
        let grant = tokens.grant(user, cluster);
        let record = async |live: &_| revoker.record(&key, live, Duration::ZERO).await;
        let forgotten = tokens.refresher(&grant).forget(&key, record).await.map_err(tokens::problem)?;
        let held = match &forgotten {
            Forgotten::Login(live) => Some(&live.issued_to),
            Forgotten::Nothing | Forgotten::Ended => None,
        };
        if let Err(error) = self.index.forgotten(&key, held).await {
            tracing::warn!(%error, "a login that is gone stays in the index until the next sweep");
        }
        Ok(forgotten)
    }

    async fn revoke(&self, key: &LoginKey, forgotten: Forgotten, while_silent: WhileSilent) -> Disconnected {
        let Forgotten::Login(live) = forgotten else { return Disconnected::NotConnected };
        match self.revoker.execute(key, &live, while_silent).await {
            Outcome::Done => Disconnected::Revoked,
            Outcome::NotOffered => Disconnected::LivesOn { until: live.tokens.refresh_expires_at },
            Outcome::Pending | Outcome::GivenUp => Disconnected::RevocationPending,
        }
    }
}
