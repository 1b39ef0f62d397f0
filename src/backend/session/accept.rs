//! From a token response to a login that is kept: verified, matched to its user, sealed. A login that fails any of it
//! leaves nothing behind, here or at the identity provider.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::backend::logins::index::LoginIndex;
use crate::backend::logins::{IssuedTo, LiveLogin, LoginKey, LoginRecord, LoginState, Logins, TokenSet};
use crate::backend::oidc::clusters::KnownCluster;
use crate::backend::oidc::discovery::Metadata;
use crate::backend::oidc::id_token::{Origin, Rejected, VerifiedIdToken};
use crate::backend::oidc::identity_rule::{self, CatalogSaid, Mismatch, Owner};
use crate::backend::oidc::provider_error::ProviderError;
use crate::backend::oidc::revocation_request::silence::WhileSilent;
use crate::backend::oidc::verification::{Parties, Unacceptable};
use crate::backend::revocation::Revoker;
use crate::backend::revocation::outbox::Revocation;
use crate::backend::stopping::Stopping;
use crate::backstage_names::UserRef;
use crate::clock::Clock;
use crate::outbound::oauth2_bridge::token_response::Tokens;
use crate::problem::Problem;
use crate::protocol::{Code, Connected, WireSecret};
use crate::random::random_secret;
use crate::settings::cluster::Cluster;
use crate::store::write_retry::retry_write;
use crate::store::{StoreError, Swap};

/// Each try that fails is another login, or another refresh, that came in between.
const MOST_TRIES: u32 = 32;

/// What a login was begun with.
pub struct Begun<'a> {
    /// The user to whom it shall belong.
    pub user: UserRef,
    /// Their address in the catalog, where the identity rule asks for it.
    pub said: CatalogSaid,
    /// Where the login was made.
    pub made: Made<'a>,
    /// How long to try to keep the login while the store does not answer.
    pub keep_trying: Duration,
}

/// Where a login was made, which says what its ID token has to show.
#[derive(Clone, Copy)]
pub enum Made<'a> {
    /// For a session, with the nonce of its authorization request.
    ForSession(&'a WireSecret),
    /// By another program of the user's: kubelogin.
    Elsewhere,
}

impl<'a> Made<'a> {
    /// Whether it was made for a session, so that what it brought is of no use to any other program.
    #[must_use]
    pub fn for_this_session(self) -> bool {
        matches!(self, Self::ForSession(_))
    }

    fn origin(self, organization: Option<&'a str>) -> Origin<'a> {
        match self {
            Self::ForSession(nonce) => Origin::Login { nonce, organization },
            Self::Elsewhere => Origin::Elsewhere { organization },
        }
    }
}

/// What became of a login's place.
enum Placed {
    /// It was free, or had this one.
    New(Option<LiveLogin>),
    /// It has a better one, which stays.
    Left(LiveLogin),
}

/// A login that is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Login {
    /// `sub`.
    pub subject: String,
    /// The e-mail address, where it is known. Older binaries do not keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// When the token for the cluster expires.
    #[serde(with = "time::serde::timestamp")]
    pub expires_at: OffsetDateTime,
    /// Whether it is refreshed then. Older binaries have not noted it.
    #[serde(default = "is_refreshable")]
    pub refreshable: bool,
}

impl Login {
    fn of(live: &LiveLogin) -> Self {
        Self {
            subject: live.issued_to.subject.clone(),
            email: live.email.clone(),
            expires_at: live.tokens.expires_at,
            refreshable: live.tokens.refresh_token.is_some(),
        }
    }

    /// What a caller is told of it.
    #[must_use]
    pub fn told(self, user: String, cluster: String, return_to: Option<String>) -> Connected {
        let Self { subject, email, expires_at, refreshable } = self;
        Connected {
            success: true,
            user,
            cluster,
            subject,
            email,
            expires_at,
            refreshable,
            brought_refresh_token: None,
            return_to,
        }
    }
}

fn is_refreshable() -> bool {
    true
}

/// Accepts token responses.
pub struct Acceptance {
    /// Where logins are kept.
    pub logins: Arc<Logins>,
    /// Which logins are kept.
    pub index: Arc<LoginIndex>,
    /// Revokes what is not accepted, and what is replaced.
    pub revoker: Arc<Revoker>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How far the end of the process is.
    pub stopping: Stopping,
}

