//! The sign-in to Backstage in the browser, which precedes the login when no credential is set.

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

/// The user at this machine, and what is needed to identify them.
#[derive(Clone, Copy)]
pub struct Person<'a> {
    /// The role's settings.
    pub settings: &'a LoginSettings,
    /// The tools of the command.
    pub tools: &'a Tools,
    /// The backend.
    pub api: &'a BackendApi,
    /// The state that the helper's pages show.
    pub single_login: &'a SingleLogin,
    /// The port that the helper listens on.
    pub port: u16,
}

/// A sign-in that has begun.
pub struct SigningIn<'a> {
    /// The state that its pages show.
    pub pending: Arc<PendingSignIn>,
    client: BackstageClient<'a>,
    callbacks: mpsc::Receiver<Callback>,
}

/// A finished sign-in.
pub struct SignedIn {
    /// The user token.
    pub token: SecretString,
    /// The browser waits for the login's link, unless its callback was pasted.
    pub browser: BrowserState,
}

impl<'a> Person<'a> {
    /// The given credential, or a kept sign-in if none is given. If its file cannot be used, or the answer to its refresh cannot be read,
    /// the user signs in again instead.
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

    /// Begins the sign-in.
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

    /// Opens the browser, waits for the callback, and keeps the tokens.
    ///
    /// # Errors
    /// When no callback comes in time, or Backstage refuses.
    pub async fn sign_in(
        &self,
        sign_in: &mut SigningIn<'_>,
        browser: BrowserState,
        keyboard: &mut Keyboard,
    ) -> Result<SignedIn, HelperError> {
        let timeout = self.settings.login_timeout.0;
        dialogue::begin_sign_in(
            &sign_in.pending,
            self.api.address(),
            (self.tools, keyboard),
            timeout,
            browser,
        );
        let called_back = self.callback(sign_in, keyboard).await;
        self.tools.terminal.stop_counting();
        let Callback { request, channel } = called_back?;
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
                line = keyboard.line_beside_browser(&self.tools.terminal) => {
                    dialogue::answer_sign_in(&line, &sign_in.pending, self.tools);
                }
                () = tokio::time::sleep_until(deadline) => {
                    return Err(HelperError::TimedOut(humantime::format_duration(timeout).to_string()));
                }
            }
        }
    }

    /// A failure here does not fail the login: the user only has to sign in again next time. An unreadable file is left unchanged.
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
