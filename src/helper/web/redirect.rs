//! The redirect URI itself: what a browser that comes back from the identity provider gets to see. Its path is the cluster's
//! own, `/` for most.

use std::time::Duration;

use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, web};
use async_trait::async_trait;

use super::confirm::unavailable;
use super::login_lookup::{Logins, Unavailable};
use super::pages::layout::Page;
use super::{methods, pages};
use crate::helper::callback::{self, BadCallback, Proof};
use crate::helper::session::pending_login::{Arrival, PendingLogin, Progress, Way};

/// How long a callback waits for the backend before it shows the page that reloads itself.
const CALLBACK_PATIENCE: Duration = Duration::from_secs(2);

/// The page at `GET /` for a browser that brings no answer of an identity provider.
#[async_trait]
pub trait Index: Send + Sync {
    /// The page as it is now.
    async fn index(&self) -> Result<Page, Unavailable>;
}

/// `GET /`: the redirect, or the helper's page.
pub async fn arrive(
    request: HttpRequest,
    logins: web::Data<dyn Logins>,
    index: web::Data<dyn Index>,
) -> HttpResponse {
    let query = request.query_string();
    let login = match callback::state_of(query) {
        Ok(None) => {
            return index.index().await.map_or_else(|reason| unavailable(&reason), Page::into_response);
        }
        Ok(Some(state)) => match logins.of_state(&state).await {
            Ok(Some(login)) if comes_back_to(&login, &request) => login,
            Ok(_) => return refuse(BadCallback::WrongState),
            Err(reason) => return unavailable(&reason),
        },
        Err(reason) => return refuse(reason),
    };
    come_back(&request, &login).await
}

/// Any path that is not one of the helper's own: a redirect where it is that of the login with this state, else nothing.
pub async fn arrive_elsewhere(request: HttpRequest, logins: web::Data<dyn Logins>) -> HttpResponse {
    let login = match callback::state_of(request.query_string()) {
        Ok(Some(state)) => logins.of_state(&state).await,
        Ok(None) | Err(_) => Ok(None),
    };
    match login {
        Ok(Some(login)) if comes_back_to(&login, &request) => match *request.method() {
            Method::GET => come_back(&request, &login).await,
            Method::HEAD => HttpResponse::Ok().finish(),
            Method::OPTIONS => methods::options(methods::READ),
            _ => methods::wrong_method(methods::READ),
        },
        Ok(_) => pages::not_found().into_response(),
        Err(reason) => unavailable(&reason),
    }
}

fn comes_back_to(login: &PendingLogin, request: &HttpRequest) -> bool {
    login.auth_url().redirect_path() == request.path()
}

async fn come_back(request: &HttpRequest, login: &PendingLogin) -> HttpResponse {
    let query = request.query_string();
    let cookies = own_cookies(request, &login.cookie().name);
    match callback::judge(query, login.expected(), Proof::Cookies(&cookies)) {
        Ok(exchange) => {
            if let Some(request) = exchange {
                login.accept(Arrival { request, way: Way::Browser });
            }
            show_progress(login).await
        }
        Err(reason) => refuse(reason),
    }
}

/// The page for a callback that does not count.
#[must_use]
pub fn refuse(reason: BadCallback) -> HttpResponse {
    tracing::info!(%reason, "a callback was refused");
    pages::bad_callback(reason).into_response()
}

/// The values of the cookies of that name: another program on localhost may have set one, too, ours is among them.
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

/// The outcome, as soon as there is one; else the page that asks for it again.
pub async fn show_progress(login: &PendingLogin) -> HttpResponse {
    if let Some(outcome) = login.outcome_within(CALLBACK_PATIENCE).await {
        login.mark_outcome_shown();
        return pages::outcome(&login.facts, &outcome).into_response();
    }
    match login.progress() {
        Progress::Waiting => pages::index(&login.facts).into_response(),
        Progress::Delivering | Progress::Ended(_) => pages::still_trying(&login.facts).into_response(),
    }
}
