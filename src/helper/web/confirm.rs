//! The helper's link: it leads to a question about the account or the backend, or straight to the identity provider.

use actix_web::http::header::{HOST, HeaderMap, LOCATION, ORIGIN};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use super::answers::{follow, redirect_with_cookie, show_progress, unavailable};
use super::login_lookup::{LoginLookup, Unavailable};
use super::{backstage_callback, pages};
use crate::helper::callback::{Channel, Consent};
use crate::helper::confirmation::question::BackendQuestion;
use crate::helper::session::pending_login::{PendingLogin, Progress};
use crate::helper::sign_in::pending_sign_in::REDIRECT_HOST;
use crate::protocol::WireSecret;

/// The form of the confirm page.
#[derive(Deserialize)]
pub struct Confirmation {
    pub(in crate::helper) csrf: WireSecret,
}

/// `GET /go/{secret}`: shows the question, or redirects to the identity provider if none is needed.
pub async fn go(
    request: HttpRequest,
    secret: web::Path<WireSecret>,
    logins: web::Data<dyn LoginLookup>,
) -> HttpResponse {
    if let Some(question) = logins.question_of_link(&secret) {
        return ask(&question).await;
    }
    if let Some(sign_in) = logins.sign_in_of_link(&secret) {
        return match on_redirect_host(request.headers(), REDIRECT_HOST, &secret) {
            Some(there) => there,
            None => backstage_callback::redirect_to_backstage(&sign_in).await,
        };
    }
    match logins.of_link(&secret).await {
        Ok(Some(login)) => continue_login(&request, &secret, &login, logins.as_ref())
            .await
            .unwrap_or_else(|reason| unavailable(&reason)),
        Ok(None) => pages::not_found().into_response(),
        Err(reason) => unavailable(&reason),
    }
}

async fn continue_login(
    request: &HttpRequest,
    secret: &WireSecret,
    login: &PendingLogin,
    logins: &dyn LoginLookup,
) -> Result<HttpResponse, Unavailable> {
    if let Some(there) = on_redirect_host(request.headers(), login.redirect_host(), secret) {
        return Ok(there);
    }
    Ok(match (login.progress(), login.consent()) {
        (Progress::Waiting, Consent::Given) => to_identity_provider(login),
        (Progress::Waiting, Consent::Needed) => {
            let token = logins.issue_confirm_token(login).await?;
            pages::confirm(&login.facts, &token).into_response()
        }
        (Progress::Delivering(_) | Progress::Ended(_), _) => show_progress(login).await,
    })
}

/// The page with the question about the backend; a browser that comes after the answer is redirected.
async fn ask(question: &BackendQuestion) -> HttpResponse {
    if question.is_confirmed() || question.redirect.is_resolved() {
        return follow(&question.redirect).await;
    }
    match question.issue_form_token() {
        Ok(token) => pages::confirm_backend(&question.backend, &token).into_response(),
        Err(reason) => unavailable(&reason.into()),
    }
}

/// Redirects to the link on the redirect URI's host if the request has another host, since the cookie must be set there.
fn on_redirect_host(headers: &HeaderMap, redirect_host: &str, secret: &WireSecret) -> Option<HttpResponse> {
    let (name, port) = host(headers);
    if name.eq_ignore_ascii_case(redirect_host) {
        return None;
    }
    let link = format!("http://{redirect_host}{port}/go/{}", secret.expose());
    Some(HttpResponse::SeeOther().insert_header((LOCATION, link)).finish())
}

/// The host of a request, and its port with the colon.
fn host(headers: &HeaderMap) -> (&str, &str) {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_port = |text: &str| text.strip_prefix(':').is_some_and(|p| p.bytes().all(|b| b.is_ascii_digit()));
    let (name, port) = host.rfind(':').map_or((host, ""), |at| host.split_at(at));
    if is_port(port) { (name, port) } else { (host, "") }
}

/// `POST /continue`: the click that says "this is me", or "this is my Backstage".
pub async fn click(
    request: HttpRequest,
    form: Result<web::Form<Confirmation>, actix_web::Error>,
    logins: web::Data<dyn LoginLookup>,
) -> HttpResponse {
    let Some(csrf) =
        form.ok().filter(|_| is_from_own_page(request.headers())).map(|form| form.into_inner().csrf)
    else {
        return pages::bad_confirmation().into_response();
    };
    if let Some(question) = logins.redeem_question_token(&csrf) {
        question.confirm(Channel::Browser);
        tracing::info!(backend = %question.backend, "the backend was confirmed on the page");
        return follow(&question.redirect).await;
    }
    match logins.redeem_confirm_token(&csrf).await {
        Ok(Some(login)) => {
            login.give_consent();
            tracing::info!("the account was confirmed on the page");
            match login.progress() {
                Progress::Waiting => to_identity_provider(&login),
                Progress::Delivering(_) | Progress::Ended(_) => show_progress(&login).await,
            }
        }
        Ok(None) => pages::bad_confirmation().into_response(),
        Err(reason) => unavailable(&reason),
    }
}

/// The browser itself sets `Sec-Fetch-Site` and `Origin`; a page cannot forge them.
#[must_use]
pub fn is_from_own_page(headers: &HeaderMap) -> bool {
    let get = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let own_origin = get(HOST.as_str()).map(|host| format!("http://{host}"));
    get("sec-fetch-site") == Some("same-origin")
        && own_origin.is_some()
        && get(ORIGIN.as_str()) == own_origin.as_deref()
}

fn to_identity_provider(login: &PendingLogin) -> HttpResponse {
    redirect_with_cookie(login.cookie(), login.auth_url().text())
}
