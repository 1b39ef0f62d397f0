//! Who is calling: a Backstage user token, or in development the one user there is.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;
use jsonwebtoken::{Algorithm, Validation};
use serde::Deserialize;
use time::{Duration, OffsetDateTime};

use super::app::{App, Clients};
use super::key_set::KeySet;
use crate::clock::Clock;
use crate::outbound::OutboundError;
use crate::problem::Problem;
use crate::protocol::{Code, WireSecret};
use crate::settings::backend::Callers;
use crate::user::UserRef;

/// The `typ` of a user token in its JWT header.
const USER_TOKEN: &str = "vnd.backstage.user";
/// The `aud` of a user token.
const USER_AUDIENCE: &str = "backstage";
/// How far Backstage's clock may be from ours.
const LEEWAY: Duration = Duration::seconds(30);

/// A user who is signed in to Backstage.
pub struct Caller {
    /// Who.
    pub user: UserRef,
    /// Their own token; none in development.
    pub token: Option<WireSecret>,
}

/// The keys that Backstage's auth plugin publishes.
pub struct BackstageKeys(KeySet);

impl BackstageKeys {
    /// Knows none yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, seconds: prometheus::Histogram) -> Self {
        Self(KeySet::new(clock, seconds))
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    sub: Option<String>,
    aud: Option<serde_json::Value>,
    exp: Option<i64>,
    iat: Option<i64>,
}

/// The bearer credential of a request, where there is one (RFC 6750, 2.1).
#[must_use]
pub fn bearer(request: &HttpRequest) -> Option<WireSecret> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credential) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| WireSecret::from(credential.trim()))
}

/// Finds out which user calls.
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
    let user = verify(&token, app, clients).await?;
    Ok(Caller { user, token: Some(token) })
}

async fn verify(token: &WireSecret, app: &App, clients: &Clients) -> Result<UserRef, Problem> {
    let header = jsonwebtoken::decode_header(token.expose())
        .map_err(|_| invalid("it is not a JWT signed with ES256"))?;
    if header.crit.is_some() || header.alg != Algorithm::ES256 {
        return Err(invalid("it is not a JWT signed with ES256"));
    }
    // The typ picks the key set: a plugin's or a limited user's token is never looked up among the users' keys.
    if header.typ.as_deref() != Some(USER_TOKEN) {
        return Err(invalid("it is not a user token"));
    }
    let url = format!("{}/api/auth/.well-known/jwks.json", base(app));
    let key = app
        .backstage_keys
        .0
        .find(header.kid.as_deref(), &url, &clients.provider)
        .await
        .map_err(|error| no_keys(&error))?;
    let key = key.ok_or_else(|| invalid("its key is not one that Backstage publishes"))?;
    let mut validation = Validation::new(Algorithm::ES256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let claims = jsonwebtoken::decode::<Claims>(token.expose(), &key, &validation)
        .map_err(|_| invalid("its signature is wrong"))?
        .claims;
    check(&claims, app)
}

fn check(claims: &Claims, app: &App) -> Result<UserRef, Problem> {
    let now = app.clock.now();
    let moment = |seconds: Option<i64>| seconds.and_then(|s| OffsetDateTime::from_unix_timestamp(s).ok());
    if moment(claims.exp).is_none_or(|expires_at| expires_at + LEEWAY <= now) {
        return Err(invalid("it has expired"));
    }
    if moment(claims.iat).is_none_or(|issued_at| issued_at > now + LEEWAY) {
        return Err(invalid("it has no iat, or one in the future"));
    }
    if claims.aud.as_ref().and_then(serde_json::Value::as_str) != Some(USER_AUDIENCE) {
        return Err(invalid("it is not for Backstage"));
    }
    let issuer = &app.settings.backstage_issuer;
    if issuer.is_some() && claims.iss != *issuer {
        return Err(invalid("its issuer is not BACKSTAGE_ISSUER"));
    }
    let sub = claims.sub.as_deref().unwrap_or_default();
    sub.parse().map_err(|_| invalid("it does not name a user"))
}

/// Backstage's address without a slash at the end.
pub(super) fn base(app: &App) -> &str {
    app.settings.backstage_url.as_str().trim_end_matches('/')
}

fn invalid(why: &str) -> Problem {
    Problem::new(
        Code::TokenInvalid,
        format!("This Backstage token does not count here, {why}: sign in to Backstage again."),
    )
}

fn no_keys(error: &OutboundError) -> Problem {
    tracing::warn!(%error, "Backstage's keys cannot be fetched");
    Problem::new(
        Code::Timeout,
        "Backstage does not answer, so nobody's token can be checked: try again, or tell its operator (BACKSTAGE_URL).",
    )
}
