//! The helper's calls to the backend, and one to Backstage's own auth.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

pub mod displayable;
mod helper_exchange;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use actix_web::http::header::HttpDate;
use hyper::StatusCode;
use hyper::header::{ACCEPT, COOKIE, DATE, HeaderMap, RETRY_AFTER};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use url::form_urlencoded;

pub use self::displayable::{displayable, harmless};
use crate::clock::Clock;
use crate::outbound::http_client::{Answer, Deadlines, HttpClient, Request};
use crate::outbound::request_context::REQUEST_ID;
use crate::outbound::{self, OutboundError};
use crate::protocol::{
    BASE_PATH, Code, DisconnectedResponse, ExchangeRequest, ExchangeResponse, Info, RegisterRequest,
    RegisterResponse, SessionResponse, StatusResponse, WireSecret,
};
use crate::random::{NoRandomness, Random, random_secret};
use crate::settings::login::{DEFAULT_BACKSTAGE_URL, LoginSettings};
use crate::settings::{SettingsError, checked_url};

/// The deadlines of a call, unless it has its own: the backend may have to ask Backstage or the identity provider.
const DEADLINES: Deadlines = Deadlines { connect: Duration::from_secs(5), whole: Duration::from_secs(15) };

/// The deadline of a call for which the backend may need a whole exchange lease of 30 s, or wait for a refresh.
const PATIENT: Duration = Duration::from_secs(35);

/// The deadline of a call that the backend answers from its store.
const QUICK: Duration = Duration::from_secs(10);

/// Why a call has no usable answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ApiError {
    /// No answer came, or an unreadable one.
    #[error(transparent)]
    NoAnswer(#[from] OutboundError),
    /// The server refused.
    #[error("{0}")]
    Refused(Refusal),
}

/// An answer that says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The backend's code, if it is a known one.
    pub code: Option<Code>,
    /// The backend's message, made safe to show.
    pub message: Option<String>,
    /// How long to wait before a retry.
    pub retry_after: Option<Duration>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Some(message) => write!(f, "{message}")?,
            None => write!(f, "answered with status {}", self.status)?,
        }
        self.code.map_or(Ok(()), |code| write!(f, " ({})", code.as_str()))
    }
}

impl Refusal {
    /// Whether the same request may succeed later.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self.status, 429 | 502..=504)
    }
}

/// Why no client for the backend could be built.
#[derive(Debug, thiserror::Error)]
pub enum NoConnection {
    /// A setting cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] NoRandomness),
}

/// An answer with the sender's time, as the clocks of the two machines may differ.
pub struct Dated<T> {
    /// The answer.
    pub body: T,
    /// The sender's time (`Date`, RFC 9110, 6.6.1), or ours without that header.
    pub sent_at: OffsetDateTime,
}

/// A client of the backend below one Backstage URL.
#[derive(Clone)]
pub struct BackendApi {
    client: HttpClient,
    backstage_url: String,
    request_id: String,
    clock: Arc<dyn Clock>,
}

impl BackendApi {
    /// A client of the configured backend. Sends nothing yet; all its calls carry the same request id, which the backend logs.
    ///
    /// # Errors
    /// When `BACKSTAGE_URL` or the file of root certificates cannot be used, and without randomness.
    pub fn connect(
        settings: &LoginSettings,
        random: &dyn Random,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, NoConnection> {
        let insecure = &settings.insecure_http_hosts;
        for host in insecure {
            tracing::warn!(host, "plain http is allowed to this host");
        }
        let url = checked_url("BACKSTAGE_URL", &settings.backstage_url, insecure)?;
        let tls = outbound::trusting_system_and(settings.ca_file.as_deref())
            .map_err(|reason| SettingsError(format!("--ca-file: {reason}.")))?;
        let request_id = random_secret(random)?.expose().to_owned();
        tracing::info!(request_id, "the backend logs these calls under this request id");
        let backstage_url = url.as_str().trim_end_matches('/').to_owned();
        Ok(Self {
            client: HttpClient::new(&tls, &settings.http_proxies()?, DEADLINES),
            backstage_url,
            request_id,
            clock: Arc::clone(clock),
        })
    }

    /// A copy for another login, with a new request id.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn for_another_login(&self, random: &dyn Random) -> Result<Self, NoRandomness> {
        Ok(self.under_request_id(random_secret(random)?.expose()))
    }

