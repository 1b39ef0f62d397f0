//! `POST /login`: the button on the helper's own page.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};

use super::hand_over::{lead_to, refused};
use super::questions::{Beginning, begin_when_confirmed};
use crate::helper::confirmation::backend_name::BackendName;
use crate::helper::proxy::logins::begin::{NotBegun, info};
use crate::helper::proxy::state::{App, sign_ins};
use crate::helper::web::answers::unavailable;
use crate::helper::web::confirm::{Confirmation, is_from_own_page};
use crate::helper::web::login_lookup::Unavailable;
use crate::helper::web::pages::bad_confirmation;
use crate::protocol::WireSecret;
use crate::random::{random_secret, sha256};
use crate::store::{StoreError, Swap};

/// What a page with the button says about the Backstage that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Page {
    /// To be compared: the click confirms it.
    Asks,
    /// Nothing: it was confirmed before.
    Trusts,
}

/// What lies in the store under a form's token: the Backstage that its page names, and what the page says. No other gets the login.
fn issued(app: &App, page: Page) -> Vec<u8> {
    format!("{page:?} {}", app.backstage_url().unwrap_or_default()).into_bytes()
}

fn place(token: &WireSecret) -> String {
    format!("helper:form:{}", sha256(token.expose().as_bytes()))
}

/// A token for the form of one page, which asks about that backend, where there is one.
///
/// # Errors
/// When the store does not answer, and without randomness.
pub async fn issue_form_token(
    app: &App,
    unconfirmed: Option<&BackendName>,
) -> Result<WireSecret, Unavailable> {
    let token = random_secret(app.random.as_ref())?;
    let page = if unconfirmed.is_some() { Page::Asks } else { Page::Trusts };
    app.store.put(&place(&token), &issued(app, page), app.settings.login.login_timeout.0).await?;
    Ok(token)
}

/// Uses a form's token up: the page that it was issued for.
async fn redeem(app: &App, token: &WireSecret) -> Result<Option<Page>, StoreError> {
    for page in [Page::Trusts, Page::Asks] {
        if app.store.delete_seen(&place(token), &issued(app, page)).await? == Swap::Done {
            return Ok(Some(page));
        }
    }
    Ok(None)
}

/// A click on our own page begins a login with what the helper knows of the user; each page's button works once.
pub async fn log_in(
    request: HttpRequest,
    form: Result<web::Form<Confirmation>, actix_web::Error>,
    app: web::Data<App>,
) -> HttpResponse {
    let form = form.ok().filter(|_| is_from_own_page(request.headers()));
    let Some(csrf) = form.map(|form| form.into_inner().csrf) else {
        return bad_confirmation().into_response();
    };
    match redeem(&app, &csrf).await {
        Ok(Some(page)) => begin_own(&app, page).await,
        Ok(None) => bad_confirmation().into_response(),
        Err(error) => unavailable(&error.into()),
    }
}

/// What a page that trusted did not ask is asked now, where the backend was forgotten since.
async fn begin_own(app: &web::Data<App>, page: Page) -> HttpResponse {
    let there = Arc::clone(app);
    let begun = app.backend.ask(move |api| async move {
        let api = api.ok_or(NotBegun::NoBackstage)?;
        let api = api.for_another_login(there.random.as_ref()).map_err(Unavailable::from)?;
        let info = info(&there, &api).await?;
        match page {
            Page::Asks => sign_ins::begin_own(&there, &api, info).await,
            Page::Trusts => begin_when_confirmed(&there, &api, info, Beginning::Own).await,
        }
    });
    match begun.await {
        Some(Ok(link)) => lead_to(&link),
        Some(Err(refusal)) => refused(&refusal),
        None => refused(&NotBegun::Stopping),
    }
}
