//! Signing in to Backstage as its OAuth client (`auth.staticClients`): the authorization URL, the exchange of the code, and refreshes.
//!
//! The caller handles the browser: [`BackstageClient::begin`] returns the state and the verifier, [`BackstageClient::take`] takes the
//! verifier and the callback.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

pub mod credential;
pub mod pending_sign_in;
pub mod private_folder;
pub mod token_file;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use hyper::StatusCode;
use oauth2::basic::{BasicClient, BasicErrorResponse, BasicTokenResponse};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, CsrfToken, EndpointNotSet, EndpointSet,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError, Scope, TokenResponse,
    TokenUrl,
};
use secrecy::SecretString;
use time::Duration;

use self::token_file::{TokenFile, TokenFileError, Tokens};
use super::backend_client::{ApiError, BackendApi, Refusal, displayable};
use super::port::CALLBACK_PORT;
use crate::clock::Clock;
use crate::outbound::OutboundError;
use crate::outbound::oauth2_bridge::Bridge;
use crate::protocol::{ExchangeRequest, WireSecret};
use crate::random::{NoRandomness, Random, random_secret};
use crate::settings::SettingsError;

/// The port of the redirect URI, unless another is asked for.
const REDIRECT_PORT: u16 = CALLBACK_PORT;

/// For a user token, and a refresh token if Backstage issues those (`auth.experimentalRefreshToken`).
const SCOPES: [&str; 2] = ["openid", "offline_access"];

/// A token that expires within this time is refreshed first.
pub const EARLY: Duration = Duration::seconds(60);

/// The OAuth error for an invalid refresh token (RFC 6749, 5.2).
const INVALID_GRANT: &str = "invalid_grant";

type OAuthClient = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// Why a sign-in failed. Each message is one sentence that names the next step, except [`Self::NoAnswer`].
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Backstage does not know the client or its redirect URI, or has no OAuth clients at all.
    #[error(
        "Backstage has no client {client_id} (status {status}): ask its admin to add it to auth.staticClients with the \
         redirect URI {redirect_uri}, or set BACKSTAGE_TOKEN, or run the command that Backstage shows you."
    )]
    NoClient {
        /// The redirect URI that was sent, which must be registered for the client.
        redirect_uri: String,
        /// The client id that was sent.
        client_id: String,
        /// The status that Backstage answered with.
        status: u16,
    },
    /// The user or Backstage refused; the OAuth error code.
    #[error("Backstage did not sign you in ({0}): begin again and approve it there, or set BACKSTAGE_TOKEN.")]
    Refused(String),
    /// Backstage did not answer.
    #[error(transparent)]
    NoAnswer(#[from] ApiError),
    /// The file that keeps the tokens cannot be used.
    #[error(transparent)]
    File(#[from] TokenFileError),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] NoRandomness),
}

/// A sign-in that waits for the user.
pub struct SignIn {
    /// The authorization URL; holds the state.
    pub authorize_url: WireSecret,
    /// The state, which comes back with the redirect.
    pub state: WireSecret,
    /// The PKCE verifier, which proves that the code is redeemed by the client that asked for it (RFC 7636).
    pub verifier: WireSecret,
}

/// This program as an OAuth client of one Backstage.
pub struct BackstageClient<'a> {
    api: &'a BackendApi,
    client_id: &'a str,
    redirect_uri: String,
    oauth: OAuthClient,
    clock: Arc<dyn Clock>,
}

impl<'a> BackstageClient<'a> {
    /// A client of that Backstage; sends nothing yet.
    ///
    /// # Errors
    /// When the addresses below `BACKSTAGE_URL` are invalid.
    pub fn new(
        api: &'a BackendApi,
        client_id: &'a str,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SettingsError> {
        let base = base(api);
        let redirect_uri = redirect_uri(REDIRECT_PORT);
        let oauth = BasicClient::new(ClientId::new(client_id.to_owned()))
            .set_auth_uri(AuthUrl::new(format!("{base}/authorize")).map_err(unusable)?)
            .set_token_uri(TokenUrl::new(format!("{base}/token")).map_err(unusable)?)
            .set_redirect_uri(RedirectUrl::new(redirect_uri.clone()).map_err(unusable)?)
            .set_auth_type(AuthType::RequestBody);
        Ok(Self { api, client_id, redirect_uri, oauth, clock })
    }

