//! A login as the store keeps it: under the hash of its state, sealed with a key derived from the state, which is itself kept
//! nowhere. Links and confirm pages have records of their own, each under the hash of its secret and sealed with it, that hold
//! nothing but the state.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, PrimitiveDateTime};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::clock::Clock;
use crate::helper::callback::{Callback, Consent};
use crate::helper::session::auth_url::{AuthUrl, BadAuthUrl};
use crate::helper::session::facts::LoginFacts;
use crate::helper::session::pending_login::{PendingLogin, Secrets};
use crate::helper::web::login_lookup::Unavailable;
use crate::protocol::{RedirectUri, WireSecret};
use crate::random::{Random, sha256};
use crate::store::sealing::derived;
use crate::store::{Store, StoreError, Swap};

/// Which logins are under way, by the hash of their state and the moment they end at.
const INDEX: &str = "helper:under-way";

/// So many are looked at after a start; those beyond them were begun later, and would be an attack.
const MOST: usize = 10_000;

/// For how long the backend keeps the record of a session: a token that old is good for nothing.
const SESSION_KEPT: Duration = Duration::from_mins(10);

/// All that is needed to go on with a login.
#[derive(Serialize, Deserialize)]
pub struct LoginRecord {
    /// What may be shown of it.
    pub facts: LoginFacts,
    /// What the backend logs all calls of this login under.
    pub request_id: String,
    /// The key to its session.
    pub session_token: WireSecret,
    /// Where the browser logs in.
    pub auth_url: WireSecret,
    /// Where it comes back to.
    pub redirect_uri: String,
    /// Link and cookie.
    pub secrets: Secrets,
    /// Whether it was begun with the user's own credentials.
    pub consent: Consent,
    /// When nobody waits for it any more.
    #[serde(with = "time::serde::rfc3339")]
    pub ends: OffsetDateTime,
}

impl LoginRecord {
    /// The login itself, and the end of the channel on which its answer will arrive.
    ///
    /// # Errors
    /// When the authorization URL is none that an honest backend sends.
    pub fn open(
        &self,
        insecure_hosts: &[String],
        port: u16,
    ) -> Result<(PendingLogin, UnboundedReceiver<Callback>), BadAuthUrl> {
        let redirect_uri = RedirectUri::parse(&self.redirect_uri)?;
        let auth_url = AuthUrl::parse(&self.auth_url, &redirect_uri, insecure_hosts)?;
        let (facts, host, secrets) = (self.facts.clone(), redirect_uri.host(), self.secrets.clone());
        Ok(PendingLogin::with_secrets(facts, auth_url, host, port, self.consent, secrets))
    }
}

/// What the name of a record is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A login, under its state.
    Login,
    /// A link, under its secret.
    Link,
    /// The form of a confirm page, under its token.
    Confirm,
}

fn place(kind: Kind, secret: &WireSecret) -> String {
    place_of(kind, &sha256(secret.expose().as_bytes()))
}

fn place_of(kind: Kind, hash: &str) -> String {
    match kind {
        Kind::Login => format!("helper:login:{hash}"),
        Kind::Link => format!("helper:link:{hash}"),
        Kind::Confirm => format!("helper:confirm:{hash}"),
    }
}

fn handed_over(session_token: &WireSecret) -> String {
    format!("helper:handed-over:{}", sha256(session_token.expose().as_bytes()))
}

/// Where logins are kept. Each replica of the proxy sees the same where the store is shared.
pub struct LoginStore {
    store: Arc<dyn Store>,
    random: Arc<dyn Random>,
    clock: Arc<dyn Clock>,
}

