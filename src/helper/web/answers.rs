//! Answers that several routes share.

use std::time::Duration;

use actix_web::cookie::{self, Cookie, SameSite};
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse};

use super::deferred_redirect::{DeferredRedirect, Destination};
use super::login_lookup::Unavailable;
use super::pages;
use crate::helper::callback::{BadCallback, StateCookie};
use crate::helper::session::pending_login::{Awaited, PendingLogin, Progress};
use crate::protocol::WireSecret;

/// How long a browser keeps the state cookie: as long as a session lives.
const COOKIE_LIFE: cookie::time::Duration = cookie::time::Duration::minutes(5);

/// How long a callback waits for the outcome before it shows a page that reloads itself.
const CALLBACK_TIMEOUT: Duration = Duration::from_secs(2);

/// The page for logins that cannot be looked up now.
#[must_use]
pub fn unavailable(reason: &Unavailable) -> HttpResponse {
    tracing::warn!(%reason, "the logins cannot be looked up");
    pages::unavailable(reason).into_response()
}

/// Redirects the browser and sets the state cookie.
#[must_use]
pub fn redirect_with_cookie(cookie: &StateCookie, address: &WireSecret) -> HttpResponse {
    let cookie = Cookie::build(cookie.name.as_str(), cookie.value.expose())
        .http_only(true)
        .same_site(SameSite::Lax)
        .path("/")
        .max_age(COOKIE_LIFE)
        .finish();
    HttpResponse::SeeOther().cookie(cookie).insert_header((LOCATION, address.expose())).finish()
}

/// The page for a refused callback.
#[must_use]
pub fn refuse(reason: BadCallback) -> HttpResponse {
    tracing::info!(%reason, "a callback was refused");
    pages::bad_callback(reason).into_response()
}

/// The values of all cookies of that name: another program on localhost may have set one, too.
#[must_use]
pub fn own_cookies(request: &HttpRequest, name: &str) -> Vec<String> {
    request.cookies().map_or_else(
        |_| Vec::new(),
        |cookies| {
            let ours = cookies.iter().filter(|cookie| cookie.name() == name);
            ours.map(|cookie| cookie.value().to_owned()).collect()
        },
    )
}

/// The page with the outcome, or a page that reloads itself if there is none in time.
pub async fn show_progress(login: &PendingLogin) -> HttpResponse {
    if let Some(outcome) = login.outcome_within(CALLBACK_TIMEOUT).await {
        login.mark_outcome_shown();
        return pages::outcome(&login.facts, &outcome).into_response();
    }
    match login.progress() {
        Progress::Waiting => pages::index(&login.facts).into_response(),
        Progress::Delivering(awaited) => pages::still_trying(&login.facts, awaited).into_response(),
        Progress::Ended(_) => pages::still_trying(&login.facts, Awaited::Backend).into_response(),
    }
}

/// Waits for a deferred redirect and follows it.
pub async fn follow(redirect: &DeferredRedirect) -> HttpResponse {
    match redirect.destination().await {
        Destination::Link(link) => HttpResponse::SeeOther().insert_header((LOCATION, link.expose())).finish(),
        Destination::Failure(sentence) => pages::sign_in_failed(&sentence).into_response(),
        Destination::SignedIn => pages::signed_in::page().into_response(),
    }
}
