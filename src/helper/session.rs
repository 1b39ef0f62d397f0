//! Begins a session with the user's own credential, or takes over one that was begun in Backstage.

pub mod auth_url;
pub mod delivery;
#[cfg(test)]
pub(in crate::helper) mod example_login;
pub mod facts;
mod keep_verifier;
pub mod open_session;
pub mod outcome;
pub mod own_exchange;
pub mod pending_login;
pub mod watch;
pub mod which_cluster;

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use self::IdentityCheck::{Compared, NotCompared};
use self::own_exchange::OwnExchange;
use super::backend_client::{ApiError, BackendApi, Dated, Refusal, displayable};
use super::callback::Consent;
use super::sign_in::credential::{TOO_MANY, TradeError, UserCredential};
use crate::helper::HelperError;
use crate::protocol::{Code, RegisterResponse, SessionError, SessionResponse, SessionStatus, WireSecret};
use crate::settings::SettingsError;
use crate::settings::login::LoginSettings;

/// What a session is begun with, or taken over with.
pub enum Credential {
    /// The token of a session that was begun in Backstage.
    SessionToken(WireSecret),
    /// The user's own credential.
    User(UserCredential),
}

impl Credential {
    /// Chooses from the settings; a session token takes precedence over the user's own credential.
    ///
    /// # Errors
    /// When one of them is malformed.
    pub fn choose(settings: &LoginSettings) -> Result<Self, SettingsError> {
        if let Some(token) = &settings.backstage_session_token {
            return session_token(token);
        }
        UserCredential::choose(settings).map(Self::User)
    }

    /// Whether the user must confirm that the login is theirs.
    #[must_use]
    pub fn consent(&self) -> Consent {
        match self {
            Self::SessionToken(_) => Consent::Needed,
            Self::User(_) => Consent::Given,
        }
    }
}

fn session_token(token: &SecretString) -> Result<Credential, SettingsError> {
    let token = WireSecret::from(token.expose_secret());
    if token.is_well_formed() {
        return Ok(Credential::SessionToken(token));
    }
    let advice = if token.expose().contains('.') {
        "a Backstage token goes into BACKSTAGE_TOKEN."
    } else {
        "copy the whole command from Backstage once more."
    };
    Err(SettingsError(format!("BACKSTAGE_SESSION_TOKEN is not a session token: {advice}")))
}

/// Whether the backend compares who logs in with the user to whom the login will belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityCheck {
    /// It does.
    Compared,
    /// It does not (identity rule `any`), or is too old to say.
    NotCompared,
}

/// A pending session.
pub struct Session {
    /// Its token.
    pub token: WireSecret,
    /// The authorization URL that the backend sent.
    pub auth_url: WireSecret,
    /// The Backstage user to whom the login will belong, according to the backend.
    pub user: String,
    /// The cluster's name.
    pub cluster: String,
    /// Where in Backstage the browser goes afterwards.
    pub return_to: Option<String>,
    /// How long until it expires.
    pub remaining: Duration,
    /// Whether the login must be that of the user.
    pub identity: IdentityCheck,
    /// What its code is redeemed with here; none where the backend redeems it.
    pub own_exchange: Option<OwnExchange>,
}

/// Begins a session, or takes the given one over.
///
/// # Errors
/// [`HelperError::NotSignedIn`] when signing in to Backstage may help; otherwise when the backend cannot be reached or refuses, or the
/// session has ended.
pub async fn begin(
    credential: Credential,
    api: &BackendApi,
    cluster: Option<&str>,
) -> Result<Session, HelperError> {
    match credential {
        Credential::SessionToken(token) => take_over(&token, api).await,
        Credential::User(user) => {
            let helped = user.helped_by_sign_in();
            let token = user.token(api).await.map_err(|error| match error {
                TradeError::Refused(sentence) => HelperError::refused(None, sentence),
                TradeError::NoAnswer(error) => refused(api, error),
            })?;
            register(api, token.as_ref(), cluster).await.map_err(|error| match error {
                ApiError::Refused(refusal) if helped.contains(&refusal.status) => {
                    HelperError::NotSignedIn(refusal)
                }
                error => refused(api, error),
            })
        }
    }
}

