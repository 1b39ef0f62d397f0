//! Signing in to Backstage as an OAuth client of it (`auth.staticClients`): where the browser goes, what its code is worth, and
//! a token that serves now.
//!
//! Who asks, and how the browser comes back, is the caller's business: [`BackstageClient::begin`] gives the state and the
//! verifier, [`BackstageClient::take`] takes the verifier and what came back.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

pub mod credential;
pub mod pending_sign_in;
pub mod token_file;

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
use crate::clock::Clock;
use crate::outbound::OutboundError;
use crate::outbound::oauth2_bridge::Bridge;
use crate::protocol::{ExchangeRequest, WireSecret};
use crate::random::{NoRandomness, Random, random_secret};
use crate::settings::SettingsError;

/// Where Backstage sends the browser back to; it must know this address for the client.
pub const REDIRECT_URI: &str = "http://localhost:8000/backstage/callback";

/// A user token, and a refresh token where Backstage gives those (`auth.experimentalRefreshToken`).
const SCOPES: [&str; 2] = ["openid", "offline_access"];

/// A token with less life than this left is refreshed first.
const EARLY: Duration = Duration::seconds(60);

/// The OAuth error of a refresh token that is not good any more (RFC 6749, 5.2).
const INVALID_GRANT: &str = "invalid_grant";

type OAuthClient = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// Why nobody was signed in. Each is one sentence that names the next step, but for [`Self::NoAnswer`].
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Backstage does not know the client, or not its redirect URI, or has no OAuth clients at all.
    #[error(
        "Backstage has no client {client_id} (status {status}): ask its admin to add it to auth.staticClients with the \
         redirect URI {REDIRECT_URI}, or set BACKSTAGE_TOKEN, or run the command that Backstage shows you."
    )]
    NoClient {
        /// The client that we said we are.
        client_id: String,
        /// The status that Backstage answered with.
        status: u16,
    },
    /// The person, or Backstage, said no; its OAuth error code.
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

/// A sign-in that waits for its person.
pub struct SignIn {
    /// Where the browser signs in; holds the state.
    pub authorize_url: WireSecret,
    /// Comes back with the redirect.
    pub state: WireSecret,
    /// Proves that who redeems the code is who asked for it (RFC 7636).
    pub verifier: WireSecret,
}

/// This program, as one Backstage knows it.
pub struct BackstageClient<'a> {
    api: &'a BackendApi,
    client_id: &'a str,
    oauth: OAuthClient,
    clock: Arc<dyn Clock>,
}

impl<'a> BackstageClient<'a> {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// When the addresses below `BACKSTAGE_URL` are none.
    pub fn new(
        api: &'a BackendApi,
        client_id: &'a str,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SettingsError> {
        let unusable = |reason| SettingsError(format!("BACKSTAGE_URL cannot be used: {reason}."));
        let base = base(api);
        let oauth = BasicClient::new(ClientId::new(client_id.to_owned()))
            .set_auth_uri(AuthUrl::new(format!("{base}/authorize")).map_err(unusable)?)
            .set_token_uri(TokenUrl::new(format!("{base}/token")).map_err(unusable)?)
            .set_redirect_uri(RedirectUrl::new(REDIRECT_URI.to_owned()).map_err(unusable)?)
            .set_auth_type(AuthType::RequestBody);
        Ok(Self { api, client_id, oauth, clock })
    }

    /// Where its tokens are kept, in that folder.
    #[must_use]
    pub fn token_file(&self, folder: &Path) -> TokenFile {
        TokenFile::new(folder, self.api.address(), self.client_id)
    }

    /// Where the browser signs in, once Backstage has said that it knows this client: a person whom it does not would end
    /// on a page of JSON.
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
                Err(SignInError::NoClient { client_id: self.client_id.to_owned(), status })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Takes what came back with the browser, and redeems the code in it.
    ///
    /// # Errors
    /// When the person or Backstage said no, and when it does not answer.
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

    /// The user token of an earlier sign-in, refreshed where it is about to end; nothing where there is none that still serves.
    /// Parallel runs wait here for each other: a refresh token is good once. A token that was renewed and cannot be kept still serves.
    ///
    /// # Errors
    /// When the file cannot be read, or Backstage does not answer a refresh; the file is then as it was.
    pub async fn kept_token(&self, file: &TokenFile) -> Result<Option<SecretString>, SignInError> {
        let locked = file.lock().await?;
        let Some(kept) = locked.read()? else { return Ok(None) };
        if kept.expires_at > self.clock.now().saturating_add(EARLY) {
            return Ok(Some(kept.access_token.expose().into()));
        }
        let Some(refresh_token) = kept.refresh_token else { return Ok(None) };
        match self.refresh(&refresh_token).await {
            Ok(renewed) => {
                // RFC 6749, 6: without a new refresh token the old one goes on.
                let refresh_token = renewed.refresh_token.or(Some(refresh_token));
                let renewed = Tokens { refresh_token, ..renewed };
                if let Err(error) = locked.write(&renewed) {
                    tracing::warn!(%error, "the renewed sign-in to Backstage is not kept: the next login signs in again");
                }
                Ok(Some(renewed.access_token.expose().into()))
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

    /// Forgets what is kept, and has Backstage revoke the refresh token (RFC 7009), as far as it answers; whether there was anything.
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

    /// A token whose life Backstage does not tell serves at once and is not relied on afterwards.
    fn tokens(&self, answer: &BasicTokenResponse) -> Tokens {
        let life =
            answer.expires_in().map_or(Duration::ZERO, |life| life.try_into().unwrap_or(Duration::MAX));
        Tokens {
            access_token: answer.access_token().secret().as_str().into(),
            expires_at: self.clock.now().saturating_add(life),
            refresh_token: answer.refresh_token().map(|token| token.secret().as_str().into()),
        }
    }
}

/// Where Backstage is an OAuth server.
fn base(api: &BackendApi) -> String {
    format!("{}/api/auth/v1", api.address())
}

/// Not that of somebody in between who is away, or busy.
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
