//! From a token response to a login that is kept: verified, matched to its user, sealed. A login that fails any of it
//! leaves nothing behind, here or at the identity provider.

use std::cell::Cell;
use std::time::Duration;

use oauth2::TokenResponse;
use time::OffsetDateTime;

use crate::backend::assembly::{App, Clients};
use crate::backend::logins::{LiveLogin, LoginKey, LoginRecord, LoginState, TokenSet, index};
use crate::backend::oidc::id_token::{self, Expected, Rejected, VerifiedIdToken};
use crate::backend::oidc::silence::WhileSilent;
use crate::backend::oidc::{self, Metadata, Provider, Tokens, identity_rule};
use crate::backend::revocation;
use crate::backend::revocation::outbox::Revocation;
use crate::backstage_names::UserRef;
use crate::problem::Problem;
use crate::protocol::{Code, WireSecret};
use crate::random::random_secret;
use crate::settings::cluster::Cluster;
use crate::store::write_retry::retry_write;
use crate::store::{StoreError, Swap};

/// Each try that fails is another login, or another refresh, that came in between.
const MOST_TRIES: u32 = 32;

/// What a login was begun with.
pub struct Begun<'a> {
    /// Whose account it shall belong to.
    pub user: UserRef,
    /// Their address in the catalog, where the identity rule asks for it.
    pub catalog_email: Option<String>,
    /// The nonce of the authorization request.
    pub nonce: &'a WireSecret,
    /// How long to try to keep the login while the store does not answer.
    pub keep_trying: Duration,
}

/// A login that is kept.
pub struct Login {
    /// `sub`.
    pub subject: String,
    /// When the ID token expires.
    pub expires_at: OffsetDateTime,
}

/// Accepts a token response, or revokes what came with it.
///
/// # Errors
/// `id_token_rejected`, `identity_mismatch`, `idp_unreachable`, `store_unavailable`.
pub async fn accept(
    app: &App,
    clients: &Clients,
    cluster: &Cluster,
    provider: &Provider,
    metadata: &Metadata,
    begun: Begun<'_>,
    tokens: Tokens,
) -> Result<Login, Problem> {
    let key = LoginKey::new(&begun.user, &cluster.name);
    let checked = checked(app, clients, cluster, provider, metadata, &begun, &tokens).await;
    let named = checked.and_then(|verified| Ok((verified, random_secret(app.random.as_ref())?)));
    let (verified, id) = match named {
        Ok(named) => named,
        Err(problem) => {
            revoke(app, clients, cluster, &key, &tokens).await;
            return Err(problem);
        }
    };
    let live = LiveLogin {
        id: id.expose().to_owned(),
        issuer: cluster.oidc.issuer.clone(),
        audience: cluster.oidc.client_id.clone(),
        subject: verified.subject().to_owned(),
        organization: verified.text("org_id").map(str::to_owned),
        catalog_email: begun.catalog_email,
        tokens: token_set(&verified, &tokens, app.clock.now()),
        intent: None,
        failing: None,
    };
    let login = Login { subject: live.subject.clone(), expires_at: verified.expires_at() };
    match keep(app, &key, live, begun.keep_trying).await {
        Ok(replaced) => {
            if let Some(replaced) = replaced {
                revocation::execute(app, clients, &key, &replaced, WhileSilent::Ask).await;
            }
            Ok(login)
        }
        // The store has it, though no replica or no answer said so: to revoke it now would end a login that is kept.
        Err(_) if is_kept(app, &key, id.expose()).await => {
            index::kept(app, &key).await;
            Ok(login)
        }
        Err(problem) => {
            revoke(app, clients, cluster, &key, &tokens).await;
            Err(problem)
        }
    }
}

/// Whether the store has this login; not where it does not answer.
async fn is_kept(app: &App, key: &LoginKey, id: &str) -> bool {
    Found::at(app, key, Duration::ZERO).await.is_ok_and(|found| found.has(id))
}

/// The part of a token response that is kept. A lifetime that leads beyond the year 9999 is none that the provider knows.
#[must_use]
#[deny(clippy::arithmetic_side_effects)]
pub fn token_set(verified: &VerifiedIdToken, tokens: &Tokens, now: OffsetDateTime) -> TokenSet {
    TokenSet {
        id_token: verified.token().clone(),
        issued_at: now,
        expires_at: verified.expires_at(),
        access_token: tokens.access_token().secret().as_str().into(),
        access_token_expires_at: tokens.expires_in().and_then(|life| now.checked_add(life.try_into().ok()?)),
        refresh_token: tokens.refresh_token().map(|token| token.secret().as_str().into()),
    }
}