impl Acceptance {
    /// Accepts a token response, or revokes what came with it.
    ///
    /// # Errors
    /// `id_token_rejected`, `identity_mismatch`, `idp_unreachable`, `store_unavailable`.
    pub async fn accept(
        &self,
        cluster: &KnownCluster,
        metadata: &Metadata,
        begun: Begun<'_>,
        tokens: Tokens,
    ) -> Result<Login, Problem> {
        let key = LoginKey::new(&begun.user, cluster.name());
        let checked = self.checked(cluster, metadata, &begun, &tokens).await.map_err(refused);
        let random = self.logins.random.as_ref();
        let named = checked.and_then(|verified| Ok((verified, random_secret(random)?)));
        let (verified, id) = match named {
            Ok(named) => named,
            Err(problem) => {
                self.revoke(cluster, &key, &tokens).await;
                return Err(problem);
            }
        };
        let set = TokenSet::new(&verified, &tokens, &cluster.settings.token, self.clock.now());
        let live = live_login(cluster, begun.said, &verified, set, &id);
        let settled = self.settle(&key, live, begun.made, begun.keep_trying).await;
        if settled.is_err() {
            self.revoke(cluster, &key, &tokens).await;
        }
        settled
    }

    /// Keeps a login, and lets go of the one that it replaces. One that was made elsewhere leaves a better one in its place.
    pub(super) async fn settle(
        &self,
        key: &LoginKey,
        live: LiveLogin,
        made: Made<'_>,
        keep_trying: Duration,
    ) -> Result<Login, Problem> {
        match self.keep(key, live.clone(), made, keep_trying).await {
            Ok(Placed::New(replaced)) => {
                if let Some(replaced) = replaced.filter(|replaced| replaced.issued_to != live.issued_to) {
                    self.let_go(key, &replaced).await;
                }
                Ok(Login::of(&live))
            }
            Ok(Placed::Left(better)) => Ok(Login::of(&better)),
            // The store has it, though no replica or no answer said so: to revoke it now would end a login that is kept.
            Err(_) if self.is_kept(key, &live.id).await => {
                self.index.kept(key, &live).await;
                Ok(Login::of(&live))
            }
            Err(problem) => Err(problem),
        }
    }

    /// A login of another person was here. One of the same person is not revoked: with many identity providers the new login would end,
    /// too.
    async fn let_go(&self, key: &LoginKey, replaced: &LiveLogin) {
        if let Err(error) = self.index.take_out_of_subject(&replaced.issued_to, key).await {
            tracing::warn!(%error, "a login that is replaced stays in the index by subject: its record says that it is gone");
        }
        self.revoker.execute(key, replaced, WhileSilent::Ask).await;
    }

    /// Whether the store has this login; not where it does not answer.
    async fn is_kept(&self, key: &LoginKey, id: &str) -> bool {
        Found::at(&self.logins, key, Duration::ZERO).await.is_ok_and(|found| found.has(id))
    }

    /// Keeps a login; answers with the one that it replaces. The revocation of that one is recorded by then. Its own tokens exist only here
    /// by now, so a store that does not answer is asked again for as long as `keep_trying`. A refresh under way finds that it was
    /// superseded.
    async fn keep(
        &self,
        key: &LoginKey,
        live: LiveLogin,
        made: Made<'_>,
        keep_trying: Duration,
    ) -> Result<Placed, Problem> {
        let placed = self.put_in_place(key, live.clone(), made, keep_trying).await?;
        if let Placed::New(_) = placed {
            self.index.kept(key, &live).await;
        }
        Ok(placed)
    }

    /// Of two logins at once, the one that comes later finds the other in its place, and replaces it knowing that. One with a write that
    /// was perhaps done, and perhaps replaced since, does not come later: it leaves the other alone.
    async fn put_in_place(
        &self,
        key: &LoginKey,
        live: LiveLogin,
        made: Made<'_>,
        keep_trying: Duration,
    ) -> Result<Placed, Problem> {
        let (logins, place, id) = (&self.logins, key.record(), live.id.clone());
        let state = LoginState::Live(Arc::new(live.clone()));
        let (mut replaced, in_doubt) = (None, Cell::new(false));
        for _ in 0..MOST_TRIES {
            let found = Found::at(logins, key, keep_trying).await?;
            // The write before was done, and its answer was lost.
            if found.has(&id) {
                return Ok(Placed::New(replaced));
            }
            if in_doubt.take() && !found.is_still(replaced.as_ref()) {
                break;
            }
            if let Some(better) =
                found.login().filter(|held| !made.for_this_session() && held.is_better_than(&live))
            {
                return Ok(Placed::Left(better.clone()));
            }
            if let Some(held) = found.login().filter(|held| held.issued_to != live.issued_to) {
                self.revoker.record(key, held, keep_trying).await?;
            }
            replaced = found.login().cloned();
            let sealed = logins.seal(key, &LoginRecord::new(found.next_version(), state.clone()))?;
            let write = async || {
                let written = match &found.sealed {
                    Some(seen) => logins.store.swap(&place, seen, &sealed, logins.ttl).await,
                    None => logins.store.put_new(&place, &sealed, logins.ttl).await,
                };
                in_doubt.set(in_doubt.get() || written.is_err());
                written
            };
            if retry_write(keep_trying, write).await? == Swap::Done {
                return Ok(Placed::New(replaced));
            }
        }
        Err(Problem::new(
            Code::Timeout,
            "Your login was not kept, since another one came in between: see whether you are connected, or log in again.",
        ))
    }

