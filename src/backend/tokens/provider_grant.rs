//! The production [`RefreshGrant`]: refresh tokens spent at a cluster's own identity provider.

use async_trait::async_trait;
use time::OffsetDateTime;

use super::refresh::grant::{GrantFailure, RefreshGrant};
use crate::backend::logins::{IssuedTo, LiveLogin, LoginKey, TokenSet};
use crate::backend::oidc::clusters::KnownCluster;
use crate::backend::oidc::discovery::Metadata;
use crate::backend::oidc::id_token::{Origin, VerifiedIdToken, subject_said};
use crate::backend::oidc::identity_rule::Owner;
use crate::backend::oidc::provider_error::ProviderError;
use crate::backend::oidc::token_endpoint::answer::NoTokens;
use crate::backend::oidc::verification::{Parties, Unacceptable};
use crate::backend::revocation::Revoker;
use crate::backend::revocation::outbox::Revocation;
use crate::backend::stopping::{Stopping, TooLate};
use crate::backstage_names::UserRef;
use crate::clock::Clock;
use crate::outbound::oauth2_bridge::token_response::Tokens;
use crate::panics::caught;
use crate::panics::planted::{self, Place};
use crate::protocol::WireSecret;
use crate::settings::backend::WRITES;

/// One user's login at one cluster.
pub struct ProviderGrant<'a> {
    /// The user.
    pub user: &'a UserRef,
    /// The cluster, with its provider.
    pub cluster: &'a KnownCluster,
    /// Revokes what no login takes.
    pub revoker: &'a Revoker,
    /// The time.
    pub clock: &'a dyn Clock,
    /// How far the end of the process is.
    pub stopping: &'a Stopping,
}

#[async_trait(?Send)]
impl RefreshGrant for ProviderGrant<'_> {
    async fn ready(&self) -> Result<(), GrantFailure> {
        self.cluster.provider.ready().await.map(|_| ()).map_err(|_| GrantFailure::NotSent)
    }

    async fn refresh(&self, login: &LiveLogin, token: &WireSecret) -> Result<TokenSet, GrantFailure> {
        let provider = &self.cluster.provider;
        let metadata = provider.metadata().await.map_err(|_| GrantFailure::NotSent)?;
        planted::here(Place::Refresh);
        let tokens = provider.refresh(&metadata, token).await;
        let now = self.clock.now();
        let tokens = tokens.map_err(|error| failure(error, now))?;
        match self.verified_in_time(&metadata, login, &tokens).await {
            Ok(verified) => {
                let fresh = TokenSet::new(&verified, &tokens, &self.cluster.settings.token, now);
                Ok(continued(fresh, login, token))
            }
            Err(NotAccepted::NotTheirs(reason)) => {
                let tokens = Box::new(unverified(login, &tokens, token));
                Err(GrantFailure::NotTheLogins { reason, tokens })
            }
            Err(NotAccepted::Unverified(reason)) => {
                self.warn_of_unverified(&tokens, &reason);
                Err(GrantFailure::Unproven { reason, refresh_token: tokens.refresh_token() })
            }
        }
    }

    async fn revoke(&self, login: &LiveLogin, tokens: &TokenSet) {
        let subject = subject_said(&tokens.id_token).unwrap_or_else(|| login.issued_to.subject.clone());
        let issued_to = IssuedTo { subject, ..login.issued_to.clone() };
        let refreshed = LiveLogin { issued_to, tokens: tokens.clone(), ..login.clone() };
        if let Some(revocation) = Revocation::of_login(&refreshed) {
            self.revoker.revoke(&LoginKey::new(self.user, self.cluster.name()), revocation).await;
        }
    }
}

/// Why a token response does not continue a login.
enum NotAccepted {
    /// It belongs to another person, or breaks the identity rule.
    NotTheirs(String),
    /// It is not known to whom it belongs: no ID token (OpenID Connect Core, 12.2 allows that), no keys, or one that fails another check.
    Unverified(String),
}

impl NotAccepted {
    fn of(why: &Unacceptable, login: &LiveLogin) -> Self {
        match why {
            Unacceptable::Rejected(rejected) if rejected.is_another_persons() => {
                Self::NotTheirs(rejected.to_string())
            }
            Unacceptable::Mismatch(mismatch) => Self::NotTheirs(mismatch.since(&login.tokens.id_token)),
            Unacceptable::NoIdToken
            | Unacceptable::NoKeys(_)
            | Unacceptable::NoUserinfo(_)
            | Unacceptable::Rejected(_) => Self::Unverified(why.to_string()),
        }
    }
}

