//! A pending login: its secrets and its progress.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, mpsc, watch};

use super::auth_url::AuthUrl;
use super::facts::LoginFacts;
use super::outcome::Outcome;
use crate::helper::callback::{Callback, Consent, Expected, StateCookie};
use crate::helper::web::form_tokens::FormTokens;
use crate::protocol::WireSecret;
use crate::random::{NoRandomness, Random, random_secret};

/// The progress of a login.
#[derive(Clone, Debug)]
pub enum Progress {
    /// It waits for the callback.
    Waiting,
    /// The callback came; there is no final answer of the backend yet.
    Delivering(Awaited),
    /// It has ended.
    Ended(Outcome),
}

/// Which answer is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// The backend's.
    Backend,
    /// The identity provider's, as the backend says.
    IdentityProvider,
}

/// A pending login. Has no `Debug`: it holds secrets.
pub struct PendingLogin {
    /// What may be shown.
    pub facts: LoginFacts,
    auth_url: AuthUrl,
    link: Link,
    cookie: StateCookie,
    confirm_tokens: FormTokens,
    consented: AtomicBool,
    progress: watch::Sender<Progress>,
    callbacks: mpsc::UnboundedSender<Callback>,
    outcome_shown: Notify,
}

/// The unguessable link that the helper opens or prints.
struct Link {
    host: String,
    port: u16,
    secret: WireSecret,
}

/// The secrets that only the helper and the user's browser may know.
#[derive(Clone, Serialize, Deserialize)]
pub struct Secrets {
    /// The last part of its link.
    pub link: WireSecret,
    /// The value of its cookie.
    pub cookie: WireSecret,
}

impl Secrets {
    /// New ones.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn new(random: &dyn Random) -> Result<Self, NoRandomness> {
        Ok(Self { link: random_secret(random)?, cookie: random_secret(random)? })
    }
}

impl PendingLogin {
    /// A new pending login, and the receiver of its callback. `host` is the redirect URI's, `port` the one that the helper listens on.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn new(
        facts: LoginFacts,
        auth_url: AuthUrl,
        host: &str,
        port: u16,
        consent: Consent,
        random: &dyn Random,
    ) -> Result<(Self, mpsc::UnboundedReceiver<Callback>), NoRandomness> {
        Ok(Self::with_secrets(facts, auth_url, host, port, consent, Secrets::new(random)?))
    }

    /// The same with existing secrets.
    #[must_use]
    pub fn with_secrets(
        facts: LoginFacts,
        auth_url: AuthUrl,
        host: &str,
        port: u16,
        consent: Consent,
        secrets: Secrets,
    ) -> (Self, mpsc::UnboundedReceiver<Callback>) {
        let (callbacks, receiver) = mpsc::unbounded_channel();
        let cookie = StateCookie { name: StateCookie::name_for(auth_url.state()), value: secrets.cookie };
        let login = Self {
            facts,
            auth_url,
            link: Link { host: host.to_owned(), port, secret: secrets.link },
            cookie,
            confirm_tokens: FormTokens::default(),
            consented: AtomicBool::new(consent == Consent::Given),
            progress: watch::Sender::new(Progress::Waiting),
            callbacks,
            outcome_shown: Notify::new(),
        };
        (login, receiver)
    }

    /// The authorization URL.
    #[must_use]
    pub fn auth_url(&self) -> &AuthUrl {
        &self.auth_url
    }

    /// What a callback must match.
    #[must_use]
    pub fn expected(&self) -> Expected<'_> {
        Expected { state: self.auth_url.state(), cookie: &self.cookie, consent: self.consent() }
    }

    /// The cookie that a callback must carry.
    #[must_use]
    pub fn cookie(&self) -> &StateCookie {
        &self.cookie
    }

    /// The link that the helper opens or prints; secret until the login ends.
    #[must_use]
    pub fn link(&self) -> WireSecret {
        let Link { host, port, secret } = &self.link;
        format!("http://{host}:{port}/go/{}", secret.expose()).into()
    }

    /// The host of the redirect URI, as it stands in a URL.
    #[must_use]
    pub fn redirect_host(&self) -> &str {
        &self.link.host
    }

    /// Whether this is the secret at the end of [`Self::link`].
    #[must_use]
    pub fn is_link_secret(&self, secret: &WireSecret) -> bool {
        self.link.secret.equals(secret)
    }

    /// Whether the user has confirmed that this login is theirs.
    #[must_use]
    pub fn consent(&self) -> Consent {
        if self.consented.load(Ordering::Acquire) { Consent::Given } else { Consent::Needed }
    }

    /// Records the user's confirmation.
    pub fn give_consent(&self) {
        self.consented.store(true, Ordering::Release);
    }

    /// A token for the form of one confirm page.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn issue_confirm_token(&self, random: &dyn Random) -> Result<WireSecret, NoRandomness> {
        self.confirm_tokens.issue(random)
    }

    /// Redeems a confirm page's token; true the first time only.
    #[must_use]
    pub fn redeem_confirm_token(&self, token: &WireSecret) -> bool {
        self.confirm_tokens.redeem(token)
    }

    /// Accepts a callback. Only the first one is delivered; later ones show its outcome.
    pub fn accept(&self, callback: Callback) {
        let first = self.progress.send_if_modified(|progress| {
            let waiting = matches!(progress, Progress::Waiting);
            if waiting {
                *progress = Progress::Delivering(Awaited::Backend);
            }
            waiting
        });
        if first {
            // Fails only when the login role has ended, and the program with it.
            let _ = self.callbacks.send(callback);
        }
    }

    /// Records which answer is missing.
    pub fn awaits(&self, awaited: Awaited) {
        self.progress.send_if_modified(|progress| match progress {
            Progress::Delivering(now) if *now != awaited => {
                *now = awaited;
                true
            }
            Progress::Waiting | Progress::Delivering(_) | Progress::Ended(_) => false,
        });
    }

    /// Ends the login.
    pub fn end(&self, outcome: Outcome) {
        self.progress.send_replace(Progress::Ended(outcome));
    }

    /// The progress.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress.borrow().clone()
    }

    /// The outcome, if there is one within `timeout`.
    pub async fn outcome_within(&self, timeout: Duration) -> Option<Outcome> {
        let mut progress = self.progress.subscribe();
        let ended = progress.wait_for(|progress| matches!(progress, Progress::Ended(_)));
        match tokio::time::timeout(timeout, ended).await {
            Ok(Ok(progress)) => match &*progress {
                Progress::Ended(outcome) => Some(outcome.clone()),
                Progress::Waiting | Progress::Delivering(_) => None,
            },
            Ok(Err(_)) | Err(_) => None,
        }
    }

    /// Records that a browser is shown the outcome.
    pub fn mark_outcome_shown(&self) {
        self.outcome_shown.notify_one();
    }

    /// Waits until a browser is shown the outcome.
    pub async fn outcome_shown(&self) {
        self.outcome_shown.notified().await;
    }
}
