//! The requests to a provider's token endpoint (RFC 6749, 3.2): a code is redeemed, a refresh token is spent.

pub mod access_token;
pub mod answer;
pub(super) mod client_authentication;
pub mod refusal_text;

use oauth2::basic::{BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse};
use oauth2::{
    AuthUrl, AuthorizationCode, Client, ClientId, EndpointNotSet, EndpointSet, PkceCodeVerifier, RedirectUrl,
    RefreshToken, RequestTokenError, StandardRevocableToken, TokenUrl,
};

use self::answer::{NoTokens, TokenEndpoint};
use super::Provider;
use super::discovery::Metadata;
use super::provider_error::ProviderError;
use crate::outbound::OutboundError;
use crate::outbound::oauth2_bridge::token_response::Tokens;
use crate::protocol::WireSecret;

pub(super) type ConfiguredClient = Client<
    BasicErrorResponse,
    Tokens,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

impl Provider {
    /// Redeems an authorization code: one POST, never repeated.
    ///
    /// # Errors
    /// As the variants of [`NoTokens`] say.
    pub async fn redeem(
        &self,
        metadata: &Metadata,
        code: &WireSecret,
        verifier: &WireSecret,
    ) -> Result<Tokens, NoTokens> {
        let client = self.client(metadata).map_err(NoTokens::not_spent)?;
        let shown = self.shown(metadata).map_err(NoTokens::not_spent)?;
        let client = shown.as_part_of(client);
        let mut request = client
            .exchange_code(AuthorizationCode::new(code.expose().to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose().to_owned()));
        for (name, value) in shown.assertion() {
            request = request.add_extra_param(name, value);
        }
        self.answered(request.request_async(&self.token_endpoint(code))).await
    }

    /// Spends a refresh token (RFC 6749, 6): one POST, never repeated.
    ///
    /// # Errors
    /// As [`Self::redeem`].
    pub async fn refresh(&self, metadata: &Metadata, token: &WireSecret) -> Result<Tokens, NoTokens> {
        let client = self.client(metadata).map_err(NoTokens::not_spent)?;
        let shown = self.shown(metadata).map_err(NoTokens::not_spent)?;
        let (client, sent) = (shown.as_part_of(client), RefreshToken::new(token.expose().to_owned()));
        let mut request = client.exchange_refresh_token(&sent);
        for (name, value) in shown.assertion() {
            request = request.add_extra_param(name, value);
        }
        self.answered(request.request_async(&self.token_endpoint(token))).await
    }

    /// Everything but a token response was sorted out before `oauth2` has read it.
    async fn answered(
        &self,
        answer: impl Future<Output = Result<Tokens, RequestTokenError<NoTokens, BasicErrorResponse>>>,
    ) -> Result<Tokens, NoTokens> {
        let timer = self.metrics.idp_seconds.with_label_values(&["token"]).start_timer();
        let answer = answer.await;
        timer.observe_duration();
        answer.map_err(|error| match error {
            RequestTokenError::Request(no_tokens) => no_tokens,
            RequestTokenError::ServerResponse(_)
            | RequestTokenError::Parse(..)
            | RequestTokenError::Other(_) => NoTokens::Unknown(OutboundError::NotJson.into()),
        })
    }

    fn token_endpoint<'a>(&'a self, sent: &'a WireSecret) -> TokenEndpoint<'a> {
        TokenEndpoint { http: &self.http, origin: self.oidc.origin(), sent }
    }

    /// The client as `oauth2` knows it, which says nothing of who it is but its id.
    pub(super) fn client(&self, metadata: &Metadata) -> Result<ConfiguredClient, ProviderError> {
        let unusable = |_| ProviderError::Unusable("one of its endpoints is not a URL".to_owned());
        Ok(Client::new(ClientId::new(self.oidc.client_id.clone()))
            .set_auth_uri(AuthUrl::new(metadata.authorization_endpoint.clone()).map_err(unusable)?)
            .set_token_uri(TokenUrl::new(metadata.token_endpoint.clone()).map_err(unusable)?)
            .set_redirect_uri(RedirectUrl::new(self.oidc.redirect_uri.clone()).map_err(unusable)?))
    }
}
