//! `POST /exchange`: an authorization code becomes a login, once.
//!
//! The steps are those of protocol.md: compare the state; claim the code before the identity provider hears of it; answer
//! a repeated code with the stored outcome; tell a request that was never sent from an answer that was lost; keep the
//! tokens before the session says so.

use std::rc::Rc;
use std::sync::Arc;

use actix_web::{HttpRequest, web};
use time::OffsetDateTime;

use super::accept::{self, Login};
use super::{Authorization, Phase, SessionRecord, Stored, get_session};
use crate::backend::assembly::{App, Clients};
use crate::backend::inbound::json_body;
use crate::backend::oidc::{Metadata, Provider, ProviderError, printable};
use crate::backend::session;
use crate::backend::stopping::TooLate;
use crate::outbound::OutboundError;
use crate::outbound::connect_failure::ConnectFailure;
use crate::panics::caught;
use crate::panics::planted::{self, Place};
use crate::problem::Problem;
use crate::protocol::{
    Code, Connected, Denied, ExchangeRequest, ExchangeResponse, Granted, Refused, SessionError, WireSecret,
};
use crate::random::sha256;
use crate::store::Swap;
use crate::telemetry::AUDIT;

/// Takes what the redirect carried.
///
/// # Errors
/// Those of the error table for a session and for a login.
#[utoipa::path(
    post, path = "/exchange", request_body = ExchangeRequest,
    responses((status = 200, body = ExchangeResponse), (status = "4XX", body = crate::protocol::ErrorBody)),
    security(("session" = []))
)]
pub async fn exchange(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<App>,
) -> Result<web::Json<ExchangeResponse>, Problem> {
    let token = get_session::token(&request)?;
    let redirect: ExchangeRequest = json_body::json_or_empty(&request, payload).await?;
    // Work of its own: neither a caller who hangs up nor the end of the process may stop an exchange between the identity
    // provider and the store.
    let app_there = app.clone().into_inner();
    let work = app.detached.begin(async move |clients| run(app_there, clients, token, redirect).await);
    work.await.unwrap_or_else(|_| Err(interrupted())).map(web::Json)
}

async fn run(
    app: Arc<App>,
    clients: Rc<Clients>,
    token: WireSecret,
    redirect: ExchangeRequest,
) -> Result<ExchangeResponse, Problem> {
    let stored = session::load(&app, &token).await?;
    let state = match &redirect {
        ExchangeRequest::Granted(granted) => &granted.state,
        ExchangeRequest::Refused(refused) => &refused.state,
    };
    if !state.equals(&stored.record.state) {
        return Err(Problem::new(
            Code::StateMismatch,
            "This redirect belongs to another login: go on with the login page that was opened last.",
        ));
    }
    match redirect {
        ExchangeRequest::Granted(granted) => granted_code(&app, &clients, &token, stored, granted).await,
        ExchangeRequest::Refused(refused) => refusal(&app, stored, refused).await,
    }
}

/// The identity provider said no: that is the session's outcome.
async fn refusal(app: &App, mut stored: Stored, refused: Refused) -> Result<ExchangeResponse, Problem> {
    let denied = ExchangeResponse::Denied(Denied { success: false, code: Code::AccessDenied });
    match &stored.record.phase {
        Phase::Pending(_) => check_not_expired(app, &stored.record)?,
        Phase::Failed { code: None, .. } => return Ok(denied),
        _ => return Err(finished()),
    }
    let error = SessionError {
        code: Code::AccessDenied,
        message: format!(
            "The identity provider refused the login ({}): try again, or ask its administrator.",
            printable(&refused.error)
        ),
    };
    match stored.swap(app, Phase::Failed { code: None, error }).await? {
        Swap::Done => {
            audit(app, &stored.record, Code::AccessDenied.as_str());
            Ok(denied)
        }
        Swap::Conflict => Err(finished()),
    }
}

