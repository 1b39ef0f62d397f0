//! One cluster: a Kubernetes API plus the OIDC client that logs people in to it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::email_domain::EmailDomain;
use super::lists::separated_texts;
use super::names::{closest_match, variables_of};
use super::{SECRETS, SettingsError, Source, checked_url};
use crate::protocol::{REDIRECT_URI, RedirectUri};

/// One cluster's variables; in the configuration file the same names in lower case.
#[derive(Debug, Deserialize)]
pub(super) struct ClusterVariables {
    cluster_name: Option<String>,
    cluster_title: Option<String>,
    oidc_issuer_url: String,
    oidc_client_id: String,
    oidc_client_secret: Option<SecretString>,
    oidc_organization_id: Option<String>,
    #[serde(default = "default_scopes")]
    oidc_scopes: String,
    #[serde(default = "default_redirect_uri")]
    oidc_redirect_uri: String,
    oidc_audience: Option<String>,
    oidc_extra_params: Option<String>,
    oidc_discovery_url: Option<String>,
    kubernetes_api_url: Option<String>,
    kubernetes_ca_file: Option<PathBuf>,
    user_tokens: Option<String>,
    identity_rule: Option<String>,
    #[serde(default, deserialize_with = "separated_texts::<_, EmailDomain>")]
    identity_email_domains: Vec<String>,
}

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

fn default_scopes() -> String {
    "openid profile email offline_access".to_owned()
}

fn default_redirect_uri() -> String {
    REDIRECT_URI.to_owned()
}

/// What a user's own Backstage token may do at the Kubernetes proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserTokens {
    /// Nothing.
    Off,
    /// GET and HEAD, no upgrades.
    Read,
    /// Everything that Kubernetes allows the user.
    Full,
}

/// Which logins at the identity provider belong to which Backstage user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityRule {
    /// The verified e-mail address is the one in the user's catalog entity.
    Catalog,
    /// The verified e-mail address is the user's name in one of these domains, which are in ASCII.
    Email(Vec<String>),
    /// This template, filled with claims, is the user's entity reference.
    Template(String),
    /// Any login is accepted for the user who began it.
    Any,
}

/// The OIDC client of a cluster.
#[derive(Clone, Debug)]
pub struct OidcClient {
    /// The issuer, byte for byte as its ID tokens name it.
    pub issuer: String,
    /// Where its discovery document is, where that is not at the issuer.
    pub discovery_url: Option<String>,
    /// The client id.
    pub client_id: String,
    /// The client secret, for confidential clients.
    pub client_secret: Option<SecretString>,
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

impl OidcClient {
    /// Where the discovery document is (OpenID Connect Discovery 1.0, 4).
    #[must_use]
    pub fn discovery_url(&self) -> String {
        let beside = || format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        self.discovery_url.clone().unwrap_or_else(beside)
    }
}

/// The Kubernetes API of a cluster.
#[derive(Clone, Debug)]
pub struct KubernetesApi {
    /// Its address.
    pub url: Url,
    /// The only roots to trust for it; the system's where there is none.
    pub ca_file: Option<PathBuf>,
}

/// A cluster's settings, checked.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Its name in every call.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// The OIDC client that logs people in.
    pub oidc: OidcClient,
    /// Its Kubernetes API; without one the login is kept, but the proxy does not use it.
    pub kubernetes: Option<KubernetesApi>,
    /// What user tokens may do at the proxy.
    pub user_tokens: UserTokens,
    /// Which login at the identity provider is accepted for a Backstage user.
    pub identity: IdentityRule,
}

impl Cluster {
    /// Reads the one cluster of the environment.
    ///
    /// # Errors
    /// One sentence that names the variable.
    pub(super) fn read(source: &Source, insecure_hosts: &[String]) -> Result<Self, SettingsError> {
        source.read::<ClusterVariables>()?.check(insecure_hosts)
    }

    /// Reads a `[[clusters]]` block.
    ///
    /// # Errors
    /// One sentence that names the key.
    pub(super) fn from_block(
        block: BTreeMap<String, String>,
        insecure_hosts: &[String],
    ) -> Result<Self, SettingsError> {
        let known = keys();
        if let Some(unknown) = block.keys().find(|key| !known.contains(key.as_str())) {
            let advice = match closest_match(unknown, known.iter().map(String::as_str)) {
                Some(meant) => format!("did you mean {meant}?"),
                None => "check its spelling.".to_owned(),
            };
            return Err(SettingsError(format!("{unknown} is no setting of a cluster: {advice}")));
        }
        let source = Source::new(block.into_iter().map(|(key, value)| (key.to_uppercase(), value)));
        Self::read(&source.with_secret_files()?, insecure_hosts)
    }
}

/// The keys that a `[[clusters]]` block may hold.
fn keys() -> BTreeSet<String> {
    let variables = variables_of::<ClusterVariables>();
    let files =
        SECRETS.iter().filter(|secret| variables.contains(**secret)).map(|secret| format!("{secret}_FILE"));
    files.chain(variables.iter().cloned()).map(|name| name.to_lowercase()).collect()
}

