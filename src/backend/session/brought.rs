//! Tokens that a client brings: those that a helper got for its own code, or those that kubelogin has kept. They are verified like what a
//! token endpoint answers. A refresh token says nothing of whom it belongs to, so it is spent once, and counts only when the ID token that
//! comes is the same person's.

use std::time::Duration;

use super::accept::{Acceptance, Begun, Login, live_login, refused};
use crate::backend::logins::{LoginKey, TokenSet};
use crate::backend::oidc::clusters::KnownCluster;
use crate::backend::oidc::discovery::Metadata;
use crate::backend::oidc::id_token::{Origin, Rejected, VerifiedIdToken};
use crate::backend::oidc::identity_rule::Owner;
use crate::backend::oidc::provider_error::ProviderError;
use crate::backend::oidc::token_endpoint::access_token::AccessTokenClaims;
use crate::backend::oidc::token_endpoint::answer::NoTokens;
use crate::backend::oidc::verification::{Parties, Unacceptable};
use crate::backend::stopping::TooLate;
use crate::outbound::oauth2_bridge::token_response::Tokens;
use crate::panics::caught;
use crate::panics::planted::{self, Place};
use crate::problem::Problem;
use crate::protocol::{BroughtRefreshToken, Code};
use crate::random::{random_secret, sha256};
use crate::settings::backend::WRITES;
use crate::settings::cluster::ClusterToken;
use crate::store::{Key, Swap};

/// That a refresh token was spent is noted for longer than the ID token beside it counts: what is brought after that is refused before
/// any refresh.
const NOTED_LONGER: Duration = Duration::from_mins(5);

/// Why tokens that were brought are not kept.
pub enum NotKept {
    /// Nothing was spent, and the same tokens may be kept later.
    NotNow(Problem),
    /// They are not.
    Refused(Problem),
}

impl NotKept {
    /// What the caller is told.
    #[must_use]
    pub fn problem(self) -> Problem {
        match self {
            Self::NotNow(problem) | Self::Refused(problem) => problem,
        }
    }
}

/// A login that is kept.
pub struct Taken {
    /// The login that the user has now.
    pub login: Login,
    /// What became of the refresh token, where one was brought.
    pub refresh_token: Option<BroughtRefreshToken>,
}

/// What a refresh has proved.
struct Proved {
    verified: VerifiedIdToken,
    tokens: Tokens,
    /// The provider has given another refresh token, which this process alone knows.
    is_rotated: bool,
}

/// What a refresh has brought.
struct Fresh {
    tokens: Tokens,
    /// As in [`Proved`].
    is_rotated: bool,
}

/// What is known of a refresh token that was brought.
enum Proof {
    /// None was brought.
    Nothing,
    /// It was not spent, and nothing is proved.
    Left,
    /// It is spent, or may be, and nothing is proved.
    Spent,
    /// Whom it belongs to.
    Proved(Box<Proved>),
}

impl Proof {
    fn told(&self) -> Option<BroughtRefreshToken> {
        match self {
            Self::Nothing => None,
            Self::Left => Some(BroughtRefreshToken::Left),
            Self::Spent => Some(BroughtRefreshToken::Spent),
            Self::Proved(_) => Some(BroughtRefreshToken::Kept),
        }
    }
}

impl Acceptance {
    /// Accepts tokens that a client brings. Where the refresh token cannot be proved, the login is kept without one.
    ///
    /// # Errors
    /// As the variants of [`NotKept`] say: `idp_unreachable`, `store_unavailable`, `exchange_in_progress`; `id_token_rejected`,
    /// `identity_mismatch`, `bad_request`.
    pub async fn take(
        &self,
        cluster: &KnownCluster,
        metadata: &Metadata,
        begun: Begun<'_>,
        brought: Tokens,
    ) -> Result<Taken, NotKept> {
        // A session has its own claim.
        let sent = brought.refresh_token().filter(|_| !begun.made.for_this_session());
        let Some(sent) = sent else { return self.take_alone(cluster, metadata, begun, brought).await };
        let lock = format!("bringing:{}", sha256(sent.expose().as_bytes()));
        let owner =
            random_secret(self.logins.random.as_ref()).map_err(|error| NotKept::NotNow(error.into()))?;
        let owner = owner.expose().as_bytes();
        let store = &self.logins.store;
        // Sent again while the first request is at it, it would say that nothing came of it.
        let claimed = store.put_new(&lock, owner, begun.keep_trying).await;
        if claimed.map_err(|error| NotKept::NotNow(error.into()))? == Swap::Conflict {
            return Err(NotKept::NotNow(in_progress()));
        }
        let taken = self.take_alone(cluster, metadata, begun, brought).await;
        if let Err(error) = store.release(&lock, owner).await {
            tracing::info!(%error, "a refresh token that was brought counts as under way until its claim expires");
        }
        taken
    }

