//! How a login ends, and how the program ends with it.

use super::auth_url::BadAuthUrl;
use crate::helper::backend_client::{ApiError, NoConnection, Refusal, unreachable_sentence};
use crate::helper::port::ListenError;
use crate::helper::sign_in::SignInError;
use crate::protocol::{Code, Connected};
use crate::random::NoRandomness;
use crate::settings::SettingsError;

/// How a login ended, for the page and for the terminal.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The backend holds the tokens.
    Connected(Connected),
    /// The identity provider, or the person there, said no.
    Denied,
    /// The session ended before the backend had answered.
    Expired,
    /// The backend did not accept the login.
    Failed(Failure),
}

/// Why the backend did not accept a login.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The backend's code, where it gave one.
    pub code: Option<Code>,
    /// What happened and what to do next.
    pub message: String,
}

/// Why the program ends without a login. Each is one sentence that names the next step.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// A setting cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The port of the redirect URI cannot be had.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// Nothing that speaks for a backend answers.
    #[error("{}", unreachable_sentence(.backend, .reason))]
    Unreachable {
        /// The address that was tried.
        backend: String,
        /// What came instead.
        reason: ApiError,
    },
    /// Nothing that the backend takes says who the person is.
    #[error("The backend says no: {0}")]
    NotSignedIn(Refusal),
    /// The backend, Backstage or the identity provider said no.
    #[error("{0}")]
    Refused(String),
    /// The backend sent a login address that no honest backend sends.
    #[error(
        "The backend sent a login address that {0}: do not log in there, tell whoever runs this Backstage."
    )]
    AuthUrl(#[from] BadAuthUrl),
    /// Nobody finished the login in `LOGIN_TIMEOUT`.
    #[error("Nobody finished the login within {0}: run this again.")]
    TimedOut(String),
    /// The session's time is over.
    #[error("The session ended before the login was done: begin it again.")]
    Expired,
    /// Ctrl-C, or a signal to stop.
    #[error("Interrupted before the login was done: run this again when you want to go on.")]
    Interrupted,
    /// No randomness.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// The web server cannot be started.
    #[error("The helper's page cannot be served ({0}): run this again.")]
    Serve(#[from] std::io::Error),
}

impl From<NoConnection> for LoginError {
    fn from(error: NoConnection) -> Self {
        match error {
            NoConnection::Settings(error) => error.into(),
            NoConnection::Random(error) => error.into(),
        }
    }
}

impl LoginError {
    /// What it means for a login that the sign-in to Backstage before it has failed.
    #[must_use]
    pub fn of_sign_in(error: SignInError, backend: &str) -> Self {
        match error {
            SignInError::NoAnswer(reason) => Self::Unreachable { backend: backend.to_owned(), reason },
            error => Self::Refused(error.to_string()),
        }
    }

    /// The exit code that `protocol.md` gives to this end.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NotSignedIn(_) | Self::Refused(_) | Self::AuthUrl(_) | Self::Random(_) | Self::Serve(_) => {
                1
            }
            Self::Settings(_) => 2,
            Self::Listen(error) => error.exit_code(),
            Self::TimedOut(_) | Self::Expired => 4,
            Self::Unreachable { .. } => 5,
            Self::Interrupted => 130,
        }
    }
}
