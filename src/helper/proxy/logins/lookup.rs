//! Finds a login again: in this process, or, after a restart or on another replica, in the store.

use std::sync::Arc;

use async_trait::async_trait;

use super::run::{UnderWay, see_through};
use crate::helper::confirmation::question::BackendQuestion;
use crate::helper::proxy::state::App;
use crate::helper::proxy::state::login_store::{Kind, LoginRecord};
use crate::helper::proxy::web::{login_button, pages};
use crate::helper::session::pending_login::PendingLogin;
use crate::helper::sign_in::pending_sign_in::PendingSignIn;
use crate::helper::web::login_lookup::{LoginLookup, Unavailable};
use crate::helper::web::pages::layout::Page;
use crate::protocol::WireSecret;
use crate::random::{random_secret, sha256};
use crate::store::sealing::derived::DoesNotOpen;

/// The logins of the proxy.
pub struct ManyLogins(pub Arc<App>);

impl ManyLogins {
    /// Goes on with a login: from here on this process waits for its answer and delivers it.
    ///
    /// # Errors
    /// When the record holds what no honest backend sends.
    pub fn go_on_with(&self, record: LoginRecord) -> Result<Arc<PendingLogin>, Unavailable> {
        let app = &self.0;
        let hosts = &app.settings.login.insecure_http_hosts;
        let (login, arrivals) = record.open(hosts, app.control_port).map_err(|_| DoesNotOpen)?;
        let login = Arc::new(login);
        let hash = sha256(login.auth_url().state().expose().as_bytes());
        if let Err(known) = app.live.enter(&hash, &login) {
            return Ok(known);
        }
        let under_way = UnderWay { login: Arc::clone(&login), arrivals, record, hash };
        let app_there = Arc::clone(app);
        app.backend.run(|api| see_through(app_there, api, under_way));
        Ok(login)
    }
}

#[async_trait]
impl LoginLookup for ManyLogins {
    async fn of_state(&self, state: &WireSecret) -> Result<Option<Arc<PendingLogin>>, Unavailable> {
        if let Some(login) = self.0.live.get(&sha256(state.expose().as_bytes())) {
            return Ok(Some(login));
        }
        match self.0.kept(state).await? {
            // Its code and its session token are the other backend's, whoever has changed the setting.
            Some(record) if Some(record.facts.backend.as_str()) != self.0.backstage_url() => {
                tracing::warn!(backend = record.facts.backend, "a login of another backend is left alone");
                Ok(None)
            }
            Some(record) => self.go_on_with(record).map(Some),
            None => Ok(None),
        }
    }

    async fn of_link(&self, secret: &WireSecret) -> Result<Option<Arc<PendingLogin>>, Unavailable> {
        match self.0.state_behind_link(secret).await? {
            Some(state) => self.of_state(&state).await,
            None => Ok(None),
        }
    }

    async fn issue_confirm_token(&self, login: &PendingLogin) -> Result<WireSecret, Unavailable> {
        let app = &self.0;
        let token = random_secret(app.random.as_ref())?;
        // As long as any login may take: a page outlives its login, and then leads nowhere.
        let life = app.settings.login.login_timeout.0;
        app.keep_way_to(login.auth_url().state(), (Kind::Confirm, &token), life).await?;
        Ok(token)
    }

    async fn redeem_confirm_token(
        &self,
        token: &WireSecret,
    ) -> Result<Option<Arc<PendingLogin>>, Unavailable> {
        match self.0.redeem_confirm_token(token).await? {
            Some(state) => self.of_state(&state).await,
            None => Ok(None),
        }
    }

    fn question_of_link(&self, secret: &WireSecret) -> Option<Arc<BackendQuestion>> {
        self.0.questions.of_link(secret)
    }

    fn redeem_question_token(&self, token: &WireSecret) -> Option<Arc<BackendQuestion>> {
        self.0.questions.redeem(token)
    }

    fn sign_in_of_state(&self, state: &WireSecret) -> Option<Arc<PendingSignIn>> {
        self.0.sign_ins.of_state(state)
    }

    fn sign_in_of_link(&self, secret: &WireSecret) -> Option<Arc<PendingSignIn>> {
        self.0.sign_ins.of_link(secret)
    }

    async fn index(&self) -> Result<Page, Unavailable> {
        let app = &self.0;
        let Some(backstage_url) = app.backstage_url() else { return Ok(pages::no_backstage()) };
        let unconfirmed = app.unconfirmed_backend();
        let form_token = login_button::issue_form_token(app, unconfirmed).await?;
        let answers = app.installation.answers(app).await;
        let page = pages::Index { backstage_url, answers, unconfirmed };
        Ok(page.with(&app.live.facts(), &form_token))
    }
}
