//! The OIDC client of a cluster: how the identity provider knows it, and what it asks for.

use std::path::PathBuf;

use jsonwebtoken::Algorithm;
use secrecy::SecretString;

use super::client_authentication::ClientAuthentication;
use super::variables::ClusterVariables;
use crate::protocol::RedirectUri;
use crate::settings::{SettingsError, checked_document_url, checked_url};

/// The OIDC client of a cluster.
#[derive(Clone, Debug)]
pub struct OidcClient {
    /// The issuer, byte for byte as its ID tokens name it.
    pub issuer: String,
    /// Where its discovery document is, where that is not at the issuer.
    pub discovery_url: Option<String>,
    /// The client id.
    pub client_id: String,
    /// How the client shows that it is itself.
    pub authentication: ClientAuthentication,
    /// The file that its secret or its key came from, where it did: what that holds may change while the process runs.
    pub authentication_file: Option<PathBuf>,
    /// Whether token requests say which origin they come from.
    pub token_origin: TokenOrigin,
    /// What ID tokens may be signed with, whatever discovery announces; nothing here means what it announces.
    pub algorithms: Vec<Algorithm>,
    /// Whether userinfo is asked.
    pub userinfo: Userinfo,
    /// The organization that a login must belong to (`org_id`).
    pub organization: Option<String>,
    /// The scopes asked for.
    pub scopes: Vec<String>,
    /// The redirect URI, byte for byte as the identity provider knows it.
    pub redirect_uri: String,
    /// The `audience` parameter, for providers that want one.
    pub audience: Option<String>,
    /// More parameters of the authorization request, such as `prompt`.
    pub extra_params: Vec<(String, String)>,
}

/// The `Origin` of token requests. Entra demands it for a redirect URI that is registered as a single-page application's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenOrigin {
    /// None.
    Unsaid,
    /// That of the redirect URI.
    OfRedirectUri,
}

/// When userinfo (OIDC Core, 5.3) is asked for the e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Userinfo {
    /// Never.
    Off,
    /// Where the ID token of a login lacks it.
    WhenMissing,
}

/// The algorithms with a public key (RFC 7518, 3; RFC 8037). `none` and HMAC are never among them.
pub const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// The parameters that `OIDC_EXTRA_PARAMS` may not set: each login sets them, or a setting of their own does.
const RESERVED: [&str; 11] = [
    "client_id",
    "response_type",
    "response_mode",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "organization",
    "audience",
];

/// Whether `OIDC_EXTRA_PARAMS` may set a parameter.
#[must_use]
pub fn may_be_extra_param(name: &str) -> bool {
    !RESERVED.contains(&name)
}

impl OidcClient {
    /// Checks its variables.
    ///
    /// # Errors
    /// One sentence that names the variable.
    pub(super) fn check(
        variables: &ClusterVariables,
        insecure_hosts: &[String],
    ) -> Result<Self, SettingsError> {
        checked_url("OIDC_ISSUER_URL", &variables.oidc_issuer_url, insecure_hosts)?;
        if let Some(url) = &variables.oidc_discovery_url {
            checked_document_url("OIDC_DISCOVERY_URL", url, insecure_hosts)?;
        }
        RedirectUri::parse(&variables.oidc_redirect_uri)
            .map_err(|e| SettingsError(format!("OIDC_REDIRECT_URI cannot be used: {e}.")))?;
        Ok(Self {
            issuer: variables.oidc_issuer_url.clone(),
            discovery_url: variables.oidc_discovery_url.clone(),
            client_id: variables.oidc_client_id.clone(),
            authentication: ClientAuthentication::read(
                variables.oidc_token_auth_method.as_deref(),
                variables.oidc_client_secret.clone(),
                variables.oidc_private_key_file.as_deref(),
            )?,
            authentication_file: variables.oidc_private_key_file.clone(),
            token_origin: if variables.oidc_token_origin {
                TokenOrigin::OfRedirectUri
            } else {
                TokenOrigin::Unsaid
            },
            algorithms: algorithms(&variables.oidc_algorithms)?,
            userinfo: userinfo(variables.oidc_userinfo.as_deref())?,
            organization: variables.oidc_organization_id.clone(),
            scopes: scopes(&variables.oidc_scopes)?,
            redirect_uri: variables.oidc_redirect_uri.clone(),
            audience: variables.oidc_audience.clone(),
            extra_params: extra_params(variables.oidc_extra_params.as_deref())?,
        })
    }

    /// Where the discovery document is (OpenID Connect Discovery 1.0, 4).
    #[must_use]
    pub fn discovery_url(&self) -> String {
        let beside = || format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        self.discovery_url.clone().unwrap_or_else(beside)
    }

    /// The `Origin` that token requests carry, where they do.
    #[must_use]
    pub fn origin(&self) -> Option<String> {
        match self.token_origin {
            TokenOrigin::Unsaid => None,
            TokenOrigin::OfRedirectUri => RedirectUri::parse(&self.redirect_uri).ok().map(|uri| uri.origin()),
        }
    }

    /// The client secret, where it has one.
    #[must_use]
    pub fn client_secret(&self) -> Option<&SecretString> {
        match &self.authentication {
            ClientAuthentication::Secret { secret, .. } => Some(secret),
            ClientAuthentication::None | ClientAuthentication::PrivateKeyJwt(_) => None,
        }
    }
}

fn algorithms(names: &[String]) -> Result<Vec<Algorithm>, SettingsError> {
    let known = |name: &String| {
        name.parse().ok().filter(|algorithm| ALGORITHMS.contains(algorithm)).ok_or_else(|| {
            SettingsError(format!(
                "OIDC_ALGORITHMS cannot hold {name}: name algorithms with a public key, such as RS256, PS256, ES256 or EdDSA."
            ))
        })
    };
    names.iter().map(known).collect()
}

fn userinfo(text: Option<&str>) -> Result<Userinfo, SettingsError> {
    match text {
        None | Some("off") => Ok(Userinfo::Off),
        Some("when_missing") => Ok(Userinfo::WhenMissing),
        Some(_) => Err(SettingsError("OIDC_USERINFO must be off or when_missing.".to_owned())),
    }
}

fn scopes(text: &str) -> Result<Vec<String>, SettingsError> {
    let scopes: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    if scopes.iter().any(|scope| scope == "openid") {
        return Ok(scopes);
    }
    // OpenID Connect Core 1.0, 3.1.2.1.
    Err(SettingsError("OIDC_SCOPES lacks openid, without which there is no ID token: add it.".to_owned()))
}

fn extra_params(text: Option<&str>) -> Result<Vec<(String, String)>, SettingsError> {
    let pairs =
        url::form_urlencoded::parse(text.unwrap_or_default().as_bytes()).into_owned().collect::<Vec<_>>();
    match pairs.iter().find(|(name, _)| !may_be_extra_param(name)) {
        None => Ok(pairs),
        Some((name, _)) => Err(SettingsError(format!(
            "OIDC_EXTRA_PARAMS may not set {name}: leave it out, it is set for each login or by its own variable."
        ))),
    }
}
