//! How far the `login` role is: it may have to find out first whose the login will be.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;

use crate::helper::logins::{Logins, Unavailable};
use crate::helper::page_layout::Page;
use crate::helper::pages;
use crate::helper::pending_login::PendingLogin;
use crate::helper::pending_sign_in::PendingSignIn;
use crate::protocol::WireSecret;
use crate::random::Random;

/// The one login, and the sign-in to Backstage before it. Each begins once and stays.
pub struct Stage {
    random: Arc<dyn Random>,
    sign_in: OnceLock<Arc<PendingSignIn>>,
    login: OnceLock<Arc<PendingLogin>>,
}

impl Stage {
    /// Neither has begun.
    #[must_use]
    pub fn new(random: Arc<dyn Random>) -> Self {
        Self { random, sign_in: OnceLock::new(), login: OnceLock::new() }
    }

    /// The person has to sign in to Backstage.
    pub fn begin_sign_in(&self, sign_in: PendingSignIn) -> &Arc<PendingSignIn> {
        self.sign_in.get_or_init(|| Arc::new(sign_in))
    }

    /// The login begins.
    pub fn begin_login(&self, login: PendingLogin) -> &Arc<PendingLogin> {
        self.login.get_or_init(|| Arc::new(login))
    }

    fn login_if(&self, is_it: impl FnOnce(&PendingLogin) -> bool) -> Option<Arc<PendingLogin>> {
        self.login.get().filter(|login| is_it(login)).cloned()
    }
}

#[async_trait]
impl Logins for Stage {
    async fn of_state(&self, state: &WireSecret) -> Result<Option<Arc<PendingLogin>>, Unavailable> {
        Ok(self.login_if(|login| state.equals(login.auth_url().state())))
    }

    async fn of_link(&self, secret: &WireSecret) -> Result<Option<Arc<PendingLogin>>, Unavailable> {
        Ok(self.login_if(|login| login.is_link_secret(secret)))
    }

    async fn issue_confirm_token(&self, login: &PendingLogin) -> Result<WireSecret, Unavailable> {
        Ok(login.issue_confirm_token(self.random.as_ref())?)
    }

    async fn redeem_confirm_token(
        &self,
        token: &WireSecret,
    ) -> Result<Option<Arc<PendingLogin>>, Unavailable> {
        Ok(self.login_if(|login| login.redeem_confirm_token(token)))
    }

    fn sign_in_of_state(&self, state: &WireSecret) -> Option<Arc<PendingSignIn>> {
        self.sign_in.get().filter(|sign_in| state.equals(sign_in.state())).cloned()
    }

    fn sign_in_of_link(&self, secret: &WireSecret) -> Option<Arc<PendingSignIn>> {
        self.sign_in.get().filter(|sign_in| sign_in.is_link_secret(secret)).cloned()
    }

    async fn index(&self) -> Result<Page, Unavailable> {
        Ok(self.login.get().map_or_else(pages::signing_in, |login| pages::index(&login.facts)))
    }
}
