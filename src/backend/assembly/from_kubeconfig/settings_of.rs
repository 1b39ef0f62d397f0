//! One context of a kubeconfig as settings of a cluster, each with where it came from.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

use super::certificates::{self, NoCertificates, Places};
use super::kubeconfig::{Cluster, Use};
use super::notes::{LeftOut, Notes};
use super::oidc_login::{self, OidcLogin, Spelling, TokenForCluster, TokenOriginHeader};
use crate::settings::SettingsError;
use crate::settings::cluster::{self as setting, DEFAULT_SCOPES};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A flag of kubelogin, or the same of an auth-provider.
    User(&'static str),
    /// A field of the cluster.
    Cluster(&'static str),
    /// A name.
    Name,
    /// What kubelogin does where nothing is said.
    KubeloginsDefault,
}

/// A setting with its value.
#[derive(Clone, Debug)]
pub struct Setting {
    pub name: &'static str,
    pub value: String,
    pub origin: Origin,
}

/// The settings of one cluster. Has no `Debug`: it holds the client secret.
pub struct ClusterSettings {
    pub context: String,
    pub cluster_name: String,
    pub user_name: String,
    pub spelling: Spelling,
    pub settings: Vec<Setting>,
    pub client_secret: Option<SecretString>,
    pub cluster_ca: Option<Vec<u8>>,
    pub idp_ca: Option<Vec<u8>>,
    /// The file of `CA_FILE`, once it is written.
    pub idp_ca_file: Option<String>,
    pub redirect_uris: Vec<String>,
}

impl ClusterSettings {
    /// Adds a setting.
    pub fn set(&mut self, name: &'static str, value: &str, origin: Origin) {
        self.settings.push(Setting { name, value: value.to_owned(), origin });
    }

    /// Puts the name in front, and the kubeconfig's as the title where that differs.
    pub fn name(&mut self, name: String, from: &str) {
        if name != from && !from.is_empty() {
            let title = Setting { name: "CLUSTER_TITLE", value: from.to_owned(), origin: Origin::Name };
            self.settings.insert(0, title);
        }
        self.settings.insert(0, Setting { name: "CLUSTER_NAME", value: name, origin: Origin::Name });
    }

    /// Its name, once it has one.
    pub fn name_of(&self) -> &str {
        let named = self.settings.iter().find(|setting| setting.name == "CLUSTER_NAME");
        named.map_or("cluster", |setting| &setting.value)
    }

    /// Sets the redirect URI that was chosen.
    pub fn redirect_uri(&mut self, uri: &str) {
        let by_default = oidc_login::redirect::defaults().iter().any(|known| known == uri);
        let origin = if by_default { Origin::KubeloginsDefault } else { Origin::User("oidc-redirect-url") };
        self.set("OIDC_REDIRECT_URI", uri, origin);
    }

    /// Whether another context says the same.
    pub fn is_the_same_as(&self, other: &Self) -> bool {
        let values = |one: &Self| one.settings.iter().map(|s| (s.name, s.value.clone())).collect::<Vec<_>>();
        let secret = |one: &Self| one.client_secret.as_ref().map(|secret| secret.expose_secret().to_owned());
        self.cluster_name == other.cluster_name
            && values(self) == values(other)
            && secret(self) == secret(other)
            && self.redirect_uris == other.redirect_uris
            && (&self.cluster_ca, &self.idp_ca) == (&other.cluster_ca, &other.idp_ca)
    }
}

/// Reads a context.
///
/// # Errors
/// Why it is left out.
pub fn cluster(found: &Use<'_>, places: &Places<'_>, notes: &mut Notes) -> Result<ClusterSettings, LeftOut> {
    let (cluster_name, user_name) = (found.cluster_name, found.user_name);
    let missing =
        |what: &str, name: &str| LeftOut(format!("it names the {what} {name:?}, which is not there."));
    let cluster = found.cluster.ok_or_else(|| missing("cluster", cluster_name))?;
    let user = found.user.ok_or_else(|| missing("user", user_name))?;
    let login = oidc_login::of(user, user_name, notes)?;
    if cluster.insecure_skip_tls_verify {
        return Err(LeftOut(format!(
            "its cluster {cluster_name:?} has insecure-skip-tls-verify, and the backend always checks a cluster's certificate. Give the cluster its certificate-authority instead, and run this again."
        )));
    }
    let mut settings = ClusterSettings {
        context: found.context.to_owned(),
        cluster_name: cluster_name.to_owned(),
        user_name: user_name.to_owned(),
        spelling: login.spelling,
        settings: Vec::new(),
        client_secret: None,
        cluster_ca: api_certificates(cluster, cluster_name, places, notes),
        idp_ca: provider_certificates(&login, user_name, places, notes),
        idp_ca_file: None,
        redirect_uris: login.redirect_uris.clone(),
    };
    of_login(&mut settings, login, notes);
    of_api(&mut settings, cluster, notes);
    Ok(settings)
}

fn of_login(settings: &mut ClusterSettings, login: OidcLogin, notes: &mut Notes) {
    settings.set("OIDC_ISSUER_URL", &login.issuer, Origin::User("oidc-issuer-url"));
    settings.set("OIDC_CLIENT_ID", &login.client_id, Origin::User("oidc-client-id"));
    let known: Vec<&str> = DEFAULT_SCOPES.split(' ').collect();
    let more = login.extra_scopes.iter().map(String::as_str).filter(|scope| !known.contains(scope));
    let mut scopes = known.clone();
    for scope in more {
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    if scopes != known {
        settings.set("OIDC_SCOPES", &scopes.join(" "), Origin::User("oidc-extra-scope"));
    }
    let params = Origin::User("oidc-auth-request-extra-params");
    if let Some(organization) = &login.params.organization {
        settings.set("OIDC_ORGANIZATION_ID", organization, params.clone());
    }
    if let Some(audience) = &login.params.audience {
        settings.set("OIDC_AUDIENCE", audience, params.clone());
    }
    if !login.params.others.is_empty() {
        let query =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&login.params.others).finish();
        settings.set("OIDC_EXTRA_PARAMS", &query, params);
    }
    if login.origin == TokenOriginHeader::Said {
        settings.set("OIDC_TOKEN_ORIGIN", "true", Origin::User("oidc-request-header"));
    }
    if login.token == TokenForCluster::Access {
        access_token(settings, login.params.audience.as_deref(), notes);
    }
    settings.client_secret = login.client_secret;
}

fn access_token(settings: &mut ClusterSettings, audience: Option<&str>, notes: &mut Notes) {
    let origin = || Origin::User("oidc-use-access-token");
    settings.set("KUBERNETES_TOKEN", "access_token", origin());
    match audience {
        Some(audience) => settings.set("KUBERNETES_TOKEN_AUDIENCE", audience, origin()),
        None => notes.add(format!(
            "The user {:?}: --oidc-use-access-token says no audience, and an access token that is a JWT is only sent with one: set KUBERNETES_TOKEN_AUDIENCE to the aud of its access tokens.",
            settings.user_name
        )),
    }
}

fn of_api(settings: &mut ClusterSettings, cluster: &Cluster, notes: &mut Notes) {
    let name = settings.cluster_name.clone();
    match cluster.server.as_deref().filter(|server| !server.is_empty()) {
        Some(server) => settings.set("KUBERNETES_API_URL", server, Origin::Cluster("server")),
        None => notes.add(format!(
            "The cluster {name:?} has no server: logins are kept, and the proxy does not serve it until KUBERNETES_API_URL is set."
        )),
    }
    if cluster.proxy_url.is_some() {
        notes.add(format!(
            "The cluster {name:?}: proxy-url is not carried over, as the backend has one proxy for all clusters: set HTTPS_PROXY if it needs one, and NO_PROXY for the others."
        ));
    }
    if cluster.tls_server_name.is_some() {
        notes.add(format!(
            "The cluster {name:?}: tls-server-name is not carried over, as the backend expects the host of KUBERNETES_API_URL in the certificate: set an address there whose host the certificate names."
        ));
    }
}

fn api_certificates(
    cluster: &Cluster,
    name: &str,
    places: &Places<'_>,
    notes: &mut Notes,
) -> Option<Vec<u8>> {
    // client-go: the data wins over the file.
    let data = cluster.certificate_authority_data.as_deref().filter(|data| !data.is_empty());
    let file = cluster.certificate_authority.as_deref().filter(|file| !file.is_empty());
    let (field, read) = match (data, file) {
        (Some(data), _) => ("certificate-authority-data", certificates::in_data(data)),
        (None, Some(file)) => ("certificate-authority", certificates::in_file(file, places)),
        (None, None) => return None,
    };
    let note = |error: NoCertificates| {
        notes.add(format!(
            "The cluster {name:?}: {field} {error}, and is not carried over: set KUBERNETES_CA_FILE."
        ));
    };
    read.map_err(note).ok()
}

fn provider_certificates(
    login: &OidcLogin,
    name: &str,
    places: &Places<'_>,
    notes: &mut Notes,
) -> Option<Vec<u8>> {
    // kubelogin reads its own paths from the folder in which it runs.
    let places = Places { beside: None, home: places.home };
    let files =
        login.ca_files.iter().map(|file| ("certificate-authority", certificates::in_file(file, &places)));
    let data = login.ca_data.iter().map(|data| ("certificate-authority-data", certificates::in_data(data)));
    let mut pem = Vec::new();
    for (flag, read) in files.chain(data) {
        match read {
            Ok(certificates) => pem.extend(certificates),
            Err(error) => notes.add(format!(
                "The user {name:?}: {flag} of the identity provider {error}, and is not carried over: set CA_FILE."
            )),
        }
    }
    (!pem.is_empty()).then_some(pem)
}

/// Checks what the backend would refuse, before a cluster has its name and its redirect URI: those depend on the others, and a cluster that
/// is left out decides nothing for them.
///
/// # Errors
/// Why the backend refuses it.
pub fn check(cluster: &ClusterSettings, insecure_hosts: &[String]) -> Result<(), LeftOut> {
    // One setting is one line. Of the names one becomes the title.
    let secret = cluster.client_secret.as_ref().map(ExposeSecret::expose_secret);
    let names = [cluster.cluster_name.as_str(), &cluster.context];
    let values = cluster.settings.iter().map(|setting| setting.value.as_str());
    let mut values = values.chain(secret).chain(names);
    if values.any(|value| value.chars().any(char::is_control)) {
        return Err(LeftOut("one of its values has a line break or another control character.".to_owned()));
    }
    let mut block: BTreeMap<String, String> =
        cluster.settings.iter().map(|setting| (setting.name.to_lowercase(), setting.value.clone())).collect();
    block.extend(secret.map(|secret| ("oidc_client_secret".to_owned(), secret.to_owned())));
    setting::Cluster::from_block(block, insecure_hosts)
        .map(drop)
        .map_err(|error: SettingsError| LeftOut(error.to_string()))
}
