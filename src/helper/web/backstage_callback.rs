//! Signing in to Backstage in the browser: the redirect to Backstage, and the callback.

use actix_web::{HttpRequest, HttpResponse, web};

use super::answers::{follow, own_cookies, redirect_with_cookie, refuse};
use super::login_lookup::LoginLookup;
use super::pages;
use crate::helper::callback::{self, BadCallback, Callback, Channel, Proof};
use crate::helper::sign_in::pending_sign_in::PendingSignIn;

/// Redirects to Backstage, or shows how the sign-in ended if it is over.
pub async fn redirect_to_backstage(sign_in: &PendingSignIn) -> HttpResponse {
    if sign_in.redirect.is_resolved() {
        return follow(&sign_in.redirect).await;
    }
    redirect_with_cookie(sign_in.cookie(), sign_in.authorize_url())
}

/// `GET /backstage/callback`: Backstage has signed the user in, or refused.
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
            // The same tab goes on to the login's link, and from there to the identity provider.
            follow(&sign_in.redirect).await
        }
        Err(reason) => refuse(reason),
    }
}
