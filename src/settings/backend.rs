//! The settings of the `backend` role, and what they mean once checked.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::cluster::Cluster;
use super::{SettingsError, Source, Span, checked_url};
use crate::user::UserRef;

/// The `backend` role's variables; each field is the variable of the same name in upper case. The variables of a
/// single cluster are those of [`super::cluster`].
#[derive(Debug, Deserialize)]
pub(super) struct BackendVariables {
    #[serde(default = "default_backstage_url")]
    backstage_url: String,
    #[serde(default)]
    backstage_app_url: Vec<String>,
    backstage_issuer: Option<String>,
    cluster_auth_dev_user: Option<String>,
    #[serde(default = "default_listen")]
    listen: SocketAddr,
    #[serde(default = "default_control_listen")]
    control_listen: SocketAddr,
    redis_url: Option<SecretString>,
    token_encryption_keys: Option<SecretString>,
    config_file: Option<PathBuf>,
    #[serde(default)]
    allowed_hosts: Vec<String>,
    #[serde(default)]
    insecure_http_hosts: Vec<String>,
    #[serde(default)]
    trusted_proxies: Vec<ipnet::IpNet>,
    #[serde(default)]
    extension_origins: Vec<String>,
    ca_file: Option<PathBuf>,
    #[serde(default = "default_session_lifetime")]
    session_lifetime: Span,
    #[serde(default = "default_exchange_lease")]
    exchange_lease: Span,
    #[serde(default = "default_idp_timeout")]
    idp_timeout: Span,
    #[serde(default = "default_registrations_per_minute")]
    registrations_per_minute: std::num::NonZeroU32,
}

fn default_backstage_url() -> String {
    "http://localhost:7007".to_owned()
}

fn default_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 7008))
}

fn default_control_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 9090))
}

fn default_session_lifetime() -> Span {
    Span(Duration::from_mins(5))
}

fn default_exchange_lease() -> Span {
    Span(Duration::from_secs(30))
}

fn default_idp_timeout() -> Span {
    Span(Duration::from_secs(10))
}

fn default_registrations_per_minute() -> std::num::NonZeroU32 {
    std::num::NonZeroU32::MIN.saturating_add(29)
}

/// Who the callers are.
#[derive(Clone, Debug)]
pub enum Callers {
    /// Whoever shows a Backstage token.
    Backstage,
    /// For development: everybody is this user (`CLUSTER_AUTH_DEV_USER`).
    DevUser(UserRef),
}

/// Where records are kept.
#[derive(Clone, Debug)]
pub enum StoreSettings {
    /// In this process, and gone with it.
    InProcess,
    /// In Redis, sealed with the configured keys.
    Redis {
        /// `REDIS_URL`, with its password.
        url: SecretString,
        /// `TOKEN_ENCRYPTION_KEYS`.
        keys: SecretString,
    },
}

/// The `backend` role's settings, checked.
#[derive(Debug)]
pub struct BackendSettings {
    /// Where Backstage's backend is, without a slash at the end.
    pub backstage_url: Url,
    /// The `iss` that user tokens must have, where configured.
    pub backstage_issuer: Option<String>,
    /// Where people open Backstage; the first of `BACKSTAGE_APP_URL`.
    pub app_url: Url,
    /// The origins that may call with CORS.
    pub app_origins: Vec<String>,
    /// The extension's origins, for `/session` and `/exchange` only.
    pub extension_origins: Vec<String>,
    /// Who the callers are.
    pub callers: Callers,
    /// The API.
    pub listen: SocketAddr,
    /// Health and metrics.
    pub control_listen: SocketAddr,
    /// Where records are kept.
    pub store: StoreSettings,
    /// The clusters by name.
    pub clusters: BTreeMap<String, Cluster>,
    /// More hosts that a request may name in development.
    pub allowed_hosts: Vec<String>,
    /// The networks whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// Hosts to which plain http is allowed.
    pub insecure_http_hosts: Vec<String>,
    /// Roots to trust beside the system's.
    pub ca_file: Option<PathBuf>,
    /// From register to the end of a session.
    pub session_lifetime: Duration,
    /// How long one exchange may take before its outcome counts as lost; longer than `idp_timeout`.
    pub exchange_lease: Duration,
    /// For one call to the identity provider or Backstage.
    pub idp_timeout: Duration,
    /// How many sessions a user, or an address, may begin in a minute.
    pub registrations_per_minute: std::num::NonZeroU32,
}