    /// A copy for a login that has a request id already.
    #[must_use]
    pub fn under_request_id(&self, request_id: &str) -> Self {
        Self { request_id: request_id.to_owned(), ..self.clone() }
    }

    /// The request id of these calls.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The Backstage URL.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.backstage_url
    }

    /// The HTTP client.
    #[must_use]
    pub fn http(&self) -> &HttpClient {
        &self.client
    }

    /// The time of day.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// Asks Backstage whether it would accept this authorization request from a browser (RFC 6749, 3.1): any answer but a refusal means
    /// yes.
    ///
    /// # Errors
    /// As [`ApiError`].
    pub async fn would_authorize(&self, authorize_url: &WireSecret) -> Result<(), ApiError> {
        let answer = self.labelled(self.client.get(authorize_url.expose())).within(QUICK).send().await?;
        if answer.status.is_redirection() || answer.status.is_success() {
            return Ok(());
        }
        Err(ApiError::Refused(refusal(&answer)))
    }

    /// `GET /info`.
    ///
    /// # Errors
    /// As [`ApiError`].
    pub async fn info(&self) -> Result<Info, ApiError> {
        let request = self.client.get(&self.url("/info")).within(QUICK);
        read(&self.labelled(request).send().await?)
    }

    /// Begins a session. Without a token only a backend in development mode accepts it.
    ///
    /// # Errors
    /// As [`ApiError`].
    pub async fn register(
        &self,
        backstage_token: Option<&SecretString>,
        cluster: Option<&str>,
    ) -> Result<Dated<RegisterResponse>, ApiError> {
        let request = self.as_user(self.client.post(&self.url("/register")), backstage_token);
        let body = RegisterRequest { cluster: cluster.map(str::to_owned), return_to: None };
        self.dated(&request.send_json(&body).await?)
    }

    /// The state of a session.
    ///
    /// # Errors
    /// As [`ApiError`].
    pub async fn session(&self, token: &WireSecret) -> Result<Dated<SessionResponse>, ApiError> {
        let request = self.labelled(self.client.get(&self.url("/session"))).bearer_auth(token.expose());
        self.dated(&request.send().await?)
    }

    /// The state of a session, as soon as it changes; unchanged after `wait` seconds, which are at most 25.
    ///
    /// # Errors
    /// As [`ApiError`].
    pub async fn session_change(&self, token: &WireSecret, wait: u8) -> Result<SessionResponse, ApiError> {
        let request = self.client.get(&self.url(&format!("/session?wait={wait}"))).within(PATIENT);
        read(&self.labelled(request).bearer_auth(token.expose()).send().await?)
    }

    /// Cancels a session.
    ///
    /// # Errors
    /// As [`ApiError`].
    pub async fn cancel(&self, token: &WireSecret) -> Result<SessionResponse, ApiError> {
        let request = self.labelled(self.client.delete(&self.url("/session"))).bearer_auth(token.expose());
        read(&request.send().await?)
    }

    /// Hands the callback to the backend.
    ///
    /// # Errors
    /// As [`ApiError`].
    pub async fn exchange(
        &self,
        token: &WireSecret,
        body: &ExchangeRequest,
    ) -> Result<ExchangeResponse, ApiError> {
        let request = self.client.post(&self.url("/exchange")).within(PATIENT);
        let request = self.labelled(request).bearer_auth(token.expose());
        read(&request.send_json(body).await?)
    }

    /// The clusters, and the user's login at each.
    ///
    /// # Errors
    /// As [`ApiError`].
    pub async fn status(&self, user_token: Option<&SecretString>) -> Result<StatusResponse, ApiError> {
        let request = self.as_user(self.client.get(&self.url("/status")).within(QUICK), user_token);
        read(&request.send().await?)
    }

    /// Revokes and deletes the user's login at one cluster or at all clusters.
    ///
    /// # Errors
    /// As [`ApiError`].
    pub async fn disconnect(
        &self,
        user_token: Option<&SecretString>,
        cluster: Option<&str>,
    ) -> Result<DisconnectedResponse, ApiError> {
        let mut url = self.url("/tokens");
        if let Some(cluster) = cluster {
            url.push_str("?cluster=");
            url.extend(form_urlencoded::byte_serialize(cluster.as_bytes()));
        }
        read(&self.as_user(self.client.delete(&url).within(PATIENT), user_token).send().await?)
    }

    /// Trades the browser's Backstage cookie for a user token, as Backstage's own page does.
    ///
    /// # Errors
    /// As [`ApiError`].
    pub async fn user_token(
        &self,
        provider: &str,
        environment: &str,
        cookie: &SecretString,
    ) -> Result<SecretString, ApiError> {
        let url = format!("{}/api/auth/{provider}/refresh?env={environment}", self.backstage_url);
        let request = self
            .labelled(self.client.get(&url))
            .header(COOKIE, cookie.expose_secret())
            .header("x-requested-with", "XMLHttpRequest");
        let answer: RefreshResponse = read(&request.send().await?)?;
        Ok(answer.backstage_identity.token)
    }

    fn url(&self, call: &str) -> String {
        format!("{}{BASE_PATH}{call}", self.backstage_url)
    }

    fn labelled(&self, request: Request) -> Request {
        request.header(ACCEPT, "application/json").header(REQUEST_ID, self.request_id.as_str())
    }

    fn as_user(&self, request: Request, user_token: Option<&SecretString>) -> Request {
        let request = self.labelled(request);
        match user_token {
            Some(token) => request.bearer_auth(token.expose_secret()),
            None => request,
        }
    }

    fn dated<T: DeserializeOwned>(&self, answer: &Answer) -> Result<Dated<T>, ApiError> {
        let sent_at = date(&answer.headers).unwrap_or_else(|| self.clock.now());
        Ok(Dated { body: read(answer)?, sent_at })
    }
}

