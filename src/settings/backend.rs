//! The settings of the `backend` role, read and checked.

mod audit_log;
mod audited_uses;
mod caller_mode;
mod clusters;
mod kubelogin_cache;
mod secret_files;
mod tls_files;
mod variables;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

pub use self::audit_log::AuditLog;
pub use self::audited_uses::AuditedUses;
pub use self::caller_mode::CallerMode;
pub use self::secret_files::SecretFiles;
pub use self::tls_files::TlsFiles;
pub(super) use self::variables::BackendVariables;
use super::cluster::{Cluster, ClusterVariables, Userinfo};
use super::names::variables_of;
use super::public_address::{Candidates, PublicAddress, Reach};
use super::{SettingsError, Source, checked_url};
use crate::backstage_names::PluginName;
use crate::outbound::http_proxy::HttpProxies;
use crate::outbound::https_rule;

/// The longest that the listener stays open after the signal to stop: the last requests need time to finish.
const LONGEST_DRAIN: Duration = Duration::from_secs(20);

/// Uses are recorded once an hour, so less than an hour would end logins that are in use. More than ten years would be no limit.
const UNUSED_LOGIN_LIFETIMES: RangeInclusive<Duration> =
    Duration::from_hours(1)..=Duration::from_hours(24 * 3_650);

/// The keys alone, for `config generate-key`, which needs none of the other settings.
#[derive(Deserialize)]
pub struct KeySettings {
    /// `TOKEN_ENCRYPTION_KEYS`, as it stands.
    pub token_encryption_keys: Option<SecretString>,
}

/// How long userinfo may take.
pub const USERINFO: Duration = Duration::from_secs(5);

/// How long the writes after an answer of the identity provider may take.
pub const WRITES: Duration = Duration::from_secs(5);

/// Where logins and sessions are stored.
#[derive(Clone, Debug)]
pub enum StoreSettings {
    /// In this process; lost when it ends.
    InProcess,
    /// In Redis, sealed with the configured keys.
    Redis {
        /// `REDIS_URL`, with its password.
        url: SecretString,
        /// `TOKEN_ENCRYPTION_KEYS`.
        keys: SecretString,
    },
    /// In a file of this process alone, sealed likewise.
    File {
        /// `STORE_FILE`.
        path: PathBuf,
        /// `TOKEN_ENCRYPTION_KEYS`.
        keys: SecretString,
    },
}

/// The `backend` role's settings, checked.
#[derive(Debug)]
pub struct BackendSettings {
    /// Where this program reaches Backstage's backend. Not public.
    pub backstage_url: Url,
    /// Where everyone else reaches it; `GET /info` publishes it.
    pub public_address: PublicAddress,
    /// The `iss` that user tokens must have, where configured.
    pub backstage_issuer: Option<String>,
    /// The plugins that may act for users.
    pub trusted_plugins: BTreeSet<PluginName>,
    /// Where people open Backstage; the first of `BACKSTAGE_APP_URL`.
    pub app_url: Url,
    /// The same as `GET /info` publishes it; none unless the settings name it.
    pub told_app_url: Option<Url>,
    /// The origins that may call with CORS.
    pub app_origins: Vec<String>,
    /// The extension's origins, for `/info`, `/session` and `/exchange` only.
    pub extension_origins: Vec<String>,
    /// Who the callers are.
    pub callers: CallerMode,
    /// The API.
    pub listen: SocketAddr,
    /// Health and metrics.
    pub control_listen: SocketAddr,
    /// With these the API speaks TLS.
    pub tls: Option<TlsFiles>,
    /// Where the audit log goes; the log is there before the settings are, so the program has looked at it first.
    pub audit_log: AuditLog,
    /// Which uses of the Kubernetes proxy are audited.
    pub audited_uses: AuditedUses,
    /// Where logins and sessions are stored.
    pub store: StoreSettings,
    /// The files that its secrets came from.
    pub secret_files: SecretFiles,
    /// The clusters by name.
    pub clusters: BTreeMap<String, Cluster>,
    /// More hosts that a request may name in development.
    pub allowed_hosts: Vec<String>,
    /// The networks of proxies that are trusted with `X-Forwarded-For`.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// Hosts to which plain http is allowed.
    pub insecure_http_hosts: Vec<String>,
    /// Roots to trust beside the system's.
    pub ca_file: Option<PathBuf>,
    /// The HTTP proxies toward Backstage, the identity provider and Kubernetes.
    pub http_proxies: HttpProxies,
    /// From register to the end of a session.
    pub session_lifetime: Duration,
    /// How long one exchange may take before its outcome counts as lost; longer than `idp_timeout`.
    pub exchange_lease: Duration,
    /// For one call to the identity provider or Backstage.
    pub idp_timeout: Duration,
    /// After how long another replica takes over a refresh when its replica has died; a live holder renews the lock.
    pub refresh_lock_lifetime: Duration,
    /// How many sessions a user, or an address, may begin in a minute.
    pub registrations_per_minute: std::num::NonZeroU32,
    /// How many watches, followed logs and upgrades a user may have open at once in this process.
    pub streams_per_user: std::num::NonZeroU32,
    /// After how long without a use a login is revoked and forgotten; an hour to ten years.
    pub unused_login_lifetime: Duration,
    /// How long new requests are still accepted after SIGTERM; 20 seconds at most.
    pub drain_delay: Duration,
}

