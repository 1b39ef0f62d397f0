//! The helper runs on the user's machine: it serves the redirect URI during a login and passes the callback to the backend.
//!
//! The path of one login: [`port`] binds the redirect URI's port, [`session`] begins or takes over a session through
//! [`backend_client`], [`session::auth_url`] is checked, [`web::confirm`] sends the browser to the identity provider,
//! [`web::redirect`] receives and [`callback`] checks the callback, [`session::delivery`] hands it to the backend, and [`web::pages`]
//! show the [`session::outcome`].
//! Before that, the user confirms a backend that was never confirmed on this machine ([`confirmation::trust`],
//! [`login::confirm_backend`]), and signs in to Backstage if no credential is set ([`login::sign_in_first`], with [`sign_in`] as the
//! OAuth client and [`sign_in::token_file`] as its store). The [`proxy`] role serves many logins at once. [`account::status`] and
//! [`account::logout`] work on the logins that the backend keeps, and [`account::import`] brings it those of kubelogin; [`kubectl`] has
//! what kubectl needs to use them.

pub mod account;
pub mod backend_client;
pub mod callback;
pub mod confirmation;
pub mod kubectl;
pub mod login;
pub mod port;
pub mod proxy;
pub mod session;
pub mod sign_in;
pub mod terminal;
pub mod web;

use self::account::import::no_import::NoImport;
use self::backend_client::{ApiError, NoConnection, Refusal, unreachable_sentence};
use self::confirmation::last_backend::LastBackendError;
use self::confirmation::trust::TrustFileError;
use self::kubectl::kubeconfig::refusal::KubeconfigRefusal;
use self::kubectl::no_sign_in::NoSignIn;
use self::port::{ListenError, PORT_TAKEN};
use self::proxy::install::refusal::InstallRefusal;
use self::session::auth_url::BadAuthUrl;
use self::session::outcome::{DENIED, EXPIRED, Failure, Outcome};
use self::sign_in::SignInError;
use self::sign_in::token_file::TokenFileError;
use crate::protocol::{Code, Connected};
use crate::random::NoRandomness;
use crate::settings::SettingsError;

