//! The production [`Grant`]: refresh tokens spent at a cluster's own identity provider.

use async_trait::async_trait;
use oauth2::TokenResponse;

use super::app::{App, Clients};
use super::id_token::{self, Continued, Rejected, VerifiedIdToken};
use super::identity;
use super::login::token_set;
use super::login_record::{LiveLogin, LoginKey, TokenSet};
use super::provider::{self, Metadata, Provider, ProviderError, Tokens};
use super::refresh::{Grant, GrantFailure};
use super::revocation;
use super::revocation_record::Revocation;
use crate::outbound::OutboundError;
use crate::protocol::WireSecret;
use crate::settings::cluster::Cluster;
use crate::user::UserRef;

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
impl Grant for ProviderGrant<'_> {
    async fn refresh(&self, login: &LiveLogin, token: &WireSecret) -> Result<TokenSet, GrantFailure> {
        let client = &self.clients.provider;
        // Keys at hand first: once the token is spent, nothing else should be left to fail.
        let metadata = self.provider.ready(client).await.map_err(|_| GrantFailure::NotSent)?;
        let tokens = self.provider.refresh(&metadata, client, token).await.map_err(failure)?;
        let now = self.app.clock.now();
        match self.verified(&metadata, login, &tokens).await {
            Ok(verified) => {
                let fresh = token_set(&verified, &tokens, now);
                // A provider that does not rotate sends no refresh token: the one that was spent still counts.
                let refresh_token = fresh.refresh_token.clone().or_else(|| Some(token.clone()));
                Ok(TokenSet { refresh_token, ..fresh })
            }
            Err(reason) => {
                let tokens = Box::new(unverified(login, &tokens, token));
                Err(GrantFailure::NotTheLogins { reason, tokens })
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

impl ProviderGrant<'_> {
    /// `iss`, `sub`, `aud` and `org_id` must be the login's own, and the identity rule must hold again.
    async fn verified(
        &self,
        metadata: &Metadata,
        login: &LiveLogin,
        tokens: &Tokens,
    ) -> Result<VerifiedIdToken, String> {
        let raw = provider::id_token(tokens).ok_or("there is no ID token")?;
        let header = id_token::acceptable_header(raw).map_err(|why| why.to_string())?;
        let key =
            self.provider.keys.find(header.kid.as_deref(), metadata.jwks_uri(), &self.clients.provider).await;
        let key = key.map_err(|error| error.to_string())?.ok_or_else(|| Rejected::UnknownKey.to_string())?;
        let expected = Continued {
            issuer: &login.issuer,
            client_id: &login.audience,
            organization: login.organization.as_deref(),
            subject: &login.subject,
            access_token: tokens.access_token().secret(),
            now: self.app.clock.now(),
        };
        let verified = id_token::verify_continued(raw, &key, &expected).map_err(|why| why.to_string())?;
        identity::check(&self.cluster.identity, self.user, login.catalog_email.as_deref(), &verified)
            .map_err(|why| why.to_string())?;
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

fn failure(error: ProviderError) -> GrantFailure {
    match error {
        ProviderError::Unreachable(OutboundError::NotConnected(_)) => GrantFailure::NotSent,
        ProviderError::Refused(code) if code == "invalid_grant" => GrantFailure::InvalidGrant,
        ProviderError::Refused(code) => GrantFailure::NotNow(code),
        ProviderError::Unreachable(_) | ProviderError::Garbage | ProviderError::Unusable(_) => {
            GrantFailure::Ambiguous
        }
    }
}
