//! The token request of a code that the helper redeems itself (RFC 6749, 4.1.3): one POST, and what its answer means for the code.

use std::pin::Pin;
use std::time::Duration;

use oauth2::basic::{BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse};
use oauth2::http::header::{HeaderValue, ORIGIN};
use oauth2::{
    AsyncHttpClient, AuthType, AuthorizationCode, Client, ClientId, HttpRequest, HttpResponse,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, StandardRevocableToken, TokenUrl,
};

use super::OwnExchange;
use crate::helper::backend_client::{BackendApi, displayable};
use crate::outbound::OutboundError;
use crate::outbound::http_client::HttpClient;
use crate::outbound::oauth2_bridge::Bridge;
use crate::outbound::oauth2_bridge::token_answer::TokenAnswer;
use crate::outbound::oauth2_bridge::token_response::Tokens;
use crate::protocol::{TokensRequest, WireSecret};

/// Why a code brought no tokens.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotRedeemed {
    /// It was not taken: sent again, it is worth the same.
    #[error("the token endpoint {why}")]
    NotSpent {
        /// What happened.
        why: String,
        /// For how long the provider asks to be left alone.
        asked: Option<Duration>,
    },
    /// It may have been taken, and what it brought is lost.
    #[error("the token endpoint {0}")]
    Unknown(String),
    /// The provider refused, with this code.
    #[error("{0}")]
    Refused(String),
}

impl OwnExchange {
    /// Redeems a code: one POST, never repeated.
    pub(super) async fn redeemed(
        &self,
        code: &WireSecret,
        api: &BackendApi,
    ) -> Result<TokensRequest, NotRedeemed> {
        let no_url = |error: oauth2::url::ParseError| NotRedeemed::not_spent(error.to_string());
        let client: Client<
            BasicErrorResponse,
            Tokens,
            BasicTokenIntrospectionResponse,
            StandardRevocableToken,
            BasicRevocationErrorResponse,
        > = Client::new(ClientId::new(self.client_id.clone()));
        let client = client
            .set_token_uri(TokenUrl::new(self.token_endpoint.clone()).map_err(no_url)?)
            .set_redirect_uri(RedirectUrl::new(self.redirect_uri.clone()).map_err(no_url)?)
            .set_auth_type(AuthType::RequestBody);
        let endpoint = TokenEndpoint { http: api.http(), origin: self.origin.as_deref(), api };
        let answer = client
            .exchange_code(AuthorizationCode::new(code.expose().to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(self.verifier.expose().to_owned()))
            .request_async(&endpoint)
            .await;
        let tokens = answer.map_err(|error| match error {
            RequestTokenError::Request(why) => why,
            RequestTokenError::ServerResponse(_)
            | RequestTokenError::Parse(..)
            | RequestTokenError::Other(_) => NotRedeemed::Unknown(OutboundError::NotJson.to_string()),
        })?;
        let Some(id_token) = tokens.id_token().cloned() else {
            return Err(NotRedeemed::Refused("no ID token".to_owned()));
        };
        let (access_token, refresh_token) = (tokens.access_token(), tokens.refresh_token());
        Ok(TokensRequest { id_token, access_token, refresh_token, cluster: None })
    }
}

/// Sends the request, and lets `oauth2` read nothing but a token response.
struct TokenEndpoint<'a> {
    http: &'a HttpClient,
    origin: Option<&'a str>,
    api: &'a BackendApi,
}

impl<'c> AsyncHttpClient<'c> for TokenEndpoint<'_> {
    type Error = NotRedeemed;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, NotRedeemed>> + 'c>>;

    fn call(&'c self, mut request: HttpRequest) -> Self::Future {
        let origin = self.origin.and_then(|origin| HeaderValue::from_str(origin).ok());
        request.headers_mut().extend(origin.map(|origin| (ORIGIN, origin)));
        Box::pin(async {
            let answer = Bridge(self.http).call(request).await;
            match TokenAnswer::of(answer.map_err(|error| self.failed(&error))?) {
                TokenAnswer::Tokens(answer) => Ok(answer),
                TokenAnswer::Refused { code, .. } => Err(NotRedeemed::Refused(displayable(&code))),
                TokenAnswer::NotOAuth(status) => Err(NotRedeemed::not_spent(format!(
                    "was not what answered, but something before it (status {status})"
                ))),
                TokenAnswer::Damaged => Err(NotRedeemed::Unknown(OutboundError::NotJson.to_string())),
            }
        })
    }
}

impl TokenEndpoint<'_> {
    fn failed(&self, error: &OutboundError) -> NotRedeemed {
        let why = format!("cannot be used from this machine: {error}");
        match error {
            OutboundError::NotConnected(_) => NotRedeemed::not_spent(why),
            OutboundError::NotNow { status: 429 | 503, retry_after } => {
                let asked = retry_after.map(|asked| asked.from_now(self.api.now()));
                NotRedeemed::NotSpent { why, asked }
            }
            _ => NotRedeemed::Unknown(why),
        }
    }
}

impl NotRedeemed {
    fn not_spent(why: String) -> Self {
        Self::NotSpent { why, asked: None }
    }
}
