//! What is still to be revoked at an identity provider, as the store keeps it: sealed, found again by when it is due, and taken
//! by one replica at a time.
//!
//! It is written down before whatever held the tokens lets go of them, so that no crash in between leaves tokens that count
//! and that no process knows of.

use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::backend::logins::resealing::Resealed;
use crate::backend::logins::{IssuedTo, LiveLogin, LoginKey, RecordError};
use crate::backend::oidc::id_token::subject_said;
use crate::backend::oidc::revocation_request::TokenKind;
use crate::outbound::oauth2_bridge::token_response::Tokens;
use crate::protocol::WireSecret;
use crate::random::{Random, sha256};
use crate::store::sealing::{Keyring, Kind, NotSealed};
use crate::store::write_retry::retry_write;
use crate::store::{Noted, Store, StoreError, Swap};

/// How long a revocation that is not confirmed is tried again.
const TRIED_FOR: time::Duration = time::Duration::days(7);
/// A record outlives that, so that giving up is told and not only forgotten.
const STORED: time::Duration = time::Duration::days(8);
/// The longest pause between two tries, before its jitter.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// Every revocation that is outstanding, by when it is due.
const DUE: &str = "revocations";

/// A token that shall not count any more; where it is a refresh token, its grant goes with it (RFC 7009, 2.1).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Revocation {
    /// The token.
    pub token: WireSecret,
    /// What it is.
    pub kind: TokenKind,
    /// The provider that issued it; no other one ever gets it.
    pub issuer: String,
    /// The client that it was issued to.
    pub client_id: String,
    /// The person whom it was issued to, as far as that is known: older binaries did not write it.
    #[serde(default)]
    pub subject: Option<String>,
    /// The login that holds the token (`LiveLogin::id`), where one does: while the store has that login, the process that was to
    /// forget it has died before it did, and the login stays.
    pub held_by: Option<String>,
    #[serde(with = "time::serde::timestamp")]
    since: OffsetDateTime,
    failures: usize,
    #[serde(with = "time::serde::timestamp")]
    not_before: OffsetDateTime,
}

impl Revocation {
    /// Of the tokens that a login holds; `None` where it has nothing that can be revoked.
    #[must_use]
    pub fn of_login(login: &LiveLogin) -> Option<Self> {
        let LiveLogin { tokens, issued_to, .. } = login;
        let token = strongest(tokens.access_token.clone(), tokens.refresh_token.clone())?;
        let IssuedTo { issuer, client_id, subject } = issued_to.clone();
        Some(Self { held_by: Some(login.id.clone()), ..Self::new(token, issuer, client_id, Some(subject)) })
    }

    /// Of tokens that came just now and that no login holds; `None` as for a login.
    #[must_use]
    pub fn of_tokens(issuer: &str, client_id: &str, tokens: &Tokens) -> Option<Self> {
        let token = strongest(tokens.access_token(), tokens.refresh_token())?;
        let subject = tokens.id_token().and_then(subject_said);
        Some(Self::new(token, issuer.to_owned(), client_id.to_owned(), subject))
    }

    fn new(
        (token, kind): (WireSecret, TokenKind),
        issuer: String,
        client_id: String,
        subject: Option<String>,
    ) -> Self {
        let (since, not_before) = (OffsetDateTime::UNIX_EPOCH, OffsetDateTime::UNIX_EPOCH);
        Self { token, kind, issuer, client_id, subject, held_by: None, since, failures: 0, not_before }
    }

    /// Whether the token is one of that login's person, so that its revocation may end the login, too. Where the person is not known,
    /// any login of the client may be theirs.
    #[must_use]
    pub fn is_of(&self, login: &LiveLogin) -> bool {
        let IssuedTo { issuer, client_id, subject } = &login.issued_to;
        let theirs = self.subject.as_ref().is_none_or(|known| known == subject);
        theirs && *issuer == self.issuer && *client_id == self.client_id
    }

    /// Whom it was issued to.
    #[must_use]
    pub fn issued_to(&self) -> Option<IssuedTo> {
        let (issuer, client_id) = (self.issuer.clone(), self.client_id.clone());
        Some(IssuedTo { issuer, client_id, subject: self.subject.clone()? })
    }

    /// Begins its time; the caller tries first, and other replicas leave it alone for `first_pause`.
    #[must_use]
    pub fn begin(self, now: OffsetDateTime, first_pause: Duration) -> Self {
        Self { since: now, not_before: now + first_pause, ..self }
    }

