//! Delivers the callback to the backend, with retries until there is a final answer or the session has ended. The backend redeems a
//! code only once, however often it is delivered.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use tokio::time::Instant;

use super::outcome::{Failure, Outcome};
use super::pending_login::Awaited;
use crate::helper::backend_client::{ApiError, BackendApi, Refusal, displayable};
use crate::outbound::OutboundError;
use crate::protocol::{
    Code, Denied, ExchangeRequest, ExchangeResponse, SessionStatus, TokensRequest, WireSecret,
};

const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// The longest `Retry-After` that is followed: a gateway that asks for an hour would end the session.
const LONGEST_ASKED: Duration = Duration::from_secs(30);

/// What an answer to `/exchange` or `/tokens` means.
#[derive(Debug)]
pub enum Verdict {
    /// A final answer.
    Final(Outcome),
    /// A temporary failure: retry, and respect `Retry-After`.
    Again(Trouble),
}

/// Why a retry is needed.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// The failure.
    pub reason: ApiError,
    /// The wait that the backend asks for.
    pub at_least: Option<Duration>,
}

impl Trouble {
    /// Which answer is missing.
    #[must_use]
    pub fn awaited(&self) -> Awaited {
        match &self.reason {
            ApiError::Refused(Refusal { code: Some(Code::IdpUnreachable), .. }) => Awaited::IdentityProvider,
            ApiError::Refused(_) | ApiError::NoAnswer(_) => Awaited::Backend,
        }
    }
}

/// Classifies an answer: network errors, 429, 502 to 504 and `exchange_in_progress` are temporary, everything else is final.
#[must_use]
pub fn judge(answer: Result<ExchangeResponse, ApiError>) -> Verdict {
    match answer {
        Ok(ExchangeResponse::Connected(connected)) if connected.success => {
            Verdict::Final(Outcome::Connected(connected))
        }
        Ok(ExchangeResponse::Denied(denied)) => Verdict::Final(no_code(denied)),
        Ok(ExchangeResponse::Connected(_)) | Err(ApiError::NoAnswer(OutboundError::NotJson)) => {
            Verdict::Final(unreadable())
        }
        Err(reason @ ApiError::NoAnswer(_)) => Verdict::Again(Trouble { reason, at_least: None }),
        Err(ApiError::Refused(refusal)) => judge_refusal(refusal),
    }
}

fn judge_refusal(refusal: Refusal) -> Verdict {
    let passes = refusal.may_pass() || refusal.code == Some(Code::ExchangeInProgress);
    if passes {
        let at_least = refusal.retry_after;
        return Verdict::Again(Trouble { reason: ApiError::Refused(refusal), at_least });
    }
    match refusal.code {
        Some(Code::SessionExpired) => Verdict::Final(Outcome::Expired),
        Some(Code::AccessDenied) => Verdict::Final(Outcome::Denied),
        code => {
            let message = refusal
                .message
                .unwrap_or_else(|| format!("The backend answered with status {}.", refusal.status));
            Verdict::Final(Outcome::Failed(Failure { code, message }))
        }
    }
}

/// The person's no has words of its own; what the operator has to change, or what may pass, is said by the backend.
fn no_code(denied: Denied) -> Outcome {
    match denied {
        Denied { code: Code::AccessDenied, .. } | Denied { message: None, .. } => Outcome::Denied,
        Denied { code, message: Some(message), .. } => {
            Outcome::Failed(Failure { code: Some(code), message: displayable(&message) })
        }
    }
}

fn unreadable() -> Outcome {
    let message =
        "What answered is no backend of this helper's: check BACKSTAGE_URL and the proxies on the way.";
    Outcome::Failed(Failure { code: None, message: message.to_owned() })
}

/// Delivers the callback. `on_trouble` is called for each failed try.
pub async fn deliver(
    api: &BackendApi,
    session_token: &WireSecret,
    request: &ExchangeRequest,
    session_ends: Instant,
    on_trouble: impl Fn(&Trouble),
) -> Outcome {
    let send = async || api.exchange(session_token, request).await;
    until_final(api, session_token, session_ends, on_trouble, send).await
}

/// Brings what this helper has redeemed the code for, in the same way.
pub async fn bring(
    api: &BackendApi,
    session_token: &WireSecret,
    tokens: &TokensRequest,
    session_ends: Instant,
    on_trouble: impl Fn(&Trouble),
) -> Outcome {
    let send = async || api.bring(session_token, tokens).await;
    until_final(api, session_token, session_ends, on_trouble, send).await
}

