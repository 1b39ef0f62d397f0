//! What an OpenID provider says of itself (OpenID Connect Discovery 1.0, 3 and 4), read as providers really write it.

use std::sync::Arc;

use serde::{Deserialize, Deserializer};

use super::provider_error::ProviderError;
use crate::outbound::http_client::HttpClient;
use crate::outbound::{OutboundError, https_rule};

/// What we read of the discovery document.
#[derive(Debug, Deserialize)]
pub struct Metadata {
    issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) jwks_uri: String,
    #[serde(default, deserialize_with = "non_empty")]
    pub(super) revocation_endpoint: Option<String>,
    #[serde(default, deserialize_with = "non_empty")]
    pub(super) userinfo_endpoint: Option<String>,
    scopes_supported: Option<Vec<String>>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
    code_challenge_methods_supported: Option<Vec<String>>,
    response_types_supported: Option<Vec<String>>,
    #[serde(default)]
    pub(super) id_token_signing_alg_values_supported: Vec<String>,
    /// RFC 9207, 3.
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// The issuer, and where its document lies.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) issuer: String,
    pub(super) url: String,
}

impl Metadata {
    /// Where codes are redeemed and refresh tokens are spent.
    #[must_use]
    pub fn token_endpoint(&self) -> &str {
        &self.token_endpoint
    }

    /// Whether every redirect must carry `iss` (RFC 9207, 2.3).
    #[must_use]
    pub fn promises_iss(&self) -> bool {
        self.authorization_response_iss_parameter_supported
    }

    /// Whether a scope may be asked for. A document that lists none says nothing of it.
    #[must_use]
    pub fn knows_scope(&self, scope: &str) -> bool {
        says(self.scopes_supported.as_deref(), scope)
    }

    /// Whether a client secret can only stand in the body (`client_secret_post`).
    pub(super) fn takes_secrets_only_in_the_body(&self) -> bool {
        self.takes_method("client_secret_post") && !self.takes_method("client_secret_basic")
    }

    /// Whether it takes PKCE with S256 (RFC 8414, 2).
    #[must_use]
    pub fn takes_s256(&self) -> bool {
        says(self.code_challenge_methods_supported.as_deref(), "S256")
    }

    /// Whether it takes the authorization code flow.
    #[must_use]
    pub fn gives_codes(&self) -> bool {
        says(self.response_types_supported.as_deref(), "code")
    }

    /// Whether the token endpoint takes this method of client authentication (OIDC Discovery, 3). A document that lists none says nothing of it.
    #[must_use]
    pub fn takes_method(&self, method: &str) -> bool {
        let methods = &self.token_endpoint_auth_methods_supported;
        methods.is_empty() || methods.iter().any(|known| known == method)
    }

    /// Whether it revokes tokens (RFC 7009).
    #[must_use]
    pub fn revokes(&self) -> bool {
        self.revocation_endpoint.is_some()
    }

    /// Whether it has userinfo.
    #[must_use]
    pub fn has_userinfo(&self) -> bool {
        self.userinfo_endpoint.is_some()
    }
}

fn says(list: Option<&[String]>, name: &str) -> bool {
    list.is_none_or(|known| known.iter().any(|one| one == name))
}

/// Zitadel writes an endpoint that it does not have as an empty text.
fn non_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text: Option<String> = Deserialize::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.is_empty()))
}

/// Fetches the document, and checks what every use of it relies on.
pub(super) async fn discover(
    client: HttpClient,
    at: Place,
    insecure_hosts: Arc<[String]>,
) -> Result<Metadata, ProviderError> {
    let metadata: Metadata = match client.get_json(&at.url).await {
        // A wrong realm or tenant: to try again changes nothing.
        Err(OutboundError::Status(status @ 400..500)) if status != 429 => {
            return Err(ProviderError::NoDocument { url: at.url, status });
        }
        answer => answer?,
    };
    if metadata.issuer != at.issuer {
        let said: String = metadata.issuer.chars().filter(|c| !c.is_control()).take(200).collect();
        let why = format!("{} names the issuer {said:?}, and OIDC_ISSUER_URL is {:?}", at.url, at.issuer);
        return Err(ProviderError::Unusable(why));
    }
    let endpoints = [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri];
    let optional = metadata.revocation_endpoint.iter().chain(&metadata.userinfo_endpoint);
    for endpoint in endpoints.into_iter().chain(optional) {
        if https_rule::parse(endpoint, &insecure_hosts).is_err() {
            return Err(ProviderError::Unusable("one of its endpoints is not https".to_owned()));
        }
    }
    Ok(metadata)
}
