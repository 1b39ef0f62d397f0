//! Who is calling: a user, or a trusted plugin on behalf of one. In development everybody is the one user there is.

mod backstage_keys;
mod plugin_token;
mod signed_token;
mod user_token;
mod verified_tokens;

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;
use prometheus::Histogram;

use self::backstage_keys::BackstageKeys;
pub use self::plugin_token::OnBehalf;
use self::plugin_token::Refused;
use self::signed_token::{Unverified, UnverifiedToken};
use self::verified_tokens::VerifiedTokens;
use crate::backstage_names::UserRef;
use crate::clock::Clock;
use crate::outbound::OutboundError;
use crate::outbound::http_client::HttpClient;
use crate::problem::Problem;
use crate::protocol::{Code, WireSecret};
use crate::random::Digest;
use crate::settings::backend::{BackendSettings, CallerMode};
use crate::telemetry::AUDIT;

/// A user who is signed in to Backstage.
pub struct Caller {
    /// Who.
    pub user: UserRef,
    /// Their own token; none in development.
    pub token: Option<WireSecret>,
}

/// A caller that may see what belongs to a user.
pub enum UserOrOnBehalf {
    /// The user.
    User(Caller),
    /// A trusted plugin that acts for the user.
    OnBehalf(OnBehalf),
}

impl UserOrOnBehalf {
    /// The user that the request is for.
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

/// Finds out who calls, by the bearer credential of the request.
pub struct Callers {
    mode: CallerMode,
    issuer: Option<String>,
    keys: BackstageKeys,
    clock: Arc<dyn Clock>,
    users: VerifiedTokens<UserRef>,
    plugins: VerifiedTokens<OnBehalf>,
    /// Those of users inside plugins' tokens, which are good nowhere else.
    limited_users: VerifiedTokens<UserRef>,
}

impl Callers {
    /// As the settings say; Backstage's keys are fetched with `http` when the first token comes.
    #[must_use]
    pub fn new(
        settings: &BackendSettings,
        clock: &Arc<dyn Clock>,
        http: &HttpClient,
        seconds: &Histogram,
    ) -> Self {
        Self {
            mode: settings.callers.clone(),
            issuer: settings.backstage_issuer.clone(),
            keys: BackstageKeys::new(settings, clock, http, seconds),
            clock: Arc::clone(clock),
            users: VerifiedTokens::default(),
            plugins: VerifiedTokens::default(),
            limited_users: VerifiedTokens::default(),
        }
    }

    /// Finds out which user calls; no plugin may.
    ///
    /// # Errors
    /// `not_signed_in` without a credential, `token_invalid` with one that does not count, `timeout` when Backstage's keys cannot
    /// be fetched.
    pub async fn user(&self, request: &HttpRequest) -> Result<Caller, Problem> {
        if let Some(developer) = self.developer() {
            return Ok(developer);
        }
        let token = required_bearer(request)?;
        let name = verified_tokens::name(&token);
        if let Some(known) = self.users.recall(&name, self.clock.now()).await {
            return Ok(Caller { user: known.what.clone(), token: Some(token) });
        }
        let unverified = UnverifiedToken::read(&token).map_err(|flaw| user_problem(flaw.into()))?;
        let user = self.user_token(name, &unverified).await.map_err(user_problem)?;
        Ok(Caller { user, token: Some(token) })
    }

    /// In development, the caller of every request.
    fn developer(&self) -> Option<Caller> {
        match &self.mode {
            CallerMode::Backstage => None,
            CallerMode::DevUser(user) => Some(Caller { user: user.clone(), token: None }),
        }
    }

    /// Finds out which user calls, or on which user's behalf a trusted plugin does.
    ///
    /// # Errors
    /// Those of [`Self::user`], and `plugin_not_trusted`.
    pub async fn user_or_on_behalf(&self, request: &HttpRequest) -> Result<UserOrOnBehalf, Problem> {
        self.identify(request).await.map_err(|refusal| match refusal {
            Refusal::OfUser(problem) => problem,
            Refusal::OfPlugin(problem) => audited(problem, None),
        })
    }