    /// As it is after one more try that failed: due again later and later, no two of them at the same moment. `None` when it
    /// has been tried for long enough.
    #[must_use]
    pub fn put_off(self, now: OffsetDateTime, first_pause: Duration) -> Option<Self> {
        let failures = self.failures + 1;
        let over = now >= self.since + TRIED_FOR;
        (!over).then(|| Self { failures, not_before: now + pause(failures, first_pause), ..self })
    }

    /// Whether no try has failed yet.
    #[must_use]
    pub fn is_first_try(&self) -> bool {
        self.failures == 0
    }

    fn left(&self, now: OffsetDateTime) -> Duration {
        // What is in the past has the shortest life there is.
        (self.since + STORED - now).try_into().unwrap_or(Duration::ZERO)
    }
}

/// The refresh token takes the grant with it; the access token is all there is without one.
fn strongest(access: Option<WireSecret>, refresh: Option<WireSecret>) -> Option<(WireSecret, TokenKind)> {
    refresh
        .map(|token| (token, TokenKind::Refresh))
        .or_else(|| access.map(|token| (token, TokenKind::Access)))
}

fn pause(failures: usize, first: Duration) -> Duration {
    let pauses = ExponentialBuilder::default()
        .with_min_delay(first)
        .with_max_delay(LONGEST_PAUSE)
        .without_max_times()
        .with_jitter();
    pauses.build().nth(failures.saturating_sub(1)).unwrap_or(LONGEST_PAUSE)
}

/// Which revocation: of which user, at which cluster, and of which token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationKey {
    /// The user and cluster.
    pub login: LoginKey,
    id: String,
}

impl RevocationKey {
    /// The same login wanted gone twice is one revocation, and so is the same token.
    #[must_use]
    pub fn new(login: &LoginKey, revocation: &Revocation) -> Self {
        let hash = || sha256(revocation.token.expose().as_bytes());
        Self { login: login.clone(), id: revocation.held_by.clone().unwrap_or_else(hash) }
    }

    /// Of an entry of [`Outbox::page`].
    #[must_use]
    pub fn of(entry: &Noted) -> Option<Self> {
        Self::from_member(&entry.member)
    }

    fn record(&self) -> String {
        format!("revocation:{{{}|{}}}:{}", self.login.user(), self.login.cluster(), self.id)
    }

    /// As the index of all names it; neither an id nor a user holds a bar.
    fn member(&self) -> String {
        format!("{}|{}|{}", self.id, self.login.user(), self.login.cluster())
    }

    fn from_member(member: &str) -> Option<Self> {
        let (id, login) = member.split_once('|')?;
        let (user, cluster) = login.split_once('|')?;
        Some(Self { login: LoginKey::new(&user.parse().ok()?, cluster), id: id.to_owned() })
    }
}

/// What is outstanding of one login.
fn outstanding_of(login: &LoginKey) -> String {
    format!("revocations:{{{}|{}}}", login.user(), login.cluster())
}

/// Where revocations are kept, and what they are sealed with.
#[derive(Clone)]
pub struct Outbox {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The keys.
    pub keyring: Arc<Keyring>,
    /// Randomness for the sealing.
    pub random: Arc<dyn Random>,
}

impl Outbox {
    /// Writes a revocation down, or down again; a store that does not answer is asked again for as long as `keep_trying`.
    ///
    /// # Errors
    /// When it is not written: nothing is known of whether a part of it is.
    pub async fn keep(
        &self,
        key: &RevocationKey,
        revocation: &Revocation,
        now: OffsetDateTime,
        keep_trying: Duration,
    ) -> Result<(), RecordError> {
        let sealed = self.seal(key, revocation)?;
        let write = || self.write(key, revocation.not_before, &sealed, revocation.left(now));
        Ok(retry_write(keep_trying, write).await?)
    }

    /// The indexes first: a name without a record is cleared away, a record without a name is never found.
    async fn write(
        &self,
        key: &RevocationKey,
        due: OffsetDateTime,
        sealed: &[u8],
        ttl: Duration,
    ) -> Result<(), StoreError> {
        self.store.note(DUE, &key.member(), due).await?;
        self.store.note(&outstanding_of(&key.login), &key.id, due).await?;
        self.store.put(&key.record(), sealed, ttl).await
    }

    /// Takes a revocation that is over off the list.
    ///
    /// # Errors
    /// When the store does not answer; it is then found once more, which does no harm.
    pub async fn complete(&self, key: &RevocationKey) -> Result<(), StoreError> {
        self.store.delete(&key.record()).await?;
        self.store.unnote(&outstanding_of(&key.login), &key.id).await?;
        self.store.unnote(DUE, &key.member()).await
    }

