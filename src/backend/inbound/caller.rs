//! Who is calling: a user, or a trusted plugin on behalf of one. In development everybody is the one user there is.

mod backstage_keys;
mod plugin_token;
mod signed_token;
mod user_token;

pub use self::backstage_keys::BackstageKeys;

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;

use self::plugin_token::Refused;
use self::signed_token::{Unverified, UnverifiedToken};
use crate::backend::assembly::{App, Clients};
use crate::backstage_names::{PluginName, UserRef};
use crate::outbound::OutboundError;
use crate::problem::Problem;
use crate::protocol::{Code, WireSecret};
use crate::settings::backend::Callers;
use crate::telemetry::AUDIT;

/// A user who is signed in to Backstage.
pub struct Caller {
    /// Who.
    pub user: UserRef,
    /// Their own token; none in development.
    pub token: Option<WireSecret>,
}

/// A trusted plugin that acts for a user.
pub struct OnBehalf {
    /// For whom.
    pub user: UserRef,
    /// Which plugin.
    pub plugin: PluginName,
}

/// Whoever may see what belongs to a user.
pub enum UserOrOnBehalf {
    /// The user.
    User(Caller),
    /// A trusted plugin that acts for the user.
    OnBehalf(OnBehalf),
}

impl UserOrOnBehalf {
    /// Whose request it is.
    #[must_use]
    pub fn user(&self) -> &UserRef {
        match self {
            Self::User(caller) => &caller.user,
            Self::OnBehalf(caller) => &caller.user,
        }
    }
}

/// The bearer credential of a request, where there is one (RFC 6750, 2.1).
#[must_use]
pub fn bearer(request: &HttpRequest) -> Option<WireSecret> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credential) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| WireSecret::from(credential.trim()))
}

/// Finds out which user calls; no plugin may.
///
/// # Errors
/// `not_signed_in` without a credential, `token_invalid` with one that does not count, `timeout` when Backstage's keys cannot be fetched.
pub async fn user(request: &HttpRequest, app: &App, clients: &Clients) -> Result<Caller, Problem> {
    if let Callers::DevUser(user) = &app.settings.callers {
        return Ok(Caller { user: user.clone(), token: None });
    }
    let token = bearer(request).ok_or_else(|| {
        Problem::new(Code::NotSignedIn, "Sign in to Backstage and send its token as Authorization: Bearer.")
    })?;
    let unverified = UnverifiedToken::read(&token).map_err(|flaw| user_problem(flaw.into()))?;
    let user = user_token::verify(&unverified, app, clients).await.map_err(user_problem)?;
    Ok(Caller { user, token: Some(token) })
}

/// Finds out which user calls, or on whose behalf a trusted plugin does.
///
/// # Errors
/// Those of [`user`], and `plugin_not_trusted`.
pub async fn user_or_on_behalf(
    request: &HttpRequest,
    app: &App,
    clients: &Clients,
) -> Result<UserOrOnBehalf, Problem> {
    match plugin(request, app, clients).await {
        Some(outcome) => outcome.map(UserOrOnBehalf::OnBehalf),
        None => user(request, app, clients).await.map(UserOrOnBehalf::User),
    }
}

/// Finds out on whose behalf a trusted plugin calls; nobody else may.
///
/// # Errors
/// Those of [`user_or_on_behalf`]; `not_allowed` for a user, and for everybody in development.
pub async fn on_behalf(request: &HttpRequest, app: &App, clients: &Clients) -> Result<OnBehalf, Problem> {
    if let Some(outcome) = plugin(request, app, clients).await {
        return outcome;
    }
    let caller = user(request, app, clients).await.map_err(|problem| audited(problem, None))?;
    let why = match app.settings.callers {
        Callers::DevUser(_) => {
            "With CLUSTER_AUTH_DEV_USER anybody on this machine would get the token, so nobody does: run the backend beside a Backstage."
        }
        Callers::Backstage => {
            "This is for trusted plugins that act for a user, never for users themselves: use the Kubernetes proxy, or Backstage's Kubernetes tab."
        }
    };
    Err(audited(Problem::new(Code::NotAllowed, why), Some(&caller.user)))
}

/// What comes of a plugin's token; nothing for any other credential, and in development, where none is looked at.
async fn plugin(request: &HttpRequest, app: &App, clients: &Clients) -> Option<Result<OnBehalf, Problem>> {
    if let Callers::DevUser(_) = app.settings.callers {
        return None;
    }
    let token = bearer(request)?;
    let unverified = UnverifiedToken::read(&token).ok().filter(plugin_token::is_one)?;
    let outcome = plugin_token::verify(&unverified, app, clients).await;
    Some(outcome.map_err(|refused| audited(plugin_problem(refused), None)))
}

/// Backstage's address without a slash at the end.
pub(in crate::backend) fn base(app: &App) -> &str {
    app.settings.backstage_base()
}

fn user_problem(error: Unverified) -> Problem {
    match error {
        Unverified::NoKeys(error) => no_keys(&error),
        Unverified::Flawed(flaw) => Problem::new(
            Code::TokenInvalid,
            format!("This Backstage token does not count here, {flaw}: sign in to Backstage again."),
        ),
    }
}

fn plugin_problem(refused: Refused) -> Problem {
    let invalid = |whose: &str, flaw| {
        Problem::new(
            Code::TokenInvalid,
            format!(
                "{whose} does not count here, {flaw}: get a new one with getPluginRequestToken, for cluster-auth and on behalf of a user who is signed in."
            ),
        )
    };
    match refused {
        Refused::Token(Unverified::Flawed(flaw)) => invalid("This plugin token", flaw),
        Refused::User(Unverified::Flawed(flaw)) => invalid("The user's token inside this plugin token", flaw),
        Refused::Token(Unverified::NoKeys(error)) | Refused::User(Unverified::NoKeys(error)) => {
            no_keys(&error)
        }
        Refused::NotTrusted(plugin) => {
            let who = plugin.map_or_else(
                || "A plugin without a plain name".to_owned(),
                |name| format!("The plugin {name}"),
            );
            Problem::new(
                Code::PluginNotTrusted,
                format!(
                    "{who} is not trusted with users' tokens: if it should be, ask the operator to add it to BACKSTAGE_TRUSTED_PLUGINS."
                ),
            )
        }
    }
}

/// Leaves a line for a refusal of what plugins get. That nobody called, or that Backstage does not answer, is none.
fn audited(problem: Problem, user: Option<&UserRef>) -> Problem {
    if !matches!(problem.code(), Code::NotSignedIn | Code::Timeout) {
        let (user, outcome) = (user.map(tracing::field::display), problem.code().as_str());
        tracing::warn!(target: AUDIT, user, outcome, reason = problem.message(), "on behalf");
    }
    problem
}

fn no_keys(error: &OutboundError) -> Problem {
    tracing::warn!(%error, "Backstage's keys cannot be fetched");
    Problem::new(
        Code::Timeout,
        "Backstage does not answer, so nobody's token can be checked: try again, or tell its operator (BACKSTAGE_URL).",
    )
}
