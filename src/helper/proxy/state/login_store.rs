//! Pending logins in the store. A login's key is the hash of its state, and its record is sealed with a key derived from the state,
//! which is not stored. Links and confirm pages have records that hold only the state, stored and sealed in the same way with their own
//! secret.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, PrimitiveDateTime};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::clock::Clock;
use crate::helper::callback::{Callback, Consent};
use crate::helper::session::auth_url::{AuthUrl, BadAuthUrl};
use crate::helper::session::facts::LoginFacts;
use crate::helper::session::own_exchange::OwnExchange;
use crate::helper::session::own_exchange::redemptions::{Redemptions, Turn};
use crate::helper::session::pending_login::{PendingLogin, Secrets};
use crate::helper::web::login_lookup::Unavailable;
use crate::protocol::{RedirectUri, TokensRequest, WireSecret};
use crate::random::{Random, sha256};
use crate::store::sealing::derived;
use crate::store::{Store, StoreError, Swap};

/// The index of pending logins: the hash of the state, at the time when the login ends.
const INDEX: &str = "helper:under-way";

/// How many are looked up after a start; more would be an attack.
const MOST: usize = 10_000;

/// How long the backend keeps a session: an older session token is useless.
const SESSION_KEPT: Duration = Duration::from_mins(10);

/// All that another process needs to continue a login.
#[derive(Serialize, Deserialize)]
pub struct LoginRecord {
    /// What may be shown of it.
    pub facts: LoginFacts,
    /// The request id of the login's calls to the backend.
    pub request_id: String,
    /// Its session's token.
    pub session_token: WireSecret,
    /// The authorization URL.
    pub auth_url: WireSecret,
    /// The redirect URI.
    pub redirect_uri: String,
    /// What its code is redeemed with here; none where the backend redeems it. Older proxies do not keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_exchange: Option<OwnExchange>,
    /// The secrets of its link and its cookie.
    pub secrets: Secrets,
    /// Whether it was begun with the user's own credentials.
    pub consent: Consent,
    /// When it ends at the latest.
    #[serde(with = "time::serde::rfc3339")]
    pub ends: OffsetDateTime,
}

impl LoginRecord {
    /// The pending login, and the receiver of its callback.
    ///
    /// # Errors
    /// When no honest backend would send the authorization URL.
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

/// The kind of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A login, by its state.
    Login,
    /// A link, by its secret.
    Link,
    /// The form of a confirm page, by its token.
    Confirm,
    /// What the code of a login was redeemed for, by its state.
    Redeemed,
}

fn place(kind: Kind, secret: &WireSecret) -> String {
    place_of(kind, &sha256(secret.expose().as_bytes()))
}

fn place_of(kind: Kind, hash: &str) -> String {
    match kind {
        Kind::Login => format!("helper:login:{hash}"),
        Kind::Link => format!("helper:link:{hash}"),
        Kind::Confirm => format!("helper:confirm:{hash}"),
        Kind::Redeemed => format!("helper:redeemed:{hash}"),
    }
}

/// Where the claim to a login's code lies.
fn claim(state: &WireSecret) -> String {
    format!("helper:redeeming:{}", sha256(state.expose().as_bytes()))
}

fn handed_over(session_token: &WireSecret) -> String {
    format!("helper:handed-over:{}", sha256(session_token.expose().as_bytes()))
}

/// The store of logins. Replicas of the proxy with a shared store see the same logins.
pub struct LoginStore {
    store: Arc<dyn Store>,
    random: Arc<dyn Random>,
    clock: Arc<dyn Clock>,
}

impl LoginStore {
    /// On this store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, random: Arc<dyn Random>, clock: Arc<dyn Clock>) -> Self {
        Self { store, random, clock }
    }

    /// The time until then; zero if it is past.
    #[must_use]
    pub fn until(&self, moment: OffsetDateTime) -> Duration {
        (moment - self.clock.now()).try_into().unwrap_or_default()
    }

    /// Stores a login and its link.
    ///
    /// # Errors
    /// When the store does not answer, or a record cannot be sealed.
    pub async fn keep(&self, state: &WireSecret, record: &LoginRecord) -> Result<(), Unavailable> {
        let (life, link) = (self.until(record.ends), &record.secrets.link);
        self.seal(Kind::Link, link, state, life).await?;
        self.seal(Kind::Login, state, record, life).await?;
        // Last, since a process that starts now removes index entries without a record.
        Ok(self.store.note(INDEX, &sha256(state.expose().as_bytes()), record.ends).await?)
    }

    /// Stores a record that holds only the state of a login, for a secret that leads to it.
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

    /// The login with this state.
    ///
    /// # Errors
    /// When the store does not answer, or the record does not open.
    pub async fn kept(&self, state: &WireSecret) -> Result<Option<LoginRecord>, Unavailable> {
        let place = place(Kind::Login, state);
        let Some(sealed) = self.store.get(&place).await? else { return Ok(None) };
        Ok(Some(derived::open(state, &place, &sealed)?))
    }

    /// Whether there is a login with this hash of its state.
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

    /// Redeems a confirm page's token: the state that it leads to, the first time only.
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

    /// Deletes a login after the backend's final answer.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn discard(&self, state: &WireSecret, link: &WireSecret) -> Result<(), StoreError> {
        self.store.delete(&place(Kind::Login, state)).await?;
        self.store.delete(&place(Kind::Redeemed, state)).await?;
        self.store.delete(&place(Kind::Link, link)).await?;
        self.store.unnote(INDEX, &sha256(state.expose().as_bytes())).await
    }

    /// Records that a session is handed over; `Done` the first time only, across all replicas.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn note_hand_over(&self, session_token: &WireSecret) -> Result<Swap, StoreError> {
        self.store.put_new(&handed_over(session_token), b"", SESSION_KEPT).await
    }

    /// Allows a session to be handed over again.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn forget_hand_over(&self, session_token: &WireSecret) -> Result<(), StoreError> {
        self.store.delete(&handed_over(session_token)).await
    }

    /// The hashes of all stored logins. Index entries without a record, of logins that expired or ended in a crash, are removed.
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

/// The claim stays as long as a login may take, so that nothing that was redeemed is redeemed again.
#[async_trait]
impl Redemptions for LoginStore {
    async fn claim(
        &self,
        state: &WireSecret,
        owner: &WireSecret,
        life: Duration,
    ) -> Result<Turn, Unavailable> {
        let (place, owner) = (claim(state), sha256(owner.expose().as_bytes()));
        if self.store.put_new(&place, owner.as_bytes(), life).await? == Swap::Done {
            return Ok(Turn::Ours);
        }
        let holder = self.store.get(&place).await?;
        Ok(if holder.is_some_and(|holder| holder == owner.as_bytes()) { Turn::Ours } else { Turn::Others })
    }

    async fn release(&self, state: &WireSecret) -> Result<(), Unavailable> {
        Ok(self.store.delete(&claim(state)).await?)
    }

    async fn keep(
        &self,
        state: &WireSecret,
        tokens: &TokensRequest,
        life: Duration,
    ) -> Result<(), Unavailable> {
        self.seal(Kind::Redeemed, state, tokens, life).await
    }

    async fn kept(&self, state: &WireSecret) -> Result<Option<TokensRequest>, Unavailable> {
        let place = place(Kind::Redeemed, state);
        let Some(sealed) = self.store.get(&place).await? else { return Ok(None) };
        Ok(Some(derived::open(state, &place, &sealed)?))
    }
}
