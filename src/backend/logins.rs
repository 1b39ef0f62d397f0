//! A user's login at one cluster, as the store keeps it: sealed, and bound to that user and cluster.

pub mod backoff;
pub mod catalog_entity;
pub(in crate::backend) mod empty_for_none;
pub mod from_kubelogin;
pub mod get_status;
pub mod index;
mod opened_records;
pub mod resealing;
pub mod token_set;
mod worth;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use self::backoff::{Failing, Trouble};
pub use self::from_kubelogin::KubeloginLogins;
use self::from_kubelogin::{Asker, KubeloginsLogin};
pub use self::opened_records::OpenedRecords;
pub use self::token_set::{TokenSet, serves};
use super::oidc::clusters::KnownCluster;
use super::oidc::identity_rule::CatalogSaid;
use crate::backstage_names::UserRef;
use crate::problem::Problem;
use crate::protocol::WireSecret;
use crate::random::{Random, sha256};
use crate::store::sealing::{Keyring, Kind, NotSealed, Unreadable};
use crate::store::{Store, StoreError};

/// Which login: one a user and cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LoginKey {
    user: String,
    cluster: String,
}

impl LoginKey {
    /// The login of a user at a cluster.
    #[must_use]
    pub fn new(user: &UserRef, cluster: &str) -> Self {
        Self { user: user.to_string(), cluster: cluster.to_owned() }
    }

    /// The same user's login at another cluster.
    #[must_use]
    pub fn at(&self, cluster: &str) -> Self {
        Self { user: self.user.clone(), cluster: cluster.to_owned() }
    }

    /// The user's entity reference.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The cluster's name.
    #[must_use]
    pub fn cluster(&self) -> &str {
        &self.cluster
    }

    /// What stands for it in the index of logins: neither a user nor a cluster's name holds the bar.
    #[must_use]
    pub fn member(&self) -> String {
        format!("{}|{}", self.user, self.cluster)
    }

    /// The user and the login that a member of the index stands for.
    #[must_use]
    pub fn of_member(member: &str) -> Option<(UserRef, Self)> {
        let (user, cluster) = member.split_once('|')?;
        let user = user.parse().ok()?;
        let key = Self::new(&user, cluster);
        Some((user, key))
    }

    /// Where the record lies. Record and lock share a Redis hash tag.
    #[must_use]
    pub fn record(&self) -> String {
        format!("login:{{{}|{}}}", self.user, self.cluster)
    }

    /// How the keys of all locks begin.
    pub const LOCKS: &'static str = "login-lock:";

    /// Where the lock lies.
    #[must_use]
    pub fn lock(&self) -> String {
        format!("{}{{{}|{}}}", Self::LOCKS, self.user, self.cluster)
    }
}

/// What is known of a login.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoginRecord {
    /// Grows with every new set of tokens.
    pub version: u64,
    /// The login, or what became of it.
    pub state: LoginState,
    /// Of a login that ended: what its person should know beside the reason. Older binaries do not keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl LoginRecord {
    /// With nothing to be said beside the state.
    #[must_use]
    pub fn new(version: u64, state: LoginState) -> Self {
        Self { version, state, detail: None }
    }

    /// Of a login that lives.
    #[must_use]
    pub fn live(version: u64, login: LiveLogin) -> Self {
        Self::new(version, LoginState::Live(Arc::new(login)))
    }
}

/// A login that lives, or why it does not.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum LoginState {
    /// It has tokens.
    Live(Arc<LiveLogin>),
    /// It has none any more.
    Ended(EndReason),
}

/// Why a login ended by itself; what `/status` gives as `reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The identity provider takes the refresh token no more.
    RefreshRefused,
    /// A refresh was interrupted after its token was spent, and the token's successor is lost.
    RefreshLost,
    /// The refreshed tokens belong to another person, or break the identity rule.
    IdentityChanged,
}

impl EndReason {
    /// As `/status`, the log and the metrics write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RefreshRefused => "refresh_refused",
            Self::RefreshLost => "refresh_lost",
            Self::IdentityChanged => "identity_changed",
        }
    }
}

/// A person at a client of an identity provider. With many providers, all that such a person has there ends with one revoked token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedTo {
    /// `iss` of the ID token.
    pub issuer: String,
    /// The client, which is the `aud` of the ID token.
    #[serde(rename = "audience")]
    pub client_id: String,
    /// `sub` of the ID token.
    pub subject: String,
}

/// The tokens of a login and what they must match.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LiveLogin {
    /// Random; tells this login from the ones before and after it.
    pub id: String,
    /// Whom the tokens were issued to.
    #[serde(flatten)]
    pub issued_to: IssuedTo,
    /// `org_id` of the ID token.
    pub organization: Option<String>,
    /// The user's address in the catalog when the login began, where the identity rule asked for it.
    #[serde(flatten)]
    pub said: CatalogSaid,
    /// The e-mail address of the person at the identity provider, where it was verified or the identity rule read it. Older binaries do
    /// not keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The tokens.
    pub tokens: TokenSet,
    /// Set while a refresh token is being spent, and still set if the process that spent it has died.
    pub intent: Option<Intent>,
    /// Set while refreshes fail. Older binaries neither know nor keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing: Option<Failing>,
}

