//! What `status`, `logout` and `import` share: identifying the user at a backend, and retrying until it answers.

pub mod import;
pub mod logout;
pub mod shown_time;
pub mod status;

use std::cell::Cell;
use std::future::Future;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use secrecy::SecretString;

use super::HelperError;
use super::backend_client::{ApiError, BackendApi, Refusal};
use super::confirmation::in_terminal;
use super::sign_in::SignInError;
use super::sign_in::credential::{TradeError, UserCredential};
use super::terminal::Terminal;
use super::terminal::keyboard::Keyboard;
use super::terminal::tools::Tools;
use crate::outbound::OutboundError;
use crate::protocol::Code;
use crate::settings::SettingsError;
use crate::settings::login::LoginSettings;
use crate::stop_signal::stop_requested;

/// The wait before the first retry; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(300);

/// The number of retries: about five seconds in all, as the user is waiting.
const RETRIES: usize = 4;

/// The longest `Retry-After` that is waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What a person reads after Ctrl-C.
const INTERRUPTED: &str =
    "Interrupted before the backend had answered: run this again to see where things stand.";

/// A user's account at a backend.
pub struct Account<'t> {
    /// The backend.
    pub api: BackendApi,
    /// The user's token; none in development mode.
    pub user_token: Option<SecretString>,
    terminal: &'t Terminal,
}

impl<'t> Account<'t> {
    /// Identifies the user. A backend that was never confirmed on this machine is sent nothing unless the user confirms it now.
    ///
    /// # Errors
    /// When a setting cannot be used, the backend is not confirmed, or Backstage does not accept the cookie.
    pub async fn open(settings: &LoginSettings, tools: &'t Tools) -> Result<Self, HelperError> {
        let (credential, api) = Self::connect(settings, tools)?;
        let trust = tools.backend_trust(&api, settings)?;
        in_terminal::confirm(&trust, (settings, tools), &mut Keyboard::default()).await?;
        Self::identified(credential, api, (settings, tools)).await
    }

    /// Identifies the user at a backend that was confirmed on this machine before. Any other is sent nothing, and nothing is asked.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_confirmed_before(
        settings: &LoginSettings,
        tools: &'t Tools,
    ) -> Result<Self, HelperError> {
        let (credential, api) = Self::connect(settings, tools)?;
        in_terminal::confirmed_before(&tools.backend_trust(&api, settings)?, settings)?;
        Self::identified(credential, api, (settings, tools)).await
    }

    /// What is there before anything is sent.
    fn connect(settings: &LoginSettings, tools: &Tools) -> Result<(UserCredential, BackendApi), HelperError> {
        let credential = UserCredential::choose(settings)?;
        if settings.backstage_session_token.is_some() && matches!(credential, UserCredential::Nothing) {
            return Err(SettingsError(
                "A session token is only good for its own login: leave it out, and set \
                 BACKSTAGE_TOKEN, or BACKSTAGE_SESSION to your browser's Backstage cookie."
                    .to_owned(),
            )
            .into());
        }
        Ok((credential, BackendApi::connect(settings, tools.random.as_ref(), &tools.clock)?))
    }

    async fn identified(
        credential: UserCredential,
        api: BackendApi,
        (settings, tools): (&LoginSettings, &'t Tools),
    ) -> Result<Self, HelperError> {
        let client = tools.backstage_client(&api, settings)?;
        let credential = match credential.or_kept(&client, tools.state_folder.as_deref()).await {
            Ok(credential) => credential,
            // No answer of OAuth's, where Backstage refreshes nothing any more: no one is signed in.
            Err(SignInError::NoAnswer(ApiError::NoAnswer(OutboundError::NotJson))) => UserCredential::Nothing,
            Err(SignInError::NoAnswer(error)) => return Err(given_up(&api, error)),
            Err(error) => return Err(HelperError::refused(None, error.to_string())),
        };
        let user_token = credential.token(&api).await.map_err(|error| match error {
            TradeError::Refused(sentence) => HelperError::refused(None, sentence),
            TradeError::NoAnswer(error) => given_up(&api, error),
        })?;
        Ok(Self { api, user_token, terminal: &tools.terminal })
    }

    /// Deletes the kept sign-in to Backstage, and returns whether there was one.
    ///
    /// # Errors
    /// When the file that keeps it cannot be used.
    pub async fn forget_sign_in(&self, settings: &LoginSettings, tools: &Tools) -> Result<bool, HelperError> {
        let Some(folder) = &tools.state_folder else { return Ok(false) };
        let client = tools.backstage_client(&self.api, settings)?;
        Ok(client.forget(&client.token_file(folder)).await?)
    }

    /// The backend's answer to a call, which is retried after temporary failures.
    ///
    /// # Errors
    /// When the backend refuses, or does not answer after the retries.
    pub async fn answer<T, F>(&self, call: impl FnMut() -> F) -> Result<T, HelperError>
    where
        F: Future<Output = Result<T, ApiError>>,
    {
        let backoff =
            ExponentialBuilder::new().with_min_delay(FIRST_WAIT).with_max_times(RETRIES).with_jitter();
        let told = Cell::new(false);
        let answer = call
            .retry(backoff)
            .when(may_pass)
            .adjust(|error, wait| wait.map(|wait| wait.max(at_least(error))).filter(|w| *w <= LONGEST_WAIT))
            .notify(|reason, _| {
                if !told.replace(true) {
                    let sentence =
                        format!("The backend does not answer yet ({reason}); trying a little longer.");
                    self.terminal.say(&sentence);
                }
            });
        answer.await.map_err(|error| given_up(&self.api, error))
    }
}

