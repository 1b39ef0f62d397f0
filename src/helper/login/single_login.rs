//! The state of the `login` role: first perhaps the question about the backend, then perhaps the sign-in to Backstage, then the login.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;

use crate::helper::confirmation::question::BackendQuestion;
use crate::helper::session::pending_login::PendingLogin;
use crate::helper::sign_in::pending_sign_in::PendingSignIn;
use crate::helper::web::login_lookup::{LoginLookup, Unavailable};
use crate::helper::web::pages;
use crate::helper::web::pages::layout::Page;
use crate::helper::web::redirect::Index;
use crate::protocol::WireSecret;
use crate::random::Random;

/// The question, the sign-in and the login. Each begins at most once and stays.
pub struct SingleLogin {
    random: Arc<dyn Random>,
    question: OnceLock<Arc<BackendQuestion>>,
    sign_in: OnceLock<Arc<PendingSignIn>>,
    login: OnceLock<Arc<PendingLogin>>,
}

impl SingleLogin {
    /// Nothing has begun.
    #[must_use]
    pub fn new(random: Arc<dyn Random>) -> Self {
        Self { random, question: OnceLock::new(), sign_in: OnceLock::new(), login: OnceLock::new() }
    }

    /// The user has to confirm the backend.
    pub fn ask_about_backend(&self, question: BackendQuestion) -> &Arc<BackendQuestion> {
        self.question.get_or_init(|| Arc::new(question))
    }

    /// The user has to sign in to Backstage.
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
impl LoginLookup for SingleLogin {
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

    fn question_of_link(&self, secret: &WireSecret) -> Option<Arc<BackendQuestion>> {
        self.question.get().filter(|question| question.link_secret().equals(secret)).cloned()
    }

    fn redeem_question_token(&self, token: &WireSecret) -> Option<Arc<BackendQuestion>> {
        self.question.get().filter(|question| question.redeem_form_token(token)).cloned()
    }

    fn sign_in_of_state(&self, state: &WireSecret) -> Option<Arc<PendingSignIn>> {
        self.sign_in.get().filter(|sign_in| state.equals(sign_in.state())).cloned()
    }

    fn sign_in_of_link(&self, secret: &WireSecret) -> Option<Arc<PendingSignIn>> {
        self.sign_in.get().filter(|sign_in| sign_in.is_link_secret(secret)).cloned()
    }
}

#[async_trait]
impl Index for SingleLogin {
    async fn index(&self) -> Result<Page, Unavailable> {
        Ok(match (self.login.get(), self.sign_in.get(), self.question.get()) {
            (Some(login), _, _) => pages::index(&login.facts),
            (None, None, Some(question)) if !question.is_confirmed() => pages::asking_about_backend(),
            (None, _, _) => pages::signing_in(),
        })
    }
}