    async fn take_alone(
        &self,
        cluster: &KnownCluster,
        metadata: &Metadata,
        begun: Begun<'_>,
        brought: Tokens,
    ) -> Result<Taken, NotKept> {
        let key = LoginKey::new(&begun.user, cluster.name());
        let verified = match self.checked(cluster, metadata, &begun, &brought).await {
            Ok(verified) => verified,
            Err(why) => return Err(self.turned_away(cluster, &key, &begun, &brought, why).await),
        };
        let proof = self.proof(cluster, metadata, &begun, &verified, &brought).await?;
        let refresh_token = proof.told();
        if !matches!(proof, Proof::Proved(_)) {
            check_access_token(&cluster.settings.token, &brought, &verified).map_err(NotKept::Refused)?;
        }
        let id = random_secret(self.logins.random.as_ref()).map_err(|error| NotKept::NotNow(error.into()))?;
        let (takes, now) = (&cluster.settings.token, self.clock.now());
        let is_this_clients = begun.made.for_this_session();
        let (tokens, set, is_ours) = if let Proof::Proved(proved) = proof {
            let Proved { verified, tokens, is_rotated } = *proved;
            let set = TokenSet::new(&verified, &tokens, takes, now);
            (tokens, set, is_this_clients || is_rotated)
        } else {
            let set = TokenSet::new(&verified, &brought, takes, now);
            (brought, TokenSet { refresh_token: None, ..set }, is_this_clients)
        };
        let live = live_login(cluster, begun.said, &verified, set, &id);
        match self.settle(&key, live, begun.made, begun.keep_trying).await {
            Ok(login) => Ok(Taken { login, refresh_token }),
            Err(problem) => {
                // No other program has them.
                if is_ours {
                    self.revoke(cluster, &key, &tokens).await;
                }
                Err(NotKept::Refused(problem))
            }
        }
    }

    /// What a session's own login brought is given back where it is another person's: its helper has no use for it. Nothing else is
    /// revoked: kubelogin goes on with what it has kept, and a token of another login is not this client's to end.
    async fn turned_away(
        &self,
        cluster: &KnownCluster,
        key: &LoginKey,
        begun: &Begun<'_>,
        brought: &Tokens,
        why: Unacceptable,
    ) -> NotKept {
        let was_made_here = match &why {
            Unacceptable::NoKeys(_) => return NotKept::NotNow(refused(why)),
            // The nonce was right.
            Unacceptable::Mismatch(_)
            | Unacceptable::NoUserinfo(_)
            | Unacceptable::Rejected(Rejected::Organization) => begun.made.for_this_session(),
            Unacceptable::NoIdToken | Unacceptable::Rejected(_) => false,
        };
        if was_made_here {
            self.revoke(cluster, key, brought).await;
        }
        NotKept::Refused(refused(why))
    }

    /// Spends the refresh token once, and verifies that what comes is the same person's. Where that cannot be told, the ID token counts
    /// all the same.
    async fn proof(
        &self,
        cluster: &KnownCluster,
        metadata: &Metadata,
        begun: &Begun<'_>,
        verified: &VerifiedIdToken,
        brought: &Tokens,
    ) -> Result<Proof, NotKept> {
        let Some(sent) = brought.refresh_token() else { return Ok(Proof::Nothing) };
        let note = format!("brought:{}", sha256(sent.expose().as_bytes()));
        if !self.is_first_to_spend(&note, verified).await.map_err(NotKept::NotNow)? {
            tracing::info!("a refresh token was brought before: it is not sent twice, and not kept");
            return Ok(Proof::Spent);
        }
        let fresh = match cluster.provider.refresh(metadata, &sent).await {
            Ok(fresh) => fresh,
            Err(error) => {
                tracing::warn!(cluster = cluster.name(), %error, "a refresh token that was brought is not kept: no refresh has proved whom it belongs to");
                return Ok(self.without_answer(&note, &error).await);
            }
        };
        let is_rotated = fresh.refresh_token().is_some_and(|new| new.expose() != sent.expose());
        let fresh = Fresh { tokens: fresh.continuing(brought), is_rotated };
        Box::pin(self.proved(cluster, metadata, begun, verified, fresh)).await
    }