impl ProviderGrant<'_> {
    /// Each refresh ends so until the operator changes something, and what the person is told does not reach them.
    fn warn_of_unverified(&self, tokens: &Tokens, reason: &str) {
        let (user, cluster) = (self.user, self.cluster.name());
        if tokens.id_token().is_some() {
            tracing::warn!(%user, cluster, reason, "a refresh brought an ID token that cannot be verified");
        } else {
            tracing::warn!(
                %user,
                cluster,
                "a refresh brought no ID token: set the identity provider to send one with each (PingFederate: \"Return ID Token On Refresh Grant\"), and see that OIDC_SCOPES has openid"
            );
        }
    }

    /// What came exists only here: neither a fault in looking at it nor the end of the process must lose it.
    async fn verified_in_time(
        &self,
        metadata: &Metadata,
        login: &LiveLogin,
        tokens: &Tokens,
    ) -> Result<VerifiedIdToken, NotAccepted> {
        let unverified = |why: &dyn std::error::Error| Err(NotAccepted::Unverified(why.to_string()));
        tokio::select! {
            biased;
            verified = caught(self.verified(metadata, login, tokens)) => {
                verified.unwrap_or_else(|panicked| unverified(&panicked))
            }
            () = self.stopping.no_time_for(WRITES) => unverified(&TooLate),
        }
    }

    /// `iss`, `sub`, `aud` and `org_id` must be the login's own, and the identity rule must hold again.
    async fn verified(
        &self,
        metadata: &Metadata,
        login: &LiveLogin,
        tokens: &Tokens,
    ) -> Result<VerifiedIdToken, NotAccepted> {
        planted::here(Place::Verification);
        let parties = Parties { issuer: &login.issued_to.issuer, client_id: &login.issued_to.client_id };
        let origin = Origin::Refresh {
            subject: &login.issued_to.subject,
            organization: login.organization.as_deref(),
        };
        let owner = Owner { user: self.user, said: &login.said };
        let now = self.clock.now();
        let verified = self.cluster.verified(metadata, tokens, parties, origin, owner, now).await;
        verified.map_err(|why| NotAccepted::of(&why, login))
    }
}

/// A provider that does not rotate sends no refresh token: the one that was spent still counts, and ends when it did.
fn continued(fresh: TokenSet, login: &LiveLogin, spent: &WireSecret) -> TokenSet {
    if fresh.refresh_token.is_some() {
        return fresh;
    }
    let refresh_expires_at = fresh.refresh_expires_at.or(login.tokens.refresh_expires_at);
    TokenSet { refresh_token: Some(spent.clone()), refresh_expires_at, ..fresh }
}

/// Only to be revoked.
fn unverified(login: &LiveLogin, tokens: &Tokens, spent: &WireSecret) -> TokenSet {
    TokenSet {
        id_token: tokens.id_token().unwrap_or(&login.tokens.id_token).clone(),
        access_token: tokens.access_token(),
        refresh_token: tokens.refresh_token().or_else(|| Some(spent.clone())),
        ..login.tokens.clone()
    }
}

fn failure(error: NoTokens, now: OffsetDateTime) -> GrantFailure {
    match error {
        NoTokens::NotSpent {
            why: ProviderError::Unreachable(_) | ProviderError::Unusable(_) | ProviderError::NoDocument { .. },
            ..
        } => GrantFailure::NotSent,
        NoTokens::NotSpent { why, asked } => {
            GrantFailure::NotNow { code: status(&why), asked: asked.map(|asked| asked.from_now(now)) }
        }
        NoTokens::Unknown(_) => GrantFailure::Ambiguous,
        NoTokens::RefusedForNow(refusal) => GrantFailure::NotNow { code: refusal.code, asked: None },
        NoTokens::RefusedForGood => GrantFailure::InvalidGrant,
    }
}

/// What the record and the caller are told of an answer that is no OAuth error.
fn status(why: &ProviderError) -> String {
    match why {
        ProviderError::NotNow { status } | ProviderError::NotTheProvider(status) => {
            format!("status {status}")
        }
        other => other.to_string(),
    }
}