    pub(super) async fn checked(
        &self,
        cluster: &KnownCluster,
        metadata: &Metadata,
        begun: &Begun<'_>,
        tokens: &Tokens,
    ) -> Result<VerifiedIdToken, Unacceptable> {
        let oidc = &cluster.settings.oidc;
        let parties = Parties { issuer: &oidc.issuer, client_id: &oidc.client_id };
        let origin = begun.made.origin(oidc.organization.as_deref());
        let owner = Owner { user: &begun.user, said: &begun.said };
        let now = self.clock.now();
        cluster.verified(metadata, tokens, parties, origin, owner, now).await
    }

    /// Gives back what a refused login brought.
    pub(super) async fn revoke(&self, cluster: &KnownCluster, key: &LoginKey, tokens: &Tokens) {
        let oidc = &cluster.settings.oidc;
        if let Some(revocation) = Revocation::of_tokens(&oidc.issuer, &oidc.client_id, tokens) {
            self.revoker.revoke(key, revocation).await;
        }
    }
}

/// What is kept of a login that was verified.
pub(super) fn live_login(
    cluster: &KnownCluster,
    said: CatalogSaid,
    verified: &VerifiedIdToken,
    tokens: TokenSet,
    id: &WireSecret,
) -> LiveLogin {
    let Cluster { oidc, .. } = &cluster.settings;
    LiveLogin {
        id: id.expose().to_owned(),
        issued_to: IssuedTo {
            issuer: oidc.issuer.clone(),
            client_id: oidc.client_id.clone(),
            subject: verified.subject().to_owned(),
        },
        organization: verified.text("org_id").map(str::to_owned),
        said,
        email: identity_rule::email_of(&cluster.settings.identity, verified),
        tokens,
        intent: None,
        failing: None,
    }
}

/// What lies in a login's place.
struct Found {
    sealed: Option<Vec<u8>>,
    /// A record that cannot be opened any more is replaced: there is nothing left in it to lose.
    record: Option<LoginRecord>,
}

impl Found {
    async fn at(logins: &Logins, key: &LoginKey, keep_trying: Duration) -> Result<Self, StoreError> {
        let place = key.record();
        let sealed = retry_write(keep_trying, || logins.store.get(&place)).await?;
        let record = sealed.as_ref().and_then(|sealed| logins.open(key, sealed).ok());
        Ok(Self { sealed, record })
    }

    fn login(&self) -> Option<&LiveLogin> {
        match &self.record.as_ref()?.state {
            LoginState::Live(held) => Some(held),
            LoginState::Ended(_) => None,
        }
    }

    fn has(&self, id: &str) -> bool {
        self.login().is_some_and(|held| held.id == id)
    }

    /// Whether this is that login or its ended record. Another login has replaced it on purpose; no record at all means that the
    /// login was disconnected.
    fn is_still(&self, login: Option<&LiveLogin>) -> bool {
        self.login().map_or(self.record.is_some(), |held| login.is_some_and(|login| login.id == held.id))
    }

    fn next_version(&self) -> u64 {
        self.record.as_ref().map_or(1, |record| record.version.saturating_add(1))
    }
}

pub(super) fn refused(why: Unacceptable) -> Problem {
    match why {
        Unacceptable::NoIdToken => Problem::new(
            Code::IdTokenRejected,
            "The identity provider sent no ID token: have the scope openid allowed for this client.",
        ),
        Unacceptable::NoKeys(error) => ProviderError::from(error).into(),
        Unacceptable::Rejected(why) => rejected(why),
        Unacceptable::NoUserinfo(why) => Problem::new(
            Code::IdentityMismatch,
            format!(
                "This login was refused, its ID token does not say who you are and {why}: log in again, and tell the operator if it happens twice (OIDC_USERINFO)."
            ),
        ),
        Unacceptable::Mismatch(why) => mismatch(&why),
    }
}

fn mismatch(why: &Mismatch) -> Problem {
    tracing::warn!(reason = why.in_full(), "a login is not its user's");
    Problem::new(
        Code::IdentityMismatch,
        format!("This login was refused, {why}; or log out at the identity provider and log in as yourself."),
    )
}

fn rejected(why: Rejected) -> Problem {
    tracing::warn!(reason = %why, "an ID token was rejected");
    Problem::new(
        Code::IdTokenRejected,
        format!("The identity provider's ID token was rejected, {why}: tell the operator of this Backstage."),
    )
}
