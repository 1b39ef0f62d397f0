//! `GET /token`: a user's ID token, for a trusted plugin that acts for the user, and for nobody else.

use actix_web::{HttpRequest, web};
use serde::Deserialize;

use crate::backend::assembly::{App, Clients};
use crate::backend::inbound::caller;
use crate::backend::tokens;
use crate::problem::Problem;
use crate::protocol::{Code, TokenResponse};
use crate::telemetry::AUDIT;

/// The query of `GET /token`.
#[derive(Deserialize, utoipa::IntoParams)]
pub struct Asked {
    /// Which cluster; may be left out where there is only one.
    cluster: Option<String>,
}

/// Gives the ID token that serves now; it is refreshed first when it has expired.
///
/// # Errors
/// Those of [`caller::on_behalf`]; `unknown_cluster`, `not_connected`, and those of a refresh and of the store.
#[utoipa::path(
    get, path = "/token", params(Asked),
    responses((status = 200, body = TokenResponse), (status = "4XX", body = crate::protocol::ErrorBody)),
    security(("plugin" = []))
)]
pub async fn give_token(
    request: HttpRequest,
    query: Result<web::Query<Asked>, actix_web::Error>,
    app: web::Data<App>,
    clients: web::Data<Clients>,
) -> Result<web::Json<TokenResponse>, Problem> {
    let (app, clients) = (app.into_inner(), clients.into_inner());
    let caller = caller::on_behalf(&request, &app, &clients).await?;
    let asked =
        query.map_err(|_| Problem::new(Code::BadRequest, "Name one cluster: GET /token?cluster=NAME."))?;
    let (cluster, _) = app.cluster_or_only(asked.cluster.as_deref())?;
    let tokens = tokens::current(&app, &caller.user, &cluster.name).await?;
    let (user, plugin) = (&caller.user, &caller.plugin);
    tracing::info!(target: AUDIT, %user, %plugin, cluster = cluster.name, outcome = "given", "token");
    Ok(web::Json(TokenResponse {
        token: tokens.id_token,
        expires_at: tokens.expires_at,
        cluster: cluster.name.clone(),
    }))
}
