//! `POST /register`: begins a session.

use actix_web::{HttpRequest, web};
use url::Url;

use super::{Authorization, Phase, SessionRecord, catalog_email};
use crate::backend::assembly::{App, Clients};
use crate::backend::inbound::caller::{self, Caller};
use crate::backend::inbound::json_body;
use crate::backend::oidc::AuthorizationSecrets;
use crate::backend::session;
use crate::backstage_names::UserRef;
use crate::problem::Problem;
use crate::protocol::{Code, RegisterRequest, RegisterResponse};
use crate::random::random_secret;
use crate::settings::backend::BackendSettings;
use crate::settings::cluster::IdentityRule;
use crate::telemetry::AUDIT;

/// Begins a session for the caller: everything about the login is decided here, and only the browser's part is left.
///
/// # Errors
/// Those of [`caller::user`], and `unknown_cluster`, `return_to_not_allowed`, `rate_limited`, `idp_unreachable`.
#[utoipa::path(
    post, path = "/register", request_body = Option<RegisterRequest>,
    responses((status = 200, body = RegisterResponse), (status = "4XX", body = crate::protocol::ErrorBody)),
    security(("user" = []))
)]
pub async fn register(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<App>,
    clients: web::Data<Clients>,
) -> Result<web::Json<RegisterResponse>, Problem> {
    let caller = caller::user(&request, &app, &clients).await;
    let caller = caller.map_err(|problem| refuse_stranger(&request, &app, problem))?;
    let answer = begin_counted(&caller, &request, payload, &app, &clients).await;
    let answer = answer.map_err(|problem| audited(&app, Some(&caller.user), problem))?;
    app.metrics.registrations.with_label_values(&["begun"]).inc();
    tracing::info!(target: AUDIT, user = answer.user, cluster = answer.cluster, outcome = "begun", "login");
    Ok(web::Json(answer))
}

/// Refuses a request that shows no valid identity, which counts for its address.
fn refuse_stranger(request: &HttpRequest, app: &App, problem: Problem) -> Problem {
    // Backstage does not answer: that is not the caller's fault.
    if problem.code() == Code::Timeout {
        return audited(app, None, problem);
    }
    let counted = app.rate_limits.count_address(request);
    audited(app, None, counted.err().unwrap_or(problem))
}

/// Counts a refusal, and leaves a line for one that concerns a person. Requests with no token at all are noise, and so are
/// those beyond the limit of an address.
fn audited(app: &App, user: Option<&UserRef>, problem: Problem) -> Problem {
    let code = problem.code();
    app.metrics.registrations.with_label_values(&[code.as_str()]).inc();
    if user.is_some() || code == Code::TokenInvalid {
        let (user, reason) = (user.map(tracing::field::display), problem.message());
        tracing::warn!(target: AUDIT, user, outcome = "not_begun", code = code.as_str(), reason, "login");
    }
    problem
}

async fn begin_counted(
    caller: &Caller,
    request: &HttpRequest,
    payload: web::Payload,
    app: &App,
    clients: &Clients,
) -> Result<RegisterResponse, Problem> {
    app.rate_limits.count_user(&caller.user, request)?;
    begin(caller, json_body::json_or_empty(request, payload).await?, app, clients).await
}

async fn begin(
    caller: &Caller,
    asked: RegisterRequest,
    app: &App,
    clients: &Clients,
) -> Result<RegisterResponse, Problem> {
    let (cluster, provider) = app.cluster_or_only(asked.cluster.as_deref())?;
    let return_to = asked.return_to.map(|target| allowed_target(&target, &app.settings)).transpose()?;
    let catalog_email = match cluster.identity {
        IdentityRule::Catalog => Some(catalog_email::email_of(caller, app, clients).await?),
        IdentityRule::Email(_) | IdentityRule::Template(_) | IdentityRule::Any => None,
    };
    let metadata = provider.metadata(&clients.provider).await?;
    let random = app.random.as_ref();
    let (state, nonce, verifier) = (random_secret(random)?, random_secret(random)?, random_secret(random)?);
    let secrets = AuthorizationSecrets { state: &state, nonce: &nonce, verifier: &verifier };
    let auth_url = provider.authorization_url(&metadata, &secrets)?;
    let record = SessionRecord {
        user: caller.user.to_string(),
        cluster: cluster.name.clone(),
        return_to,
        catalog_email,
        expires_at: (app.clock.now() + app.settings.session_lifetime).truncate_to_second(),
        state,
        phase: Phase::Pending(Authorization { nonce, verifier, auth_url: auth_url.clone() }),
    };
    let session_token = session::begin(app, &caller.user, &record).await?;
    Ok(RegisterResponse {
        session_token,
        auth_url,
        expires_at: record.expires_at,
        user: record.user,
        cluster: record.cluster,
        return_to: record.return_to,
    })
}

/// `returnTo` is a place in Backstage: one of the app's own addresses, or a path there, which is made absolute.
fn allowed_target(target: &str, settings: &BackendSettings) -> Result<String, Problem> {
    let refused = || {
        Problem::new(
            Code::ReturnToNotAllowed,
            "returnTo leads outside Backstage: use an address below BACKSTAGE_APP_URL, or leave it out.",
        )
    };
    let url = settings.app_url.join(target).map_err(|_| refused())?;
    let plain = url.username().is_empty() && url.password().is_none();
    let inside = settings.app_origins.contains(&Url::origin(&url).ascii_serialization());
    if plain && inside { Ok(url.into()) } else { Err(refused()) }
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
        let target = |text: &str| allowed_target(text, &settings).ok();
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
