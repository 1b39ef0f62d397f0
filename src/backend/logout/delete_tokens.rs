//! `DELETE /tokens`: the user wants a login gone, or all of them.

use std::sync::Arc;

use actix_web::{HttpRequest, web};
use futures_util::future::join_all;
use serde::Deserialize;

use super::{Disconnected, Logout};
use crate::backend::inbound::caller::Callers;
use crate::backend::logins::LoginKey;
use crate::backend::oidc::clusters::{Clusters, KnownCluster};
use crate::backend::oidc::revocation_request::silence::WhileSilent;
use crate::backstage_names::UserRef;
use crate::problem::Problem;
use crate::protocol::{Code, DisconnectedResponse, LivesOn};

/// The query of `DELETE /tokens`.
#[derive(Deserialize, utoipa::IntoParams)]
pub struct Which {
    /// The cluster; without it, all of them.
    cluster: Option<String>,
}

/// Forgets the caller's login at a cluster, or all their logins, and revokes the tokens at the identity provider.
///
/// # Errors
/// `unknown_cluster`, those of [`Callers::user`] and of [`Logout::log_out`]; whatever is no part of the trouble is forgotten all the same.
#[utoipa::path(
    delete, path = "/tokens", params(Which),
    responses((status = 200, body = DisconnectedResponse), (status = "4XX", body = crate::protocol::ErrorBody)),
    security(("user" = []))
)]
pub async fn delete_tokens(
    request: HttpRequest,
    query: Result<web::Query<Which>, actix_web::Error>,
    callers: web::Data<Callers>,
    clusters: web::Data<Clusters>,
    logout: web::Data<Logout>,
) -> Result<web::Json<DisconnectedResponse>, Problem> {
    let (caller, logout) = (callers.user(&request).await?, logout.into_inner());
    let query = query.map_err(|_| {
        Problem::new(Code::BadRequest, "cluster must be the name of one cluster, once: see GET /info.")
    })?;
    let clusters: Vec<_> = match &query.cluster {
        Some(name) => vec![Arc::clone(clusters.get(name)?)],
        None => clusters.iter().cloned().collect(),
    };
    let outcomes = logout.log_out_of_all(&caller.user, &clusters, WhileSilent::Ask).await;
    let each =
        clusters.iter().zip(outcomes).map(|(cluster, outcome)| one(&logout, &caller.user, cluster, outcome));
    let each: Vec<Each> = join_all(each).await.into_iter().collect::<Result<_, _>>()?;
    let names = |is: fn(&Each) -> bool| {
        clusters
            .iter()
            .zip(&each)
            .filter(|(_, each)| is(each))
            .map(|(cluster, _)| cluster.name().to_owned())
            .collect()
    };
    Ok(web::Json(DisconnectedResponse {
        disconnected: names(|each| each.was_connected),
        revocation_pending: names(|each| each.outcome == Disconnected::RevocationPending),
        lives_on: clusters
            .iter()
            .zip(&each)
            .filter_map(|(cluster, each)| each.lives_on(cluster.name()))
            .collect(),
    }))
}

struct Each {
    was_connected: bool,
    outcome: Disconnected,
}

impl Each {
    fn lives_on(&self, name: &str) -> Option<LivesOn> {
        match self.outcome {
            Disconnected::LivesOn { until } => Some(LivesOn { name: name.to_owned(), until }),
            Disconnected::NotConnected | Disconnected::Revoked | Disconnected::RevocationPending => None,
        }
    }
}

/// What an earlier call could not revoke is as outstanding as what this one could not.
async fn one(
    logout: &Logout,
    user: &UserRef,
    cluster: &KnownCluster,
    outcome: Result<Disconnected, Problem>,
) -> Result<Each, Problem> {
    let outcome = outcome?;
    let (revoker, login) = (&logout.revoker, LoginKey::new(user, cluster.name()));
    let earlier = revoker.outbox.is_outstanding(&login, revoker.clock.now()).await?;
    let was_connected = outcome != Disconnected::NotConnected;
    Ok(Each { was_connected, outcome: if earlier { Disconnected::RevocationPending } else { outcome } })
}
