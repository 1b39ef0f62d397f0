//! `POST /exchange`: an authorization code becomes a login, once.
//!
//! The steps are those of docs/protocol.md: compare the state; claim the code before the identity provider hears of it; answer
//! a repeated code with the stored outcome; tell a request that was never sent from an answer that was lost; keep the
//! tokens before the session says so.

use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpRequest, web};
use time::OffsetDateTime;

use super::accept::{Acceptance, Begun, Login, Made};
use super::{Authorization, Phase, SessionRecord, Sessions, Stored, lost, redirect_error, token};
use crate::backend::inbound::json_body;
use crate::backend::oidc::Provider;
use crate::backend::oidc::clusters::Clusters;
use crate::backend::oidc::discovery::Metadata;
use crate::backend::oidc::provider_error::{ProviderError, not_accepted, printable};
use crate::backend::oidc::token_endpoint::answer::NoTokens;
use crate::backend::oidc::token_endpoint::refusal_text::cleaned;
use crate::backend::stopping::detached::Detached;
use crate::backend::stopping::{Stopping, TooLate};
use crate::clock::Clock;
use crate::outbound::OutboundError;
use crate::outbound::connect_failure::ConnectFailure;
use crate::panics::caught;
use crate::panics::planted::{self, Place};
use crate::problem::Problem;
use crate::protocol::{
    Code, Denied, ExchangeRequest, ExchangeResponse, Granted, Refused, SessionError, WireSecret,
};
use crate::random::sha256;
use crate::store::Swap;
use crate::telemetry::backend_metrics::BackendMetrics;

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
    exchange: web::Data<Exchange>,
    detached: web::Data<Detached>,
) -> Result<web::Json<ExchangeResponse>, Problem> {
    let token = token(&request)?;
    let redirect: ExchangeRequest = json_body::json_or_empty(&request, payload).await?;
    let stored = exchange.sessions.load(&token).await?;
    // Work of its own: neither a caller who hangs up nor the end of the process may stop an exchange between the identity
    // provider and the store.
    let work = detached.begin(async move || exchange.run(stored, redirect).await);
    work.await.unwrap_or_else(|_| Err(interrupted())).map(web::Json)
}

/// Turns authorization codes into logins.
pub struct Exchange {
    /// The sessions.
    pub sessions: Arc<Sessions>,
    /// The clusters; their providers redeem the codes.
    pub clusters: Arc<Clusters>,
    /// Keeps what comes of a code.
    pub acceptance: Acceptance,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Counters.
    pub metrics: Arc<BackendMetrics>,
    /// How far the end of the process is.
    pub stopping: Stopping,
    /// How long an exchange may be under way before its outcome counts as lost.
    pub lease: Duration,
    /// How long it may take to spend a code and to write what comes of it.
    pub spending: Duration,
}

