//! The step between the helper's link and the identity provider: the question, the click, and the way on.

use std::sync::Arc;

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{HOST, HeaderMap, LOCATION, ORIGIN};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use crate::helper::pages;
use crate::helper::pending_login::{Consent, PendingLogin, Progress, StateCookie};
use crate::helper::redirect::show_progress;
use crate::helper::stage::Stage;
use crate::problem::Problem;
use crate::protocol::{Code, WireSecret};
use crate::random::Random;

/// How long a browser keeps the proof that it was sent to the identity provider: as long as a session lives.
const COOKIE_LIFE: Duration = Duration::minutes(5);

/// The source of randomness, as application data.
pub struct Randomness(pub Arc<dyn Random>);

/// The form of the confirm page.
#[derive(Deserialize)]
pub struct Confirmation {
    csrf: WireSecret,
}

/// `GET /go/{secret}`: to the question, or straight on to the identity provider where none is needed.
///
/// # Errors
/// When there is no randomness.
pub async fn go(
    request: HttpRequest,
    secret: web::Path<WireSecret>,
    stage: web::Data<Stage>,
    random: web::Data<Randomness>,
) -> Result<HttpResponse, Problem> {
    let Some(login) = stage.login().filter(|login| login.is_link_secret(&secret)) else {
        return Ok(pages::not_found().into_response());
    };
    if !is_named(request.headers(), login.redirect_host()) {
        let link = login.link();
        return Ok(HttpResponse::SeeOther().insert_header((LOCATION, link.expose())).finish());
    }
    match (login.progress(), login.consent()) {
        (Progress::Waiting, Consent::Given) => Ok(to_identity_provider(login)),
        (Progress::Waiting, Consent::Needed) => {
            let token = login
                .issue_confirm_token(random.as_ref().0.as_ref())
                .map_err(|error| Problem::new(Code::StoreUnavailable, error.to_string()))?;
            Ok(pages::confirm(&login.facts, &token).into_response())
        }
        (Progress::Delivering | Progress::Ended(_), _) => Ok(show_progress(login).await),
    }
}

/// Whether the browser called us by that name: a cookie must be set under the one that the redirect will come back to.
#[must_use]
pub fn is_named(headers: &HeaderMap, redirect_host: &str) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name.eq_ignore_ascii_case(redirect_host)
}

/// `POST /continue`: the click that says "this is me".
pub async fn click(
    request: HttpRequest,
    form: Result<web::Form<Confirmation>, actix_web::Error>,
    stage: web::Data<Stage>,
) -> HttpResponse {
    let from_own_page = is_from_own_page(request.headers());
    match (form, stage.login()) {
        (Ok(form), Some(login)) if from_own_page && login.redeem_confirm_token(&form.csrf) => {
            login.give_consent();
            tracing::info!("the account was confirmed on the page");
            to_identity_provider(login)
        }
        _ => pages::bad_confirmation().into_response(),
    }
}

/// `Sec-Fetch-Site` and `Origin` are the browser's own word, and no page can forge them.
fn is_from_own_page(headers: &HeaderMap) -> bool {
    let get = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let own_origin = get(HOST.as_str()).map(|host| format!("http://{host}"));
    get("sec-fetch-site") == Some("same-origin")
        && own_origin.is_some()
        && get(ORIGIN.as_str()) == own_origin.as_deref()
}

fn to_identity_provider(login: &PendingLogin) -> HttpResponse {
    sent_away(login.cookie(), login.auth_url().text())
}

/// Sends the browser there, with the proof that it was us who did.
#[must_use]
pub fn sent_away(cookie: &StateCookie, address: &WireSecret) -> HttpResponse {
    let cookie = Cookie::build(cookie.name.as_str(), cookie.value.expose())
        .http_only(true)
        .same_site(SameSite::Lax)
        .path("/")
        .max_age(COOKIE_LIFE)
        .finish();
    HttpResponse::SeeOther().cookie(cookie).insert_header((LOCATION, address.expose())).finish()
}
