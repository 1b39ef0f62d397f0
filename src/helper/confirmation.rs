//! A backend that was never confirmed on this machine: the person says whether it is theirs, before it is sent anything but
//! `GET /info`.

use std::sync::Arc;

use tokio::time::Instant;

use crate::helper::backend_question::BackendQuestion;
use crate::helper::backend_trust::{BackendTrust, Standing};
use crate::helper::dialogue::{self, Whereabouts};
use crate::helper::keyboard::Keyboard;
use crate::helper::login::LAST_PAGE;
use crate::helper::onward::Onward;
use crate::helper::outcome::LoginError;
use crate::helper::pending_login::Way;
use crate::helper::pending_sign_in::REDIRECT_HOST;
use crate::helper::signing_in::Person;
use crate::protocol::WireSecret;

/// What a login goes on with.
pub enum Confirmation {
    /// The backend was confirmed before, or is on this machine.
    Before,
    /// The person has confirmed it now.
    Now {
        /// The question that they have answered.
        question: Arc<BackendQuestion>,
        /// Which way.
        way: Way,
    },
}

impl Confirmation {
    /// Where their browser is: a click has left it at the helper, waiting.
    #[must_use]
    pub fn browser(&self) -> Whereabouts {
        match self {
            Self::Now { way: Way::Browser, .. } => Whereabouts::OnItsWay,
            Self::Now { way: Way::Terminal, .. } | Self::Before => Whereabouts::Elsewhere,
        }
    }

    /// Leads the browser there that has shown the question.
    pub fn lead(&self, onward: Onward) {
        match self {
            Self::Now { question, .. } => question.signpost.point(onward),
            Self::Before => {}
        }
    }
}

impl Person<'_> {
    /// Asks, where the backend was never confirmed, on the helper's page and in the terminal.
    ///
    /// # Errors
    /// When the person does not answer in time, and without randomness.
    pub async fn confirm_backend(
        &self,
        trust: &BackendTrust,
        keyboard: &mut Keyboard,
    ) -> Result<Confirmation, LoginError> {
        match trust.standing() {
            Standing::Confirmed => return Ok(Confirmation::Before),
            Standing::Unconfirmed => {}
            Standing::Unknown(error) => self.tools.terminal.say(&error.to_string()),
        }
        let question = BackendQuestion::new(trust.name().clone(), Arc::clone(&self.tools.random))?;
        let question = Arc::clone(self.stage.ask_about_backend(question));
        let way = self.answer(&question, keyboard).await?;
        Ok(Confirmation::Now { question, way })
    }

    async fn answer(&self, question: &BackendQuestion, keyboard: &mut Keyboard) -> Result<Way, LoginError> {
        let (tools, patience) = (self.tools, self.settings.login_timeout.0);
        let page: WireSecret =
            format!("http://{REDIRECT_HOST}:{}/go/{}", self.port, question.link_secret().expose()).into();
        let mut asked = dialogue::ask_about_backend(question, &page, (tools, &mut *keyboard), patience)?;
        let deadline = Instant::now() + patience;
        loop {
            tokio::select! {
                way = question.confirmed() => return Ok(way),
                line = keyboard.line() => {
                    dialogue::answer_about_backend(&line, question, &mut asked, tools)?;
                }
                () = tokio::time::sleep_until(deadline) => {
                    let too_late = question.too_late(patience);
                    // A click of that moment is still being answered.
                    tokio::time::sleep(LAST_PAGE).await;
                    return Err(too_late);
                }
            }
        }
    }
}
