//! Finds a login in this process or, after a restart or on another replica, in the store.

use std::sync::Arc;

use async_trait::async_trait;

use super::ProxyLogins;
use super::run::go_on_with;
use crate::helper::confirmation::question::BackendQuestion;
use crate::helper::proxy::state::login_store::Kind;
use crate::helper::session::pending_login::PendingLogin;
use crate::helper::sign_in::pending_sign_in::PendingSignIn;
use crate::helper::web::login_lookup::{LoginLookup, Unavailable};
use crate::protocol::WireSecret;
use crate::random::{random_secret, sha256};

#[async_trait]
impl LoginLookup for ProxyLogins {
    async fn of_state(&self, state: &WireSecret) -> Result<Option<Arc<PendingLogin>>, Unavailable> {
        if let Some(login) = self.known.live.get(&sha256(state.expose().as_bytes())) {
            return Ok(Some(login));
        }
        match self.store.kept(state).await? {
            // The setting has changed since: the login's code and session token belong to the other backend.
            Some(record) if Some(record.facts.backend.as_str()) != self.backend.backstage_url() => {
                tracing::warn!(backend = record.facts.backend, "a login of another backend is ignored");
                Ok(None)
            }
            Some(record) => go_on_with(self, record).map(Some),
            None => Ok(None),
        }
    }

    async fn of_link(&self, secret: &WireSecret) -> Result<Option<Arc<PendingLogin>>, Unavailable> {
        match self.store.state_behind_link(secret).await? {
            Some(state) => self.of_state(&state).await,
            None => Ok(None),
        }
    }

    async fn issue_confirm_token(&self, login: &PendingLogin) -> Result<WireSecret, Unavailable> {
        let token = random_secret(self.random.as_ref())?;
        // As long as any login may take: a page may outlive its login, and its token then finds none.
        let life = self.settings.login_timeout.0;
        self.store.keep_way_to(login.auth_url().state(), (Kind::Confirm, &token), life).await?;
        Ok(token)
    }

    async fn redeem_confirm_token(
        &self,
        token: &WireSecret,
    ) -> Result<Option<Arc<PendingLogin>>, Unavailable> {
        match self.store.redeem_confirm_token(token).await? {
            Some(state) => self.of_state(&state).await,
            None => Ok(None),
        }
    }

    fn question_of_link(&self, secret: &WireSecret) -> Option<Arc<BackendQuestion>> {
        self.known.questions.of_link(secret)
    }

    fn redeem_question_token(&self, token: &WireSecret) -> Option<Arc<BackendQuestion>> {
        self.known.questions.redeem(token)
    }

    fn sign_in_of_state(&self, state: &WireSecret) -> Option<Arc<PendingSignIn>> {
        self.known.sign_ins.of_state(state)
    }

    fn sign_in_of_link(&self, secret: &WireSecret) -> Option<Arc<PendingSignIn>> {
        self.known.sign_ins.of_link(secret)
    }
}
