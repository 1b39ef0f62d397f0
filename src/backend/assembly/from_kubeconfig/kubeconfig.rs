//! What is read of a kubeconfig (`k8s.io/client-go/tools/clientcmd/api/v1`). Of credentials that are not carried over, only that they
//! are there.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

/// A kubeconfig. Has no `Debug`: arguments hold client secrets.
#[derive(Deserialize)]
pub struct Kubeconfig {
    #[serde(default, deserialize_with = "list")]
    contexts: Vec<NamedContext>,
    #[serde(default, deserialize_with = "list")]
    clusters: Vec<NamedCluster>,
    #[serde(default, deserialize_with = "list")]
    users: Vec<NamedUser>,
}

#[derive(Deserialize)]
struct NamedContext {
    name: String,
    context: Option<Context>,
}

#[derive(Deserialize)]
struct Context {
    #[serde(default)]
    cluster: Option<String>,
    #[serde(default)]
    user: Option<String>,
}

#[derive(Deserialize)]
struct NamedCluster {
    name: String,
    cluster: Option<Cluster>,
}

/// A cluster as the kubeconfig has it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Cluster {
    pub server: Option<String>,
    pub certificate_authority: Option<String>,
    pub certificate_authority_data: Option<String>,
    #[serde(default, deserialize_with = "default_for_null")]
    pub insecure_skip_tls_verify: bool,
    pub tls_server_name: Option<String>,
    pub proxy_url: Option<String>,
}

#[derive(Deserialize)]
struct NamedUser {
    name: String,
    user: Option<User>,
}

/// A user as the kubeconfig has it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct User {
    pub exec: Option<Exec>,
    pub auth_provider: Option<AuthProvider>,
    pub token: Option<IgnoredAny>,
    #[serde(rename = "tokenFile")]
    pub token_file: Option<IgnoredAny>,
    pub client_certificate: Option<IgnoredAny>,
    pub client_certificate_data: Option<IgnoredAny>,
    pub username: Option<IgnoredAny>,
}

/// A credential plugin.
#[derive(Deserialize)]
pub struct Exec {
    #[serde(default, deserialize_with = "default_for_null")]
    pub command: String,
    #[serde(default, deserialize_with = "list")]
    pub args: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    pub env: Vec<Variable>,
}

/// A variable that a credential plugin gets. Its value may be a secret and is not read.
#[derive(Deserialize)]
pub struct Variable {
    pub name: String,
}

/// The credential of kubectl before 1.26.
#[derive(Deserialize)]
pub struct AuthProvider {
    #[serde(default, deserialize_with = "default_for_null")]
    pub name: String,
    #[serde(default, deserialize_with = "default_for_null")]
    pub config: BTreeMap<String, Option<String>>,
}

/// A context with the cluster and the user that it names.
pub struct Use<'k> {
    pub context: &'k str,
    /// The cluster's name, whether it is there or not.
    pub cluster_name: &'k str,
    /// The user's name, whether it is there or not.
    pub user_name: &'k str,
    pub cluster: Option<&'k Cluster>,
    pub user: Option<&'k User>,
}

impl Kubeconfig {
    /// Reads it, as YAML or JSON.
    ///
    /// # Errors
    /// The line that is not as expected.
    pub fn read(text: &str) -> Result<Self, u64> {
        if text.trim().is_empty() {
            return Ok(Self { contexts: Vec::new(), clusters: Vec::new(), users: Vec::new() });
        }
        serde_saphyr::from_str(text).map_err(|error| error.location().map_or(1, |at| at.line()))
    }

    /// The contexts of these names, or all, each pair of cluster and user once.
    ///
    /// # Errors
    /// The name that no context has.
    pub fn uses(&self, only: &[String]) -> Result<Vec<Use<'_>>, String> {
        let has = |name: &&String| !self.contexts.iter().any(|context| context.name == **name);
        if let Some(missing) = only.iter().find(has) {
            return Err(missing.clone());
        }
        let wanted = self.contexts.iter().filter(|context| only.is_empty() || only.contains(&context.name));
        let mut uses: Vec<Use<'_>> = Vec::new();
        for found in wanted.map(|context| self.resolved(context)) {
            let same =
                |kept: &Use<'_>| (kept.cluster_name, kept.user_name) == (found.cluster_name, found.user_name);
            if !uses.iter().any(same) {
                uses.push(found);
            }
        }
        Ok(uses)
    }

    fn resolved<'k>(&'k self, named: &'k NamedContext) -> Use<'k> {
        let context = named.context.as_ref();
        let cluster_name = context.and_then(|context| context.cluster.as_deref()).unwrap_or_default();
        let user_name = context.and_then(|context| context.user.as_deref()).unwrap_or_default();
        let cluster = self.clusters.iter().find(|cluster| cluster.name == cluster_name);
        let user = self.users.iter().find(|user| user.name == user_name);
        Use {
            context: &named.name,
            cluster_name,
            user_name,
            cluster: cluster.and_then(|named| named.cluster.as_ref()),
            user: user.and_then(|named| named.user.as_ref()),
        }
    }

    /// The users that no context names.
    pub fn unused_users(&self) -> impl Iterator<Item = (&str, &User)> {
        let is_used = |name: &str| {
            let user_of =
                |named: &NamedContext| named.context.as_ref().and_then(|context| context.user.clone());
            self.contexts.iter().any(|named| user_of(named).as_deref() == Some(name))
        };
        let unused = self.users.iter().filter(move |user| !is_used(&user.name));
        unused.filter_map(|named| Some((named.name.as_str(), named.user.as_ref()?)))
    }
}

fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    default_for_null(deserializer)
}

/// kubectl itself writes `null` for what is empty, and people leave out what follows a colon.
fn default_for_null<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
