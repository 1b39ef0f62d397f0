//! What an answer of the token endpoint means for the code or the refresh token that was sent, at a login and at a refresh. Above 500 it
//! is not known, except of 503, which says that nothing was done.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use std::fmt;
use std::pin::Pin;

use oauth2::http::header::{HeaderValue, ORIGIN};
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};

use super::refusal_text::cleaned;
use crate::backend::oidc::provider_error::{ProviderError, printable};
use crate::outbound::OutboundError;
use crate::outbound::http_client::HttpClient;
use crate::outbound::oauth2_bridge::Bridge;
use crate::outbound::oauth2_bridge::token_answer::TokenAnswer;
use crate::outbound::retry_after::RetryAfter;
use crate::protocol::WireSecret;

/// Why a code or a refresh token brought no tokens.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NoTokens {
    /// It was not taken: sent again, it is worth the same.
    #[error("{why}")]
    NotSpent {
        /// What happened.
        why: ProviderError,
        /// For how long the provider asks to be left alone.
        asked: Option<RetryAfter>,
    },
    /// It may have been taken, and what it brought is lost.
    #[error("{0}")]
    Unknown(ProviderError),
    /// The provider refused, and may accept it later.
    #[error("the identity provider refused with {0}")]
    RefusedForNow(Refusal),
    /// `invalid_grant`: it is worth nothing any more.
    #[error("the identity provider refused with invalid_grant")]
    RefusedForGood,
}

impl NoTokens {
    /// It was not taken, for this reason.
    #[must_use]
    pub fn not_spent(why: ProviderError) -> Self {
        Self::NotSpent { why, asked: None }
    }

    fn of(error: OutboundError) -> Self {
        match error {
            OutboundError::NotConnected(_) => Self::not_spent(error.into()),
            OutboundError::NotNow { status: status @ (429 | 503), retry_after } => {
                Self::NotSpent { why: ProviderError::NotNow { status }, asked: retry_after }
            }
            OutboundError::NotNow { status, .. } => Self::Unknown(ProviderError::NotNow { status }),
            other => Self::Unknown(other.into()),
        }
    }

    /// The error code of a refusal decides.
    fn refused(refusal: Refusal) -> Self {
        if refusal.code == "invalid_grant" { Self::RefusedForGood } else { Self::RefusedForNow(refusal) }
    }
}

/// An OAuth error (RFC 6749, 5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its code, cut to what may stand in a log.
    pub code: String,
    /// The settings that usually are the cause, where there are such.
    pub settings: Option<&'static str>,
}

impl Refusal {
    /// Entra says only in the description which setting is wrong.
    fn of(code: String, description: &str) -> Self {
        // "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests."
        let wants_origin = description.contains("AADSTS9002327");
        // "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type."
        let wants_no_origin = description.contains("AADSTS9002326");
        let settings = match code.as_str() {
            _ if wants_origin || wants_no_origin => Some("OIDC_TOKEN_ORIGIN"),
            "invalid_client" => Some("OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, OIDC_TOKEN_AUTH_METHOD"),
            "unauthorized_client" => Some("OIDC_CLIENT_ID, OIDC_TOKEN_AUTH_METHOD"),
            "invalid_scope" => Some("OIDC_SCOPES"),
            _ => None,
        };
        Self { code, settings }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.settings {
            None => f.write_str(&self.code),
            Some(settings) => write!(f, "{}: {settings}", self.code),
        }
    }
}

/// Sends the token requests of `oauth2`, and lets it read nothing but token responses.
pub struct TokenEndpoint<'a> {
    /// The client.
    pub http: &'a HttpClient,
    /// The `Origin` that requests carry.
    pub origin: Option<String>,
    /// What is sent, so that no log repeats it.
    pub sent: &'a WireSecret,
}

impl<'c> AsyncHttpClient<'c> for TokenEndpoint<'_> {
    type Error = NoTokens;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, NoTokens>> + 'c>>;

    fn call(&'c self, mut request: HttpRequest) -> Self::Future {
        let origin = self.origin.as_ref().and_then(|origin| HeaderValue::from_str(origin).ok());
        request.headers_mut().extend(origin.map(|origin| (ORIGIN, origin)));
        Box::pin(async {
            let answer = Bridge(self.http).call(request).await.map_err(NoTokens::of)?;
            self.sorted(answer)
        })
    }
}

