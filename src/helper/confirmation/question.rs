//! The question whether a backend is the user's own, which is asked before it is sent anything but `GET /info`.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::backend_name::BackendName;
use crate::helper::HelperError;
use crate::helper::callback::Channel;
use crate::helper::web::deferred_redirect::{DeferredRedirect, Destination};
use crate::helper::web::form_tokens::FormTokens;
use crate::protocol::WireSecret;
use crate::random::{NoRandomness, Random, random_secret};

/// A question with its answer and with the redirect to what begins then. Has no `Debug`: it holds secrets.
pub struct BackendQuestion {
    /// The backend in question.
    pub backend: BackendName,
    /// Where a browser goes after its answer.
    pub redirect: DeferredRedirect,
    link_secret: WireSecret,
    form_tokens: FormTokens,
    confirmed: watch::Sender<Option<Channel>>,
    random: Arc<dyn Random>,
}

impl BackendQuestion {
    /// A question without an answer yet.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn new(backend: BackendName, random: Arc<dyn Random>) -> Result<Self, NoRandomness> {
        Ok(Self {
            backend,
            redirect: DeferredRedirect::default(),
            link_secret: random_secret(random.as_ref())?,
            form_tokens: FormTokens::default(),
            confirmed: watch::Sender::new(None),
            random,
        })
    }

    /// The secret at the end of its page's address.
    #[must_use]
    pub fn link_secret(&self) -> &WireSecret {
        &self.link_secret
    }

    /// A token for the form of one page with this question.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn issue_form_token(&self) -> Result<WireSecret, NoRandomness> {
        self.form_tokens.issue(self.random.as_ref())
    }

    /// Redeems a form's token; true the first time only.
    #[must_use]
    pub fn redeem_form_token(&self, token: &WireSecret) -> bool {
        self.form_tokens.redeem(token)
    }

    /// Records the user's yes and where it came from. Only the first one counts.
    pub fn confirm(&self, channel: Channel) {
        self.confirmed.send_if_modified(|confirmed| {
            let is_first = confirmed.is_none();
            confirmed.get_or_insert(channel);
            is_first
        });
    }

    /// Whether the user has said yes.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.confirmed.borrow().is_some()
    }

    /// Waits for the yes, at most for `timeout`. A browser that answers later is shown the sentence with which the login ended.
    ///
    /// # Errors
    /// When it does not come in time.
    pub async fn confirmed_within(&self, timeout: Duration) -> Result<Channel, HelperError> {
        match tokio::time::timeout(timeout, self.confirmed()).await {
            Ok(channel) => Ok(channel),
            Err(_) => Err(self.too_late(timeout)),
        }
    }

    /// The error for a user who did not answer in time; also resolves the redirect with it.
    #[must_use]
    pub fn too_late(&self, timeout: Duration) -> HelperError {
        let error = HelperError::TimedOut(humantime::format_duration(timeout).to_string());
        self.redirect.resolve(Destination::Failure(error.to_string()));
        error
    }

    /// Waits for the yes.
    pub async fn confirmed(&self) -> Channel {
        let mut confirmed = self.confirmed.subscribe();
        match confirmed.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(channel)) => *channel,
            // Not while `self` holds the sender.
            _ => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;

    #[actix_web::test]
    async fn a_browser_that_answers_too_late_is_not_left_waiting() {
        let backend = BackendName::new("https://backstage.example", "helper").unwrap();
        let question = BackendQuestion::new(backend, Arc::new(SystemRandom)).unwrap();
        let Err(error) = question.confirmed_within(Duration::from_millis(1)).await else {
            panic!("there was no answer")
        };
        question.confirm(Channel::Browser);
        let destination =
            tokio::time::timeout(Duration::from_secs(15), question.redirect.destination()).await;
        let Ok(Destination::Failure(sentence)) = destination else { panic!("the browser waits on") };
        assert_eq!(sentence, error.to_string());
    }
}
