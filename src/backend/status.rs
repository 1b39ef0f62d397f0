//! `GET /status`: which clusters the caller is connected to.

use actix_web::{HttpRequest, web};

use super::app::{App, Clients};
use super::caller;
use super::login_record;
use crate::problem::Problem;
use crate::protocol::{ClusterStatus, StatusResponse};
use crate::settings::cluster::Cluster;
use crate::user::UserRef;

/// Tells of each cluster whether the caller is connected, as whom and until when.
///
/// # Errors
/// Those of [`caller::user`]; `store_unavailable`, `record_unreadable`.
#[utoipa::path(
    get, path = "/status",
    responses((status = 200, body = StatusResponse), (status = "4XX", body = crate::protocol::ErrorBody)),
    security(("user" = []))
)]
pub async fn status(
    request: HttpRequest,
    app: web::Data<App>,
    clients: web::Data<Clients>,
) -> Result<web::Json<StatusResponse>, Problem> {
    let caller = caller::user(&request, &app, &clients).await?;
    let mut clusters = Vec::new();
    for cluster in app.settings.clusters.values() {
        clusters.push(of_cluster(&app, &caller.user, cluster).await?);
    }
    Ok(web::Json(StatusResponse { user: caller.user.to_string(), clusters }))
}

async fn of_cluster(app: &App, user: &UserRef, cluster: &Cluster) -> Result<ClusterStatus, Problem> {
    let login = login_record::find(app, user, &cluster.name).await?;
    let serves = login.as_ref().is_some_and(|login| login.id_token_expires_at > app.clock.now());
    Ok(ClusterStatus {
        name: cluster.name.clone(),
        title: cluster.title.clone(),
        connected: serves,
        expires_at: login.as_ref().map(|login| login.id_token_expires_at),
        reason: (login.is_some() && !serves).then(|| "expired".to_owned()),
        subject: login.map(|login| login.subject),
        // Nothing refreshes a login yet, whatever the identity provider gave.
        refreshable: false,
    })
}
