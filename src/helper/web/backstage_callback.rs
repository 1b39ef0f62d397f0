//! The two ends of signing in to Backstage in the browser: the way there, and what a browser that comes back gets to see.

use actix_web::{HttpRequest, HttpResponse, web};

use super::answers::{follow, own_cookies, redirect_with_cookie, refuse};
use super::login_lookup::LoginLookup;
use super::pages;
use crate::helper::callback::{self, BadCallback, Callback, Channel, Proof};
use crate::helper::sign_in::pending_sign_in::PendingSignIn;

/// To Backstage; who comes once more, when it is over, sees how it ended.
pub async fn redirect_to_backstage(sign_in: &PendingSignIn) -> HttpResponse {
    if sign_in.redirect.is_resolved() {
        return follow(&sign_in.redirect).await;
    }
    redirect_with_cookie(sign_in.cookie(), sign_in.authorize_url())
}

/// `GET /backstage/callback`: Backstage has let the person in, or not.
pub async fn handle(request: HttpRequest, logins: web::Data<dyn LoginLookup>) -> HttpResponse {
    let query = request.query_string();
    let sign_in = match callback::state_of(query) {
        Ok(None) => return pages::not_found().into_response(),
        Ok(Some(state)) => logins.sign_in_of_state(&state),
        Err(reason) => return refuse(reason),
    };
    let Some(sign_in) = sign_in else { return refuse(BadCallback::WrongState) };
    let cookies = own_cookies(&request, &sign_in.cookie().name);
    match callback::judge(query, sign_in.expected(), Proof::Cookies(&cookies)) {
        Ok(answer) => {
            if let Some(request) = answer {
                sign_in.accept(Callback { request, channel: Channel::Browser });
            }
            // On to the identity provider in the same tab, by the login's own link.
            follow(&sign_in.redirect).await
        }
        Err(reason) => refuse(reason),
    }
}
