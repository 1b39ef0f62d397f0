//! From the callback to the backend's answer, where the helper redeems the code: claim it, redeem it once, keep what comes, and bring it
//! until there is a final answer.
//!
//! A process that dies between its token request and what it keeps has spent the code, and what came is lost: the login is
//! `exchange_lost`, and has to be begun again. At any other step another process, or the next load of the callback page, goes on.

use std::time::Duration;

use backon::Retryable;
use tokio::time::Instant;

use super::OwnExchange;
use super::redemption::NotRedeemed;
use super::redemptions::{Redemptions, Turn};
use crate::helper::backend_client::{ApiError, BackendApi, Refusal};
use crate::helper::session::delivery::{self, Trouble};
use crate::helper::session::outcome::{Failure, Outcome};
use crate::helper::web::login_lookup::Unavailable;
use crate::protocol::{Code, ExchangeRequest, Granted, TokensRequest, WireSecret};

/// As long as another process may need from its claim to what it keeps.
const OTHERS_TAKE: Duration = Duration::from_secs(30);
/// Between two looks for that.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// How long to wait for the backend to hear that a login is given up.
const GIVE_UP: Duration = Duration::from_secs(2);

/// A login with its code redeemed here.
pub struct Bringing<'a> {
    /// The backend.
    pub api: &'a BackendApi,
    /// The session's token.
    pub session_token: &'a WireSecret,
    /// The state of the login.
    pub state: &'a WireSecret,
    /// What the code is redeemed with.
    pub own: &'a OwnExchange,
    /// What is known of its code.
    pub redemptions: &'a dyn Redemptions,
    /// Names this process.
    pub owner: &'a WireSecret,
    /// When the session ends.
    pub session_ends: Instant,
}

/// Why there is nothing to bring yet.
enum NotYet {
    /// It may pass.
    Again(Trouble),
    /// It will not.
    Over(Failure),
}

