//! The redirect URI, which receives the identity provider's callback. Each cluster has its own path, mostly `/`.

use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, web};
use async_trait::async_trait;

use super::answers::{own_cookies, refuse, show_progress, unavailable};
use super::login_lookup::{LoginLookup, Unavailable};
use super::pages::layout::Page;
use super::{methods, pages};
use crate::helper::callback::{self, BadCallback, Callback, Channel, Proof};
use crate::helper::session::pending_login::PendingLogin;

/// The page at `GET /` for a request that is no callback.
#[async_trait]
pub trait Index: Send + Sync {
    /// The current page.
    async fn index(&self) -> Result<Page, Unavailable>;
}

/// `GET /`: a callback, or the helper's page.
pub async fn handle(
    request: HttpRequest,
    logins: web::Data<dyn LoginLookup>,
    index: web::Data<dyn Index>,
) -> HttpResponse {
    let query = request.query_string();
    let login = match callback::state_of(query) {
        Ok(None) => {
            return index.index().await.map_or_else(|reason| unavailable(&reason), Page::into_response);
        }
        Ok(Some(state)) => match logins.of_state(&state).await {
            Ok(Some(login)) if is_redirect_of(&login, &request) => login,
            Ok(_) => return refuse(BadCallback::WrongState),
            Err(reason) => return unavailable(&reason),
        },
        Err(reason) => return refuse(reason),
    };
    accept_callback(&request, &login).await
}

/// Any other path: a callback if it is the redirect URI of the login with this state, else 404.
pub async fn handle_other_path(request: HttpRequest, logins: web::Data<dyn LoginLookup>) -> HttpResponse {
    let login = match callback::state_of(request.query_string()) {
        Ok(Some(state)) => logins.of_state(&state).await,
        Ok(None) | Err(_) => Ok(None),
    };
    match login {
        Ok(Some(login)) if is_redirect_of(&login, &request) => match *request.method() {
            Method::GET => accept_callback(&request, &login).await,
            Method::HEAD => HttpResponse::Ok().finish(),
            Method::OPTIONS => methods::options(methods::READ),
            _ => methods::wrong_method(methods::READ),
        },
        Ok(_) => pages::not_found().into_response(),
        Err(reason) => unavailable(&reason),
    }
}

fn is_redirect_of(login: &PendingLogin, request: &HttpRequest) -> bool {
    login.auth_url().redirect_path() == request.path()
}

async fn accept_callback(request: &HttpRequest, login: &PendingLogin) -> HttpResponse {
    let query = request.query_string();
    let cookies = own_cookies(request, &login.cookie().name);
    match callback::judge(query, login.expected(), Proof::Cookies(&cookies)) {
        Ok(exchange) => {
            if let Some(request) = exchange {
                login.accept(Callback { request, channel: Channel::Browser });
            }
            show_progress(login).await
        }
        Err(reason) => refuse(reason),
    }
}