async fn granted_code(
    app: &App,
    clients: &Clients,
    token: &WireSecret,
    mut stored: Stored,
    granted: Granted,
) -> Result<ExchangeResponse, Problem> {
    let code = sha256(granted.code.expose().as_bytes());
    let authorization = match &stored.record.phase {
        Phase::Pending(authorization) => authorization.clone(),
        _ => return outcome(app, stored, &code).await,
    };
    check_not_expired(app, &stored.record)?;
    app.stopping.time_for(app.settings.spending())?;
    let lease_until = app.clock.now() + app.settings.exchange_lease;
    if stored.swap(app, Phase::Exchanging { code: code.clone(), lease_until }).await? == Swap::Conflict {
        // Somebody else claimed this session in between; what they wrote is the answer.
        return outcome(app, session::load(app, token).await?, &code).await;
    }
    let timer = app.metrics.exchange_seconds.start_timer();
    let result = caught(redeem(app, clients, &stored.record, &authorization, &granted)).await;
    timer.observe_duration();
    let Ok(result) = result else {
        // The code may be spent. This caller is told of the fault, all others that the login is lost.
        let lost = Err(Failure::Final(lost_problem()));
        let _ = conclude(app, stored, code, authorization, lost).await;
        return Err(interrupted());
    };
    conclude(app, stored, code, authorization, result).await
}

/// What a code that was seen before, or a second one, is answered with.
async fn outcome(app: &App, mut stored: Stored, code: &str) -> Result<ExchangeResponse, Problem> {
    match stored.record.phase.clone() {
        Phase::Exchanging { code: first, .. } if first != code => Err(finished()),
        Phase::Exchanging { lease_until, .. } if lease_until > app.clock.now() => Err(Problem::new(
            Code::ExchangeInProgress,
            "This login is just being finished: ask again in a moment.",
        )
        .retry_after(std::time::Duration::from_secs(1))),
        Phase::Exchanging { code, .. } => {
            // Whoever redeemed it is gone; the code is never sent twice, so the outcome stays unknown.
            if stored.swap(app, Phase::Failed { code: Some(code), error: lost() }).await? == Swap::Done {
                audit(app, &stored.record, Code::ExchangeLost.as_str());
            }
            Err(lost_problem())
        }
        Phase::Complete { code: first, subject, expires_at } if first == code => {
            Ok(connected(&stored.record, subject, expires_at))
        }
        Phase::Failed { code: Some(first), error } if first == code => {
            Err(Problem::new(error.code, error.message))
        }
        // Pending again: the first try never reached the identity provider; the helper asks once more.
        Phase::Pending(_) => Err(idp_unreachable()),
        Phase::Complete { .. } | Phase::Failed { .. } => Err(finished()),
    }
}

/// Why no login came of a code.
enum Failure {
    /// The identity provider never heard of the code: it can be sent again.
    NotSent(Problem),
    /// The code is spent, or may be.
    Final(Problem),
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Final(problem)
    }
}

async fn redeem(
    app: &App,
    clients: &Clients,
    record: &SessionRecord,
    authorization: &Authorization,
    granted: &Granted,
) -> Result<Login, Failure> {
    let (cluster, provider) = app.cluster(&record.cluster)?;
    let metadata = ready(app, clients, provider).await.map_err(Failure::NotSent)?;
    check_iss(granted.iss.as_deref(), &cluster.oidc.issuer, metadata.promises_iss())?;
    let tokens = provider
        .redeem(&metadata, &clients.provider, &granted.code, &authorization.verifier)
        .await
        .map_err(failed_redemption)?;
    planted::here(Place::Exchange);
    let begun = accept::Begun {
        user: record.user.parse().map_err(|_| Failure::Final(lost_problem()))?,
        catalog_email: record.catalog_email.clone(),
        nonce: &authorization.nonce,
        keep_trying: app.settings.exchange_lease,
    };
    Ok(accept::accept(app, clients, cluster, provider, &metadata, begun, tokens).await?)
}

/// Discovery and keys at hand, in time for the code to be spent.
async fn ready(app: &App, clients: &Clients, provider: &Provider) -> Result<Arc<Metadata>, Problem> {
    tokio::select! {
        biased;
        () = app.stopping.no_time_for(app.settings.spending()) => Err(TooLate.into()),
        ready = provider.ready(&clients.provider) => Ok(ready?),
    }
}