impl BackendSettings {
    /// Reads and checks them.
    ///
    /// # Errors
    /// One sentence that names the variable and how to fix it.
    pub fn read(source: &Source) -> Result<Self, SettingsError> {
        source
            .warn_of_lookalikes(&(&variables_of::<BackendVariables>() | &variables_of::<ClusterVariables>()));
        let variables: BackendVariables = source.read()?;
        let hosts = &variables.insecure_http_hosts;
        let backstage_url = checked_url("BACKSTAGE_URL", &variables.backstage_url, hosts)?;
        let listeners = [variables.listen, variables.control_listen];
        let callers = CallerMode::read(variables.cluster_auth_dev_user.as_deref(), listeners)?;
        let trusted_plugins = trusted_plugins(&variables.backstage_trusted_plugins)?;
        let mut clusters = clusters::configured(source, variables.config_file.as_deref(), hosts)?;
        clusters.values().try_for_each(|cluster| callers.check_identity_rule(&cluster.identity))?;
        kubelogin_cache::give(variables.kubelogin(), listeners, &callers, &mut clusters)?;
        let Addresses { public, apps, told_app } =
            addresses(&variables, &backstage_url, people(&callers, &clusters))?;
        check_times(&variables)?;
        let http_proxies = variables.http_proxies()?;
        Ok(Self {
            refresh_lock_lifetime: refresh_lock_lifetime(&variables)?,
            app_origins: apps.iter().map(|url| url.origin().ascii_serialization()).collect(),
            public_address: public,
            told_app_url: told_app,
            app_url: apps.into_iter().next().unwrap_or_else(|| backstage_url.clone()),
            backstage_url,
            backstage_issuer: variables.backstage_issuer,
            trusted_plugins,
            extension_origins: variables.extension_origins,
            callers,
            listen: variables.listen,
            control_listen: variables.control_listen,
            tls: TlsFiles::read(variables.tls_cert_file, variables.tls_key_file)?,
            audit_log: variables.audit_log,
            audited_uses: variables.audit_kubernetes,
            store: store(variables.redis_url, variables.store_file, variables.token_encryption_keys)?,
            secret_files: SecretFiles::of(source),
            clusters,
            allowed_hosts: variables.allowed_hosts,
            trusted_proxies: variables.trusted_proxies,
            insecure_http_hosts: variables.insecure_http_hosts,
            ca_file: variables.ca_file,
            http_proxies,
            session_lifetime: variables.session_lifetime.0,
            exchange_lease: variables.exchange_lease.0,
            idp_timeout: variables.idp_timeout.0,
            registrations_per_minute: variables.registrations_per_minute,
            streams_per_user: variables.streams_per_user,
            unused_login_lifetime: variables.unused_login_lifetime.0,
            drain_delay: variables.drain_delay.0,
        })
    }

    /// How long it may take to redeem a code or a refresh token and to store the result.
    #[must_use]
    pub fn spending(&self) -> Duration {
        let asks = |cluster: &Cluster| cluster.oidc.userinfo == Userinfo::WhenMissing;
        let userinfo = if self.clusters.values().any(asks) { USERINFO } else { Duration::ZERO };
        self.idp_timeout + userinfo + WRITES
    }

    /// Backstage's address without a slash at the end.
    #[must_use]
    pub fn backstage_base(&self) -> &str {
        self.backstage_url.as_str().trim_end_matches('/')
    }
}

/// Checks the times that depend on one another or have a limit.
fn check_times(variables: &BackendVariables) -> Result<(), SettingsError> {
    let wrong = |sentence: &str| Err(SettingsError(sentence.to_owned()));
    if variables.exchange_lease.0 <= variables.idp_timeout.0 {
        return wrong("EXCHANGE_LEASE must be longer than IDP_TIMEOUT: raise it.");
    }
    if !UNUSED_LOGIN_LIFETIMES.contains(&variables.unused_login_lifetime.0) {
        return wrong("UNUSED_LOGIN_LIFETIME must be from 1h to 3650d: change it.");
    }
    if variables.drain_delay.0 > LONGEST_DRAIN {
        return wrong("DRAIN_DELAY must be at most 20s, since the process ends within 28 s: lower it.");
    }
    Ok(())
}

