//! `GET /status`: which clusters the caller is connected to.

use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpRequest, web};
use futures_util::future::join_all;
use time::OffsetDateTime;
use tokio::time::timeout;

use super::backoff::Failing;
use super::from_kubelogin::Asker;
use super::{LiveLogin, LoginKey, LoginRecord, LoginState, Logins, RecordError, serves};
use crate::backend::inbound::caller::Callers;
use crate::backend::oidc::clusters::{Clusters, KnownCluster};
use crate::clock::Clock;
use crate::problem::Problem;
use crate::protocol::{ClusterStatus, StatusResponse};
use crate::settings::cluster::Cluster;
use crate::store::StoreError;

/// The reason that is given for a record that cannot be read.
const UNREADABLE: &str = "unreadable";

/// How long the answer waits for a login of kubelogin's, which is verified now: it is an answer for all clusters, and one's provider may hang.
const LOOKED_AT_WITHIN: Duration = Duration::from_secs(2);

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
    let (asker, now) = (Asker::from(&caller), clock.now());
    let each = join_all(clusters.iter().map(|cluster| of_cluster(&logins, asker, cluster, now)));
    let clusters = of_all(each.await)?;
    Ok(web::Json(StatusResponse { user: asker.user.to_string(), clusters }))
}

/// What is to be said of a cluster, and whether that is because the store failed.
struct Read {
    status: ClusterStatus,
    failed: Option<StoreError>,
}

async fn of_cluster(
    logins: &Logins,
    asker: Asker<'_>,
    cluster: &Arc<KnownCluster>,
    now: OffsetDateTime,
) -> Read {
    let Cluster { name, title, .. } = &cluster.settings;
    let unconnected = unconnected(name, title);
    let of_kubelogin = |otherwise| of_kubelogin(otherwise, logins, asker, cluster, now);
    let (status, failed) = match logins.read_to_use(&LoginKey::new(asker.user, name)).await {
        Ok(None) => (of_kubelogin(unconnected).await, None),
        Ok(Some(record)) => {
            let status = of_record(record, now, unconnected);
            let serves = status.connected || status.refreshable;
            (if serves { status } else { of_kubelogin(status).await }, None)
        }
        Err(RecordError::Store(error)) => (unreadable(unconnected), Some(error)),
        Err(error) => {
            // Logs it.
            let _ = Problem::from(error);
            (unreadable(unconnected), None)
        }
    };
    Read { status, failed }
}

/// The same where kubelogin has a login of the user on this machine.
async fn of_kubelogin(
    unconnected: ClusterStatus,
    logins: &Logins,
    asker: Asker<'_>,
    cluster: &Arc<KnownCluster>,
    now: OffsetDateTime,
) -> ClusterStatus {
    let found = timeout(LOOKED_AT_WITHIN, logins.of_kubelogin(asker, cluster, now)).await;
    let Ok(Ok(Some(login))) = found else { return unconnected };
    ClusterStatus {
        connected: true,
        subject: Some(login.subject),
        email: login.email,
        expires_at: Some(login.tokens.expires_at),
        login_expires_at: None,
        reason: None,
        detail: None,
        ..unconnected
    }
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
        email: None,
        expires_at: None,
        login_expires_at: None,
        refreshable: false,
        reason: None,
        detail: None,
    }
}

/// The same of one with a login, or with what is left of it.
pub(in crate::backend) fn of_record(
    record: LoginRecord,
    now: OffsetDateTime,
    unconnected: ClusterStatus,
) -> ClusterStatus {
    match record.state {
        LoginState::Live(live) => of_login(&live, now, unconnected),
        LoginState::Ended(reason) => {
            ClusterStatus { reason: Some(reason.as_str().to_owned()), detail: record.detail, ..unconnected }
        }
    }
}

fn of_login(live: &LiveLogin, now: OffsetDateTime, status: ClusterStatus) -> ClusterStatus {
    let reason = why_not_connected(live, now);
    ClusterStatus {
        connected: reason.is_none(),
        subject: Some(live.issued_to.subject.clone()),
        email: live.email.clone(),
        expires_at: Some(live.tokens.expires_at),
        login_expires_at: live.tokens.refresh_expires_at,
        refreshable: live.tokens.refresh_token.is_some(),
        reason: reason.map(str::to_owned),
        ..status
    }
}

/// A login serves while its ID token does, and as long as it can be refreshed. One that the identity provider will not refresh without
/// the person is said to be over at once, though its ID token still serves: the sooner they log in, the better.
fn why_not_connected(live: &LiveLogin, now: OffsetDateTime) -> Option<&'static str> {
    let (tokens, failing) = (&live.tokens, live.failing.as_ref());
    if failing.is_some_and(Failing::is_for_want_of_a_login) {
        return Some("login_required");
    }
    if serves(tokens, now) {
        return None;
    }
    let over = tokens.refresh_expires_at.is_some_and(|end| end <= now);
    if over || tokens.refresh_token.is_none() {
        return Some("expired");
    }
    failing.map(|_| "refresh_failing")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::assembly::example_backend::example_login;
    use crate::backend::logins::backoff::Trouble;
    use crate::random::SystemRandom;

    /// Why a login of a minute is not connected so many seconds after its beginning.
    fn why(change: impl Fn(&mut LiveLogin), second: i64) -> Option<&'static str> {
        let start = OffsetDateTime::UNIX_EPOCH;
        let mut login = example_login("felix", start);
        login.tokens.expires_at = start + time::Duration::MINUTE;
        change(&mut login);
        why_not_connected(&login, start + time::Duration::seconds(second))
    }

    fn failing(how: Trouble) -> impl Fn(&mut LiveLogin) {
        move |login| {
            login.failing =
                Some(Failing::after(None, how.clone(), None, OffsetDateTime::UNIX_EPOCH, &SystemRandom));
        }
    }

    #[test]
    fn a_login_that_fails_to_refresh_is_not_connected_when_nothing_serves() {
        assert_eq!([0, 70].map(|at| why(|_| {}, at)), [None, None], "the next use refreshes it");
        for how in [Trouble::Unreachable, Trouble::Refused("error".to_owned())] {
            let told = [0, 70].map(|at| why(failing(how.clone()), at));
            assert_eq!(told, [None, Some("refresh_failing")]);
        }
    }

    #[test]
    fn one_that_waits_for_its_person_is_not_connected_at_once() {
        for code in ["interaction_required", "login_required", "consent_required"] {
            let told = [0, 70].map(|at| why(failing(Trouble::Refused(code.to_owned())), at));
            assert_eq!(told, [Some("login_required"); 2]);
        }
    }

    #[test]
    fn one_whose_end_was_announced_has_expired_by_then() {
        let ends = |login: &mut LiveLogin| {
            login.tokens.refresh_expires_at = Some(OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(80));
        };
        assert_eq!([0, 79, 80].map(|at| why(ends, at)), [None, None, Some("expired")]);
    }

    fn failed() -> Read {
        let failed = Some(StoreError::of_redis("away"));
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