    /// The same with its redirect URI at another port, which must be registered for the client, too (RFC 8252, 7.3).
    ///
    /// # Errors
    /// When that is no address.
    pub fn with_redirect_port(self, port: u16) -> Result<Self, SettingsError> {
        let redirect_uri = redirect_uri(port);
        let url = RedirectUrl::new(redirect_uri.clone()).map_err(unusable)?;
        Ok(Self { redirect_uri, oauth: self.oauth.set_redirect_uri(url), ..self })
    }

    /// The file for its tokens in that folder.
    #[must_use]
    pub fn token_file(&self, folder: &Path) -> TokenFile {
        TokenFile::new(folder, self.api.address(), self.client_id)
    }

    /// Begins a sign-in after checking that Backstage knows this client: otherwise the user would end on a page of JSON.
    ///
    /// # Errors
    /// When Backstage does not know the client or does not answer, and without randomness.
    pub async fn begin(&self, random: &dyn Random) -> Result<SignIn, SignInError> {
        let (state, verifier) = (random_secret(random)?, random_secret(random)?);
        let pkce = PkceCodeVerifier::new(verifier.expose().to_owned());
        let csrf = CsrfToken::new(state.expose().to_owned());
        let (url, _) = self
            .oauth
            .authorize_url(|| csrf)
            .add_scopes(SCOPES.map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&pkce))
            .url();
        let authorize_url = WireSecret::from(String::from(url));
        match self.api.would_authorize(&authorize_url).await {
            Ok(()) => Ok(SignIn { authorize_url, state, verifier }),
            Err(ApiError::Refused(Refusal { status, .. })) if is_clients_fault(status) => {
                let (client_id, redirect_uri) = (self.client_id.to_owned(), self.redirect_uri.clone());
                Err(SignInError::NoClient { redirect_uri, client_id, status })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Takes the callback and redeems its code.
    ///
    /// # Errors
    /// When the user or Backstage refused, and when Backstage does not answer.
    pub async fn take(
        &self,
        request: &ExchangeRequest,
        verifier: &WireSecret,
    ) -> Result<Tokens, SignInError> {
        match request {
            ExchangeRequest::Granted(granted) => self.finish(&granted.code, verifier).await,
            ExchangeRequest::Refused(refused) => Err(SignInError::Refused(displayable(&refused.error))),
        }
    }

    async fn finish(&self, code: &WireSecret, verifier: &WireSecret) -> Result<Tokens, SignInError> {
        let answer = self
            .oauth
            .exchange_code(AuthorizationCode::new(code.expose().to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose().to_owned()))
            .request_async(&Bridge(self.api.http()))
            .await;
        answer.map(|answer| self.tokens(&answer)).map_err(token_error)
    }

    /// The user token of an earlier sign-in; none if there is no valid one.
    ///
    /// # Errors
    /// As [`Self::kept`].
    pub async fn kept_token(&self, file: &TokenFile) -> Result<Option<SecretString>, SignInError> {
        let kept = self.kept(file).await?;
        Ok(kept.map(|tokens| tokens.access_token.expose().into()))
    }

    /// The tokens of an earlier sign-in, refreshed if they are about to expire; none if there are no valid ones. Parallel runs wait for
    /// each other, as a refresh token can be used only once. Refreshed tokens that cannot be kept are returned all the same.
    ///
    /// # Errors
    /// When the file cannot be read, or Backstage does not answer a refresh and the old token has expired; the file is then unchanged.
    pub async fn kept(&self, file: &TokenFile) -> Result<Option<Tokens>, SignInError> {
        let locked = file.lock().await?;
        let Some(kept) = locked.read()? else { return Ok(None) };
        let now = self.clock.now();
        if kept.serve_until(now.saturating_add(EARLY), now) {
            return Ok(Some(kept));
        }
        let Some(refresh_token) = kept.refresh_token.clone() else { return Ok(None) };
        match self.refresh(&refresh_token).await {
            Ok(renewed) => {
                // RFC 6749, 6: without a new refresh token the old one stays valid.
                let refresh_token = renewed.refresh_token.or(Some(refresh_token));
                let renewed = Tokens { refresh_token, ..renewed };
                if let Err(error) = locked.write(&renewed) {
                    tracing::warn!(%error, "the renewed sign-in to Backstage is not kept: the next login signs in again");
                }
                Ok(Some(renewed))
            }
            // Its last minute is good for this call; the next one tries again.
            Err(SignInError::NoAnswer(error)) if kept.serve_until(now, now) => {
                tracing::info!(%error, "Backstage does not answer the refresh of a token that still serves");
                Ok(Some(kept))
            }
            Err(SignInError::Refused(code)) if code != INVALID_GRANT && kept.serve_until(now, now) => {
                tracing::info!(code, "Backstage does not refresh a token now that still serves");
                Ok(Some(kept))
            }
            Err(SignInError::Refused(code)) => {
                tracing::info!(code, "Backstage does not refresh the kept token");
                if code == INVALID_GRANT
                    && let Err(error) = locked.remove()
                {
                    tracing::warn!(%error, "the ended sign-in to Backstage stays where it is");
                }
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Deletes the kept sign-in and revokes its refresh token (RFC 7009) if Backstage answers. Returns whether there was one.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub async fn forget(&self, file: &TokenFile) -> Result<bool, TokenFileError> {
        let locked = file.lock().await?;
        let Some(kept) = locked.read()? else { return Ok(false) };
        if let Some(refresh_token) = kept.refresh_token {
            let url = format!("{}/revoke", base(self.api));
            let form = [("token", refresh_token.expose()), ("client_id", self.client_id)];
            let answer = self.api.http().post(&url).send_form(&form).await;
            if !answer.is_ok_and(|answer| answer.status.is_success()) {
                tracing::warn!("Backstage has not revoked the refresh token of the forgotten sign-in");
            }
        }
        locked.remove()?;
        Ok(true)
    }

    async fn refresh(&self, refresh_token: &WireSecret) -> Result<Tokens, SignInError> {
        let token = RefreshToken::new(refresh_token.expose().to_owned());
        let answer = self.oauth.exchange_refresh_token(&token).request_async(&Bridge(self.api.http())).await;
        answer.map(|answer| self.tokens(&answer)).map_err(token_error)
    }

    /// A token without a lifetime is used at once and counts as expired afterwards.
    fn tokens(&self, answer: &BasicTokenResponse) -> Tokens {
        let life =
            answer.expires_in().map_or(Duration::ZERO, |life| life.try_into().unwrap_or(Duration::MAX));
        let now = self.clock.now();
        Tokens {
            access_token: answer.access_token().secret().as_str().into(),
            expires_at: now.saturating_add(life),
            issued_at: Some(now),
            refresh_token: answer.refresh_token().map(|token| token.secret().as_str().into()),
        }
    }
}

fn redirect_uri(port: u16) -> String {
    format!("http://localhost:{port}/backstage/callback")
}

fn unusable(reason: impl fmt::Display) -> SettingsError {
    SettingsError(format!("BACKSTAGE_URL cannot be used: {reason}."))
}

/// Backstage's OAuth endpoints.
fn base(api: &BackendApi) -> String {
    format!("{}/api/auth/v1", api.address())
}

/// Whether a status means that the client is wrong, and not that a server in between is down or busy.
fn is_clients_fault(status: u16) -> bool {
    (400..500).contains(&status) && status != StatusCode::TOO_MANY_REQUESTS.as_u16()
}

fn token_error(error: RequestTokenError<OutboundError, BasicErrorResponse>) -> SignInError {
    match error {
        RequestTokenError::Request(error) => ApiError::NoAnswer(error).into(),
        RequestTokenError::ServerResponse(refusal) => {
            SignInError::Refused(displayable(refusal.error().as_ref()))
        }
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            ApiError::NoAnswer(OutboundError::NotJson).into()
        }
    }
}
