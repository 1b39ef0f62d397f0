//! `GET /status`: which clusters the caller is connected to.

use actix_web::{HttpRequest, web};
use time::OffsetDateTime;

use super::app::{App, Clients};
use super::caller;
use super::login_record::{LiveLogin, LoginKey, LoginState};
use super::refresh::serves;
use crate::problem::Problem;
use crate::protocol::{ClusterStatus, StatusResponse};
use crate::settings::cluster::Cluster;
use crate::user::UserRef;

/// Tells of each cluster whether the caller is connected, as whom and until when.
///
/// # Errors
/// Those of [`caller::user_or_on_behalf`]; `store_unavailable`, `record_unreadable`.
#[utoipa::path(
    get, path = "/status",
    responses((status = 200, body = StatusResponse), (status = "4XX", body = crate::protocol::ErrorBody)),
    security(("user" = []), ("plugin" = []))
)]
pub async fn status(
    request: HttpRequest,
    app: web::Data<App>,
    clients: web::Data<Clients>,
) -> Result<web::Json<StatusResponse>, Problem> {
    let caller = caller::user_or_on_behalf(&request, &app, &clients).await?;
    let mut clusters = Vec::new();
    for cluster in app.settings.clusters.values() {
        clusters.push(of_cluster(&app, caller.user(), cluster).await?);
    }
    Ok(web::Json(StatusResponse { user: caller.user().to_string(), clusters }))
}

async fn of_cluster(app: &App, user: &UserRef, cluster: &Cluster) -> Result<ClusterStatus, Problem> {
    let stored = app.logins().read(&LoginKey::new(user, &cluster.name)).await?;
    let unconnected = unconnected(&cluster.name, &cluster.title);
    Ok(match stored {
        None => unconnected,
        Some(stored) => of_state(stored.record.state, app.clock.now(), unconnected),
    })
}

/// What is said of a cluster without a login.
pub(super) fn unconnected(name: &str, title: &str) -> ClusterStatus {
    ClusterStatus {
        name: name.to_owned(),
        title: title.to_owned(),
        connected: false,
        subject: None,
        expires_at: None,
        refreshable: false,
        reason: None,
    }
}

/// The same of one with a login, or with what is left of it.
pub(super) fn of_state(state: LoginState, now: OffsetDateTime, unconnected: ClusterStatus) -> ClusterStatus {
    match state {
        LoginState::Live(live) => of_login(*live, now, unconnected),
        LoginState::Ended(reason) => {
            ClusterStatus { reason: Some(reason.as_str().to_owned()), ..unconnected }
        }
    }
}

/// A login serves while its ID token does, and as long as it can be refreshed.
fn of_login(live: LiveLogin, now: OffsetDateTime, status: ClusterStatus) -> ClusterStatus {
    let refreshable = live.tokens.refresh_token.is_some();
    let connected = refreshable || serves(&live.tokens, now);
    ClusterStatus {
        connected,
        subject: Some(live.subject),
        expires_at: Some(live.tokens.expires_at),
        refreshable,
        reason: (!connected).then(|| "expired".to_owned()),
        ..status
    }
}
