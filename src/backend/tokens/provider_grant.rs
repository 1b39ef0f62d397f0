//! The production [`RefreshGrant`]: refresh tokens spent at a cluster's own identity provider.

use async_trait::async_trait;
use oauth2::TokenResponse;
use time::OffsetDateTime;

use super::refresh::grant::{GrantFailure, RefreshGrant};
use crate::backend::assembly::{App, Clients};
use crate::backend::logins::{LiveLogin, LoginKey, TokenSet};
use crate::backend::oidc::id_token::{self, Continued, Rejected, VerifiedIdToken};
use crate::backend::oidc::{self, Metadata, Provider, ProviderError, Tokens, identity_rule};
use crate::backend::revocation;
use crate::backend::revocation::outbox::Revocation;
use crate::backend::session::accept::token_set;
use crate::backend::stopping::TooLate;
use crate::backstage_names::UserRef;
use crate::outbound::OutboundError;
use crate::panics::caught;
use crate::panics::planted::{self, Place};
use crate::protocol::WireSecret;
use crate::settings::backend::WRITES;
use crate::settings::cluster::Cluster;

/// One user's login at one cluster.
pub struct ProviderGrant<'a> {
    /// The process.
    pub app: &'a App,
    /// The worker's clients.
    pub clients: &'a Clients,
    /// The cluster.
    pub cluster: &'a Cluster,
    /// Its provider.
    pub provider: &'a Provider,
    /// The user.
    pub user: &'a UserRef,
}

#[async_trait(?Send)]
impl RefreshGrant for ProviderGrant<'_> {
    async fn ready(&self) -> Result<(), GrantFailure> {
        let ready = self.provider.ready(&self.clients.provider).await;
        ready.map(|_| ()).map_err(|_| GrantFailure::NotSent)
    }

    async fn refresh(&self, login: &LiveLogin, token: &WireSecret) -> Result<TokenSet, GrantFailure> {
        let client = &self.clients.provider;
        let metadata = self.provider.metadata(client).await.map_err(|_| GrantFailure::NotSent)?;
        planted::here(Place::Refresh);
        let tokens = self.provider.refresh(&metadata, client, token).await;
        let now = self.app.clock.now();
        let tokens = tokens.map_err(|error| failure(error, now))?;
        match self.verified_in_time(&metadata, login, &tokens).await {
            Ok(verified) => {
                let fresh = token_set(&verified, &tokens, now);
                // A provider that does not rotate sends no refresh token: the one that was spent still counts.
                let refresh_token = fresh.refresh_token.clone().or_else(|| Some(token.clone()));
                Ok(TokenSet { refresh_token, ..fresh })
            }
            Err(NotAccepted::SomebodyElses(reason)) => {
                let tokens = Box::new(unverified(login, &tokens, token));
                Err(GrantFailure::NotTheLogins { reason, tokens })
            }
            Err(NotAccepted::Unverified(reason)) => {
                let refresh_token = tokens.refresh_token().map(|token| token.secret().as_str().into());
                Err(GrantFailure::Unproven { reason, refresh_token })
            }
        }
    }

    async fn revoke(&self, tokens: &TokenSet) {
        let (access, refresh) = (&tokens.access_token, tokens.refresh_token.as_ref());
        let revocation = Revocation::of_tokens(&self.cluster.oidc, access, refresh);
        let login = LoginKey::new(self.user, &self.cluster.name);
        revocation::revoke(self.app, self.clients, &login, revocation).await;
    }
}

/// Why a token response does not continue a login.
enum NotAccepted {
    /// It belongs to somebody else, or breaks the identity rule.
    SomebodyElses(String),
    /// Nobody knows whose it is: no ID token (OpenID Connect Core, 12.2 allows that), no keys, or one that fails another check.
    Unverified(String),
}

impl From<Rejected> for NotAccepted {
    fn from(why: Rejected) -> Self {
        if why.is_somebody_elses() {
            Self::SomebodyElses(why.to_string())
        } else {
            Self::Unverified(why.to_string())
        }
    }
}

impl ProviderGrant<'_> {
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
            () = self.app.stopping.no_time_for(WRITES) => unverified(&TooLate),
        }
    }

    /// `iss`, `sub`, `aud` and `org_id` must be the login's own, and the identity rule must hold again.
    async fn verified(
        &self,
        metadata: &Metadata,
        login: &LiveLogin,
        tokens: &Tokens,
    ) -> Result<VerifiedIdToken, NotAccepted> {
        let missing = || NotAccepted::Unverified("there is none".to_owned());
        planted::here(Place::Verification);
        let raw = oidc::id_token(tokens).ok_or_else(missing)?;
        let header = id_token::acceptable_header(raw)?;
        let key =
            self.provider.keys.find(header.kid.as_deref(), metadata.jwks_uri(), &self.clients.provider).await;
        let key = key.map_err(|error| NotAccepted::Unverified(error.to_string()))?;
        let key = key.ok_or(Rejected::UnknownKey)?;
        let expected = Continued {
            issuer: &login.issuer,
            client_id: &login.audience,
            organization: login.organization.as_deref(),
            subject: &login.subject,
            access_token: tokens.access_token().secret(),
            now: self.app.clock.now(),
        };
        let verified = id_token::verify_continued(raw, &key, &expected)?;
        identity_rule::check(&self.cluster.identity, self.user, login.catalog_email.as_deref(), &verified)
            .map_err(|why| NotAccepted::SomebodyElses(why.to_string()))?;
        Ok(verified)
    }
}

/// Only to be revoked.
fn unverified(login: &LiveLogin, tokens: &Tokens, spent: &WireSecret) -> TokenSet {
    let refresh = tokens.refresh_token().map(|token| WireSecret::from(token.secret().as_str()));
    TokenSet {
        access_token: tokens.access_token().secret().as_str().into(),
        refresh_token: Some(refresh.unwrap_or_else(|| spent.clone())),
        ..login.tokens.clone()
    }
}

fn failure(error: ProviderError, now: OffsetDateTime) -> GrantFailure {
    match error {
        ProviderError::Unreachable(OutboundError::NotConnected(_)) => GrantFailure::NotSent,
        ProviderError::Refused(code) if code == "invalid_grant" => GrantFailure::InvalidGrant,
        ProviderError::Refused(code) => GrantFailure::NotNow { code, asked: None },
        ProviderError::NotNow { status, retry_after } => GrantFailure::NotNow {
            code: format!("status {status}"),
            asked: retry_after.map(|asked| asked.from_now(now)),
        },
        ProviderError::Unreachable(_) | ProviderError::Garbage | ProviderError::Unusable(_) => {
            GrantFailure::Ambiguous
        }
    }
}
