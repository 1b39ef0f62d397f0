//! The OpenID provider of one cluster: what it says of itself (OIDC Discovery 1.0, 4), its keys, and the requests we send it.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

pub mod clusters;
pub mod discovery;
pub mod id_token;
pub mod identity_rule;
pub mod key_set;
pub mod provider_error;
pub mod published;
pub mod revocation_request;
pub mod token_endpoint;
pub mod userinfo;
pub mod verification;

use std::path::Path;
use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey, Header};
use oauth2::{CsrfToken, PkceCodeChallenge, PkceCodeVerifier, Scope};
use tokio::sync::watch;

use self::discovery::{Metadata, Place, discover};
use self::key_set::KeySet;
use self::provider_error::ProviderError;
use self::published::Published;
use self::revocation_request::silence::Silence;
use crate::clock::Clock;
use crate::outbound::OutboundError;
use crate::outbound::http_client::HttpClient;
use crate::protocol::WireSecret;
use crate::random::Random;
use crate::settings::SettingsError;
use crate::settings::cluster::{ALGORITHMS, ClientAuthentication, OidcClient};
use crate::telemetry::backend_metrics::BackendMetrics;

/// Google knows no `offline_access`: it gives refresh tokens for these parameters instead.
const GOOGLE: &str = "https://accounts.google.com";
const GOOGLES_OFFLINE_ACCESS: [(&str, &str); 2] = [("access_type", "offline"), ("prompt", "consent")];
const OFFLINE_ACCESS: &str = "offline_access";

/// The secrets of one authorization request.
pub struct AuthorizationSecrets<'a> {
    /// Comes back with the redirect.
    pub state: &'a WireSecret,
    /// Comes back in the ID token.
    pub nonce: &'a WireSecret,
    /// Proves that who redeems the code is who asked for it (RFC 7636).
    pub pkce: Pkce<'a>,
}

/// What is known of a PKCE verifier.
#[derive(Clone, Copy)]
pub enum Pkce<'a> {
    /// It.
    Verifier(&'a WireSecret),
    /// Its SHA-256, in base64url (RFC 7636, 4.2): it is kept elsewhere.
    Challenge(&'a str),
}

impl Pkce<'_> {
    fn challenge(self) -> String {
        match self {
            Self::Verifier(verifier) => {
                let verifier = PkceCodeVerifier::new(verifier.expose().to_owned());
                PkceCodeChallenge::from_code_verifier_sha256(&verifier).as_str().to_owned()
            }
            Self::Challenge(challenge) => challenge.to_owned(),
        }
    }
}

/// One cluster's provider.
pub struct Provider {
    oidc: OidcClient,
    /// As its file says now, where it has one.
    authentication: watch::Sender<ClientAuthentication>,
    http: HttpClient,
    insecure_hosts: Arc<[String]>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    metrics: Arc<BackendMetrics>,
    metadata: Published<Metadata, ProviderError>,
    keys: KeySet,
    /// Whether it has just not answered a revocation.
    pub silence: Silence,
}

impl Provider {
    /// Has not asked anything yet.
    #[must_use]
    pub fn new(
        oidc: OidcClient,
        http: HttpClient,
        insecure_hosts: Vec<String>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        metrics: Arc<BackendMetrics>,
    ) -> Self {
        let seconds = |endpoint: &str| metrics.idp_seconds.with_label_values(&[endpoint]);
        Self {
            keys: KeySet::new(Arc::clone(&clock), seconds("jwks")),
            metadata: Published::new("a discovery document", Arc::clone(&clock), seconds("discovery")),
            silence: Silence::default(),
            insecure_hosts: insecure_hosts.into(),
            authentication: watch::Sender::new(oidc.authentication.clone()),
            oidc,
            http,
            clock,
            random,
            metrics,
        }
    }

    /// Shows the next requests what that file holds now.
    ///
    /// # Errors
    /// When that is neither a secret nor a key.
    pub fn show_from_file(&self, file: &Path) -> Result<(), SettingsError> {
        self.authentication.send_replace(self.oidc.authentication.from_file(file)?);
        Ok(())
    }

    /// The discovery document.
    ///
    /// # Errors
    /// When there is none and none can be fetched.
    pub async fn metadata(&self) -> Result<Arc<Metadata>, ProviderError> {
        let at = Place { issuer: self.oidc.issuer.clone(), url: self.oidc.discovery_url() };
        let fetch = || discover(self.http.clone(), at.clone(), Arc::clone(&self.insecure_hosts));
        Ok(self.metadata.current(fetch).await?.content)
    }