/// The configuration file: clusters, where one is not enough.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigFile {
    clusters: Vec<BTreeMap<String, String>>,
}

impl BackendSettings {
    /// Reads and checks them.
    ///
    /// # Errors
    /// One sentence that names the variable and the way to mend it.
    pub fn read(source: &Source) -> Result<Self, SettingsError> {
        let variables: BackendVariables = source.read()?;
        let hosts = &variables.insecure_http_hosts;
        let backstage_url = checked_url("BACKSTAGE_URL", &variables.backstage_url, hosts)?;
        let apps = app_urls(&variables, &backstage_url)?;
        let callers = callers(&variables)?;
        let clusters = clusters(source, &variables)?;
        for cluster in clusters.values() {
            cluster.check_identity_rule_with(&callers)?;
        }
        if variables.exchange_lease.0 <= variables.idp_timeout.0 {
            return Err(SettingsError(
                "EXCHANGE_LEASE must be longer than IDP_TIMEOUT: raise it.".to_owned(),
            ));
        }
        Ok(Self {
            app_origins: apps.iter().map(|url| url.origin().ascii_serialization()).collect(),
            app_url: apps.into_iter().next().unwrap_or_else(|| backstage_url.clone()),
            backstage_url,
            backstage_issuer: variables.backstage_issuer,
            extension_origins: variables.extension_origins,
            callers,
            listen: variables.listen,
            control_listen: variables.control_listen,
            store: store(variables.redis_url, variables.token_encryption_keys)?,
            clusters,
            allowed_hosts: variables.allowed_hosts,
            trusted_proxies: variables.trusted_proxies,
            insecure_http_hosts: variables.insecure_http_hosts,
            ca_file: variables.ca_file,
            session_lifetime: variables.session_lifetime.0,
            exchange_lease: variables.exchange_lease.0,
            idp_timeout: variables.idp_timeout.0,
            registrations_per_minute: variables.registrations_per_minute,
        })
    }
}

fn app_urls(variables: &BackendVariables, backstage: &Url) -> Result<Vec<Url>, SettingsError> {
    if variables.backstage_app_url.is_empty() {
        return Ok(vec![backstage.clone()]);
    }
    let check = |text: &String| checked_url("BACKSTAGE_APP_URL", text.trim(), &variables.insecure_http_hosts);
    variables.backstage_app_url.iter().map(check).collect()
}

fn callers(variables: &BackendVariables) -> Result<Callers, SettingsError> {
    let Some(name) = &variables.cluster_auth_dev_user else { return Ok(Callers::Backstage) };
    let user = name.parse().map_err(|e| SettingsError(format!("CLUSTER_AUTH_DEV_USER is {e}.")))?;
    if variables.listen.ip().is_loopback() && variables.control_listen.ip().is_loopback() {
        return Ok(Callers::DevUser(user));
    }
    Err(SettingsError(
        "CLUSTER_AUTH_DEV_USER lets every caller in, so it works on loopback only: listen on 127.0.0.1 or [::1], or unset it."
            .to_owned(),
    ))
}

fn store(url: Option<SecretString>, keys: Option<SecretString>) -> Result<StoreSettings, SettingsError> {
    match (url, keys) {
        (None, _) => Ok(StoreSettings::InProcess),
        (Some(url), Some(keys)) => Ok(StoreSettings::Redis { url, keys }),
        (Some(_), None) => Err(SettingsError(
            "REDIS_URL is set without TOKEN_ENCRYPTION_KEYS: set them to id:base64 of 32 random bytes, since nothing is stored in the clear."
                .to_owned(),
        )),
    }
}

fn clusters(
    source: &Source,
    variables: &BackendVariables,
) -> Result<BTreeMap<String, Cluster>, SettingsError> {
    let configured = match &variables.config_file {
        Some(path) => from_file(path, &variables.insecure_http_hosts)?,
        None => vec![Cluster::read(source, &variables.insecure_http_hosts)?],
    };
    let mut clusters = BTreeMap::new();
    for cluster in configured {
        if let Some(twice) = clusters.insert(cluster.name.clone(), cluster) {
            return Err(SettingsError(format!(
                "The cluster {} is configured twice: rename one.",
                twice.name
            )));
        }
    }
    if clusters.is_empty() {
        return Err(SettingsError("CONFIG_FILE holds no cluster: add a [[clusters]] block.".to_owned()));
    }
    Ok(clusters)
}