impl Exchange {
    async fn run(&self, stored: Stored, redirect: ExchangeRequest) -> Result<ExchangeResponse, Problem> {
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
            ExchangeRequest::Granted(granted) => self.granted_code(stored, granted).await,
            ExchangeRequest::Refused(refused) => self.refusal(stored, refused).await,
        }
    }

    /// The identity provider said no: that is the session's outcome.
    async fn refusal(&self, mut stored: Stored, refused: Refused) -> Result<ExchangeResponse, Problem> {
        match &stored.record.phase {
            Phase::Pending(_) => check_not_expired(&stored.record, self.clock.now())?,
            Phase::Failed { code: None, error } if error.code != Code::Cancelled => {
                return Ok(denied(error.clone()));
            }
            over => return Err(finished(over)),
        }
        let error = redirect_error::meaning(&refused.error);
        let description =
            refused.error_description.as_deref().map(|text| cleaned(text, &stored.record.state));
        tracing::warn!(
            cluster = stored.record.cluster,
            error = printable(&refused.error),
            description,
            "the identity provider sent the browser back without a code"
        );
        match self.sessions.swap(&mut stored, Phase::Failed { code: None, error: error.clone() }).await? {
            Swap::Done => {
                self.sessions.audit(&stored.record, error.code.as_str());
                Ok(denied(error))
            }
            Swap::Conflict => Err(finished(&self.sessions.reload(&stored.id).await?.record.phase)),
        }
    }

    async fn granted_code(&self, stored: Stored, granted: Granted) -> Result<ExchangeResponse, Problem> {
        let code = sha256(granted.code.expose().as_bytes());
        let Phase::Pending(authorization) = &stored.record.phase else {
            return self.outcome(stored, &code).await;
        };
        let authorization = authorization.clone();
        let verifier = authorization.verifier.clone().ok_or_else(kept_by_the_helper)?;
        self.once(stored, code, authorization, async |record, authorization| {
            self.redeem(record, &authorization.nonce, &verifier, &granted).await
        })
        .await
    }

    /// Claims a pending session for this code, or for these tokens, then does the work and writes its outcome; or tells what a concurrent
    /// request has made of it.
    pub(super) async fn once(
        &self,
        mut stored: Stored,
        code: String,
        authorization: Authorization,
        work: impl AsyncFnOnce(&SessionRecord, &Authorization) -> Result<Login, Failure>,
    ) -> Result<ExchangeResponse, Problem> {
        check_not_expired(&stored.record, self.clock.now())?;
        self.stopping.time_for(self.spending)?;
        let lease_until = self.clock.now() + self.lease;
        let claim = Phase::Exchanging { code: code.clone(), lease_until };
        if self.sessions.swap(&mut stored, claim).await? == Swap::Conflict {
            // A concurrent request has claimed this session; what it wrote is the answer.
            return self.outcome(self.sessions.reload(&stored.id).await?, &code).await;
        }
        let timer = self.metrics.exchange_seconds.start_timer();
        let result = caught(work(&stored.record, &authorization)).await;
        timer.observe_duration();
        let Ok(result) = result else {
            // The code may be spent. This caller is told of the fault, all others that the login is lost.
            let lost = Err(Failure::Final(lost_problem()));
            let _ = self.conclude(stored, code, authorization, lost).await;
            return Err(interrupted());
        };
        self.conclude(stored, code, authorization, result).await
    }

    /// What a code that was seen before, or a second one, is answered with.
    pub(super) async fn outcome(&self, mut stored: Stored, code: &str) -> Result<ExchangeResponse, Problem> {
        match stored.record.phase.clone() {
            ref over @ Phase::Exchanging { code: ref first, .. } if first != code => Err(finished(over)),
            Phase::Exchanging { lease_until, .. } if lease_until > self.clock.now() => Err(Problem::new(
                Code::ExchangeInProgress,
                "This login is just being finished: ask again in a moment.",
            )
            .retry_after(Duration::from_secs(1))),
            Phase::Exchanging { code, .. } => {
                // The exchange was interrupted; the code is never sent twice, so the outcome stays unknown.
                let failed = Phase::Failed { code: Some(code), error: lost() };
                if self.sessions.swap(&mut stored, failed).await? == Swap::Done {
                    self.sessions.audit(&stored.record, Code::ExchangeLost.as_str());
                }
                Err(lost_problem())
            }
            Phase::Complete { code: first, login } if first == code => Ok(connected(&stored.record, login)),
            Phase::Failed { code: Some(first), error } if first == code => {
                Err(Problem::new(error.code, error.message))
            }
            // Pending again: the first try never reached the identity provider; the helper asks once more.
            Phase::Pending(_) => Err(idp_unreachable()),
            over @ (Phase::Complete { .. } | Phase::Failed { .. }) => Err(finished(&over)),
        }
    }

    async fn redeem(
        &self,
        record: &SessionRecord,
        nonce: &WireSecret,
        verifier: &WireSecret,
        granted: &Granted,
    ) -> Result<Login, Failure> {
        let cluster = self.clusters.get(&record.cluster)?;
        let provider = &cluster.provider;
        let metadata = self.ready(provider).await.map_err(Failure::NotSent)?;
        check_iss(granted.iss.as_deref(), &cluster.settings.oidc.issuer, metadata.promises_iss())?;
        let tokens = provider.redeem(&metadata, &granted.code, verifier).await;
        let tokens = tokens.map_err(|error| failed_redemption(error, self.clock.now()))?;
        planted::here(Place::Exchange);
        let begun = self.begun(record, nonce)?;
        Ok(self.acceptance.accept(cluster, &metadata, begun, tokens).await?)
    }

    /// What a session's login was begun with.
    pub(super) fn begun<'a>(
        &self,
        record: &SessionRecord,
        nonce: &'a WireSecret,
    ) -> Result<Begun<'a>, Failure> {
        Ok(Begun {
            user: record.user.parse().map_err(|_| Failure::Final(lost_problem()))?,
            said: record.said.clone(),
            made: Made::ForSession(nonce),
            keep_trying: self.lease,
        })
    }

    /// Discovery and keys at hand, in time for the code to be spent.
    pub(super) async fn ready(&self, provider: &Provider) -> Result<Arc<Metadata>, Problem> {
        tokio::select! {
            biased;
            () = self.stopping.no_time_for(self.spending) => Err(TooLate.into()),
            ready = provider.ready() => Ok(ready?),
        }
    }

    /// Writes the outcome, whichever it is.
    async fn conclude(
        &self,
        mut stored: Stored,
        code: String,
        authorization: Authorization,
        result: Result<Login, Failure>,
    ) -> Result<ExchangeResponse, Problem> {
        let (phase, answer) = match result {
            Ok(login) => {
                let answer = connected(&stored.record, login.clone());
                (Phase::Complete { code, login }, Ok(answer))
            }
            Err(Failure::NotSent(problem)) => (Phase::Pending(authorization), Err(problem)),
            Err(Failure::Final(problem)) => {
                let error = SessionError { code: problem.code(), message: problem.message().to_owned() };
                (Phase::Failed { code: Some(code), error }, Err(problem))
            }
        };
        let outcome =
            answer.as_ref().map_or_else(|problem: &Problem| problem.code().as_str(), |_| "complete");
        self.sessions.audit(&stored.record, outcome);
        if self.sessions.swap_until(&mut stored, phase, self.lease).await? == Swap::Conflict {
            // Only an expired lease lets another request write: it has told its caller that the outcome is unknown.
            return Err(lost_problem());
        }
        answer
    }
}

