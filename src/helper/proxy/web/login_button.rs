//! `POST /login`: the button on the helper's own page.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use super::hand_over::{redirect_to_link, refused};
use crate::helper::proxy::logins::begin::{NotBegun, info};
use crate::helper::proxy::logins::confirm_first::{Beginning, begin_when_confirmed};
use crate::helper::proxy::logins::{ProxyLogins, sign_in_first};
use crate::helper::proxy::state::form_tokens::{ButtonPage, FormTokens};
use crate::helper::session::which_cluster::{Choice, choose};
use crate::helper::web::answers::unavailable;
use crate::helper::web::confirm::is_from_own_page;
use crate::helper::web::login_lookup::Unavailable;
use crate::helper::web::pages::bad_confirmation;
use crate::protocol::WireSecret;

/// The form with the button.
#[derive(Deserialize)]
pub struct LoginForm {
    csrf: WireSecret,
    /// The chosen cluster, where there are several.
    cluster: Option<String>,
}

/// Begins a login without a credential; each page's button works once.
pub async fn log_in(
    request: HttpRequest,
    form: Result<web::Form<LoginForm>, actix_web::Error>,
    form_tokens: web::Data<FormTokens>,
    logins: web::Data<ProxyLogins>,
) -> HttpResponse {
    let form = form.ok().filter(|_| is_from_own_page(request.headers()));
    let Some(LoginForm { csrf, cluster }) = form.map(web::Form::into_inner) else {
        return bad_confirmation().into_response();
    };
    match form_tokens.redeem(&csrf).await {
        Ok(Some(page)) => begin_own(&logins, page, cluster).await,
        Ok(None) => bad_confirmation().into_response(),
        Err(error) => unavailable(&error.into()),
    }
}

/// Begins the login. If the page did not show the address for comparison, and the backend is unconfirmed by now, it is asked about.
async fn begin_own(logins: &ProxyLogins, page: ButtonPage, cluster: Option<String>) -> HttpResponse {
    let there = logins.clone();
    let begun = logins.backend.thread.ask(move |api| async move {
        let api = api.ok_or(NotBegun::NoBackstage)?;
        let api = api.for_another_login(there.random.as_ref()).map_err(Unavailable::from)?;
        let info = info(&there, &api).await?;
        let Ok(Choice::Made(cluster)) = choose(&info, cluster.as_deref(), api.address()) else {
            return Err(NotBegun::WhichCluster);
        };
        match page {
            ButtonPage::Asks => sign_in_first::begin_own(&there, &api, info, cluster).await,
            ButtonPage::Trusts => begin_when_confirmed(&there, &api, info, Beginning::Own(cluster)).await,
        }
    });
    match begun.await {
        Some(Ok(link)) => redirect_to_link(&link),
        Some(Err(refusal)) => refused(&refusal),
        None => refused(&NotBegun::Stopping),
    }
}