    /// Discovery and keys at hand, so that nothing but the token request is left to fail once a code is spent.
    ///
    /// # Errors
    /// When either cannot be fetched.
    pub async fn ready(&self) -> Result<Arc<Metadata>, ProviderError> {
        let metadata = self.metadata().await?;
        self.keys.warm(&metadata.jwks_uri, &self.http).await?;
        Ok(metadata)
    }

    /// What its published keys verify.
    ///
    /// # Errors
    /// When there are none and none can be fetched.
    pub async fn key_algorithms(&self, metadata: &Metadata) -> Result<Vec<Algorithm>, OutboundError> {
        self.keys.algorithms(&metadata.jwks_uri, &self.http).await
    }

    /// Verifies a token with this header, as [`KeySet::verify`] does; the first key's answer where none is right, or `None` where no key
    /// fits.
    ///
    /// # Errors
    /// When there are no keys and none can be fetched.
    pub async fn verify<T, E>(
        &self,
        metadata: &Metadata,
        header: &Header,
        with: impl Fn(&DecodingKey) -> Result<T, E>,
    ) -> Result<Option<Result<T, E>>, OutboundError> {
        let (answer, _) = self.keys.verify(header, &metadata.jwks_uri, &self.http, with).await?;
        Ok(answer)
    }

    /// What its ID tokens may be signed with: never `none` or HMAC, whatever it announces.
    #[must_use]
    pub fn algorithms(&self, metadata: &Metadata) -> Vec<Algorithm> {
        if !self.oidc.algorithms.is_empty() {
            return self.oidc.algorithms.clone();
        }
        let announced = &metadata.id_token_signing_alg_values_supported;
        // OIDC Discovery 1.0, 3 wants both the list and RS256 in it.
        let known =
            announced.iter().filter_map(|name| name.parse().ok()).filter(|alg| ALGORITHMS.contains(alg));
        if announced.is_empty() { vec![Algorithm::RS256] } else { known.collect() }
    }

    /// Where the browser logs in (OIDC Core, 3.1.2.1).
    ///
    /// # Errors
    /// When an address cannot be used.
    pub fn authorization_url(
        &self,
        metadata: &Metadata,
        secrets: &AuthorizationSecrets<'_>,
    ) -> Result<WireSecret, ProviderError> {
        let client = self.client(metadata)?;
        let state = CsrfToken::new(secrets.state.expose().to_owned());
        let mut request = client
            .authorize_url(|| state)
            .add_scopes(self.scopes(metadata).map(|scope| Scope::new(scope.clone())))
            .add_extra_param("nonce", secrets.nonce.expose())
            .add_extra_param("code_challenge", secrets.pkce.challenge())
            .add_extra_param("code_challenge_method", "S256");
        if let Some(organization) = &self.oidc.organization {
            request = request.add_extra_param("organization", organization);
        }
        if let Some(audience) = &self.oidc.audience {
            request = request.add_extra_param("audience", audience);
        }
        for (name, value) in &self.oidc.extra_params {
            request = request.add_extra_param(name, value);
        }
        for (name, value) in self.googles_params(metadata) {
            request = request.add_extra_param(name, value);
        }
        Ok(WireSecret::from(String::from(request.url().0)))
    }

    /// What is asked for: `offline_access` only where the provider knows it, since some refuse a scope that they do not know.
    fn scopes(&self, metadata: &Metadata) -> impl Iterator<Item = &String> {
        let may_ask = metadata.knows_scope(OFFLINE_ACCESS);
        self.oidc.scopes.iter().filter(move |scope| may_ask || *scope != OFFLINE_ACCESS)
    }

    fn googles_params(&self, metadata: &Metadata) -> impl Iterator<Item = (&'static str, &'static str)> {
        let offline = self.oidc.scopes.iter().any(|scope| scope == OFFLINE_ACCESS);
        let wanted = offline && self.oidc.issuer == GOOGLE && !metadata.knows_scope(OFFLINE_ACCESS);
        let is_set = |name: &str| self.oidc.extra_params.iter().any(|(set, _)| set == name);
        GOOGLES_OFFLINE_ACCESS.into_iter().filter(move |(name, _)| wanted && !is_set(name))
    }
}

#[cfg(test)]
mod tests;
