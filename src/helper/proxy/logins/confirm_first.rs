//! The question whether the backend is the user's own, which is asked before it is sent anything that another backend may own.

use std::sync::Arc;

use super::ProxyLogins;
use super::begin::{NotBegun, begin};
use super::sign_in_first::begin_own;
use crate::helper::backend_client::BackendApi;
use crate::helper::confirmation::question::BackendQuestion;
use crate::helper::session::Credential;
use crate::helper::web::deferred_redirect::Destination;
use crate::helper::web::login_lookup::Unavailable;
use crate::helper::web::pages::RELOAD_TIMEOUT;
use crate::protocol::{Info, WireSecret};

/// What begins, at once or after the question.
pub enum Beginning {
    /// A session that Backstage hands over.
    HandedOver(Credential),
    /// A login from the helper's own page, to the cluster that was chosen there.
    Own(Option<String>),
}

/// Begins a login, at once or after the question. Returns the secret of the browser's next link.
///
/// # Errors
/// As [`begin`].
pub async fn begin_when_confirmed(
    logins: &ProxyLogins,
    api: &BackendApi,
    info: Info,
    beginning: Beginning,
) -> Result<WireSecret, NotBegun> {
    let Some(backend) = logins.backend.unconfirmed() else {
        return begin_now(logins, api, info, beginning).await;
    };
    let question = BackendQuestion::new(backend.clone(), Arc::clone(&logins.random));
    let question = Arc::new(question.map_err(Unavailable::from)?);
    logins.known.questions.enter(&question);
    let link = question.link_secret().clone();
    actix_web::rt::spawn(begin_after_answer(logins.clone(), api.clone(), info, beginning, question));
    Ok(link)
}

async fn begin_now(
    logins: &ProxyLogins,
    api: &BackendApi,
    info: Info,
    beginning: Beginning,
) -> Result<WireSecret, NotBegun> {
    match beginning {
        Beginning::HandedOver(credential) => begin(logins, api, &info, (credential, None)).await,
        Beginning::Own(cluster) => begin_own(logins, api, info, cluster).await,
    }
}

/// Waits for the answer, begins the login, and redirects the browser to it.
async fn begin_after_answer(
    logins: ProxyLogins,
    api: BackendApi,
    info: Info,
    beginning: Beginning,
    question: Arc<BackendQuestion>,
) {
    let timeout = logins.settings.login_timeout.0;
    let begun = match question.confirmed_within(timeout).await {
        Ok(_) => begin_now(&logins, &api, info, beginning).await,
        Err(too_late) => Err(too_late.into()),
    };
    question.redirect.resolve(match begun {
        Ok(link) => Destination::Link(format!("/go/{}", link.expose()).into()),
        Err(reason) => {
            tracing::info!(target: crate::telemetry::AUDIT, outcome = "not_begun", %reason, "login");
            Destination::Failure(reason.to_string())
        }
    });
    // A page that is reloaded meanwhile is still redirected.
    tokio::time::sleep(RELOAD_TIMEOUT).await;
    logins.known.questions.forget(&question);
}