/// Keeps a login; answers with the one that it replaces, whose revocation is recorded by then. Its own tokens exist only here
/// by now, so a store that does not answer is asked again for as long as `keep_trying`. A refresh under way finds that it was
/// superseded.
async fn keep(
    app: &App,
    key: &LoginKey,
    live: LiveLogin,
    keep_trying: Duration,
) -> Result<Option<LiveLogin>, Problem> {
    let replaced = put_in_place(app, key, live, keep_trying).await?;
    index::kept(app, key).await;
    Ok(replaced)
}

/// What lies in a login's place.
struct Found {
    sealed: Option<Vec<u8>>,
    /// A record that cannot be opened any more is replaced: there is nothing left in it to lose.
    record: Option<LoginRecord>,
}

impl Found {
    async fn at(app: &App, key: &LoginKey, keep_trying: Duration) -> Result<Self, StoreError> {
        let place = key.record();
        let sealed = retry_write(keep_trying, || app.store.get(&place)).await?;
        let record = sealed.as_ref().and_then(|sealed| app.logins().open(key, sealed).ok());
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

/// Of two logins at once, the one that comes later finds the other in its place, and replaces it knowing that. One whose write was
/// perhaps done, and perhaps replaced since, does not come later: it leaves the other alone.
async fn put_in_place(
    app: &App,
    key: &LoginKey,
    live: LiveLogin,
    keep_trying: Duration,
) -> Result<Option<LiveLogin>, Problem> {
    let (logins, place, id) = (app.logins(), key.record(), live.id.clone());
    let state = LoginState::Live(Box::new(live));
    let (mut replaced, in_doubt) = (None, Cell::new(false));
    for _ in 0..MOST_TRIES {
        let found = Found::at(app, key, keep_trying).await?;
        // The write before was done, and its answer was lost.
        if found.has(&id) {
            return Ok(replaced);
        }
        if in_doubt.take() && !found.is_still(replaced.as_ref()) {
            break;
        }
        if let Some(held) = found.login() {
            revocation::record(app, key, held, keep_trying).await?;
        }
        replaced = found.login().cloned();
        let sealed =
            logins.seal(key, &LoginRecord { version: found.next_version(), state: state.clone() })?;
        let write = async || {
            let written = match &found.sealed {
                Some(seen) => app.store.swap(&place, seen, &sealed, logins.kept).await,
                None => app.store.put_new(&place, &sealed, logins.kept).await,
            };
            in_doubt.set(in_doubt.get() || written.is_err());
            written
        };
        if retry_write(keep_trying, write).await? == Swap::Done {
            return Ok(replaced);
        }
    }
    Err(Problem::new(
        Code::Timeout,
        "Your login was not kept, since another one came in between: see whether you are connected, or log in again.",
    ))
}

async fn checked(
    app: &App,
    clients: &Clients,
    cluster: &Cluster,
    provider: &Provider,
    metadata: &Metadata,
    begun: &Begun<'_>,
    tokens: &Tokens,
) -> Result<VerifiedIdToken, Problem> {
    let raw = oidc::id_token(tokens).ok_or_else(|| {
        Problem::new(
            Code::IdTokenRejected,
            "The identity provider sent no ID token: have the scope openid allowed for this client.",
        )
    })?;
    let header = id_token::acceptable_header(raw).map_err(rejected)?;
    let key = provider.keys.find(header.kid.as_deref(), metadata.jwks_uri(), &clients.provider).await;
    let key = key.map_err(oidc::ProviderError::from)?.ok_or_else(|| rejected(Rejected::UnknownKey))?;
    let expected = Expected {
        issuer: &cluster.oidc.issuer,
        client_id: &cluster.oidc.client_id,
        organization: cluster.oidc.organization.as_deref(),
        nonce: begun.nonce,
        access_token: tokens.access_token().secret(),
        now: app.clock.now(),
    };
    let verified = id_token::verify(raw, &key, &expected).map_err(rejected)?;
    identity_rule::check(&cluster.identity, &begun.user, begun.catalog_email.as_deref(), &verified).map_err(
        |why| {
            Problem::new(
                Code::IdentityMismatch,
                format!(
                    "This login was refused, {why}: log out at the identity provider and log in as yourself."
                ),
            )
        },
    )?;
    Ok(verified)
}

fn rejected(why: Rejected) -> Problem {
    tracing::warn!(reason = %why, "an ID token was rejected");
    Problem::new(
        Code::IdTokenRejected,
        format!("The identity provider's ID token was rejected, {why}: tell the operator of this Backstage."),
    )
}

/// Gives back what a refused login brought.
async fn revoke(app: &App, clients: &Clients, cluster: &Cluster, key: &LoginKey, tokens: &Tokens) {
    let access: WireSecret = tokens.access_token().secret().as_str().into();
    let refresh = tokens.refresh_token().map(|token| WireSecret::from(token.secret().as_str()));
    let revocation = Revocation::of_tokens(&cluster.oidc, &access, refresh.as_ref());
    revocation::revoke(app, clients, key, revocation).await;
}
