//! The question whether the backend is the person's own, before anything goes there that may be meant for another backend. Questions
//! are kept in the process, as sign-ins are.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::helper::backend_client::BackendApi;
use crate::helper::confirmation::backend_name::BackendName;
use crate::helper::confirmation::question::BackendQuestion;
use crate::helper::confirmation::trust::Standing;
use crate::helper::proxy::logins::begin::{NotBegun, begin};
use crate::helper::proxy::state::sign_ins::begin_own;
use crate::helper::proxy::state::{App, NamedBackstage};
use crate::helper::session::Credential;
use crate::helper::web::login_lookup::Unavailable;
use crate::helper::web::onward::Onward;
use crate::helper::web::pages::RELOAD_PATIENCE;
use crate::protocol::{Info, WireSecret};

/// So many may wait at once; the oldest then leads nowhere.
const MOST: usize = 64;

/// The questions that this process has put.
#[derive(Default)]
pub struct Questions(Mutex<VecDeque<Arc<BackendQuestion>>>);

impl Questions {
    fn open(&self) -> MutexGuard<'_, VecDeque<Arc<BackendQuestion>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, question: &Arc<BackendQuestion>) {
        let mut open = self.open();
        if open.len() == MOST {
            open.pop_front();
        }
        open.push_back(Arc::clone(question));
    }

    fn forget(&self, question: &Arc<BackendQuestion>) {
        self.open().retain(|known| !Arc::ptr_eq(known, question));
    }

    /// The one whose page's address ends with this secret.
    #[must_use]
    pub fn of_link(&self, secret: &WireSecret) -> Option<Arc<BackendQuestion>> {
        self.open().iter().find(|question| question.link_secret().equals(secret)).cloned()
    }

    /// The one whose form this token was for, which is now used up.
    #[must_use]
    pub fn redeem(&self, token: &WireSecret) -> Option<Arc<BackendQuestion>> {
        self.open().iter().find(|question| question.redeem_form_token(token)).cloned()
    }
}

impl App {
    /// The backend, where the person has to say first that it is theirs.
    #[must_use]
    pub fn unconfirmed_backend(&self) -> Option<&BackendName> {
        let NamedBackstage { trust, .. } = self.backstage.as_ref()?;
        match trust.standing() {
            Standing::Confirmed => return None,
            Standing::Unconfirmed => {}
            Standing::Unknown(error) => {
                tracing::warn!(%error, "it is not known which backends were confirmed");
            }
        }
        Some(trust.name())
    }

    /// A login at the backend has succeeded.
    pub async fn remember_backend(&self) {
        let Some(NamedBackstage { trust, .. }) = &self.backstage else { return };
        if let Err(error) = trust.remember().await {
            tracing::warn!(%error, "that the backend was confirmed is not kept");
        }
    }
}

/// What begins, at once or behind the question.
pub enum Beginning {
    /// A session that is handed over.
    HandedOver(Credential),
    /// A login from the helper's own page.
    Own,
}

/// Begins a login, at once or behind the question: the secret of the link that the browser goes on with.
///
/// # Errors
/// As [`begin`].
pub async fn begin_when_confirmed(
    app: &Arc<App>,
    api: &BackendApi,
    info: Info,
    beginning: Beginning,
) -> Result<WireSecret, NotBegun> {
    let Some(backend) = app.unconfirmed_backend() else { return begin_now(app, api, info, beginning).await };
    let question = BackendQuestion::new(backend.clone(), Arc::clone(&app.random));
    let question = Arc::new(question.map_err(Unavailable::from)?);
    app.questions.enter(&question);
    let link = question.link_secret().clone();
    actix_web::rt::spawn(see_through(Arc::clone(app), api.clone(), info, beginning, question));
    Ok(link)
}

async fn begin_now(
    app: &Arc<App>,
    api: &BackendApi,
    info: Info,
    beginning: Beginning,
) -> Result<WireSecret, NotBegun> {
    match beginning {
        Beginning::HandedOver(credential) => begin(app, api, &info, credential).await,
        Beginning::Own => begin_own(app, api, info).await,
    }
}

/// Waits for the answer, and leads the browser on to the login that then begins.
async fn see_through(
    app: Arc<App>,
    api: BackendApi,
    info: Info,
    beginning: Beginning,
    question: Arc<BackendQuestion>,
) {
    let patience = app.settings.login.login_timeout.0;
    let begun = match question.confirmed_within(patience).await {
        Ok(_) => begin_now(&app, &api, info, beginning).await,
        Err(too_late) => Err(too_late.into()),
    };
    question.signpost.point(match begun {
        Ok(link) => Onward::To(format!("/go/{}", link.expose()).into()),
        Err(reason) => {
            tracing::info!(target: crate::telemetry::AUDIT, outcome = "not_begun", %reason, "login");
            Onward::Nowhere(reason.to_string())
        }
    });
    // A page that is reloaded meanwhile still leads on.
    tokio::time::sleep(RELOAD_PATIENCE).await;
    app.questions.forget(&question);
}