/// RFC 9207, 2.4: a redirect that names another issuer was meant for another login.
fn check_iss(iss: Option<&str>, issuer: &str, promised: bool) -> Result<(), Failure> {
    match iss {
        Some(iss) if iss == issuer => Ok(()),
        None if !promised => Ok(()),
        _ => Err(Failure::Final(Problem::new(
            Code::IdTokenRejected,
            "The redirect does not come from the configured identity provider (its iss is another or missing): begin again, and tell the operator if it happens twice.",
        ))),
    }
}

fn failed_redemption(error: ProviderError) -> Failure {
    match error {
        ProviderError::Unreachable(OutboundError::NotConnected(_)) => Failure::NotSent(error.into()),
        ProviderError::Unreachable(OutboundError::AnswerLost(_) | OutboundError::TimedOut) => {
            Failure::Final(lost_problem())
        }
        other => Failure::Final(other.into()),
    }
}

/// Writes the outcome, whichever it is.
async fn conclude(
    app: &App,
    mut stored: Stored,
    code: String,
    authorization: Authorization,
    result: Result<Login, Failure>,
) -> Result<ExchangeResponse, Problem> {
    let (phase, answer) = match result {
        Ok(login) => {
            let (subject, expires_at) = (login.subject, login.expires_at);
            let answer = connected(&stored.record, subject.clone(), expires_at);
            (Phase::Complete { code, subject, expires_at }, Ok(answer))
        }
        Err(Failure::NotSent(problem)) => (Phase::Pending(authorization), Err(problem)),
        Err(Failure::Final(problem)) => {
            let error = SessionError { code: problem.code(), message: problem.message().to_owned() };
            (Phase::Failed { code: Some(code), error }, Err(problem))
        }
    };
    let outcome = answer.as_ref().map_or_else(|problem: &Problem| problem.code().as_str(), |_| "complete");
    audit(app, &stored.record, outcome);
    if stored.swap_until(app, phase, app.settings.exchange_lease).await? == Swap::Conflict {
        // Only an expired lease lets somebody else write: they have told the caller that the outcome is unknown.
        return Err(lost_problem());
    }
    answer
}

fn connected(record: &SessionRecord, subject: String, expires_at: OffsetDateTime) -> ExchangeResponse {
    ExchangeResponse::Connected(Connected {
        success: true,
        user: record.user.clone(),
        cluster: record.cluster.clone(),
        subject,
        expires_at,
        return_to: record.return_to.clone(),
    })
}

fn check_not_expired(app: &App, record: &SessionRecord) -> Result<(), Problem> {
    if record.expires_at > app.clock.now() {
        return Ok(());
    }
    Err(Problem::new(
        Code::SessionExpired,
        "This login took longer than it may: begin it again in Backstage.",
    ))
}

fn audit(app: &App, record: &SessionRecord, outcome: &str) {
    app.metrics.logins.with_label_values(&[outcome]).inc();
    tracing::info!(target: AUDIT, user = record.user, cluster = record.cluster, outcome, "login");
}

fn finished() -> Problem {
    Problem::new(
        Code::SessionFinished,
        "This login has its outcome already: see GET /session, or begin a new one.",
    )
}

/// The outcome of an exchange whose answer nobody has.
pub(in crate::backend) fn lost() -> SessionError {
    SessionError {
        code: Code::ExchangeLost,
        message: "The login was interrupted and its outcome is unknown: log in again.".to_owned(),
    }
}

fn lost_problem() -> Problem {
    let SessionError { code, message } = lost();
    Problem::new(code, message)
}

fn interrupted() -> Problem {
    Problem::new(
        Code::InternalError,
        "A fault of the backend interrupted the login: log in again, and tell its operator, whose log says where it happened.",
    )
}

fn idp_unreachable() -> Problem {
    ProviderError::Unreachable(OutboundError::NotConnected(ConnectFailure::Other("see above".to_owned())))
        .into()
}