/// Why `login`, `status`, `logout` or `import` fails. Each message is one sentence that names the next step.
#[derive(Debug, thiserror::Error)]
pub enum HelperError {
    /// A setting cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The port of the redirect URI cannot be bound.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// No backend answers at that address.
    #[error("{}", unreachable_sentence(.backend, .reason))]
    Unreachable {
        /// The address that was tried.
        backend: String,
        /// What came instead of an answer.
        reason: ApiError,
    },
    /// The backend accepts none of the credentials that the user has given.
    #[error("The backend says no: {0}")]
    NotSignedIn(Refusal),
    /// The backend, Backstage or the identity provider said no.
    #[error("{sentence}")]
    Refused {
        /// What happened and what to do next.
        sentence: String,
        /// Its code, if there is one.
        code: Option<Code>,
    },
    /// The backend was never confirmed on this machine, and the user did not confirm it now.
    #[error(
        "{name} was never confirmed on this machine, so nothing is sent there: run backstage-oidc-helper login {flags} first."
    )]
    NotConfirmed {
        /// The backend's name.
        name: String,
        /// The flags that lead a command there.
        flags: String,
    },
    /// The file of confirmed backends cannot be used.
    #[error(transparent)]
    TrustFile(#[from] TrustFileError),
    /// The file of the last backend cannot be used.
    #[error(transparent)]
    LastBackend(#[from] LastBackendError),
    /// The file of the Backstage sign-in cannot be used.
    #[error(transparent)]
    TokenFile(#[from] TokenFileError),
    /// The backend sent an authorization URL that no honest backend sends.
    #[error(
        "The backend sent a login address that {0}: do not log in there, tell the admin of this Backstage."
    )]
    AuthUrl(#[from] BadAuthUrl),
    /// The user did not finish the login within `LOGIN_TIMEOUT`.
    #[error(
        "The login was not finished within {0}: run this again, and if the identity provider showed an error of its own, tell the operator (OIDC_CLIENT_ID, OIDC_REDIRECT_URI)."
    )]
    TimedOut(String),
    /// The user did not choose a cluster within `LOGIN_TIMEOUT`.
    #[error("No cluster was chosen within {0}: run this again, or name one with --cluster or CLUSTER.")]
    NoChoice(String),
    /// kubectl gets no token, as the user is not signed in to Backstage and is not asked now.
    #[error(transparent)]
    NoSignIn(#[from] NoSignIn),
    /// The session has expired.
    #[error("{EXPIRED} ({})", Code::SessionExpired.as_str())]
    Expired,
    /// Ctrl-C, or a signal to stop; the command's own sentence.
    #[error("{0}")]
    Interrupted(&'static str),
    /// The proxy is not installed, or not removed.
    #[error(transparent)]
    Install(#[from] InstallRefusal),
    /// Nothing is imported from kubelogin, or not all that was to be.
    #[error(transparent)]
    Import(#[from] NoImport),
    /// No context for kubectl is written.
    #[error(transparent)]
    Kubeconfig(#[from] KubeconfigRefusal),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// The web server cannot be started.
    #[error("The helper's page cannot be served ({0}): run this again.")]
    Serve(#[from] std::io::Error),
    /// Standard output cannot be written.
    #[error("The answer cannot be written ({0}): check where standard output goes.")]
    Output(std::io::Error),
}

impl From<NoConnection> for HelperError {
    fn from(error: NoConnection) -> Self {
        match error {
            NoConnection::Settings(error) => error.into(),
            NoConnection::Random(error) => error.into(),
        }
    }
}

impl HelperError {
    /// A login that failed because the sign-in to Backstage before it failed.
    #[must_use]
    pub fn of_sign_in(error: SignInError, backend: &str) -> Self {
        match error {
            SignInError::NoAnswer(reason) => Self::Unreachable { backend: backend.to_owned(), reason },
            error => Self::refused(None, error.to_string()),
        }
    }

    /// A refusal in these words.
    #[must_use]
    pub fn refused(code: Option<Code>, sentence: impl Into<String>) -> Self {
        Self::Refused { sentence: sentence.into(), code }
    }

    /// For a command's last line: the code stands behind the sentence.
    ///
    /// # Errors
    /// The failure of a login that failed.
    pub fn of_outcome(outcome: Outcome) -> Result<Connected, Self> {
        let (sentence, code) = match outcome {
            Outcome::Connected(connected) => return Ok(connected),
            Outcome::Expired => return Err(Self::Expired),
            Outcome::Denied => (DENIED.to_owned(), Some(Code::AccessDenied)),
            Outcome::Failed(Failure { code, message }) => (message, code),
        };
        let shown = code.map_or_else(String::new, |code| format!(" ({})", code.as_str()));
        Err(Self::refused(code, format!("{sentence}{shown}")))
    }

    /// The code for programs, as docs/errors.md lists them: the backend's, or the helper's own.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Settings(_) => "settings",
            Self::Listen(error) if error.exit_code() == PORT_TAKEN => "port_taken",
            Self::Unreachable { .. } => "backend_unreachable",
            Self::NotSignedIn(Refusal { code: Some(code), .. }) | Self::Refused { code: Some(code), .. } => {
                code.as_str()
            }
            Self::NotSignedIn(_) | Self::Refused { code: None, .. } => "refused",
            Self::NotConfirmed { .. } => "not_confirmed",
            Self::AuthUrl(_) => "wrong_login_address",
            Self::TimedOut(_) => "timed_out",
            Self::NoChoice(_) => "no_cluster_chosen",
            Self::NoSignIn(reason) => reason.code(),
            Self::Expired => Code::SessionExpired.as_str(),
            Self::Interrupted(_) => "interrupted",
            Self::Listen(_)
            | Self::Install(_)
            | Self::Import(_)
            | Self::Kubeconfig(_)
            | Self::TrustFile(_)
            | Self::LastBackend(_)
            | Self::TokenFile(_)
            | Self::Random(_)
            | Self::Serve(_)
            | Self::Output(_) => "this_machine",
        }
    }

    /// The exit code, as docs/errors.md lists them.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NotSignedIn(_)
            | Self::Refused { .. }
            | Self::NotConfirmed { .. }
            | Self::Import(_)
            | Self::TrustFile(_)
            | Self::LastBackend(_)
            | Self::TokenFile(_)
            | Self::AuthUrl(_)
            | Self::Random(_)
            | Self::Serve(_)
            | Self::Output(_) => 1,
            Self::Settings(_) => 2,
            Self::Listen(error) => error.exit_code(),
            Self::Install(refusal) => refusal.exit_code(),
            Self::NoSignIn(reason) => reason.exit_code(),
            Self::Kubeconfig(refusal) => refusal.exit_code(),
            Self::TimedOut(_) | Self::NoChoice(_) | Self::Expired => 4,
            Self::Unreachable { .. } => 5,
            Self::Interrupted(_) => 130,
        }
    }
}
