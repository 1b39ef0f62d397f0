//! `GET /token`: a user's token for a cluster, only for a trusted plugin that acts for the user.

use actix_web::{HttpRequest, web};
use serde::Deserialize;

use super::Tokens;
use crate::backend::inbound::caller::Callers;
use crate::backend::logins::from_kubelogin::Asker;
use crate::backend::oidc::clusters::Clusters;
use crate::problem::Problem;
use crate::protocol::{Code, TokenResponse};
use crate::telemetry::AUDIT;

/// The query of `GET /token`.
#[derive(Deserialize, utoipa::IntoParams)]
pub struct Asked {
    /// Which cluster; may be left out where there is only one.
    cluster: Option<String>,
}

/// Gives the token that the cluster takes and that serves now; it is refreshed first when it has expired.
///
/// # Errors
/// Those of [`Callers::on_behalf`]; `unknown_cluster`, `not_connected`, and those of a refresh and of the store.
#[utoipa::path(
    get, path = "/token", params(Asked),
    responses((status = 200, body = TokenResponse), (status = "4XX", body = crate::protocol::ErrorBody)),
    security(("plugin" = []))
)]
pub async fn give_token(
    request: HttpRequest,
    query: Result<web::Query<Asked>, actix_web::Error>,
    callers: web::Data<Callers>,
    clusters: web::Data<Clusters>,
    tokens: web::Data<Tokens>,
) -> Result<web::Json<TokenResponse>, Problem> {
    let caller = callers.on_behalf(&request).await?;
    let asked =
        query.map_err(|_| Problem::new(Code::BadRequest, "Name one cluster: GET /token?cluster=NAME."))?;
    let cluster = clusters.get_or_only(asked.cluster.as_deref())?;
    let serving = tokens.into_inner().current(Asker::on_behalf(&caller), cluster).await?;
    let given = serving.tokens().for_cluster(&cluster.settings.token)?;
    let (user, plugin) = (&caller.user, &caller.plugin);
    tracing::info!(target: AUDIT, %user, %plugin, cluster = cluster.name(), outcome = "given", "token");
    Ok(web::Json(TokenResponse {
        token: given.token.clone(),
        expires_at: given.expires_at,
        cluster: cluster.name().to_owned(),
        kind: given.kind,
    }))
}
