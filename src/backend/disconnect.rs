//! Stand-in until i3-forget is merged.
#![allow(missing_docs, clippy::missing_errors_doc)]

use std::sync::Arc;

use super::app::{App, Clients};
use super::forget::Forgotten;
use super::login_record::LoginKey;
use super::provider_grant::ProviderGrant;
use super::refresh::Grant;
use super::{login_index, tokens};
use crate::problem::Problem;
use crate::user::UserRef;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disconnected {
    NotConnected,
    Revoked,
    RevocationPending,
}

pub async fn disconnect(
    app: &Arc<App>,
    clients: &Arc<Clients>,
    user: &UserRef,
    cluster: &str,
) -> Result<Disconnected, Problem> {
    let key = LoginKey::new(user, cluster);
    let (cluster, provider) = app.cluster(cluster)?;
    let grant = ProviderGrant { app, clients, cluster, provider, user };
    let forgotten = tokens::refresher(app, &grant).forget(&key).await.map_err(tokens::problem)?;
    login_index::forgotten(app, &key).await?;
    match forgotten {
        Forgotten::Tokens(tokens) => {
            grant.revoke(&tokens).await;
            Ok(Disconnected::Revoked)
        }
        _ => Ok(Disconnected::NotConnected),
    }
}
