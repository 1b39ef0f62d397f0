//! The step before the login: the user confirms a backend that was never confirmed on this machine.

use std::sync::Arc;

use tokio::time::Instant;

use super::sign_in_first::Person;
use crate::helper::HelperError;
use crate::helper::callback::Channel;
use crate::helper::confirmation::question::BackendQuestion;
use crate::helper::confirmation::trust::{BackendTrust, TrustStatus};
use crate::helper::sign_in::pending_sign_in::REDIRECT_HOST;
use crate::helper::terminal::dialogue::{self, BrowserState};
use crate::helper::terminal::keyboard::Keyboard;
use crate::helper::web::deferred_redirect::Destination;
use crate::helper::web::server::LAST_PAGE;
use crate::protocol::WireSecret;

/// The confirmation with which the login continues.
pub enum Confirmation {
    /// The backend was confirmed before, or runs on this machine.
    Before,
    /// The user has confirmed it now.
    Now {
        /// The question that was answered.
        question: Arc<BackendQuestion>,
        /// Where the answer came from.
        channel: Channel,
    },
}

impl Confirmation {
    /// Where the user's browser is: after a click it waits at the helper.
    #[must_use]
    pub fn browser(&self) -> BrowserState {
        match self {
            Self::Now { channel: Channel::Browser, .. } => BrowserState::OnItsWay,
            Self::Now { channel: Channel::Terminal, .. } | Self::Before => BrowserState::Elsewhere,
        }
    }

    /// Sends the browser that showed the question there.
    pub fn redirect_browser(&self, destination: Destination) {
        match self {
            Self::Now { question, .. } => question.redirect.resolve(destination),
            Self::Before => {}
        }
    }
}

impl Person<'_> {
    /// Asks the user on the helper's page and in the terminal, unless the backend was confirmed before.
    ///
    /// # Errors
    /// When the user does not answer in time, and without randomness.
    pub async fn confirm_backend(
        &self,
        trust: &BackendTrust,
        keyboard: &mut Keyboard,
    ) -> Result<Confirmation, HelperError> {
        match trust.status() {
            TrustStatus::Confirmed => return Ok(Confirmation::Before),
            TrustStatus::Unconfirmed => {}
            TrustStatus::Unknown(error) => self.tools.terminal.say(&error.to_string()),
        }
        let question = BackendQuestion::new(trust.name().clone(), Arc::clone(&self.tools.random))?;
        let question = Arc::clone(self.single_login.ask_about_backend(question));
        let channel = self.answer(&question, keyboard).await?;
        Ok(Confirmation::Now { question, channel })
    }

    async fn answer(
        &self,
        question: &BackendQuestion,
        keyboard: &mut Keyboard,
    ) -> Result<Channel, HelperError> {
        let (tools, timeout) = (self.tools, self.settings.login_timeout.0);
        let page: WireSecret =
            format!("http://{REDIRECT_HOST}:{}/go/{}", self.port, question.link_secret().expose()).into();
        let mut asked = dialogue::ask_about_backend(question, &page, (tools, &mut *keyboard), timeout)?;
        let deadline = Instant::now() + timeout;
        loop {
            tokio::select! {
                channel = question.confirmed() => return Ok(channel),
                line = keyboard.line_beside_browser(&tools.terminal) => {
                    dialogue::answer_about_backend(&line, question, &mut asked, tools)?;
                }
                () = tokio::time::sleep_until(deadline) => {
                    let too_late = question.too_late(timeout);
                    // A browser that has clicked at this moment still gets its page.
                    tokio::time::sleep(LAST_PAGE).await;
                    return Err(too_late);
                }
            }
        }
    }
}
