//! `GET /status`: which clusters the caller is connected to.

use actix_web::{HttpRequest, web};
use futures_util::future::join_all;
use time::OffsetDateTime;

use super::{LiveLogin, LoginKey, LoginState, Logins, RecordError, serves};
use crate::backend::inbound::caller::Callers;
use crate::backend::oidc::clusters::Clusters;
use crate::backstage_names::UserRef;
use crate::clock::Clock;
use crate::problem::Problem;
use crate::protocol::{ClusterStatus, StatusResponse};
use crate::settings::cluster::Cluster;
use crate::store::StoreError;

/// The reason that is given for a record that cannot be read.
const UNREADABLE: &str = "unreadable";

/// Tells of each cluster whether the caller is connected, as whom and until when. What is wrong with one login is said of that
/// one.
///
/// # Errors
/// Those of [`Callers::user_or_on_behalf`]; `store_unavailable` when the store answers for none of the clusters.
#[utoipa::path(
    get, path = "/status",
    responses((status = 200, body = StatusResponse), (status = "4XX", body = crate::protocol::ErrorBody)),
    security(("user" = []), ("plugin" = []))
)]
pub async fn status(
    request: HttpRequest,
    callers: web::Data<Callers>,
    clusters: web::Data<Clusters>,
    logins: web::Data<Logins>,
    clock: web::Data<dyn Clock>,
) -> Result<web::Json<StatusResponse>, Problem> {
    let caller = callers.user_or_on_behalf(&request).await?;
    let (user, now) = (caller.user(), clock.now());
    let each = join_all(clusters.iter().map(|cluster| of_cluster(&logins, user, &cluster.settings, now)));
    let clusters = of_all(each.await)?;
    Ok(web::Json(StatusResponse { user: user.to_string(), clusters }))
}

/// What is to be said of a cluster, and whether that is because the store failed.
struct Read {
    status: ClusterStatus,
    failed: Option<StoreError>,
}

async fn of_cluster(logins: &Logins, user: &UserRef, cluster: &Cluster, now: OffsetDateTime) -> Read {
    let unconnected = unconnected(&cluster.name, &cluster.title);
    let (status, failed) = match logins.read(&LoginKey::new(user, &cluster.name)).await {
        Ok(None) => (unconnected, None),
        Ok(Some(stored)) => (of_state(stored.record.state, now, unconnected), None),
        Err(RecordError::Store(error)) => (unreadable(unconnected), Some(error)),
        Err(error) => {
            // Logs it.
            let _ = Problem::from(error);
            (unreadable(unconnected), None)
        }
    };
    Read { status, failed }
}

/// A store that answers for one login and not for another is that one's trouble; one that answers for none is the answer's.
fn of_all(each: Vec<Read>) -> Result<Vec<ClusterStatus>, Problem> {
    let answers = each.iter().any(|read| read.failed.is_none());
    let said = |read: Read| match read.failed.map(Problem::from) {
        Some(problem) if !answers => Err(problem),
        _ => Ok(read.status),
    };
    each.into_iter().map(said).collect()
}

/// The same of a login that cannot be read.
pub(in crate::backend) fn unreadable(unconnected: ClusterStatus) -> ClusterStatus {
    ClusterStatus { reason: Some(UNREADABLE.to_owned()), ..unconnected }
}

/// What is said of a cluster without a login.
pub(in crate::backend) fn unconnected(name: &str, title: &str) -> ClusterStatus {
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
pub(in crate::backend) fn of_state(
    state: LoginState,
    now: OffsetDateTime,
    unconnected: ClusterStatus,
) -> ClusterStatus {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn failed() -> Read {
        let failed = Some(StoreError { reason: "away".to_owned() });
        Read { status: unreadable(unconnected("prod", "Prod")), failed }
    }

    #[test]
    fn a_store_that_fails_one_login_fails_the_answer_only_where_it_fails_all() {
        let told = of_all(vec![Read { status: unconnected("dev", "Dev"), failed: None }, failed()]).unwrap();
        let reasons: Vec<_> = told.iter().map(|status| status.reason.as_deref()).collect();
        assert_eq!(reasons, [None, Some(UNREADABLE)]);
        let problem = of_all(vec![failed(), failed()]).unwrap_err();
        assert_eq!(problem.code(), crate::protocol::Code::StoreUnavailable);
    }
}