impl Bringing<'_> {
    /// Delivers a callback. `on_trouble` is called for each failed try.
    pub async fn deliver(&self, request: &ExchangeRequest, on_trouble: impl Fn(&Trouble)) -> Outcome {
        let (api, token, ends) = (self.api, self.session_token, self.session_ends);
        let granted = match request {
            ExchangeRequest::Granted(granted) => granted,
            // The backend knows what the provider's refusal means.
            ExchangeRequest::Refused(_) => {
                return delivery::deliver(api, token, request, ends, on_trouble).await;
            }
        };
        match tokio::time::timeout_at(ends, self.tokens(granted, &on_trouble)).await {
            Ok(Ok(tokens)) => delivery::bring(api, token, &tokens, ends, on_trouble).await,
            Ok(Err(failure)) => {
                self.give_up().await;
                Outcome::Failed(failure)
            }
            Err(_) => Outcome::Expired,
        }
    }

    async fn tokens(
        &self,
        granted: &Granted,
        on_trouble: &impl Fn(&Trouble),
    ) -> Result<TokensRequest, Failure> {
        self.check_iss(granted.iss.as_deref())?;
        let attempt = || async { self.attempt(&granted.code).await };
        let tokens = attempt
            .retry(delivery::backoff())
            .when(|not_yet| matches!(not_yet, NotYet::Again(_)))
            .adjust(|not_yet, wait| wait.map(|wait| wait.max(asked(not_yet))))
            .notify(|not_yet, _| {
                if let NotYet::Again(trouble) = not_yet {
                    on_trouble(trouble);
                }
            })
            .await;
        tokens.map_err(|not_yet| match not_yet {
            NotYet::Over(failure) => failure,
            // Never: these are tried again without end.
            NotYet::Again(_) => lost(),
        })
    }

    async fn attempt(&self, code: &WireSecret) -> Result<TokensRequest, NotYet> {
        let left = self.session_ends.saturating_duration_since(Instant::now());
        if let Some(tokens) = self.redemptions.kept(self.state).await.map_err(|reason| away(&reason))? {
            return Ok(tokens);
        }
        if self.redemptions.claim(self.state, self.owner, left).await.map_err(|reason| away(&reason))?
            == Turn::Others
        {
            return self.others_tokens(left).await;
        }
        match self.own.redeemed(code, self.api).await {
            Ok(tokens) => {
                // It goes on from here all the same; only a crash before the backend's answer would lose it then.
                if let Err(error) = self.redemptions.keep(self.state, &tokens, left).await {
                    tracing::warn!(%error, "what a code was redeemed for is kept in this process alone");
                }
                Ok(tokens)
            }
            Err(NotRedeemed::NotSpent { why, asked }) => {
                if let Err(error) = self.redemptions.release(self.state).await {
                    tracing::warn!(%error, "the claim to a code that was not sent stays");
                }
                Err(NotYet::Again(no_answer(&why, asked)))
            }
            Err(error @ NotRedeemed::Unknown(_)) => {
                tracing::warn!(%error, "what became of an authorization code is not known");
                Err(NotYet::Over(lost()))
            }
            Err(NotRedeemed::Refused(code)) => Err(NotYet::Over(refused(&code))),
        }
    }

    /// What another process has redeemed the code for. It may have died meanwhile, or had no answer from the identity provider and
    /// let go of the code unspent, which is this process's then.
    async fn others_tokens(&self, left: Duration) -> Result<TokensRequest, NotYet> {
        let until = Instant::now() + OTHERS_TAKE;
        while Instant::now() < until {
            if let Some(tokens) = self.redemptions.kept(self.state).await.map_err(|reason| away(&reason))? {
                return Ok(tokens);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
            let turn = self.redemptions.claim(self.state, self.owner, left).await;
            if turn.map_err(|reason| away(&reason))? == Turn::Ours {
                return Err(NotYet::Again(no_answer("it gave another replica no answer", None)));
            }
        }
        Err(NotYet::Over(lost()))
    }

    /// RFC 9207, 2.4: a redirect that names another issuer was meant for another login.
    fn check_iss(&self, iss: Option<&str>) -> Result<(), Failure> {
        match iss {
            Some(iss) if iss == self.own.issuer => Ok(()),
            None if !self.own.promises_iss => Ok(()),
            _ => Err(failed(
                Code::IdTokenRejected,
                "The redirect does not come from the configured identity provider (its iss is another or missing): begin again, and tell the operator if it happens twice.",
            )),
        }
    }

    /// Backstage's dialog waits for this session, which nothing can finish any more.
    async fn give_up(&self) {
        let told = tokio::time::timeout(GIVE_UP, self.api.cancel(self.session_token)).await;
        if !matches!(told, Ok(Ok(_))) {
            tracing::info!("the backend was not told that this login is over");
        }
    }
}

fn asked(not_yet: &NotYet) -> Duration {
    match not_yet {
        NotYet::Again(trouble) => delivery::asked(trouble),
        NotYet::Over(_) => Duration::ZERO,
    }
}

fn away(reason: &Unavailable) -> NotYet {
    tracing::warn!(%reason, "the store of the helper's logins does not answer");
    NotYet::Again(trouble(Code::StoreUnavailable, 503, "the helper's own store does not answer", None))
}

fn no_answer(why: &str, asked: Option<Duration>) -> Trouble {
    trouble(Code::IdpUnreachable, 502, why, asked)
}

/// In the words that the backend would have for it.
fn trouble(code: Code, status: u16, why: &str, asked: Option<Duration>) -> Trouble {
    let refusal = Refusal { status, code: Some(code), message: Some(why.to_owned()), retry_after: asked };
    Trouble { reason: ApiError::Refused(refusal), at_least: asked }
}

fn failed(code: Code, message: impl Into<String>) -> Failure {
    Failure { code: Some(code), message: message.into() }
}

fn lost() -> Failure {
    failed(Code::ExchangeLost, "The login was interrupted and its outcome is unknown: log in again.")
}

fn refused(code: &str) -> Failure {
    failed(
        Code::IdpRefused,
        format!(
            "The identity provider did not accept the login ({code}): begin it again, and tell the operator if it happens twice."
        ),
    )
}