/// Where Backstage is.
struct Addresses {
    public: PublicAddress,
    /// At least one.
    apps: Vec<Url>,
    told_app: Option<Url>,
}

/// App and backend have the same address unless the settings say otherwise.
fn addresses(
    variables: &BackendVariables,
    backstage: &Url,
    people: Reach,
) -> Result<Addresses, SettingsError> {
    let named = app_urls(variables)?;
    let (issuer, app) = (issuer_base(variables), named.first());
    let candidates = Candidates { public: public_url(variables)?, issuer, app, backend: backstage, people };
    let public = candidates.choose();
    let told_app = app.or(public.url()).cloned();
    let apps = if named.is_empty() { vec![told_app.as_ref().unwrap_or(backstage).clone()] } else { named };
    Ok(Addresses { public, apps, told_app })
}

fn public_url(variables: &BackendVariables) -> Result<Option<Url>, SettingsError> {
    let check =
        |text: &String| checked_url("BACKSTAGE_PUBLIC_URL", text.trim(), &variables.insecure_http_hosts);
    variables.backstage_public_url.as_ref().map(check).transpose()
}

/// Backstage's issuer is its public address with a fixed path.
fn issuer_base(variables: &BackendVariables) -> Option<Url> {
    let issuer = variables.backstage_issuer.as_deref()?;
    let base = issuer.trim_end_matches('/').strip_suffix("/api/auth")?;
    https_rule::parse(base, &variables.insecure_http_hosts).ok()
}

/// From how far away users come, judged by the identity providers that their browsers have to reach. In development all is on
/// one machine, or in one network.
fn people(callers: &CallerMode, clusters: &BTreeMap<String, Cluster>) -> Reach {
    let issuers = clusters.values().filter_map(|cluster| Url::parse(&cluster.oidc.issuer).ok());
    match callers {
        CallerMode::DevUser(_) => Reach::Machine,
        CallerMode::Backstage => issuers.map(|issuer| Reach::of(&issuer)).max().unwrap_or(Reach::Anywhere),
    }
}

/// Where users open Backstage, as far as it is configured.
fn app_urls(variables: &BackendVariables) -> Result<Vec<Url>, SettingsError> {
    let check = |text: &String| checked_url("BACKSTAGE_APP_URL", text, &variables.insecure_http_hosts);
    variables.backstage_app_url.iter().map(check).collect()
}

fn trusted_plugins(names: &[String]) -> Result<BTreeSet<PluginName>, SettingsError> {
    let read =
        |name: &String| name.parse().map_err(|e| SettingsError(format!("BACKSTAGE_TRUSTED_PLUGINS is {e}.")));
    names.iter().map(read).collect()
}

/// The holder renews the lock, but a replica that is paused cannot: the lock must outlive the call in which the token is redeemed.
fn refresh_lock_lifetime(variables: &BackendVariables) -> Result<Duration, SettingsError> {
    let shortest = variables.idp_timeout.0 + WRITES;
    let lifetime = variables.refresh_lock_lifetime.as_ref().map_or(shortest, |span| span.0);
    if lifetime < shortest {
        return Err(SettingsError(
            "REFRESH_LOCK_LIFETIME must be at least 5 s longer than IDP_TIMEOUT, or another replica spends a token that is being spent: raise it, or lower IDP_TIMEOUT."
                .to_owned(),
        ));
    }
    Ok(lifetime)
}

fn store(
    url: Option<SecretString>,
    file: Option<PathBuf>,
    keys: Option<SecretString>,
) -> Result<StoreSettings, SettingsError> {
    let wrong = |sentence: String| Err(SettingsError(sentence));
    match (url, file, keys) {
        (Some(_), Some(_), _) => {
            wrong("REDIS_URL and STORE_FILE are both set, but logins are kept in one place: unset one.".to_owned())
        }
        (None, None, None) => Ok(StoreSettings::InProcess),
        (None, None, Some(_)) => wrong(
            "TOKEN_ENCRYPTION_KEYS is set without REDIS_URL or STORE_FILE, so nothing would be kept beyond this process: set one of the two, or unset the keys."
                .to_owned(),
        ),
        (Some(url), None, Some(keys)) => Ok(StoreSettings::Redis { url, keys }),
        (None, Some(path), Some(keys)) => Ok(StoreSettings::File { path, keys }),
        (url, _, None) => wrong(format!(
            "{} is set without TOKEN_ENCRYPTION_KEYS: set them to what `backstage-oidc-helper config generate-key` prints, since nothing is stored in the clear.",
            if url.is_some() { "REDIS_URL" } else { "STORE_FILE" }
        )),
    }
}

#[cfg(test)]
mod tests;