impl TokenEndpoint<'_> {
    fn sorted(&self, answer: HttpResponse) -> Result<HttpResponse, NoTokens> {
        match TokenAnswer::of(answer) {
            TokenAnswer::Tokens(answer) => Ok(answer),
            TokenAnswer::Refused { code, description } => Err(self.refusal(&code, &description)),
            TokenAnswer::NotOAuth(status) => Err(NoTokens::not_spent(ProviderError::NotTheProvider(status))),
            TokenAnswer::Damaged => Err(NoTokens::Unknown(OutboundError::NotJson.into())),
        }
    }

    /// The description often says what the code does not (Entra's `AADSTS…`): it is for the operator's log alone.
    fn refusal(&self, code: &str, description: &str) -> NoTokens {
        let refusal = Refusal::of(printable(code), description);
        let description = cleaned(description, self.sent);
        let Refusal { code, settings } = &refusal;
        tracing::warn!(
            code,
            description,
            settings,
            "the identity provider refused a code or a refresh token"
        );
        NoTokens::refused(refusal)
    }
}

#[cfg(test)]
mod tests {
    use oauth2::http::{Response, StatusCode};

    use super::*;
    use crate::outbound::connect_failure::ConnectFailure;

    fn sorted(status: u16, body: &str) -> Result<HttpResponse, NoTokens> {
        let mut answer = Response::new(body.as_bytes().to_vec());
        *answer.status_mut() = StatusCode::from_u16(status).unwrap();
        let http = HttpClient::for_loopback(std::time::Duration::from_secs(1));
        TokenEndpoint { http: &http, origin: None, sent: &"sent".into() }.sorted(answer)
    }

    fn meaning(outcome: &Result<HttpResponse, NoTokens>) -> &'static str {
        match outcome {
            Ok(_) => "spent",
            Err(NoTokens::NotSpent { .. }) => "not spent",
            Err(NoTokens::Unknown(_)) => "nobody knows",
            Err(NoTokens::RefusedForNow(_)) => "refused for now",
            Err(NoTokens::RefusedForGood) => "refused for good",
        }
    }

    #[test]
    fn an_answer_below_500_is_the_providers_or_of_a_server_before_it() {
        for (status, body, expected) in [
            (200, r#"{"id_token":"i"}"#, "spent"),
            (201, r#"{"access_token":"a","token_type":"x"}"#, "spent"),
            (200, r#"{"error":"bad_refresh_token"}"#, "refused for now"),
            (200, "<html>log in to the hotel</html>", "not spent"),
            (200, r#"{"message":"hello"}"#, "not spent"),
            (200, r#"{"id_token":"eyJ"#, "nobody knows"),
            (200, "", "not spent"),
            (302, "", "not spent"),
            (400, "", "not spent"),
            (400, r#"{"error":"invalid_grant"}"#, "refused for good"),
            (403, r#"{"error":"invalid_grant"}"#, "refused for good"),
            (401, r#"{"error":"error"}"#, "refused for now"),
            (400, r#"{"error":"invalid_request","error_description":"claimed"}"#, "refused for now"),
            (400, r#"{"error":{"code":5}}"#, "refused for now"),
            (400, r#"["invalid_grant"]"#, "not spent"),
            (403, "<html>blocked</html>", "not spent"),
            (404, "not found", "not spent"),
        ] {
            assert_eq!(meaning(&sorted(status, body)), expected, "{status} {body}");
        }
    }

    #[test]
    fn above_that_nobody_knows_unless_it_says_that_nothing_was_done() {
        let of = |error| meaning(&Err(NoTokens::of(error)));
        let status = |status| of(OutboundError::NotNow { status, retry_after: None });
        assert_eq!([429, 503].map(status), ["not spent"; 2]);
        assert_eq!([500, 502, 504, 599].map(status), ["nobody knows"; 4]);
        assert_eq!(of(OutboundError::TimedOut), "nobody knows");
        assert_eq!(of(OutboundError::AnswerLost(String::new())), "nobody knows");
        assert_eq!(of(OutboundError::TooLarge), "nobody knows");
        assert_eq!(of(OutboundError::NotConnected(ConnectFailure::Other(String::new()))), "not spent");
    }
}