    /// Whether anything is outstanding of a login.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn is_outstanding(&self, login: &LoginKey, now: OffsetDateTime) -> Result<bool, StoreError> {
        let any = self.store.noted(&outstanding_of(login), now + STORED, 1).await?;
        Ok(!any.is_empty())
    }

    /// What is due, the longest overdue first, at most `limit`.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn due(&self, now: OffsetDateTime, limit: usize) -> Result<Vec<RevocationKey>, StoreError> {
        let members = self.store.noted(DUE, now, limit).await?;
        Ok(members.iter().filter_map(|member| RevocationKey::from_member(member)).collect())
    }

    /// Takes one that is due, so that no other replica does until another pause is over. `None` when another replica has it or it is
    /// done.
    ///
    /// # Errors
    /// When the store does not answer or the record does not open; then it is due again in an hour.
    pub async fn take(
        &self,
        key: &RevocationKey,
        now: OffsetDateTime,
        first_pause: Duration,
    ) -> Result<Option<Revocation>, RecordError> {
        let Some(seen) = self.store.get(&key.record()).await? else {
            self.complete(key).await?;
            return Ok(None);
        };
        let revocation = match self.open(key, &seen) {
            Ok(revocation) => revocation,
            Err(error) => {
                self.store.note(DUE, &key.member(), now + LONGEST_PAUSE).await?;
                return Err(error);
            }
        };
        if revocation.not_before > now {
            // The replica that took it has not noted that in the index yet.
            self.store.note(DUE, &key.member(), revocation.not_before).await?;
            return Ok(None);
        }
        let not_before = now + pause(revocation.failures + 1, first_pause);
        let taken = Revocation { not_before, ..revocation };
        let sealed = self.seal(key, &taken)?;
        match self.store.swap(&key.record(), &seen, &sealed, taken.left(now)).await? {
            Swap::Conflict => Ok(None),
            Swap::Done => {
                self.store.note(DUE, &key.member(), not_before).await?;
                Ok(Some(taken))
            }
        }
    }

    /// What is on the list until that moment, behind an entry, at most `limit`; none is the end.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn page(
        &self,
        after: &Noted,
        until: OffsetDateTime,
        limit: usize,
    ) -> Result<Vec<Noted>, StoreError> {
        self.store.noted_after(DUE, after, until, limit).await
    }

    /// Whether a revocation has to be sealed anew.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn is_sealed_by_another(&self, key: &RevocationKey) -> Result<bool, RecordError> {
        let sealed = self.store.get(&key.record()).await?;
        Ok(sealed.is_some_and(|sealed| self.keyring.is_sealed_by_another(&sealed)))
    }

    /// Seals a revocation anew, with the key that seals now, and else as it is.
    ///
    /// # Errors
    /// As the variants of [`RecordError`] say; the record then is as it was, or sealed anew.
    pub async fn reseal(&self, key: &RevocationKey, now: OffsetDateTime) -> Result<Resealed, RecordError> {
        let Some(seen) = self.store.get(&key.record()).await? else { return Ok(Resealed::Gone) };
        if !self.keyring.is_sealed_by_another(&seen) {
            return Ok(Resealed::NotNeeded);
        }
        let subject = [key.login.user(), key.login.cluster()];
        let left = self.open(key, &seen)?.left(now);
        let text = self.keyring.open(Kind::Revocation, &subject, &seen)?;
        let sealed = self.keyring.seal(self.random.as_ref(), Kind::Revocation, &subject, &text)?;
        // Without a lock: who tries it meanwhile finds it changed, and leaves it to the next round.
        match self.store.swap(&key.record(), &seen, &sealed, left).await? {
            Swap::Done => Ok(Resealed::Done),
            Swap::Conflict => Ok(Resealed::Busy),
        }
    }

    fn seal(&self, key: &RevocationKey, revocation: &Revocation) -> Result<Vec<u8>, NotSealed> {
        let subject = [key.login.user(), key.login.cluster()];
        self.keyring.seal_json(self.random.as_ref(), Kind::Revocation, &subject, revocation)
    }

    fn open(&self, key: &RevocationKey, sealed: &[u8]) -> Result<Revocation, RecordError> {
        let subject = [key.login.user(), key.login.cluster()];
        Ok(self.keyring.open_json(Kind::Revocation, &subject, sealed)?)
    }
}

#[cfg(test)]
mod tests;
