//! The two ends of signing in to Backstage in the browser: the way there, and what a browser that comes back gets to see.

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};

use crate::helper::callback::{self, Proof};
use crate::helper::confirm::{self, Randomness, is_named, sent_away};
use crate::helper::pages;
use crate::helper::pending_login::{Arrival, Way};
use crate::helper::pending_sign_in::{PendingSignIn, REDIRECT_HOST, SignInEnd};
use crate::helper::redirect::own_cookies;
use crate::helper::stage::Stage;
use crate::problem::Problem;
use crate::protocol::WireSecret;

/// `GET /go/{secret}`: to Backstage, where that is the sign-in's link; else what the login makes of it. Who comes once more, when
/// the sign-in is over, sees how it ended.
///
/// # Errors
/// When there is no randomness.
pub async fn go(
    request: HttpRequest,
    secret: web::Path<WireSecret>,
    stage: web::Data<Stage>,
    random: web::Data<Randomness>,
) -> Result<HttpResponse, Problem> {
    match stage.sign_in().filter(|sign_in| sign_in.is_link_secret(&secret)) {
        None => confirm::go(request, secret, stage, random).await,
        Some(sign_in) if !is_named(request.headers(), REDIRECT_HOST) => {
            let link = sign_in.link();
            Ok(HttpResponse::SeeOther().insert_header((LOCATION, link.expose())).finish())
        }
        Some(sign_in) if sign_in.has_ended() => Ok(show_end(sign_in).await),
        Some(sign_in) => Ok(sent_away(sign_in.cookie(), sign_in.authorize_url())),
    }
}

/// `GET /backstage/callback`: Backstage has let the person in, or not.
pub async fn arrive(request: HttpRequest, stage: web::Data<Stage>) -> HttpResponse {
    let Some(sign_in) = stage.sign_in() else { return pages::not_found().into_response() };
    let cookies = own_cookies(&request, &sign_in.cookie().name);
    match callback::judge(request.query_string(), sign_in.expected(), Proof::Cookies(&cookies)) {
        Ok(None) => pages::not_found().into_response(),
        Ok(Some(request)) => {
            sign_in.accept(Arrival { request, way: Way::Browser });
            show_end(sign_in).await
        }
        Err(reason) => {
            tracing::info!(%reason, "a callback from Backstage was refused");
            pages::bad_callback(reason).into_response()
        }
    }
}

/// On to the identity provider in the same tab, by the login's own link.
async fn show_end(sign_in: &PendingSignIn) -> HttpResponse {
    match sign_in.ended().await {
        SignInEnd::GoOn(link) => HttpResponse::SeeOther().insert_header((LOCATION, link.expose())).finish(),
        SignInEnd::Failed(sentence) => pages::sign_in_failed(&sentence).into_response(),
    }
}
