//! The OpenID provider of one cluster: what it says of itself (OIDC Discovery 1.0, 4), its keys, and the requests we send it.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

pub mod clusters;
pub mod discovery;
pub mod id_token;
pub mod identity_rule;
pub mod key_set;
pub mod provider_error;
pub mod published;
pub mod refusal_text;
pub mod silence;
pub mod token_answer;
pub mod token_response;
pub mod verification;

use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey, Header};
use oauth2::basic::{BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError, Scope,
    StandardRevocableToken, TokenUrl,
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use self::discovery::{Metadata, Place, discover};
use self::key_set::KeySet;
use self::provider_error::ProviderError;
use self::published::Published;
use self::silence::Silence;
use self::token_answer::{NoTokens, TokenEndpoint};
use self::token_response::Tokens;
use crate::clock::Clock;
use crate::outbound::http_client::{Answer, HttpClient};
use crate::outbound::OutboundError;
use crate::protocol::WireSecret;
use crate::settings::cluster::OidcClient;
use crate::telemetry::backend_metrics::BackendMetrics;

/// The algorithms with a public key (RFC 7518, 3; RFC 8037).
const SIGNS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

type ConfiguredClient = Client<
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

/// What kind a token is, when it is revoked (RFC 7009, 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenKind {
    /// `access_token`
    Access,
    /// `refresh_token`; the grant goes with it.
    Refresh,
}

impl TokenKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access_token",
            Self::Refresh => "refresh_token",
        }
    }
}

/// How the provider answered a revocation that does not have to be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The token does not count any more (RFC 7009, 2.2).
    Revoked,
    /// There is no revocation endpoint, or it takes no tokens of that kind (`unsupported_token_type`, RFC 7009, 2.2.1).
    NotOffered,
}

/// The secrets of one authorization request.
pub struct AuthorizationSecrets<'a> {
    /// Comes back with the redirect.
    pub state: &'a WireSecret,
    /// Comes back in the ID token.
    pub nonce: &'a WireSecret,
    /// Proves that who redeems the code is who asked for it (RFC 7636).
    pub verifier: &'a WireSecret,
}

/// One cluster's provider.
pub struct Provider {
    oidc: OidcClient,
    http: HttpClient,
    insecure_hosts: Arc<[String]>,
    metrics: Arc<BackendMetrics>,
    metadata: Published<Metadata, ProviderError>,
    keys: KeySet,
    /// Whether it has just not answered a revocation.
    pub silence: Silence,
}

impl Provider {
    /// Has not asked anything yet.
    #[must_use]
    pub fn new(
        oidc: OidcClient,
        http: HttpClient,
        insecure_hosts: Vec<String>,
        clock: Arc<dyn Clock>,
        metrics: Arc<BackendMetrics>,
    ) -> Self {
        let seconds = |endpoint: &str| metrics.idp_seconds.with_label_values(&[endpoint]);
        let keys = KeySet::new(Arc::clone(&clock), seconds("jwks"));
        let metadata = Published::new("a discovery document", clock, seconds("discovery"));
        let silence = Silence::default();
        Self { oidc, http, insecure_hosts: insecure_hosts.into(), metrics, metadata, keys, silence }
    }

    /// The discovery document.
    ///
    /// # Errors
    /// When there is none and none can be fetched.
    pub async fn metadata(&self) -> Result<Arc<Metadata>, ProviderError> {
        let at = Place { issuer: self.oidc.issuer.clone(), url: self.oidc.discovery_url() };
        let fetch = || discover(self.http.clone(), at.clone(), Arc::clone(&self.insecure_hosts));
        Ok(self.metadata.current(fetch).await?.content)
    }

    /// Discovery and keys at hand, so that nothing but the token request is left to fail once a code is spent.
    ///
    /// # Errors
    /// When either cannot be fetched.
    pub async fn ready(&self) -> Result<Arc<Metadata>, ProviderError> {
        let metadata = self.metadata().await?;
        self.keys.warm(&metadata.jwks_uri, &self.http).await?;
        Ok(metadata)
    }

    /// Verifies a token with this header, as [`KeySet::verify`] does.
    ///
    /// # Errors
    /// When there are no keys and none can be fetched.
    pub async fn verify<T, E>(
        &self,
        metadata: &Metadata,
        header: &Header,
        with: impl Fn(&DecodingKey) -> Result<T, E>,
    ) -> Result<Option<Result<T, E>>, OutboundError> {
        self.keys.verify(header, &metadata.jwks_uri, &self.http, with).await
    }

    /// What its ID tokens may be signed with: never `none` or HMAC, whatever it announces.
    #[must_use]
    pub fn algorithms(&self, metadata: &Metadata) -> Vec<Algorithm> {
        let announced = &metadata.id_token_signing_alg_values_supported;
        // OIDC Discovery 1.0, 3 wants both the list and RS256 in it.
        let known = announced.iter().filter_map(|name| name.parse().ok()).filter(|alg| SIGNS.contains(alg));
        if announced.is_empty() { vec![Algorithm::RS256] } else { known.collect() }
    }