impl ClusterVariables {
    fn check(self, insecure_hosts: &[String]) -> Result<Cluster, SettingsError> {
        let name = self.cluster_name.unwrap_or_else(|| "default".to_owned());
        check_name(&name)?;
        checked_url("OIDC_ISSUER_URL", &self.oidc_issuer_url, insecure_hosts)?;
        if let Some(url) = &self.oidc_discovery_url {
            checked_url("OIDC_DISCOVERY_URL", url, insecure_hosts)?;
        }
        RedirectUri::parse(&self.oidc_redirect_uri)
            .map_err(|e| SettingsError(format!("OIDC_REDIRECT_URI cannot be used: {e}.")))?;
        let kubernetes = kubernetes(self.kubernetes_api_url, self.kubernetes_ca_file, insecure_hosts)?;
        let user_tokens = user_tokens(self.user_tokens.as_deref())?;
        let identity = identity_rule(self.identity_rule.as_deref(), &self.identity_email_domains)?;
        if user_tokens != UserTokens::Off && kubernetes.is_none() {
            warn_of_idle("USER_TOKENS", "there is no KUBERNETES_API_URL to use them at");
        }
        if !self.identity_email_domains.is_empty() && !matches!(identity, IdentityRule::Email(_)) {
            warn_of_idle("IDENTITY_EMAIL_DOMAINS", "only IDENTITY_RULE=email looks at them");
        }
        Ok(Cluster {
            title: self.cluster_title.unwrap_or_else(|| name.clone()),
            name,
            oidc: OidcClient {
                issuer: self.oidc_issuer_url,
                discovery_url: self.oidc_discovery_url,
                client_id: self.oidc_client_id,
                client_secret: self.oidc_client_secret,
                organization: self.oidc_organization_id,
                scopes: scopes(&self.oidc_scopes)?,
                redirect_uri: self.oidc_redirect_uri,
                audience: self.oidc_audience,
                extra_params: extra_params(self.oidc_extra_params.as_deref())?,
            },
            kubernetes,
            user_tokens,
            identity,
        })
    }
}

/// Warns of a setting that has no effect with the others.
fn warn_of_idle(name: &str, reason: &str) {
    tracing::warn!(setting = name, "{name} is set and does nothing: {reason}");
}

fn kubernetes(
    url: Option<String>,
    ca_file: Option<PathBuf>,
    insecure_hosts: &[String],
) -> Result<Option<KubernetesApi>, SettingsError> {
    match (url, ca_file) {
        (Some(url), ca_file) => {
            let url = checked_url("KUBERNETES_API_URL", &url, insecure_hosts)?;
            Ok(Some(KubernetesApi { url, ca_file }))
        }
        (None, None) => Ok(None),
        (None, Some(_)) => Err(SettingsError(
            "KUBERNETES_CA_FILE is set without KUBERNETES_API_URL: set that too, or leave both out."
                .to_owned(),
        )),
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

fn check_name(name: &str) -> Result<(), SettingsError> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if (1..=63).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(());
    }
    Err(SettingsError("CLUSTER_NAME must be 1 to 63 of a-z, 0-9 and -: it is part of addresses.".to_owned()))
}

fn extra_params(text: Option<&str>) -> Result<Vec<(String, String)>, SettingsError> {
    let pairs =
        url::form_urlencoded::parse(text.unwrap_or_default().as_bytes()).into_owned().collect::<Vec<_>>();
    match pairs.iter().find(|(name, _)| RESERVED.contains(&name.as_str())) {
        None => Ok(pairs),
        Some((name, _)) => Err(SettingsError(format!(
            "OIDC_EXTRA_PARAMS may not set {name}: leave it out, it is set for each login or by its own variable."
        ))),
    }
}

fn user_tokens(text: Option<&str>) -> Result<UserTokens, SettingsError> {
    match text {
        None | Some("off") => Ok(UserTokens::Off),
        Some("read") => Ok(UserTokens::Read),
        Some("full") => Ok(UserTokens::Full),
        Some(_) => Err(SettingsError("USER_TOKENS must be off, read or full.".to_owned())),
    }
}

fn identity_rule(text: Option<&str>, domains: &[String]) -> Result<IdentityRule, SettingsError> {
    match text {
        None | Some("catalog") => Ok(IdentityRule::Catalog),
        Some("email") if domains.is_empty() => Err(SettingsError(
            "IDENTITY_EMAIL_DOMAINS is not set: name the domains whose addresses are your users' own.".to_owned(),
        )),
        Some("email") => {
            Ok(IdentityRule::Email(domains.to_vec()))
        }
        Some("nickname") => Ok(IdentityRule::Template("user:default/{nickname}".to_owned())),
        Some("any") => Ok(IdentityRule::Any),
        Some(template) if template.starts_with("user:") && template.contains('{') => {
            Ok(IdentityRule::Template(template.to_owned()))
        }
        Some(_) => Err(SettingsError(
            "IDENTITY_RULE must be catalog, email, nickname, any, or a template such as user:default/{nickname}."
                .to_owned(),
        )),
    }
}