    /// Looks at what a refresh has brought. It exists only here: neither a fault of the program in that nor the end of the process keeps
    /// from the caller that the refresh token is spent.
    async fn proved(
        &self,
        cluster: &KnownCluster,
        metadata: &Metadata,
        begun: &Begun<'_>,
        verified: &VerifiedIdToken,
        Fresh { tokens, is_rotated }: Fresh,
    ) -> Result<Proof, NotKept> {
        let oidc = &cluster.settings.oidc;
        let parties = Parties { issuer: &oidc.issuer, client_id: &oidc.client_id };
        let origin =
            Origin::Refresh { subject: verified.subject(), organization: oidc.organization.as_deref() };
        let owner = Owner { user: &begun.user, said: &begun.said };
        let verify = caught(async {
            planted::here(Place::Verification);
            cluster.verified(metadata, &tokens, parties, origin, owner, self.clock.now()).await
        });
        let proof = tokio::select! {
            biased;
            proof = verify => proof.map_err(|panicked| panicked.to_string()),
            () = self.stopping.no_time_for(WRITES) => Err(TooLate.to_string()),
        };
        let why = match proof {
            Ok(Ok(verified)) => {
                return Ok(Proof::Proved(Box::new(Proved { verified, tokens, is_rotated })));
            }
            Ok(Err(why)) if is_another_persons(&why) => {
                // Its successor is known to this process alone.
                self.revoke(cluster, &LoginKey::new(&begun.user, cluster.name()), &tokens).await;
                return Err(NotKept::Refused(not_one_persons(&why)));
            }
            Ok(Err(why)) => why.to_string(),
            Err(why) => why,
        };
        tracing::warn!(
            cluster = cluster.name(),
            why,
            "a refresh token that was brought is not kept: its refresh has proved nothing"
        );
        Ok(if is_rotated { Proof::Spent } else { Proof::Left })
    }

    /// What is known of a refresh token that has brought no tokens.
    async fn without_answer(&self, note: &Key, error: &NoTokens) -> Proof {
        match error {
            NoTokens::NotSpent { .. } | NoTokens::RefusedForNow(_) => {
                self.forget(note).await;
                Proof::Left
            }
            NoTokens::RefusedForGood => Proof::Left,
            NoTokens::Unknown(_) => Proof::Spent,
        }
    }

    /// Whether this refresh token comes for the first time: sent twice, it would end the login at a provider that rotates.
    async fn is_first_to_spend(&self, note: &Key, verified: &VerifiedIdToken) -> Result<bool, Problem> {
        let left = Duration::try_from(verified.expires_at() - self.clock.now()).unwrap_or_default();
        Ok(self.logins.store.put_new(note, b"", left.saturating_add(NOTED_LONGER)).await? == Swap::Done)
    }

    /// What was not spent may be brought again.
    async fn forget(&self, note: &Key) {
        if let Err(error) = self.logins.store.delete(note).await {
            tracing::info!(%error, "a refresh token that was not spent is not taken again for a time");
        }
    }
}

/// Where the cluster takes access tokens, one that no refresh of ours brought has to be bound to the ID token: by its hash there (OpenID
/// Connect Core, 3.1.3.6), or by saying itself that it is the same person's.
fn check_access_token(
    takes: &ClusterToken,
    brought: &Tokens,
    verified: &VerifiedIdToken,
) -> Result<(), Problem> {
    let ClusterToken::Access { .. } = takes else { return Ok(()) };
    let Some(token) = brought.access_token() else {
        return Err(Problem::new(
            Code::BadRequest,
            "This cluster takes access tokens, and none was sent: send accessToken too, or log in with \"Get K8s access\" in Backstage.",
        ));
    };
    let says_so = || AccessTokenClaims::read(&token).is_some_and(|claims| claims.is_of(verified.subject()));
    if verified.text("at_hash").is_some() || says_so() {
        return Ok(());
    }
    Err(Problem::new(
        Code::IdTokenRejected,
        "Nothing shows that the access token belongs to the ID token, which has no at_hash: log in with \"Get K8s access\" in Backstage instead.",
    ))
}

fn in_progress() -> Problem {
    Problem::new(Code::ExchangeInProgress, "This login is just being brought: ask again in a moment.")
        .retry_after(Duration::from_secs(2))
}

fn is_another_persons(why: &Unacceptable) -> bool {
    match why {
        Unacceptable::Rejected(rejected) => rejected.is_another_persons(),
        Unacceptable::Mismatch(_) => true,
        Unacceptable::NoIdToken | Unacceptable::NoKeys(_) | Unacceptable::NoUserinfo(_) => false,
    }
}

fn not_one_persons(why: &Unacceptable) -> Problem {
    tracing::warn!(%why, "a refresh token that was brought is another login's");
    Problem::new(
        Code::IdTokenRejected,
        "The refresh token does not belong to the ID token that was sent with it: log in again, so that both come from one login.",
    )
}

impl From<ProviderError> for NotKept {
    fn from(error: ProviderError) -> Self {
        Self::NotNow(error.into())
    }
}
