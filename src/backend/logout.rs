//! A user's login at a cluster is over: forgotten here, revoked at the identity provider.

pub mod delete_record;
pub mod delete_tokens;
pub mod unused_sweep;

use std::sync::Arc;

use self::delete_record::Forgotten;
use super::assembly::{App, Clients};
use super::logins::{LoginKey, index};
use super::oidc::silence::WhileSilent;
use super::revocation::{self, Outcome};
use super::tokens;
use super::tokens::provider_grant::ProviderGrant;
use crate::backstage_names::UserRef;
use crate::panics::Panicked;
use crate::problem::Problem;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disconnected {
    /// There was no login.
    NotConnected,
    /// It is forgotten, and nothing is outstanding: the identity provider confirmed, or offers no revocation.
    Revoked,
    /// It is forgotten, and the identity provider has not confirmed; that goes on by itself.
    RevocationPending,
}

/// Forgets a user's login at a cluster and revokes its tokens. A task of its own: a caller who hangs up stops none of it.
///
/// # Errors
/// `unknown_cluster`; `record_unreadable` and `timeout`, after which the login is still there; `store_unavailable`, after which it
/// may be: asked again, it goes for good.
pub async fn disconnect(
    app: &Arc<App>,
    user: &UserRef,
    cluster: &str,
    while_silent: WhileSilent,
) -> Result<Disconnected, Problem> {
    let (user, cluster) = (user.clone(), cluster.to_owned());
    let app_there = Arc::clone(app);
    let work = app
        .detached
        .begin(async move |clients| run(&app_there, &clients, &user, &cluster, while_silent).await);
    work.await.unwrap_or_else(|_| Err(Panicked.into()))
}

async fn run(
    app: &App,
    clients: &Clients,
    user: &UserRef,
    cluster: &str,
    while_silent: WhileSilent,
) -> Result<Disconnected, Problem> {
    let (cluster, provider) = app.cluster(cluster)?;
    let key = LoginKey::new(user, &cluster.name);
    let grant = ProviderGrant { app, clients, cluster, provider, user };
    let record = async |live: &_| revocation::record(app, &key, live, std::time::Duration::ZERO).await;
    let forgotten = tokens::refresher(app, &grant).forget(&key, record).await.map_err(tokens::problem)?;
    if let Err(error) = index::forgotten(app, &key).await {
        tracing::warn!(%error, "a login that is gone stays in the index until the next sweep");
    }
    Ok(match forgotten {
        Forgotten::Nothing | Forgotten::Ended => Disconnected::NotConnected,
        Forgotten::Login(live) => match revocation::execute(app, clients, &key, &live, while_silent).await {
            Outcome::Done => Disconnected::Revoked,
            Outcome::Pending | Outcome::GivenUp => Disconnected::RevocationPending,
        },
    })
}