/// Runs work until it is done or the program is told to stop.
///
/// # Errors
/// Those of `work`; [`HelperError::Interrupted`].
pub async fn unless_interrupted<T>(
    work: impl Future<Output = Result<T, HelperError>>,
) -> Result<T, HelperError> {
    tokio::select! {
        // Work that waits for a browser ends itself, and knows what to do with its tab.
        biased;
        done = work => done,
        _ = stop_requested() => Err(HelperError::Interrupted(INTERRUPTED)),
    }
}

/// Whether a failure is temporary: network errors, 429, 502 to 504 and `exchange_in_progress` are. A wrong certificate, or an answer of another server, is not.
fn may_pass(error: &ApiError) -> bool {
    match error {
        ApiError::NoAnswer(OutboundError::NotConnected(failure)) => failure.may_pass(),
        ApiError::NoAnswer(error) => !matches!(error, OutboundError::NotJson),
        ApiError::Refused(refusal) => refusal.may_pass() || refusal.code == Some(Code::ExchangeInProgress),
    }
}

fn at_least(error: &ApiError) -> Duration {
    match error {
        ApiError::Refused(refusal) => refusal.retry_after.unwrap_or_default(),
        ApiError::NoAnswer(_) => Duration::ZERO,
    }
}

fn given_up(api: &BackendApi, reason: ApiError) -> HelperError {
    match reason {
        ApiError::Refused(Refusal { code: code @ Some(Code::NotSignedIn), .. }) => HelperError::refused(
            code,
            "The backend wants to know who you are: run backstage-oidc-helper login first, or set BACKSTAGE_TOKEN, or BACKSTAGE_SESSION \
             to your browser's Backstage cookie (not_signed_in).",
        ),
        ApiError::Refused(refusal) if !is_from_intermediary(&refusal) => {
            HelperError::refused(refusal.code, format!("The backend says no: {refusal}"))
        }
        reason => HelperError::Unreachable { backend: api.address().to_owned(), reason },
    }
}

/// Whether a proxy, or a Backstage without the backend, answered in place of the backend.
fn is_from_intermediary(refusal: &Refusal) -> bool {
    refusal.code.is_none() && matches!(refusal.status, 404 | 502..=504)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbound::connect_failure::ConnectFailure;

    fn refusal(status: u16, code: Option<Code>, retry_after: Option<Duration>) -> ApiError {
        ApiError::Refused(Refusal { status, code, message: None, retry_after })
    }

    #[test]
    fn what_may_pass_is_tried_again_and_nothing_else() {
        for status in [429, 502, 503, 504] {
            assert!(may_pass(&refusal(status, None, None)), "{status}");
        }
        for status in [400, 401, 403, 404, 409, 500, 501, 505] {
            assert!(!may_pass(&refusal(status, None, None)), "{status}");
        }
        assert!(may_pass(&refusal(409, Some(Code::ExchangeInProgress), None)));
        assert!(may_pass(&ApiError::NoAnswer(OutboundError::TimedOut)));
        assert!(!may_pass(&ApiError::NoAnswer(OutboundError::NotJson)));
        assert!(may_pass(&ApiError::NoAnswer(OutboundError::NotConnected(ConnectFailure::TimedOut))));
        let proxy = "proxy:1".to_owned();
        let no_password = ConnectFailure::ProxyWantsCredentials { proxy, variable: "HTTPS_PROXY" };
        assert!(!may_pass(&ApiError::NoAnswer(OutboundError::NotConnected(no_password))));
    }

    #[test]
    fn the_backend_says_how_long_to_wait() {
        let seven = Duration::from_secs(7);
        assert_eq!(at_least(&refusal(429, None, Some(seven))), seven);
    }

    #[test]
    fn a_proxys_page_is_not_the_backends_word() {
        let of = |error| match error {
            ApiError::Refused(refusal) => is_from_intermediary(&refusal),
            ApiError::NoAnswer(_) => true,
        };
        assert!(of(refusal(502, None, None)) && of(refusal(404, None, None)));
        assert!(!of(refusal(502, Some(Code::IdpUnreachable), None)) && !of(refusal(403, None, None)));
    }
}