async fn take_over(token: &WireSecret, api: &BackendApi) -> Result<Session, HelperError> {
    let Dated { body, sent_at } = api.session(token).await.map_err(|e| refused(api, e))?;
    if let Some(over) = over(&body) {
        return Err(over);
    }
    let (SessionStatus::Pending, Some(auth_url)) = (body.status, &body.auth_url) else {
        return Err(HelperError::refused(
            Some(Code::ExchangeInProgress),
            "This session's login is being finished elsewhere: look at Backstage for its outcome.",
        ));
    };
    let auth_url = auth_url.clone();
    let remaining = (body.expires_at - sent_at).try_into().unwrap_or_default();
    let identity = if body.identity_checked { Compared } else { NotCompared };
    let SessionResponse { user, cluster, return_to, .. } = body;
    let token = token.clone();
    Ok(Session { token, auth_url, user, cluster, return_to, remaining, identity, own_exchange: None })
}

/// How a session has ended, in the words for a helper that has not finished it; none while it can be finished.
fn over(session: &SessionResponse) -> Option<HelperError> {
    match session.status {
        SessionStatus::Pending | SessionStatus::Exchanging => None,
        SessionStatus::Expired => Some(HelperError::Expired),
        SessionStatus::Complete => Some(HelperError::refused(
            Some(Code::SessionFinished),
            "This session is connected already: there is nothing left to do.",
        )),
        SessionStatus::Failed => {
            // The backend's sentence says what to do.
            Some(match &session.error {
                Some(SessionError { code, message }) => {
                    HelperError::refused(Some(*code), format!("{} ({})", displayable(message), code.as_str()))
                }
                None => HelperError::refused(None, "This session has failed: begin a new one in Backstage."),
            })
        }
    }
}

async fn register(
    api: &BackendApi,
    token: Option<&SecretString>,
    cluster: Option<&str>,
) -> Result<Session, ApiError> {
    let Dated { body, sent_at } = api.register(token, cluster).await?;
    let remaining = (body.expires_at - sent_at).try_into().unwrap_or_default();
    let identity = if body.identity_checked { Compared } else { NotCompared };
    let RegisterResponse { session_token: token, auth_url, user, cluster, return_to, .. } = body;
    Ok(Session { token, auth_url, user, cluster, return_to, remaining, identity, own_exchange: None })
}

/// The error for a failed call: unreachable without an answer, else the backend's refusal.
fn refused(api: &BackendApi, error: ApiError) -> HelperError {
    match error {
        ApiError::Refused(refusal) if refusal.code == Some(Code::SessionExpired) => HelperError::Expired,
        ApiError::Refused(refusal) if refusal.code == Some(Code::SessionUnknown) => HelperError::refused(
            refusal.code,
            "The backend does not know this session: begin a new one in Backstage and copy its command.",
        ),
        ApiError::Refused(refusal) => {
            HelperError::refused(refusal.code, format!("The backend says no: {refusal}"))
        }
        reason @ ApiError::NoAnswer(_) => {
            HelperError::Unreachable { backend: api.address().to_owned(), reason }
        }
    }
}

/// The error when the sign-in cannot begin either: its own reason, unless the backend told the caller to wait.
#[must_use]
pub fn no_sign_in(refusal: Refusal, reason: HelperError) -> HelperError {
    if refusal.status == TOO_MANY { HelperError::NotSignedIn(refusal) } else { reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Source;

    fn choose(pairs: &[(&str, &str)]) -> Result<Credential, SettingsError> {
        let source = Source::new(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        Credential::choose(&LoginSettings::read(&source).unwrap())
    }

    #[test]
    fn only_a_session_token_needs_consent_and_it_goes_first() {
        let session = "s".repeat(43);
        let both = choose(&[("BACKSTAGE_SESSION_TOKEN", &session), ("BACKSTAGE_TOKEN", "a.b.c")]).unwrap();
        assert_eq!(both.consent(), Consent::Needed);
        let own = choose(&[("BACKSTAGE_TOKEN", "a.b.c"), ("BACKSTAGE_SESSION", "c=d")]).unwrap();
        assert_eq!(own.consent(), Consent::Given);
    }

    #[test]
    fn what_is_no_session_token_is_refused_without_being_repeated() {
        let jwt = choose(&[("BACKSTAGE_SESSION_TOKEN", "aaa.bbb.ccc")]).err().unwrap().to_string();
        assert!(jwt.contains("BACKSTAGE_TOKEN") && !jwt.contains("aaa"), "{jwt}");
        let cut = choose(&[("BACKSTAGE_SESSION_TOKEN", "abc")]).err().unwrap().to_string();
        assert!(cut.contains("once more") && !cut.contains("abc"), "{cut}");
    }
}
