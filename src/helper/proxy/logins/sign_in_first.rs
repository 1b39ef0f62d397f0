//! The sign-in to Backstage that precedes a login from the helper's own page.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::ProxyLogins;
use super::begin::{NotBegun, begin};
use crate::helper::HelperError;
use crate::helper::backend_client::{BackendApi, Refusal};
use crate::helper::callback::Callback;
use crate::helper::session::{self, Credential};
use crate::helper::sign_in::credential::UserCredential;
use crate::helper::sign_in::pending_sign_in::PendingSignIn;
use crate::helper::sign_in::{BackstageClient, SignInError};
use crate::helper::web::deferred_redirect::Destination;
use crate::helper::web::pages::RELOAD_TIMEOUT;
use crate::protocol::{Info, WireSecret};

/// Begins a login without a credential; if the backend requires one, the user signs in to Backstage first. Returns the secret of the
/// browser's next link.
///
/// # Errors
/// When neither the login nor the sign-in can begin.
pub async fn begin_own(
    logins: &ProxyLogins,
    api: &BackendApi,
    info: Info,
    cluster: Option<String>,
) -> Result<WireSecret, NotBegun> {
    let without_credential = (Credential::User(UserCredential::Nothing), cluster.as_deref());
    match begin(logins, api, &info, without_credential).await {
        Err(NotBegun::Login(HelperError::NotSignedIn(refusal))) => {
            let sign_in = begin_sign_in(logins, api, AfterSignIn { info, cluster }).await;
            sign_in.map_err(|reason| no_way_in(refusal, reason))
        }
        begun => begun,
    }
}

/// The error when the sign-in cannot begin either: a taken port or the sign-in's reason, unless the backend told the caller to wait.
fn no_way_in(refusal: Refusal, reason: NotBegun) -> NotBegun {
    match reason {
        NotBegun::Login(reason) => session::no_sign_in(refusal, reason).into(),
        reason => reason,
    }
}

/// What is needed to begin the login after the sign-in.
struct AfterSignIn {
    info: Info,
    cluster: Option<String>,
}

async fn begin_sign_in(
    logins: &ProxyLogins,
    api: &BackendApi,
    then: AfterSignIn,
) -> Result<WireSecret, NotBegun> {
    let random = logins.random.as_ref();
    let sign_in = client(logins, api)?.begin(random).await.map_err(|error| not_signed_in(api, error))?;
    let port = logins.known.callback_port.open().await?;
    let (sign_in, callbacks) = PendingSignIn::new(sign_in, port, random).map_err(HelperError::from)?;
    let sign_in = Arc::new(sign_in);
    logins.known.sign_ins.enter(&sign_in);
    actix_web::rt::spawn(begin_after_sign_in(
        logins.clone(),
        api.clone(),
        then,
        Arc::clone(&sign_in),
        callbacks,
    ));
    Ok(sign_in.link_secret().clone())
}

/// Waits for the callback of Backstage, begins the login, and redirects the browser to it.
async fn begin_after_sign_in(
    logins: ProxyLogins,
    api: BackendApi,
    then: AfterSignIn,
    sign_in: Arc<PendingSignIn>,
    mut callbacks: mpsc::Receiver<Callback>,
) {
    sign_in.redirect.resolve(match signed_in(&logins, &api, &then, &sign_in, &mut callbacks).await {
        Ok(link) => Destination::Link(format!("/go/{}", link.expose()).into()),
        Err(reason) => {
            tracing::info!(target: crate::telemetry::AUDIT, outcome = "not_begun", %reason, "login");
            Destination::Failure(reason.to_string())
        }
    });
    // A page that is reloaded meanwhile is still redirected.
    tokio::time::sleep(RELOAD_TIMEOUT).await;
    logins.known.sign_ins.forget(&sign_in);
    logins.known.close_port_unless_needed().await;
}

async fn signed_in(
    logins: &ProxyLogins,
    api: &BackendApi,
    then: &AfterSignIn,
    sign_in: &PendingSignIn,
    callbacks: &mut mpsc::Receiver<Callback>,
) -> Result<WireSecret, NotBegun> {
    let timeout = logins.settings.login_timeout.0;
    let Ok(Some(Callback { request, .. })) = tokio::time::timeout(timeout, callbacks.recv()).await else {
        return Err(HelperError::TimedOut(humantime::format_duration(timeout).to_string()).into());
    };
    let answer = client(logins, api)?.take(&request, sign_in.verifier()).await;
    let tokens = answer.map_err(|error| not_signed_in(api, error))?;
    let token = tokens.access_token.expose().into();
    let credential = Credential::User(UserCredential::BackstageToken(token));
    begin(logins, api, &then.info, (credential, then.cluster.as_deref())).await
}

fn client<'a>(logins: &'a ProxyLogins, api: &'a BackendApi) -> Result<BackstageClient<'a>, NotBegun> {
    let client_id = &logins.settings.backstage_client_id;
    Ok(BackstageClient::new(api, client_id, Arc::clone(&logins.clock)).map_err(HelperError::from)?)
}

fn not_signed_in(api: &BackendApi, error: SignInError) -> NotBegun {
    HelperError::of_sign_in(error, api.address()).into()
}