    /// Finds out on which user's behalf a trusted plugin calls; no user may.
    ///
    /// # Errors
    /// Those of [`Self::user_or_on_behalf`]; `not_allowed` for a user, and in development.
    pub async fn on_behalf(&self, request: &HttpRequest) -> Result<OnBehalf, Problem> {
        match self.identify(request).await {
            Ok(UserOrOnBehalf::OnBehalf(caller)) => Ok(caller),
            Ok(UserOrOnBehalf::User(caller)) => Err(audited(self.not_for_users(), Some(&caller.user))),
            Err(Refusal::OfUser(problem) | Refusal::OfPlugin(problem)) => Err(audited(problem, None)),
        }
    }

    /// Reads the credential once, and verifies it as what it says it is, unless that is known.
    async fn identify(&self, request: &HttpRequest) -> Result<UserOrOnBehalf, Refusal> {
        if let Some(developer) = self.developer() {
            return Ok(UserOrOnBehalf::User(developer));
        }
        let token = required_bearer(request).map_err(Refusal::OfUser)?;
        let (name, now) = (verified_tokens::name(&token), self.clock.now());
        if let Some(known) = self.plugins.recall(&name, now).await {
            return Ok(UserOrOnBehalf::OnBehalf(known.what.clone()));
        }
        if let Some(known) = self.users.recall(&name, now).await {
            return Ok(UserOrOnBehalf::User(Caller { user: known.what.clone(), token: Some(token) }));
        }
        self.verified(token, name).await
    }

    async fn verified(&self, token: WireSecret, name: Digest) -> Result<UserOrOnBehalf, Refusal> {
        let of_user = |error| Refusal::OfUser(user_problem(error));
        let unverified = UnverifiedToken::read(&token).map_err(|flaw| of_user(flaw.into()))?;
        if plugin_token::is_one(&unverified) {
            let verified = self.plugin_token(name, &unverified).await;
            return verified
                .map(UserOrOnBehalf::OnBehalf)
                .map_err(|refused| Refusal::OfPlugin(plugin_problem(refused)));
        }
        let user = self.user_token(name, &unverified).await.map_err(of_user)?;
        Ok(UserOrOnBehalf::User(Caller { user, token: Some(token) }))
    }

    async fn user_token(
        &self,
        name: Digest,
        unverified: &UnverifiedToken<'_>,
    ) -> Result<UserRef, Unverified> {
        let (keys, issuer) = (self.keys.of_auth(), self.issuer.as_deref());
        let verified = user_token::verify(unverified, keys, issuer, self.clock.now()).await?;
        Ok(self.users.remember(name, verified).what.clone())
    }

    async fn plugin_token(
        &self,
        name: Digest,
        unverified: &UnverifiedToken<'_>,
    ) -> Result<OnBehalf, Refused> {
        let (keys, issuer) = ((&self.keys, &self.limited_users), self.issuer.as_deref());
        let verified = plugin_token::verify(unverified, keys, issuer, self.clock.now()).await?;
        Ok(self.plugins.remember(name, verified).what.clone())
    }

    fn not_for_users(&self) -> Problem {
        let why = match self.mode {
            CallerMode::DevUser(_) => {
                "With CLUSTER_AUTH_DEV_USER every program on this machine would get the token, so none does: run the backend beside a Backstage."
            }
            CallerMode::Backstage => {
                "This is for trusted plugins that act for a user, never for users themselves: use the Kubernetes proxy, or Backstage's Kubernetes tab."
            }
        };
        Problem::new(Code::NotAllowed, why)
    }
}

/// Why a request has no caller.
enum Refusal {
    /// It shows no user's token that counts.
    OfUser(Problem),
    /// It shows a plugin's token, which does not count.
    OfPlugin(Problem),
}

fn required_bearer(request: &HttpRequest) -> Result<WireSecret, Problem> {
    bearer(request).ok_or_else(|| {
        Problem::new(Code::NotSignedIn, "Sign in to Backstage and send its token as Authorization: Bearer.")
    })
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

/// Logs a refusal of what plugins get. A request without a credential, or a Backstage that does not answer, is none.
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
        "Backstage does not answer, so no token can be checked: try again, or tell its operator (BACKSTAGE_URL).",
    )
}
