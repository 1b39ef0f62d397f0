//! The login that is under way: its secrets, and how far it is.

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

/// How far a login is.
#[derive(Clone, Debug)]
pub enum Progress {
    /// Nobody came back from the identity provider yet.
    Waiting,
    /// Somebody did; the backend has not answered for good.
    Delivering,
    /// The end.
    Ended(Outcome),
}

/// The login that is under way. Has no `Debug`: it holds secrets.
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

/// The unguessable page that the helper opens or prints.
struct Link {
    host: String,
    port: u16,
    secret: WireSecret,
}

/// What only the helper and the person's browser may know of a login.
#[derive(Clone, Serialize, Deserialize)]
pub struct Secrets {
    /// The end of its link.
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
    /// A login that nobody has come back from yet, and the end of the channel on which its answer will arrive.
    /// `host` is that of the redirect URI, `port` the one that the helper listens on.
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

    /// The same with secrets that it has already.
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

    /// Where the browser logs in.
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

    /// The page that the helper opens or prints; secret until the login ends.
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

    /// Whether the person has said that this login is theirs.
    #[must_use]
    pub fn consent(&self) -> Consent {
        if self.consented.load(Ordering::Acquire) { Consent::Given } else { Consent::Needed }
    }

    /// The person has said so.
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

    /// Uses a confirm page's token up; true the first time only.
    #[must_use]
    pub fn redeem_confirm_token(&self, token: &WireSecret) -> bool {
        self.confirm_tokens.redeem(token)
    }

    /// Takes the identity provider's answer. What arrives after the first is not delivered: it shows the first one's
    /// outcome.
    pub fn accept(&self, callback: Callback) {
        let first = self.progress.send_if_modified(|progress| {
            let waiting = matches!(progress, Progress::Waiting);
            if waiting {
                *progress = Progress::Delivering;
            }
            waiting
        });
        if first {
            // Fails only when the login role has ended, and with it the whole program.
            let _ = self.callbacks.send(callback);
        }
    }

    /// Ends it.
    pub fn end(&self, outcome: Outcome) {
        self.progress.send_replace(Progress::Ended(outcome));
    }

    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress.borrow().clone()
    }

    /// The outcome, if there is one before `timeout` is over.
    pub async fn outcome_within(&self, timeout: Duration) -> Option<Outcome> {
        let mut progress = self.progress.subscribe();
        let ended = progress.wait_for(|progress| matches!(progress, Progress::Ended(_)));
        match tokio::time::timeout(timeout, ended).await {
            Ok(Ok(progress)) => match &*progress {
                Progress::Ended(outcome) => Some(outcome.clone()),
                Progress::Waiting | Progress::Delivering => None,
            },
            Ok(Err(_)) | Err(_) => None,
        }
    }

    /// A browser is being shown the outcome.
    pub fn mark_outcome_shown(&self) {
        self.outcome_shown.notify_one();
    }

    /// Waits until a browser has been shown the outcome.
    pub async fn outcome_shown(&self) {
        self.outcome_shown.notified().await;
    }
}