/// The pauses between two tries, without end.
pub(super) fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(FIRST_WAIT)
        .with_max_delay(LONGEST_WAIT)
        .without_max_times()
        .with_jitter()
}

async fn until_final(
    api: &BackendApi,
    session_token: &WireSecret,
    session_ends: Instant,
    on_trouble: impl Fn(&Trouble),
    send: impl AsyncFn() -> Result<ExchangeResponse, ApiError>,
) -> Outcome {
    let attempt = || async {
        match judge(send().await) {
            Verdict::Final(outcome) => Ok(outcome),
            Verdict::Again(trouble) => match stored_failure(api, session_token, &trouble).await {
                Some(outcome) => Ok(outcome),
                None => Err(trouble),
            },
        }
    };
    let delivered = attempt
        .retry(backoff())
        .adjust(|trouble: &Trouble, wait| wait.map(|wait| wait.max(asked(trouble))))
        .notify(|trouble, _| on_trouble(trouble));
    match tokio::time::timeout_at(session_ends, delivered).await {
        Ok(Ok(outcome)) => outcome,
        // Retries have no limit, so only the end of the session remains.
        Ok(Err(_)) | Err(_) => Outcome::Expired,
    }
}

/// How long the other side asks to be left alone, as far as that is followed.
pub(super) fn asked(trouble: &Trouble) -> Duration {
    trouble.at_least.unwrap_or_default().min(LONGEST_ASKED)
}

/// `idp_refused` is a 502, as a gateway's error is, but may be the session's stored outcome, which no retry can change.
async fn stored_failure(api: &BackendApi, session_token: &WireSecret, trouble: &Trouble) -> Option<Outcome> {
    let ApiError::Refused(Refusal { code: Some(Code::IdpRefused), .. }) = trouble.reason else { return None };
    let session = api.session(session_token).await.ok()?.body;
    match (session.status, session.error) {
        (SessionStatus::Failed, Some(error)) => {
            Some(Outcome::Failed(Failure { code: Some(error.code), message: displayable(&error.message) }))
        }
        (SessionStatus::Failed, None) => {
            let message = "This session has failed: begin a new one in Backstage.".to_owned();
            Some(Outcome::Failed(Failure { code: None, message }))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbound::connect_failure::ConnectFailure;

    fn refused(status: u16, code: Option<Code>) -> Result<ExchangeResponse, ApiError> {
        Err(ApiError::Refused(Refusal { status, code, message: None, retry_after: None }))
    }

    #[test]
    fn what_may_pass_is_tried_again() {
        for error in [
            OutboundError::NotConnected(ConnectFailure::TimedOut),
            OutboundError::AnswerLost("reset".to_owned()),
            OutboundError::TimedOut,
        ] {
            assert!(matches!(judge(Err(ApiError::NoAnswer(error))), Verdict::Again(_)));
        }
        for (status, code) in [
            (429, Some(Code::RateLimited)),
            (502, Some(Code::IdpUnreachable)),
            (502, None),
            (503, Some(Code::StoreUnavailable)),
            (504, None),
            (409, Some(Code::ExchangeInProgress)),
        ] {
            assert!(matches!(judge(refused(status, code)), Verdict::Again(_)), "{status} {code:?}");
        }
    }

    #[test]
    fn nothing_else_is() {
        for (status, code) in [
            (400, Some(Code::StateMismatch)),
            (401, Some(Code::SessionUnknown)),
            (403, Some(Code::IdentityMismatch)),
            (404, None),
            (409, Some(Code::SessionFinished)),
            (409, Some(Code::ExchangeLost)),
            (500, None),
            (501, None),
            (505, None),
        ] {
            let verdict = judge(refused(status, code));
            assert!(
                matches!(&verdict, Verdict::Final(Outcome::Failed(failure)) if failure.code == code),
                "{verdict:?}"
            );
        }
        let expired = judge(refused(401, Some(Code::SessionExpired)));
        assert!(matches!(expired, Verdict::Final(Outcome::Expired)));
        let other_page = judge(Err(ApiError::NoAnswer(OutboundError::NotJson)));
        assert!(matches!(other_page, Verdict::Final(Outcome::Failed(_))));
    }

    #[test]
    fn the_backend_says_how_long_to_wait() {
        let wait = |seconds| {
            let retry_after = Some(Duration::from_secs(seconds));
            let refusal = Refusal { status: 503, code: None, message: None, retry_after };
            let Verdict::Again(trouble) = judge(Err(ApiError::Refused(refusal))) else { panic!("the end") };
            asked(&trouble).as_secs()
        };
        assert_eq!(wait(9), 9);
        assert_eq!(wait(3_600), 30, "the session would be over");
    }
}
