//! The question whether a backend is the person's own, before it is sent anything but `GET /info`.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use super::backend_name::BackendName;
use crate::helper::callback::Way;
use crate::helper::session::outcome::LoginError;
use crate::helper::web::form_tokens::FormTokens;
use crate::helper::web::onward::{Onward, Signpost};
use crate::protocol::WireSecret;
use crate::random::{NoRandomness, Random, random_secret};

/// A question that waits for its answer, and for what then begins. Has no `Debug`: it holds secrets.
pub struct BackendQuestion {
    /// The backend that it is about.
    pub backend: BackendName,
    /// Where a browser that has answered goes on.
    pub signpost: Signpost,
    link_secret: WireSecret,
    form_tokens: FormTokens,
    confirmed: watch::Sender<Option<Way>>,
    random: Arc<dyn Random>,
}

impl BackendQuestion {
    /// One that nobody has answered yet.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn new(backend: BackendName, random: Arc<dyn Random>) -> Result<Self, NoRandomness> {
        Ok(Self {
            backend,
            signpost: Signpost::default(),
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

    /// A token for the form of one page that asks.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn issue_form_token(&self) -> Result<WireSecret, NoRandomness> {
        self.form_tokens.issue(self.random.as_ref())
    }

    /// Uses a form's token up; true the first time only.
    #[must_use]
    pub fn redeem_form_token(&self, token: &WireSecret) -> bool {
        self.form_tokens.redeem(token)
    }

    /// The person has said yes, in this way. The first yes counts.
    pub fn confirm(&self, way: Way) {
        self.confirmed.send_if_modified(|confirmed| {
            let is_first = confirmed.is_none();
            confirmed.get_or_insert(way);
            is_first
        });
    }

    /// Whether the person has said yes.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.confirmed.borrow().is_some()
    }

    /// Waits for the person no longer than that. A later answer is shown the sentence with which the login ended.
    ///
    /// # Errors
    /// When they have not answered in time.
    pub async fn confirmed_within(&self, patience: Duration) -> Result<Way, LoginError> {
        match timeout(patience, self.confirmed()).await {
            Ok(way) => Ok(way),
            Err(_) => Err(self.too_late(patience)),
        }
    }

    /// The end of a login whose person has not answered in time, which browsers that have just answered are shown, too.
    #[must_use]
    pub fn too_late(&self, patience: Duration) -> LoginError {
        let error = LoginError::TimedOut(humantime::format_duration(patience).to_string());
        self.signpost.point(Onward::Nowhere(error.to_string()));
        error
    }

    /// Waits until they have, and in which way.
    pub async fn confirmed(&self) -> Way {
        let mut confirmed = self.confirmed.subscribe();
        match confirmed.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(way)) => *way,
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
    async fn whoever_answers_too_late_is_not_left_waiting() {
        let backend = BackendName::new("https://backstage.example", "helper").unwrap();
        let question = BackendQuestion::new(backend, Arc::new(SystemRandom)).unwrap();
        let Err(error) = question.confirmed_within(Duration::from_millis(1)).await else {
            panic!("nobody has answered")
        };
        question.confirm(Way::Browser);
        let onward = timeout(Duration::from_secs(15), question.signpost.read()).await;
        let Ok(Onward::Nowhere(sentence)) = onward else { panic!("the browser waits on") };
        assert_eq!(sentence, error.to_string());
    }
}
