//! One cluster: a Kubernetes API plus the OIDC client that logs people in to it.

mod client_authentication;
mod cluster_token;
mod identity_rule;
mod oidc_client;
mod variables;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use url::Url;

pub use self::client_authentication::{ClientAuthentication, PrivateKey, SecretPlace};
pub use self::cluster_token::ClusterToken;
pub use self::identity_rule::{Annotated, EmailClaim, IdentityRule, MissingVerified};
pub use self::oidc_client::{ALGORITHMS, OidcClient, TokenOrigin, Userinfo, may_be_extra_param};
pub(super) use self::variables::ClusterVariables;
pub use self::variables::DEFAULT_SCOPES;
use super::names::{closest_match, variables_of};
use super::{SECRETS, SettingsError, Source, checked_url};
use crate::backstage_names::UserRef;

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
    /// Which token the API takes.
    pub token: ClusterToken,
    /// What user tokens may do at the proxy.
    pub user_tokens: UserTokens,
    /// Which login at the identity provider is accepted for a Backstage user.
    pub identity: IdentityRule,
    /// Where one user's logins are, beside those that are kept.
    pub kubelogin: Option<KubeloginUser>,
}

/// kubelogin's cache on this machine, and its user.
#[derive(Clone, Debug)]
pub struct KubeloginUser {
    /// The folder.
    pub folder: PathBuf,
    /// The only user for whom it is read.
    pub user: UserRef,
}

impl Cluster {
    /// Reads the one cluster of the environment.
    ///
    /// # Errors
    /// One sentence that names the variable.
    pub(super) fn read(source: &Source, insecure_hosts: &[String]) -> Result<Self, SettingsError> {
        let mut cluster = source.read::<ClusterVariables>()?.check(insecure_hosts)?;
        if let Some(file) = source.file_of("OIDC_CLIENT_SECRET") {
            cluster.oidc.authentication_file = Some(file);
        }
        Ok(cluster)
    }

    /// Reads a `[[clusters]]` block.
    ///
    /// # Errors
    /// One sentence that names the key.
    pub(crate) fn from_block(
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
        let name = self.cluster_name.clone().unwrap_or_else(|| "default".to_owned());
        check_name(&name)?;
        let oidc = OidcClient::check(&self, insecure_hosts)?;
        let identity = IdentityRule::check(&self)?;
        let token =
            ClusterToken::read(self.kubernetes_token.as_deref(), self.kubernetes_token_audience.as_deref())?;
        let user_tokens = user_tokens(self.user_tokens.as_deref())?;
        for (name, reason) in identity.idle(&self) {
            warn_of_idle(name, reason);
        }
        let kubernetes = kubernetes(self.kubernetes_api_url, self.kubernetes_ca_file, insecure_hosts)?;
        if user_tokens != UserTokens::Off && kubernetes.is_none() {
            warn_of_idle("USER_TOKENS", "there is no KUBERNETES_API_URL to use them at");
        }
        Ok(Cluster {
            title: self.cluster_title.unwrap_or_else(|| name.clone()),
            name,
            oidc,
            kubernetes,
            token,
            user_tokens,
            identity,
            kubelogin: None,
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

fn check_name(name: &str) -> Result<(), SettingsError> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if (1..=63).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(());
    }
    Err(SettingsError("CLUSTER_NAME must be 1 to 63 of a-z, 0-9 and -: it is part of addresses.".to_owned()))
}

fn user_tokens(text: Option<&str>) -> Result<UserTokens, SettingsError> {
    match text {
        None | Some("off") => Ok(UserTokens::Off),
        Some("read") => Ok(UserTokens::Read),
        Some("full") => Ok(UserTokens::Full),
        Some(_) => Err(SettingsError("USER_TOKENS must be off, read or full.".to_owned())),
    }
}
