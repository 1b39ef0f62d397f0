//! `DELETE /session`, and the oldest session, which gives way when its user begins too many.

use std::time::Duration;

use actix_web::{HttpRequest, web};

use super::{Phase, SessionId, SessionRecord, Sessions, Stored, get_session, pending_set, token};
use crate::backend::inbound::rate_limit::limited;
use crate::problem::Problem;
use crate::protocol::{Code, SessionError, SessionResponse};
use crate::store::Swap;
use crate::telemetry::AUDIT;

/// The most sessions that one user may have pending.
const PENDING_PER_USER: usize = 8;
/// Each try that fails is another session of the same user that was begun in between.
const MOST_TRIES: u32 = 32;
/// Exchanges are over soon after.
const EXCHANGES_TAKE: Duration = Duration::from_secs(5);

/// Cancels a session; one that is over stays as it is.
///
/// # Errors
/// `session_unknown`; `exchange_in_progress` while its code is being redeemed.
#[utoipa::path(
    delete, path = "/session",
    responses((status = 200, body = SessionResponse), (status = "4XX", body = crate::protocol::ErrorBody)),
    security(("session" = []))
)]
pub async fn cancel_session(
    request: HttpRequest,
    sessions: web::Data<Sessions>,
) -> Result<web::Json<SessionResponse>, Problem> {
    let stored = sessions.load(&token(&request)?).await?;
    let over = sessions.cancel(stored, by_its_user()).await?;
    let over = over.ok_or_else(|| {
        Problem::new(
            Code::ExchangeInProgress,
            "This login is just being finished and cannot be cancelled any more: ask again in a moment.",
        )
        .retry_after(Duration::from_secs(1))
    })?;
    Ok(web::Json(get_session::answer(over, sessions.clock.now())))
}

fn by_its_user() -> SessionError {
    SessionError {
        code: Code::Cancelled,
        message: "This login was cancelled: begin a new one in Backstage if you still want it.".to_owned(),
    }
}

fn by_newer_ones() -> SessionError {
    SessionError {
        code: Code::Cancelled,
        message: format!(
            "This login was cancelled, since you have begun {PENDING_PER_USER} newer ones: finish the one that you began last."
        ),
    }
}

/// What can become of a session.
enum Standing {
    /// It can be cancelled.
    Pending,
    /// Its code is being redeemed.
    Exchanging,
    /// It has its outcome, or has run out.
    Over,
}

impl Sessions {
    /// Takes a place among the sessions that a user may have pending. Where there is none, the oldest that is pending is cancelled,
    /// never one with a code that is being redeemed.
    ///
    /// # Errors
    /// `rate_limited` while all of them are being finished; `store_unavailable`.
    pub(super) async fn take_place(&self, user: &str, id: &SessionId) -> Result<(), Problem> {
        let set = pending_set(user);
        for _ in 0..MOST_TRIES {
            if self.store.enter(&set, id.as_str(), self.lifetime, PENDING_PER_USER).await? == Swap::Done {
                return Ok(());
            }
            if !self.free_place(&set).await? {
                break;
            }
        }
        Err(limited(
            EXCHANGES_TAKE,
            &format!("You have {PENDING_PER_USER} logins that are just being finished"),
        ))
    }

    /// Frees the place of the oldest session that can be done without.
    async fn free_place(&self, set: &str) -> Result<bool, Problem> {
        for member in self.store.members(set).await? {
            let id = SessionId(member);
            let over = match self.reload(&id).await {
                Ok(stored) => self.cancel(stored, by_newer_ones()).await?.is_some(),
                Err(problem) => match problem.code() {
                    // A login can come of neither.
                    Code::SessionUnknown | Code::RecordUnreadable => true,
                    _ => return Err(problem),
                },
            };
            if over {
                self.store.leave(set, id.as_str()).await?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Cancels a session that is pending. None while its code is being redeemed, otherwise the session as it is now.
    async fn cancel(&self, mut stored: Stored, error: SessionError) -> Result<Option<Stored>, Problem> {
        loop {
            match self.standing(&stored.record) {
                Standing::Over => return Ok(Some(stored)),
                Standing::Exchanging => return Ok(None),
                Standing::Pending => {}
            }
            let cancelled = Phase::Failed { code: None, error: error.clone() };
            if self.swap(&mut stored, cancelled).await? == Swap::Done {
                self.audit(&stored.record, error.code.as_str());
                return Ok(Some(stored));
            }
            // A redirect has come in between, or another request cancels it.
            stored = self.reload(&stored.id).await?;
        }
    }

    fn standing(&self, record: &SessionRecord) -> Standing {
        let now = self.clock.now();
        match &record.phase {
            Phase::Pending(_) if record.expires_at > now => Standing::Pending,
            Phase::Exchanging { lease_until, .. } if *lease_until > now => Standing::Exchanging,
            _ => Standing::Over,
        }
    }

    /// Counts the end of a session, and leaves a line.
    pub(super) fn audit(&self, record: &SessionRecord, outcome: &str) {
        self.metrics.logins.with_label_values(&[outcome]).inc();
        tracing::info!(target: AUDIT, user = record.user, cluster = record.cluster, outcome, "login");
    }
}
