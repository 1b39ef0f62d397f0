//! `POST /login`: the button on the helper's own page.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};

use super::app::App;
use super::begin::{NotBegun, info};
use super::sign_ins;
use super::start::{lead_to, refused};
use crate::helper::confirm::{Confirmation, is_from_own_page, unavailable};
use crate::helper::logins::Unavailable;
use crate::helper::pages::bad_confirmation;
use crate::protocol::WireSecret;
use crate::random::{random_secret, sha256};
use crate::store::Write;

/// What lies in the store under a form's token: the Backstage that its page names. No other gets the login.
fn issued(app: &App) -> &[u8] {
    app.backstage_url().unwrap_or_default().as_bytes()
}

fn place(token: &WireSecret) -> String {
    format!("helper:form:{}", sha256(token.expose().as_bytes()))
}

/// A token for the form of one page.
///
/// # Errors
/// When the store does not answer, and without randomness.
pub async fn issue_form_token(app: &App) -> Result<WireSecret, Unavailable> {
    let token = random_secret(app.random.as_ref())?;
    app.store.put(&place(&token), issued(app), app.settings.login.login_timeout.0).await?;
    Ok(token)
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
    match app.store.delete_seen(&place(&csrf), issued(&app)).await {
        Ok(Write::Done) => begin_own(&app).await,
        Ok(Write::Refused) => bad_confirmation().into_response(),
        Err(error) => unavailable(&error.into()),
    }
}

async fn begin_own(app: &web::Data<App>) -> HttpResponse {
    let there = Arc::clone(app);
    let begun = app.backend.ask(move |api| async move {
        let api = api.ok_or(NotBegun::NoBackstage)?;
        let api = api.for_another_login(there.random.as_ref()).map_err(Unavailable::from)?;
        let info = info(&there, &api).await?;
        sign_ins::begin_own(&there, &api, info).await
    });
    match begun.await {
        Some(Ok(link)) => lead_to(&link),
        Some(Err(refusal)) => refused(&refusal),
        None => refused(&NotBegun::Stopping),
    }
}