    /// Where the browser logs in (OIDC Core, 3.1.2.1).
    ///
    /// # Errors
    /// When an address cannot be used.
    pub fn authorization_url(
        &self,
        metadata: &Metadata,
        secrets: &AuthorizationSecrets<'_>,
    ) -> Result<WireSecret, ProviderError> {
        let client = self.client(metadata)?;
        let state = CsrfToken::new(secrets.state.expose().to_owned());
        let verifier = PkceCodeVerifier::new(secrets.verifier.expose().to_owned());
        let mut request = client
            .authorize_url(|| state)
            .add_scopes(self.oidc.scopes.iter().cloned().map(Scope::new))
            .add_extra_param("nonce", secrets.nonce.expose())
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        if let Some(organization) = &self.oidc.organization {
            request = request.add_extra_param("organization", organization);
        }
        if let Some(audience) = &self.oidc.audience {
            request = request.add_extra_param("audience", audience);
        }
        for (name, value) in &self.oidc.extra_params {
            request = request.add_extra_param(name, value);
        }
        Ok(WireSecret::from(String::from(request.url().0)))
    }

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
        let timer = self.metrics.idp_seconds.with_label_values(&["token"]).start_timer();
        let answer = client
            .exchange_code(AuthorizationCode::new(code.expose().to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose().to_owned()))
            .request_async(&TokenEndpoint { http: &self.http, sent: code })
            .await;
        timer.observe_duration();
        answer.map_err(no_tokens)
    }

    /// Spends a refresh token (RFC 6749, 6): one POST, never repeated.
    ///
    /// # Errors
    /// As [`Self::redeem`].
    pub async fn refresh(&self, metadata: &Metadata, token: &WireSecret) -> Result<Tokens, NoTokens> {
        let client = self.client(metadata).map_err(NoTokens::not_spent)?;
        let timer = self.metrics.idp_seconds.with_label_values(&["token"]).start_timer();
        let answer = client
            .exchange_refresh_token(&RefreshToken::new(token.expose().to_owned()))
            .request_async(&TokenEndpoint { http: &self.http, sent: token })
            .await;
        timer.observe_duration();
        answer.map_err(no_tokens)
    }

    /// Revokes a token (RFC 7009, 2.1), where the provider offers it. `oauth2` would refuse a provider on loopback here,
    /// and with it every test and demo; the request is one form.
    ///
    /// # Errors
    /// When the provider did not confirm.
    pub async fn revoke(
        &self,
        metadata: &Metadata,
        token: &WireSecret,
        hint: TokenKind,
    ) -> Result<Answered, ProviderError> {
        let Some(endpoint) = &metadata.revocation_endpoint else { return Ok(Answered::NotOffered) };
        let mut form = vec![("token", token.expose()), ("token_type_hint", hint.as_str())];
        let mut request = self.http.post(endpoint);
        match (&self.oidc.client_secret, metadata.secret_goes()) {
            (Some(secret), AuthType::BasicAuth) => {
                let secret = form_encoded(secret.expose_secret());
                request = request.basic_auth(&form_encoded(&self.oidc.client_id), &secret);
            }
            (secret, _) => {
                form.push(("client_id", &self.oidc.client_id));
                form.extend(secret.iter().map(|secret| ("client_secret", secret.expose_secret())));
            }
        }
        let timer = self.metrics.idp_seconds.with_label_values(&["revocation"]).start_timer();
        let answer = request.send_form(&form).await?;
        timer.observe_duration();
        match answer.status.as_u16() {
            200 => Ok(Answered::Revoked),
            400 if refuses_the_kind(&answer) => Ok(Answered::NotOffered),
            status => Err(ProviderError::Unreachable(OutboundError::Status(status))),
        }
    }

    fn client(&self, metadata: &Metadata) -> Result<ConfiguredClient, ProviderError> {
        let unusable = |_| ProviderError::Unusable("one of its endpoints is not a URL".to_owned());
        let client = Client::new(ClientId::new(self.oidc.client_id.clone()))
            .set_auth_uri(AuthUrl::new(metadata.authorization_endpoint.clone()).map_err(unusable)?)
            .set_token_uri(TokenUrl::new(metadata.token_endpoint.clone()).map_err(unusable)?)
            .set_redirect_uri(RedirectUrl::new(self.oidc.redirect_uri.clone()).map_err(unusable)?);
        let Some(secret) = &self.oidc.client_secret else {
            return Ok(client.set_auth_type(AuthType::RequestBody));
        };
        Ok(client
            .set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()))
            .set_auth_type(metadata.secret_goes()))
    }
}

/// Everything but a token response was sorted out before `oauth2` has read it.
fn no_tokens(error: RequestTokenError<NoTokens, BasicErrorResponse>) -> NoTokens {
    match error {
        RequestTokenError::Request(no_tokens) => no_tokens,
        RequestTokenError::ServerResponse(_) | RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            NoTokens::Unknown(OutboundError::NotJson.into())
        }
    }
}

/// Whether a refusal says that tokens of this kind cannot be revoked at all.
fn refuses_the_kind(answer: &Answer) -> bool {
    let refusal = serde_json::from_slice::<serde_json::Value>(&answer.body);
    refusal.is_ok_and(|refusal| {
        refusal.get("error").and_then(serde_json::Value::as_str) == Some("unsupported_token_type")
    })
}

/// A part of HTTP Basic as RFC 6749, 2.3.1 has it: form-encoded first.
fn form_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