/// The part of Backstage's answer that is needed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RefreshResponse {
    backstage_identity: BackstageIdentity,
}

#[derive(Deserialize)]
struct BackstageIdentity {
    token: SecretString,
}

fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, ApiError> {
    if answer.status != StatusCode::OK {
        return Err(ApiError::Refused(refusal(answer)));
    }
    Ok(answer.json()?)
}

/// Reads a refusal as far as it can: Backstage's own errors have no code, and a proxy's has an unknown body.
fn refusal(answer: &Answer) -> Refusal {
    #[derive(Deserialize)]
    struct Body {
        error: Detail,
    }
    #[derive(Deserialize)]
    struct Detail {
        message: Option<String>,
        code: Option<serde_json::Value>,
    }
    let detail = serde_json::from_slice::<Body>(&answer.body).ok().map(|body| body.error);
    let (message, code) = detail.map_or((None, None), |detail| (detail.message, detail.code));
    let seconds = answer.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    Refusal {
        status: answer.status.as_u16(),
        code: code.and_then(|code| serde_json::from_value(code).ok()),
        message: message.map(|message| displayable(&message)),
        retry_after: seconds.map(Duration::from_secs),
    }
}

fn date(headers: &HeaderMap) -> Option<OffsetDateTime> {
    let date: HttpDate = headers.get(DATE)?.to_str().ok()?.parse().ok()?;
    Some(OffsetDateTime::from(SystemTime::from(date)))
}

/// The sentence for a backend that cannot be reached. It ends with the advice of the network error, if that has one, else with a
/// general one.
#[must_use]
pub fn unreachable_sentence(backend: &str, reason: &ApiError) -> String {
    match reason {
        ApiError::NoAnswer(OutboundError::NotConnected(failure)) if failure.says_what_to_do() => {
            format!("There is no backend to be reached at {backend}: {failure}.")
        }
        reason if backend == DEFAULT_BACKSTAGE_URL => format!(
            "There is no backend to be reached at {backend} ({reason}), which is asked where no other is named: name your Backstage with \
             --backend or BACKSTAGE_URL."
        ),
        reason => format!(
            "There is no backend to be reached at {backend} ({reason}): check that address (--backend, BACKSTAGE_URL) and your network."
        ),
    }
}

#[cfg(test)]
mod tests;
