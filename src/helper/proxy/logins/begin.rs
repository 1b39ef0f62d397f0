//! Begins a login: asks the backend for a session, binds the redirect URI's port, and stores the login before the browser is
//! redirected.

use super::ProxyLogins;
use super::run::go_on_with;
use crate::helper::HelperError;
use crate::helper::backend_client::BackendApi;
use crate::helper::callback::Consent;
use crate::helper::port::ListenError;
use crate::helper::proxy::state::login_store::LoginRecord;
use crate::helper::session::auth_url::{AuthUrl, redirect_uri_of};
use crate::helper::session::facts::LoginFacts;
use crate::helper::session::pending_login::Secrets;
use crate::helper::session::{self, Credential, Session};
use crate::helper::web::login_lookup::Unavailable;
use crate::protocol::{Info, WireSecret};
use crate::random::sha256;
use crate::store::{StoreError, Swap};
use crate::telemetry::AUDIT;

/// Why a login did not begin. Each message is one sentence that names the next step.
#[derive(Debug, thiserror::Error)]
pub enum NotBegun {
    /// No Backstage is configured.
    #[error("This helper knows no Backstage: set BACKSTAGE_URL to the address of yours and start it again.")]
    NoBackstage,
    /// The form of the helper's page names no cluster, or one that does not exist, where there are several.
    #[error("No cluster of this Backstage was chosen: open the helper's page again and choose one.")]
    WhichCluster,
    /// This session was handed over before.
    #[error("This session was handed over before: press the button in Backstage once more for a new one.")]
    UsedBefore,
    /// The request does not come from Backstage's own page.
    #[error("{0}")]
    WrongOrigin(String),
    /// The redirect URI's port is taken.
    #[error(transparent)]
    Port(#[from] ListenError),
    /// The backend does not answer, or refuses.
    #[error(transparent)]
    Login(HelperError),
    /// The store does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The program is stopping.
    #[error("This helper is being stopped: begin the login again in a moment.")]
    Stopping,
}

impl From<HelperError> for NotBegun {
    fn from(error: HelperError) -> Self {
        match error {
            HelperError::Listen(error) => Self::Port(error),
            other => Self::Login(other),
        }
    }
}

impl From<StoreError> for NotBegun {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.into())
    }
}

/// The backend's answer to `GET /info`.
///
/// # Errors
/// When it does not answer.
pub async fn info(logins: &ProxyLogins, api: &BackendApi) -> Result<Info, NotBegun> {
    let unreachable = |reason| HelperError::Unreachable { backend: api.address().to_owned(), reason };
    logins.backend.info(api).await.map_err(|reason| NotBegun::Login(unreachable(reason)))
}

/// Begins a login to that cluster, which only one of several needs, or takes over one; returns the secret of its link.
///
/// # Errors
/// As the variants of [`NotBegun`] say. Then nothing is pending, and the session token can be handed over again unless it was before.
pub async fn begin(
    logins: &ProxyLogins,
    api: &BackendApi,
    info: &Info,
    (credential, cluster): (Credential, Option<&str>),
) -> Result<WireSecret, NotBegun> {
    let consent = credential.consent();
    let session = session::begin(credential, api, cluster).await?;
    let session = session.exchanged_by(&logins.settings, api, logins.random.as_ref()).await?;
    let redirect_uri = redirect_uri_of(info, &session.cluster).map_err(HelperError::from)?;
    let hosts = &logins.settings.insecure_http_hosts;
    let auth_url = AuthUrl::parse(&session.auth_url, &redirect_uri, hosts).map_err(HelperError::from)?;
    let record = LoginRecord {
        facts: LoginFacts::of(&session, info, &auth_url, api)?,
        request_id: api.request_id().to_owned(),
        session_token: session.token.clone(),
        auth_url: session.auth_url.clone(),
        redirect_uri: redirect_uri.text().to_owned(),
        own_exchange: session.own_exchange.clone(),
        secrets: Secrets::new(logins.random.as_ref()).map_err(Unavailable::from)?,
        consent,
        ends: logins.clock.now() + session.remaining.min(logins.settings.login_timeout.0),
    };
    let hash = sha256(auth_url.state().expose().as_bytes());
    let (link, facts) = (record.secrets.link.clone(), record.facts.clone());
    logins.known.live.expect(&hash);
    match write_down(logins, &session, auth_url.state(), record).await {
        Ok(()) => {
            let (LoginFacts { user, cluster, .. }, request_id) = (&facts, api.request_id());
            tracing::info!(target: AUDIT, user, cluster, outcome = "begun", request_id, "login");
            Ok(link)
        }
        Err(error) => {
            logins.known.live.forget_unless_opened(&hash);
            logins.known.close_port_unless_needed().await;
            Err(error)
        }
    }
}

async fn write_down(
    logins: &ProxyLogins,
    session: &Session,
    state: &WireSecret,
    record: LoginRecord,
) -> Result<(), NotBegun> {
    logins.known.callback_port.open().await?;
    if record.consent == Consent::Needed && logins.store.note_hand_over(&session.token).await? != Swap::Done {
        return Err(NotBegun::UsedBefore);
    }
    if let Err(error) = logins.store.keep(state, &record).await {
        // The login did not begin, so the session may be handed over again, if the store can be written.
        let _ = logins.store.forget_hand_over(&session.token).await;
        return Err(error.into());
    }
    go_on_with(logins, record)?;
    Ok(())
}
