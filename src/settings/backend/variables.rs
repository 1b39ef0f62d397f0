//! The variables of the `backend` role as they are written.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;

use super::audit_log::AuditLog;
use super::audited_uses::AuditedUses;
use crate::outbound::http_proxy::HttpProxies;
use crate::settings::lists::addresses::{networks, one_to_listen_on};
use crate::settings::lists::{HostName, Origin, RequestHost, separated, separated_texts};
use crate::settings::span::number;
use crate::settings::{Delay, SettingsError, Span, http_proxies};

/// The `backend` role's variables; each field is the variable of the same name in upper case. The variables of a
/// single cluster are those of [`super::cluster`].
#[derive(Debug, Deserialize)]
pub(in crate::settings) struct BackendVariables {
    #[serde(default = "default_backstage_url")]
    pub(super) backstage_url: String,
    pub(super) backstage_public_url: Option<String>,
    #[serde(default, deserialize_with = "separated")]
    pub(super) backstage_app_url: Vec<String>,
    pub(super) backstage_issuer: Option<String>,
    #[serde(default = "default_trusted_plugins", deserialize_with = "separated")]
    pub(super) backstage_trusted_plugins: Vec<String>,
    pub(super) cluster_auth_dev_user: Option<String>,
    #[serde(default = "default_listen", deserialize_with = "one_to_listen_on")]
    pub(super) listen: SocketAddr,
    #[serde(default = "default_control_listen", deserialize_with = "one_to_listen_on")]
    pub(super) control_listen: SocketAddr,
    pub(super) tls_cert_file: Option<PathBuf>,
    pub(super) tls_key_file: Option<PathBuf>,
    #[serde(default)]
    pub(super) audit_log: AuditLog,
    #[serde(default)]
    pub(super) audit_kubernetes: AuditedUses,
    pub(super) redis_url: Option<SecretString>,
    pub(super) store_file: Option<PathBuf>,
    pub(super) token_encryption_keys: Option<SecretString>,
    pub(super) config_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "separated_texts::<_, RequestHost>")]
    pub(super) allowed_hosts: Vec<String>,
    #[serde(default, deserialize_with = "separated_texts::<_, HostName>")]
    pub(super) insecure_http_hosts: Vec<String>,
    #[serde(default, deserialize_with = "networks")]
    pub(super) trusted_proxies: Vec<ipnet::IpNet>,
    #[serde(default, deserialize_with = "separated_texts::<_, Origin>")]
    pub(super) extension_origins: Vec<String>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) https_proxy: Option<SecretString>,
    pub(super) http_proxy: Option<SecretString>,
    pub(super) no_proxy: Option<String>,
    #[serde(default = "default_session_lifetime")]
    pub(super) session_lifetime: Span,
    #[serde(default = "default_exchange_lease")]
    pub(super) exchange_lease: Span,
    #[serde(default = "default_idp_timeout")]
    pub(super) idp_timeout: Span,
    pub(super) refresh_lock_lifetime: Option<Span>,
    #[serde(default = "default_registrations_per_minute", deserialize_with = "number")]
    pub(super) registrations_per_minute: std::num::NonZeroU32,
    #[serde(default = "default_streams_per_user", deserialize_with = "number")]
    pub(super) streams_per_user: std::num::NonZeroU32,
    #[serde(default = "default_unused_login_lifetime")]
    pub(super) unused_login_lifetime: Span,
    #[serde(default = "default_drain_delay")]
    pub(super) drain_delay: Delay,
    pub(super) kubelogin_cache_dir: Option<PathBuf>,
    pub(super) kubelogin_cache_user: Option<String>,
}

impl BackendVariables {
    /// `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`.
    pub(super) fn http_proxies(&self) -> Result<HttpProxies, SettingsError> {
        http_proxies(self.https_proxy.as_ref(), self.http_proxy.as_ref(), self.no_proxy.as_deref())
    }

    /// `KUBELOGIN_CACHE_DIR` and `KUBELOGIN_CACHE_USER`.
    pub(super) fn kubelogin(&self) -> (Option<&Path>, Option<&str>) {
        (self.kubelogin_cache_dir.as_deref(), self.kubelogin_cache_user.as_deref())
    }
}

fn default_backstage_url() -> String {
    "http://localhost:7007".to_owned()
}

fn default_trusted_plugins() -> Vec<String> {
    vec!["kubernetes".to_owned()]
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

fn default_streams_per_user() -> std::num::NonZeroU32 {
    std::num::NonZeroU32::MIN.saturating_add(499)
}

fn default_unused_login_lifetime() -> Span {
    Span(Duration::from_hours(24 * 30))
}

fn default_drain_delay() -> Delay {
    Delay(Duration::from_secs(5))
}