fn from_file(path: &Path, insecure_hosts: &[String]) -> Result<Vec<Cluster>, SettingsError> {
    let text = std::fs::read_to_string(path).map_err(|e| {
        SettingsError(format!("CONFIG_FILE cannot be read ({e}): check the path and its rights."))
    })?;
    let file: ConfigFile = toml::from_str(&text)
        .map_err(|e| SettingsError(format!("CONFIG_FILE is not as expected: {}.", e.message())))?;
    file.clusters.into_iter().map(|block| Cluster::from_block(block, insecure_hosts)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::cluster::{IdentityRule, UserTokens};
    use super::*;

    fn source(more: &[(&str, &str)]) -> Source {
        let base = [
            ("OIDC_ISSUER_URL", "https://idp.example/"),
            ("OIDC_CLIENT_ID", "kubernetes"),
            ("KUBERNETES_API_URL", "https://kubernetes.example"),
        ];
        Source::new(base.iter().chain(more).map(|(n, v)| ((*n).to_owned(), (*v).to_owned())))
    }

    fn refusal(more: &[(&str, &str)]) -> String {
        BackendSettings::read(&source(more)).unwrap_err().to_string()
    }

    #[test]
    fn one_cluster_needs_no_file() {
        let settings =
            BackendSettings::read(&source(&[("CLUSTER_NAME", "prod"), ("USER_TOKENS", "read")])).unwrap();
        let cluster = &settings.clusters["prod"];
        assert_eq!(cluster.user_tokens, UserTokens::Read);
        assert_eq!(cluster.oidc.redirect_uri, "http://localhost:8000/");
        assert!(matches!(cluster.identity, IdentityRule::Catalog));
        assert!(matches!(settings.store, StoreSettings::InProcess));
    }

    #[test]
    fn the_example_files_are_what_the_program_reads() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
        let variables = crate::settings::example_variables(&root.join("backend.env"));
        BackendSettings::read(&Source::new(variables)).unwrap();
        let clusters = from_file(&root.join("backend.toml"), &[]).unwrap();
        let names: Vec<_> = clusters.into_iter().map(|cluster| cluster.name).collect();
        assert_eq!(names, ["staging", "production"]);
    }

    #[test]
    fn a_dev_user_is_refused_beyond_loopback_and_with_the_catalog_rule() {
        let beyond = refusal(&[("CLUSTER_AUTH_DEV_USER", "user:default/guest"), ("LISTEN", "0.0.0.0:7008")]);
        assert!(beyond.contains("loopback"), "{beyond}");
        let catalog = refusal(&[("CLUSTER_AUTH_DEV_USER", "user:default/guest")]);
        assert!(catalog.contains("IDENTITY_RULE"), "{catalog}");
        let group = refusal(&[("CLUSTER_AUTH_DEV_USER", "group:default/all")]);
        assert!(group.contains("CLUSTER_AUTH_DEV_USER"), "{group}");
    }

    #[test]
    fn what_is_unsafe_or_half_set_is_refused_with_its_name() {
        for (more, named) in [
            (&[("REDIS_URL", "redis://localhost/")][..], "TOKEN_ENCRYPTION_KEYS"),
            (&[("IDENTITY_RULE", "email")], "IDENTITY_EMAIL_DOMAINS"),
            (&[("IDENTITY_RULE", "everyone")], "IDENTITY_RULE"),
            (&[("OIDC_ISSUER_URL", "http://idp.example/")], "OIDC_ISSUER_URL"),
            (&[("BACKSTAGE_URL", "http://backstage.example/")], "BACKSTAGE_URL"),
            (&[("USER_TOKENS", "some")], "USER_TOKENS"),
            (&[("CLUSTER_NAME", "a/b")], "CLUSTER_NAME"),
            (&[("EXCHANGE_LEASE", "5s")], "EXCHANGE_LEASE"),
            (&[("OIDC_EXTRA_PARAMS", "state=mine")], "OIDC_EXTRA_PARAMS"),
        ] {
            let sentence = refusal(more);
            assert!(sentence.contains(named), "{named} is not in: {sentence}");
        }
    }
}
