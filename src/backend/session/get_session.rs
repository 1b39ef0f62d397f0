//! `GET /session`: how far a login is, and waiting for it to go on.

use std::time::Duration;

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use time::OffsetDateTime;
use tokio::time::{Instant, timeout_at};

use super::{Phase, SessionId, Sessions, Stored, lost, token};
use crate::backend::inbound::rate_limit::limited;
use crate::backend::oidc::clusters::Clusters;
use crate::backend::stopping::Stopping;
use crate::problem::Problem;
use crate::protocol::{Code, SessionResponse, SessionStatus};

/// The longest wait, in seconds.
const LONGEST_WAIT: u64 = 25;
/// How often the store is asked for a change that another replica made.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// The query of `GET /session`.
#[derive(Deserialize, utoipa::IntoParams)]
pub struct Wait {
    /// Seconds to wait for a change, 0 to 25.
    wait: Option<u64>,
}

/// Tells how far a session is; with `wait`, not before it changed or the wait is over.
///
/// # Errors
/// `session_unknown`, `bad_request` for a longer wait, `rate_limited` for a third one who waits.
#[utoipa::path(
    get, path = "/session", params(Wait),
    responses((status = 200, body = SessionResponse), (status = "4XX", body = crate::protocol::ErrorBody)),
    security(("session" = []))
)]
pub async fn session(
    request: HttpRequest,
    query: Result<web::Query<Wait>, actix_web::Error>,
    sessions: web::Data<Sessions>,
    clusters: web::Data<Clusters>,
    stopping: web::Data<Stopping>,
) -> Result<web::Json<SessionResponse>, Problem> {
    let token = token(&request)?;
    let wait = query.ok().map(|query| query.wait.unwrap_or(0)).filter(|wait| *wait <= LONGEST_WAIT);
    let wait =
        wait.ok_or_else(|| Problem::new(Code::BadRequest, "wait must be a number of seconds from 0 to 25."))?;
    let stored = sessions.load(&token).await?;
    let (id, first) = (stored.id.clone(), answer(stored, sessions.clock.now()));
    let may_change = matches!(first.status, SessionStatus::Pending | SessionStatus::Exchanging);
    let mut latest = if wait == 0 || !may_change {
        first
    } else {
        changed(&sessions, &stopping, &id, first, Duration::from_secs(wait)).await?
    };
    // A cluster that is configured no more compares nothing.
    latest.identity_checked =
        clusters.get(&latest.cluster).is_ok_and(|known| known.settings.identity.compares());
    Ok(web::Json(latest))
}

async fn changed(
    sessions: &Sessions,
    stopping: &Stopping,
    id: &SessionId,
    first: SessionResponse,
    wait: Duration,
) -> Result<SessionResponse, Problem> {
    let waiter = sessions.waiters.wait_for(id.as_str());
    let waiter = waiter.ok_or_else(|| limited(wait, "Two already wait for this login"))?;
    tracing::debug!(session = id.as_str(), "waits for a change");
    let end = Instant::now() + wait;
    loop {
        let notified = waiter.changed.notified();
        let latest = answer(sessions.reload(id).await?, sessions.clock.now());
        if latest.status != first.status || Instant::now() >= end {
            return Ok(latest);
        }
        // Woken or not, the store says what is so.
        let look_again = timeout_at(end.min(Instant::now() + LOOK_AGAIN), notified);
        tokio::select! {
            _ = look_again => {}
            // Another replica goes on with this.
            () = stopping.closes() => return Ok(latest),
        }
    }
}

/// What a session is told as.
#[must_use]
pub fn answer(stored: Stored, now: OffsetDateTime) -> SessionResponse {
    let record = stored.record;
    let (status, auth_url, error) = match record.phase {
        Phase::Pending(_) if record.expires_at <= now => (SessionStatus::Expired, None, None),
        Phase::Pending(authorization) => (SessionStatus::Pending, Some(authorization.auth_url), None),
        Phase::Exchanging { lease_until, .. } if lease_until <= now => {
            (SessionStatus::Failed, None, Some(lost()))
        }
        Phase::Exchanging { .. } => (SessionStatus::Exchanging, None, None),
        Phase::Complete { .. } => (SessionStatus::Complete, None, None),
        Phase::Failed { error, .. } => (SessionStatus::Failed, None, Some(error)),
    };
    SessionResponse {
        status,
        user: record.user,
        cluster: record.cluster,
        expires_at: record.expires_at,
        return_to: record.return_to,
        auth_url,
        error,
        identity_checked: false,
    }
}
