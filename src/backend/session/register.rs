//! `POST /register`: begins a session.

use std::sync::Arc;

use actix_web::{HttpRequest, web};
use url::Url;

use super::{Authorization, Phase, SessionRecord, Sessions};
use crate::backend::inbound::caller::{Caller, Callers};
use crate::backend::inbound::json_body;
use crate::backend::inbound::rate_limit::RateLimits;
use crate::backend::logins::catalog_entity::Catalog;
use crate::backend::oidc::clusters::Clusters;
use crate::backend::oidc::{AuthorizationSecrets, Pkce};
use crate::backstage_names::UserRef;
use crate::problem::Problem;
use crate::protocol::{Code, RegisterRequest, RegisterResponse};
use crate::random::random_secret;
use crate::settings::backend::BackendSettings;
use crate::telemetry::AUDIT;
use crate::telemetry::backend_metrics::BackendMetrics;

/// Begins a session for the caller: everything about the login is decided here, and only the browser's part is left.
///
/// # Errors
/// Those of [`Callers::user`], and `unknown_cluster`, `return_to_not_allowed`, `rate_limited`, `idp_unreachable`.
#[utoipa::path(
    post, path = "/register", request_body = Option<RegisterRequest>,
    responses((status = 200, body = RegisterResponse), (status = "4XX", body = crate::protocol::ErrorBody)),
    security(("user" = []))
)]
pub async fn register(
    request: HttpRequest,
    payload: web::Payload,
    registration: web::Data<Registration>,
) -> Result<web::Json<RegisterResponse>, Problem> {
    let caller = registration.callers.user(&request).await;
    let caller = caller.map_err(|problem| registration.refuse_stranger(&request, problem))?;
    let answer = registration.begin_counted(&caller, &request, payload).await;
    let answer = answer.map_err(|problem| registration.audited(Some(&caller.user), problem))?;
    registration.metrics.registrations.with_label_values(&["begun"]).inc();
    tracing::info!(target: AUDIT, user = answer.user, cluster = answer.cluster, outcome = "begun", "login");
    Ok(web::Json(answer))
}

/// Begins sessions.
pub struct Registration {
    /// Who calls.
    pub callers: Arc<Callers>,
    /// How often a user, or an address, may begin one.
    pub limits: RateLimits,
    /// The sessions.
    pub sessions: Arc<Sessions>,
    /// The clusters that a login may be for.
    pub clusters: Arc<Clusters>,
    /// The catalog, where the identity rule asks it.
    pub catalog: Catalog,
    /// Where a browser may go after a login.
    pub return_targets: ReturnTargets,
    /// Counters.
    pub metrics: Arc<BackendMetrics>,
}

impl Registration {
    /// Refuses a request that shows no valid identity, which counts for its address.
    pub(super) fn refuse_stranger(&self, request: &HttpRequest, problem: Problem) -> Problem {
        // Backstage does not answer: that is not the caller's fault.
        if problem.code() == Code::Timeout {
            return self.audited(None, problem);
        }
        let counted = self.limits.count_address(request);
        self.audited(None, counted.err().unwrap_or(problem))
    }

    /// Counts a refusal, and leaves a line for one that concerns a person. Requests with no token at all are noise, and so are
    /// those beyond the limit of an address.
    pub(super) fn audited(&self, user: Option<&UserRef>, problem: Problem) -> Problem {
        let code = problem.code();
        self.metrics.registrations.with_label_values(&[code.as_str()]).inc();
        if user.is_some() || code == Code::TokenInvalid {
            let (user, reason) = (user.map(tracing::field::display), problem.message());
            tracing::warn!(target: AUDIT, user, outcome = "not_begun", code = code.as_str(), reason, "login");
        }
        problem
    }

    async fn begin_counted(
        &self,
        caller: &Caller,
        request: &HttpRequest,
        payload: web::Payload,
    ) -> Result<RegisterResponse, Problem> {
        self.limits.count_user(&caller.user, request)?;
        self.begin(caller, json_body::json_or_empty(request, payload).await?).await
    }

    async fn begin(&self, caller: &Caller, asked: RegisterRequest) -> Result<RegisterResponse, Problem> {
        let cluster = self.clusters.get_or_only(asked.cluster.as_deref())?;
        let return_to = asked.return_to.map(|target| self.return_targets.allowed(&target)).transpose()?;
        let said = self.catalog.said_of(caller, &cluster.settings.identity).await?;
        let metadata = cluster.provider.metadata().await?;
        let random = self.sessions.random.as_ref();
        let (state, nonce, verifier) =
            (random_secret(random)?, random_secret(random)?, random_secret(random)?);
        let secrets = AuthorizationSecrets { state: &state, nonce: &nonce, pkce: Pkce::Verifier(&verifier) };
        let auth_url = cluster.provider.authorization_url(&metadata, &secrets)?;
        let record = SessionRecord {
            user: caller.user.to_string(),
            cluster: cluster.name().to_owned(),
            return_to,
            said,
            expires_at: (self.sessions.clock.now() + self.sessions.lifetime).truncate_to_second(),
            state,
            phase: Phase::Pending(Authorization {
                nonce,
                verifier: Some(verifier),
                auth_url: auth_url.clone(),
            }),
        };
        let session_token = self.sessions.begin(&record).await?;
        Ok(RegisterResponse {
            session_token,
            auth_url,
            expires_at: record.expires_at,
            user: record.user,
            cluster: record.cluster,
            return_to: record.return_to,
            identity_checked: cluster.settings.identity.compares(),
        })
    }
}

/// Where a browser may go after a login: one of the Backstage app's own addresses.
pub struct ReturnTargets {
    app_url: Url,
    origins: Vec<String>,
}

impl ReturnTargets {
    /// As the settings say.
    #[must_use]
    pub fn new(settings: &BackendSettings) -> Self {
        Self { app_url: settings.app_url.clone(), origins: settings.app_origins.clone() }
    }

    /// `returnTo` is a place in Backstage: one of the app's own addresses, or a path there, which is made absolute.
    fn allowed(&self, target: &str) -> Result<String, Problem> {
        let refused = || {
            Problem::new(
                Code::ReturnToNotAllowed,
                "returnTo leads outside Backstage: use an address below BACKSTAGE_APP_URL, or leave it out.",
            )
        };
        let url = self.app_url.join(target).map_err(|_| refused())?;
        let plain = url.username().is_empty() && url.password().is_none();
        let inside = self.origins.contains(&Url::origin(&url).ascii_serialization());
        if plain && inside { Ok(url.into()) } else { Err(refused()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Source;

    #[test]
    fn return_to_stays_in_backstage() {
        let variables = [
            ("BACKSTAGE_APP_URL", "https://portal.example.com"),
            ("OIDC_ISSUER_URL", "https://idp.example/"),
            ("OIDC_CLIENT_ID", "kubernetes"),
        ];
        let pairs = variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        let settings = BackendSettings::read(&Source::new(pairs)).unwrap();
        let targets = ReturnTargets::new(&settings);
        let target = |text: &str| targets.allowed(text).ok();
        assert_eq!(target("/catalog?x=1").as_deref(), Some("https://portal.example.com/catalog?x=1"));
        assert_eq!(target("https://portal.example.com/a").as_deref(), Some("https://portal.example.com/a"));
        for outside in [
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example/",
            "javascript:alert(1)",
            "http://portal.example.com/",
            "https://portal.example.com@evil.example/",
            "https://u:p@portal.example.com/",
        ] {
            assert_eq!(target(outside), None, "{outside}");
        }
    }
}
