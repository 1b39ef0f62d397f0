//! `POST /start`: Backstage's page hands over a session.

use actix_web::http::header::{LOCATION, ORIGIN};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use url::{Origin, Url};

use super::pages;
use crate::helper::backend_client::displayable;
use crate::helper::proxy::logins::ProxyLogins;
use crate::helper::proxy::logins::begin::{NotBegun, info};
use crate::helper::proxy::logins::confirm_first::{Beginning, begin_when_confirmed};
use crate::helper::session::Credential;
use crate::helper::web::login_lookup::Unavailable;
use crate::protocol::WireSecret;

/// The form that Backstage's page submits.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HandOver {
    session_token: WireSecret,
}

/// Takes over the session if the request comes from Backstage's own page, and redirects to the question about the account, or first to
/// the one about the backend if no login there has succeeded yet.
pub async fn start(
    request: HttpRequest,
    form: Result<web::Form<HandOver>, actix_web::Error>,
    logins: web::Data<ProxyLogins>,
) -> HttpResponse {
    let origin = match origin(&request) {
        Ok(origin) => origin,
        Err(refusal) => return refused(&refusal),
    };
    let token = form.ok().map(|form| form.into_inner().session_token).filter(WireSecret::is_well_formed);
    let Some(token) = token else { return pages::no_session_token().into_response() };
    let there = ProxyLogins::clone(&logins);
    match logins
        .backend
        .thread
        .ask(move |api| async move {
            let api = api.ok_or(NotBegun::NoBackstage)?;
            let api = api.for_another_login(there.random.as_ref()).map_err(Unavailable::from)?;
            let info = info(&there, &api).await?;
            check(&origin, &info.app_url)?;
            let session = Beginning::HandedOver(Credential::SessionToken(token));
            begin_when_confirmed(&there, &api, info, session).await
        })
        .await
    {
        Some(Ok(link)) => redirect_to_link(&link),
        Some(Err(refusal)) => refused(&refusal),
        None => refused(&NotBegun::Stopping),
    }
}

/// Redirects to a link on the request's own host; the link redirects to the redirect URI's host.
#[must_use]
pub fn redirect_to_link(link: &WireSecret) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, format!("/go/{}", link.expose()))).finish()
}

/// The page that says why a login did not begin.
#[must_use]
pub fn refused(refusal: &NotBegun) -> HttpResponse {
    tracing::info!(target: crate::telemetry::AUDIT, outcome = "not_begun", reason = %refusal, "login");
    pages::not_begun(refusal).into_response()
}

/// The origin that the browser sends, which a page cannot forge.
fn origin(request: &HttpRequest) -> Result<String, NotBegun> {
    let mut given = request.headers().get_all(ORIGIN);
    match (given.next().and_then(|origin| origin.to_str().ok()), given.next()) {
        (Some("null"), None) => Err(NotBegun::WrongOrigin(
            "The page that began this login hides where it comes from (Origin: null): Backstage's page must send its \
             origin along, so update the plugin, or look for an extension that strips it."
                .to_owned(),
        )),
        (Some(origin), None) => Ok(origin.to_owned()),
        _ => Err(NotBegun::WrongOrigin(
            "This request does not say which page it comes from (no Origin): begin the login in Backstage.".to_owned(),
        )),
    }
}

fn check(origin: &str, app_url: &str) -> Result<(), NotBegun> {
    if app_url.is_empty() {
        return Err(NotBegun::WrongOrigin(
            "The backend does not know at which address people open Backstage: ask its admin to set BACKSTAGE_APP_URL."
                .to_owned(),
        ));
    }
    let app = Url::parse(app_url).ok().map(|url| url.origin()).filter(Origin::is_tuple);
    let expected = app.map(|origin| origin.ascii_serialization());
    if expected.as_deref() == Some(origin) {
        return Ok(());
    }
    let origin = displayable(origin);
    let expected = displayable(expected.as_deref().unwrap_or("at no address that counts"));
    Err(NotBegun::WrongOrigin(format!(
        "The page that began this login is not Backstage's: it comes from {origin}, and for the backend Backstage is {expected}. \
         Begin the login there; if you always open Backstage at {origin}, ask its admin to set BACKSTAGE_APP_URL at the backend to \
         that (of several addresses the first counts)."
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_apps_own_origin_may_hand_a_session_over() {
        assert!(check("https://backstage.example", "https://backstage.example/app/").is_ok());
        assert!(check("http://localhost:3000", "http://localhost:3000").is_ok());
        for (origin, app_url) in [
            ("https://evil.example", "https://backstage.example"),
            ("http://backstage.example", "https://backstage.example"),
            ("https://backstage.example:444", "https://backstage.example"),
            ("https://backstage.example.evil.example", "https://backstage.example"),
            ("", "nonsense"),
            ("null", "data:text/html,x"),
        ] {
            assert!(check(origin, app_url).is_err(), "{origin} {app_url}");
        }
        let other = check("https://portal.example", "https://backstage.example").unwrap_err().to_string();
        let parts =
            ["comes from https://portal.example", "is https://backstage.example.", "set BACKSTAGE_APP_URL"];
        assert!(parts.iter().all(|part| other.contains(part)), "{other}");
        let unknown = check("https://backstage.example", "").err().unwrap().to_string();
        assert!(unknown.contains("set BACKSTAGE_APP_URL"), "{unknown}");
    }
}
