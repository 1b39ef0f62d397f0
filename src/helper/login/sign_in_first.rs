//! The first half of a login where nothing says who the person is: they sign in to Backstage in their browser.

use std::sync::Arc;

use secrecy::SecretString;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::single_login::SingleLogin;
use crate::helper::HelperError;
use crate::helper::backend_client::{ApiError, BackendApi};
use crate::helper::callback::{Callback, Channel};
use crate::helper::sign_in::credential::UserCredential;
use crate::helper::sign_in::pending_sign_in::PendingSignIn;
use crate::helper::sign_in::token_file::Tokens;
use crate::helper::sign_in::{BackstageClient, SignInError};
use crate::helper::terminal::dialogue::{self, BrowserState};
use crate::helper::terminal::keyboard::Keyboard;
use crate::helper::terminal::tools::Tools;
use crate::outbound::OutboundError;
use crate::settings::SettingsError;
use crate::settings::login::LoginSettings;

/// The person at this machine, and what is needed to find out who they are.
#[derive(Clone, Copy)]
pub struct Person<'a> {
    /// The role's settings.
    pub settings: &'a LoginSettings,
    /// What it needs from outside.
    pub tools: &'a Tools,
    /// The backend.
    pub api: &'a BackendApi,
    /// What the helper's pages are about.
    pub single_login: &'a SingleLogin,
    /// The port that the helper listens on.
    pub port: u16,
}

/// Signing in, as far as the program has a part in it.
pub struct SigningIn<'a> {
    /// What the browser is shown.
    pub pending: Arc<PendingSignIn>,
    client: BackstageClient<'a>,
    callbacks: mpsc::Receiver<Callback>,
}

/// Who has signed in, and where their browser is now.
pub struct SignedIn {
    /// The user token.
    pub token: SecretString,
    /// It waits for the login's link, unless its answer was pasted.
    pub browser: BrowserState,
}

impl<'a> Person<'a> {
    /// A kept sign-in, where the settings say nothing and there is one. A login does not fail for want of one: where its file cannot be
    /// used, or Backstage answers its refresh with what is no answer, the person signs in.
    ///
    /// # Errors
    /// When Backstage does not answer a refresh at all.
    pub async fn or_kept(&self, given: UserCredential) -> Result<UserCredential, HelperError> {
        let folder = self.tools.state_folder.as_deref();
        match given.or_kept(&self.client()?, folder).await {
            Err(SignInError::File(error)) => {
                self.tools.terminal.say_whole(&format!("No kept sign-in is used: {error}"));
                Ok(UserCredential::Nothing)
            }
            Err(SignInError::NoAnswer(ApiError::NoAnswer(OutboundError::NotJson))) => {
                self.tools.terminal.say("Backstage does not refresh the kept sign-in any more.");
                Ok(UserCredential::Nothing)
            }
            kept => kept.map_err(|error| self.not_signed_in(error)),
        }
    }

    /// Begins to sign the person in.
    ///
    /// # Errors
    /// When this Backstage does not know the program as a client, or does not answer.
    pub async fn begin_sign_in(&self) -> Result<SigningIn<'a>, HelperError> {
        let (client, random) = (self.client()?, self.tools.random.as_ref());
        let sign_in = client.begin(random).await.map_err(|error| self.not_signed_in(error))?;
        let (pending, callbacks) = PendingSignIn::new(sign_in, self.port, random)?;
        let pending = Arc::clone(self.single_login.begin_sign_in(pending));
        Ok(SigningIn { pending, client, callbacks })
    }

    /// Opens the browser, waits for it to come back, and keeps what it brings.
    ///
    /// # Errors
    /// When nobody comes back in time, or Backstage says no.
    pub async fn sign_in(
        &self,
        sign_in: &mut SigningIn<'_>,
        browser: BrowserState,
        keyboard: &mut Keyboard,
    ) -> Result<SignedIn, HelperError> {
        let timeout = self.settings.login_timeout.0;
        dialogue::begin_sign_in(&sign_in.pending, self.api.address(), self.tools, timeout, browser);
        let Callback { request, channel } = self.callback(sign_in, keyboard).await?;
        let tokens = sign_in.client.take(&request, sign_in.pending.verifier()).await;
        let tokens = tokens.map_err(|error| self.not_signed_in(error))?;
        self.keep(&sign_in.client, &tokens).await;
        let browser = match channel {
            Channel::Browser => BrowserState::OnItsWay,
            Channel::Terminal => BrowserState::Elsewhere,
        };
        Ok(SignedIn { token: tokens.access_token.expose().into(), browser })
    }

    async fn callback(
        &self,
        sign_in: &mut SigningIn<'_>,
        keyboard: &mut Keyboard,
    ) -> Result<Callback, HelperError> {
        let timeout = self.settings.login_timeout.0;
        let deadline = Instant::now() + timeout;
        loop {
            tokio::select! {
                Some(callback) = sign_in.callbacks.recv() => return Ok(callback),
                line = keyboard.line() => dialogue::answer_sign_in(&line, &sign_in.pending, self.tools),
                () = tokio::time::sleep_until(deadline) => {
                    return Err(HelperError::TimedOut(humantime::format_duration(timeout).to_string()));
                }
            }
        }
    }

    /// A login does not fail for want of a file: the person only has to sign in again next time. What cannot be read is left as it is.
    async fn keep(&self, client: &BackstageClient<'_>, tokens: &Tokens) {
        let Some(folder) = &self.tools.state_folder else { return };
        let file = client.token_file(folder);
        let kept = file.lock().await.and_then(|locked| {
            locked.read()?;
            locked.write(tokens)
        });
        if let Err(error) = kept {
            self.tools.terminal.say_whole(&format!("This sign-in is not kept: {error}"));
        }
    }

    fn client(&self) -> Result<BackstageClient<'a>, SettingsError> {
        self.tools.backstage_client(self.api, self.settings)
    }

    fn not_signed_in(&self, error: SignInError) -> HelperError {
        HelperError::of_sign_in(error, self.api.address())
    }
}