/// Whether the session's time is not over.
pub(super) fn check_not_expired(record: &SessionRecord, now: OffsetDateTime) -> Result<(), Problem> {
    if record.expires_at > now {
        return Ok(());
    }
    Err(Problem::new(
        Code::SessionExpired,
        "This login took longer than it may: begin it again in Backstage.",
    ))
}

/// Why no login came of a code, or of tokens.
pub(super) enum Failure {
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

fn failed_redemption(error: NoTokens, now: OffsetDateTime) -> Failure {
    match error {
        NoTokens::NotSpent { why, asked } => {
            let problem = Problem::from(why);
            Failure::NotSent(match asked {
                Some(asked) => problem.retry_after(asked.from_now(now)),
                None => problem,
            })
        }
        NoTokens::Unknown(why) => {
            tracing::warn!(%why, "what became of an authorization code is not known");
            Failure::Final(lost_problem())
        }
        NoTokens::RefusedForNow(refusal) => Failure::Final(not_accepted(&refusal.to_string())),
        NoTokens::RefusedForGood => Failure::Final(not_accepted("invalid_grant")),
    }
}

/// The person's own no needs no words of ours.
fn denied(error: SessionError) -> ExchangeResponse {
    let message = (error.code != Code::AccessDenied).then_some(error.message);
    ExchangeResponse::Denied(Denied { success: false, code: error.code, message })
}

fn connected(record: &SessionRecord, login: Login) -> ExchangeResponse {
    let SessionRecord { user, cluster, return_to, .. } = record;
    ExchangeResponse::Connected(login.told(user.clone(), cluster.clone(), return_to.clone()))
}

fn kept_by_the_helper() -> Problem {
    Problem::new(
        Code::NotAllowed,
        "The helper keeps the verifier of this login, so only the helper can redeem its code: it sends the tokens to POST /tokens; where it has ended, begin a new login.",
    )
}

pub(super) fn finished(phase: &Phase) -> Problem {
    Problem::new(
        Code::SessionFinished,
        match phase {
            // Cancelled: the sentence says by what, and what to do.
            Phase::Failed { code: None, error } if error.code == Code::Cancelled => error.message.as_str(),
            _ => "This login has its outcome already: see GET /session, or begin a new one.",
        },
    )
}

fn lost_problem() -> Problem {
    let SessionError { code, message } = lost();
    Problem::new(code, message)
}

pub(super) fn interrupted() -> Problem {
    Problem::new(
        Code::InternalError,
        "A fault of the backend interrupted the login: log in again, and tell its operator, whose log says where it happened.",
    )
}

fn idp_unreachable() -> Problem {
    ProviderError::Unreachable(OutboundError::NotConnected(ConnectFailure::Other("see above".to_owned())))
        .into()
}