/// Written before a refresh token is spent, so that no other process spends it again without knowing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The version of the login that has the spent refresh token.
    pub version: u64,
    /// SHA-256 of that token.
    pub token: String,
    attempt: Attempt,
}

/// How often older binaries have sent the token. They end a login when its intent is their last, so ours always says that it is the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Attempt {
    First,
    Last,
}

impl LiveLogin {
    /// The intent to spend this login's refresh token.
    #[must_use]
    pub fn intend(&self, version: u64, token: &WireSecret) -> Self {
        let intent = Intent { version, token: sha256(token.expose().as_bytes()), attempt: Attempt::First };
        Self { intent: Some(intent), ..self.clone() }
    }

    /// How the last refresh failed, while no other one is to be tried.
    #[must_use]
    pub fn failing(&self, now: OffsetDateTime) -> Option<&Trouble> {
        self.failing.as_ref()?.trouble_at(now)
    }

    /// The login as it is after one more failure, where the identity provider asked to be left alone for so long.
    #[must_use]
    pub fn after(
        self,
        how: Trouble,
        asked: Option<Duration>,
        now: OffsetDateTime,
        random: &dyn Random,
    ) -> Self {
        let failing = Failing::after(self.failing.as_ref(), how, asked, now, random);
        Self { failing: Some(failing), ..self }
    }
}

/// A record as it was read: what it says, and the bytes by which a later write knows that there was no write in between.
#[derive(Clone, Debug)]
pub struct Stored {
    /// What it says.
    pub record: LoginRecord,
    /// Its bytes.
    pub sealed: Vec<u8>,
}

/// Why a record could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It cannot be opened; it stays where it is.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// It cannot be sealed.
    #[error(transparent)]
    NotSealed(#[from] NotSealed),
}

impl From<RecordError> for Problem {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Store(error) => error.into(),
            RecordError::Unreadable(error) => error.into(),
            RecordError::NotSealed(error) => error.into(),
        }
    }
}

/// Where logins are kept, and what they are sealed with.
#[derive(Clone)]
pub struct Logins {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The keys.
    pub keyring: Arc<Keyring>,
    /// Randomness for the sealing.
    pub random: Arc<dyn Random>,
    /// How long a record is kept that is not written again.
    pub ttl: Duration,
    /// Those that kubelogin has on this machine, where the settings name its cache.
    pub kubelogin: Option<Arc<KubeloginLogins>>,
    /// The records in use.
    pub opened: Arc<OpenedRecords<LoginRecord>>,
}

impl Logins {
    /// Reads a login, for one that goes on to write it.
    ///
    /// # Errors
    /// As the variants of [`RecordError`] say.
    pub async fn read(&self, key: &LoginKey) -> Result<Option<Stored>, RecordError> {
        let Some(sealed) = self.store.get(&key.record()).await? else { return Ok(None) };
        let record = self.open(key, &sealed)?;
        Ok(Some(Stored { record, sealed }))
    }

    /// Reads a login for a call that uses it as it is. What was opened for an earlier call and is the same is not opened again.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn read_to_use(&self, key: &LoginKey) -> Result<Option<LoginRecord>, RecordError> {
        let place = key.record();
        let Some(sealed) = self.store.get(&place).await? else {
            self.opened.forget(&place);
            return Ok(None);
        };
        // Before the record is opened, which may find others in their file.
        let keys = self.keyring.in_use();
        if let Some(record) = self.opened.recall(&place, &sealed, &keys) {
            return Ok(Some(record));
        }
        let record = self.open(key, &sealed)?;
        self.opened.remember(place, (sealed, keys), record.clone());
        Ok(Some(record))
    }

    /// The login that kubelogin has of that user at a cluster.
    ///
    /// # Errors
    /// As [`KubeloginLogins::find`].
    pub async fn of_kubelogin(
        &self,
        asker: Asker<'_>,
        cluster: &Arc<KnownCluster>,
        now: OffsetDateTime,
    ) -> Result<Option<KubeloginsLogin>, Problem> {
        match &self.kubelogin {
            Some(kubelogin) => kubelogin.find(asker, cluster, now).await,
            None => Ok(None),
        }
    }

    /// Opens what lies at a login's place.
    ///
    /// # Errors
    /// As [`Keyring::open_json`].
    pub fn open(&self, key: &LoginKey, sealed: &[u8]) -> Result<LoginRecord, Unreadable> {
        self.keyring.open_json(Kind::Tokens, &[&key.user, &key.cluster], sealed)
    }

    /// Seals a login for its place, with the key that seals now: whatever key it was under before.
    ///
    /// # Errors
    /// As [`Keyring::seal`].
    pub fn seal(&self, key: &LoginKey, record: &LoginRecord) -> Result<Vec<u8>, NotSealed> {
        self.keyring.seal_json(self.random.as_ref(), Kind::Tokens, &[&key.user, &key.cluster], record)
    }
}

#[cfg(test)]
mod tests;