impl LoginStore {
    /// In this store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, random: Arc<dyn Random>, clock: Arc<dyn Clock>) -> Self {
        Self { store, random, clock }
    }

    /// How long it is until then; nothing when it is over.
    #[must_use]
    pub fn until(&self, moment: OffsetDateTime) -> Duration {
        (moment - self.clock.now()).try_into().unwrap_or_default()
    }

    /// Writes a login down, and its link.
    ///
    /// # Errors
    /// When the store does not answer, or a record cannot be sealed.
    pub async fn keep(&self, state: &WireSecret, record: &LoginRecord) -> Result<(), Unavailable> {
        let (life, link) = (self.until(record.ends), &record.secrets.link);
        self.seal(Kind::Link, link, state, life).await?;
        self.seal(Kind::Login, state, record, life).await?;
        // Last: a process that starts now crosses out what has no record.
        Ok(self.store.note(INDEX, &sha256(state.expose().as_bytes()), record.ends).await?)
    }

    /// Writes a record down that holds nothing but the state of a login, for a secret that leads there.
    ///
    /// # Errors
    /// As [`Self::keep`].
    pub async fn keep_way_to(
        &self,
        state: &WireSecret,
        (kind, secret): (Kind, &WireSecret),
        life: Duration,
    ) -> Result<(), Unavailable> {
        self.seal(kind, secret, state, life).await
    }

    async fn seal<T: Serialize + Sync>(
        &self,
        kind: Kind,
        secret: &WireSecret,
        value: &T,
        life: Duration,
    ) -> Result<(), Unavailable> {
        let place = place(kind, secret);
        let sealed = derived::seal(secret, &place, value, self.random.as_ref())?;
        Ok(self.store.put(&place, &sealed, life).await?)
    }

    /// The login under this state.
    ///
    /// # Errors
    /// When the store does not answer, or the record does not open.
    pub async fn kept(&self, state: &WireSecret) -> Result<Option<LoginRecord>, Unavailable> {
        let place = place(Kind::Login, state);
        let Some(sealed) = self.store.get(&place).await? else { return Ok(None) };
        Ok(Some(derived::open(state, &place, &sealed)?))
    }

    /// Whether there is a login under the state with this hash.
    async fn is_kept(&self, hash: &str) -> Result<bool, StoreError> {
        Ok(self.store.get(&place_of(Kind::Login, hash)).await?.is_some())
    }

    /// The state that a link leads to.
    ///
    /// # Errors
    /// As [`Self::kept`].
    pub async fn state_behind_link(&self, link: &WireSecret) -> Result<Option<WireSecret>, Unavailable> {
        let place = place(Kind::Link, link);
        let Some(sealed) = self.store.get(&place).await? else { return Ok(None) };
        Ok(Some(derived::open(link, &place, &sealed)?))
    }

    /// The state that a confirm page's token leads to, the first time only.
    ///
    /// # Errors
    /// As [`Self::kept`].
    pub async fn redeem_confirm_token(&self, token: &WireSecret) -> Result<Option<WireSecret>, Unavailable> {
        let place = place(Kind::Confirm, token);
        let Some(sealed) = self.store.get(&place).await? else { return Ok(None) };
        let state = derived::open(token, &place, &sealed)?;
        let first = self.store.delete_seen(&place, &sealed).await? == Swap::Done;
        Ok(first.then_some(state))
    }

    /// Takes a login out of the store: the backend has answered for good.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn discard(&self, state: &WireSecret, link: &WireSecret) -> Result<(), StoreError> {
        self.store.delete(&place(Kind::Login, state)).await?;
        self.store.delete(&place(Kind::Link, link)).await?;
        self.store.unnote(INDEX, &sha256(state.expose().as_bytes())).await
    }
    /// Notes that a session is handed over, whichever replica is told; `Done` the first time only.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn note_hand_over(&self, session_token: &WireSecret) -> Result<Swap, StoreError> {
        self.store.put_new(&handed_over(session_token), b"", SESSION_KEPT).await
    }

    /// The session may be handed over once more.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn forget_hand_over(&self, session_token: &WireSecret) -> Result<(), StoreError> {
        self.store.delete(&handed_over(session_token)).await
    }

    /// The hashes of the states of logins whose record is there; the others have run out, or ended while their process died, and are
    /// crossed out.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn outstanding(&self) -> Result<Vec<String>, StoreError> {
        let end_of_time: OffsetDateTime = PrimitiveDateTime::MAX.assume_utc();
        let mut outstanding = Vec::new();
        for hash in self.store.noted(INDEX, end_of_time, MOST).await? {
            if self.is_kept(&hash).await? {
                outstanding.push(hash);
            } else {
                self.store.unnote(INDEX, &hash).await?;
            }
        }
        Ok(outstanding)
    }
}
