//! The configured clusters, each with its OpenID provider.

use std::collections::BTreeMap;
use std::sync::{Arc, Once};

use futures_util::future::join_all;

use super::Provider;
use crate::problem::Problem;
use crate::protocol::Code;
use crate::settings::cluster::{Cluster, ClusterToken};

/// A cluster and the provider that logs people in to it.
pub struct KnownCluster {
    /// Its settings.
    pub settings: Cluster,
    /// Its OpenID provider.
    pub provider: Provider,
    /// Whether it was said that the API refuses tokens.
    pub refused_token: Once,
}

impl KnownCluster {
    /// Says once that the API refuses a token that counts, with what it may compare it to.
    pub fn warn_of_refused_token(&self) {
        let (cluster, oidc) = (self.name(), &self.settings.oidc);
        let aud = match &self.settings.token {
            ClusterToken::Id => Some(&oidc.client_id),
            // An opaque one names none.
            ClusterToken::Access { audience } => audience.as_ref(),
        };
        self.refused_token.call_once(|| {
            tracing::warn!(
                cluster,
                iss = oidc.issuer,
                aud,
                "the Kubernetes API refuses a token that has not expired: its issuer and audience have to be these (--oidc-issuer-url, --oidc-client-id, or an AuthenticationConfiguration)"
            );
        });
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.settings.name
    }
}

/// All of them, by name.
pub struct Clusters(BTreeMap<String, Arc<KnownCluster>>);

impl Clusters {
    /// Those of the settings.
    #[must_use]
    pub fn new(known: impl IntoIterator<Item = KnownCluster>) -> Self {
        Self(known.into_iter().map(|cluster| (cluster.name().to_owned(), Arc::new(cluster))).collect())
    }

    /// The cluster of that name.
    ///
    /// # Errors
    /// `unknown_cluster`.
    pub fn get(&self, name: &str) -> Result<&Arc<KnownCluster>, Problem> {
        self.0.get(name).ok_or_else(unknown)
    }

    /// The cluster of that name, or the only one there is.
    ///
    /// # Errors
    /// `unknown_cluster`; also when there are several and none was named.
    pub fn get_or_only(&self, name: Option<&str>) -> Result<&Arc<KnownCluster>, Problem> {
        let mut all = self.iter();
        match (name, all.next(), all.next()) {
            (Some(name), ..) => self.get(name),
            (None, Some(only), None) => Ok(only),
            (None, ..) => Err(Problem::new(
                Code::UnknownCluster,
                "There are several clusters here: name one of those of GET /info.",
            )),
        }
    }

    /// Looks at each identity provider's discovery document once: what is wrong with it is in the log from the start, and the first
    /// login has it at hand.
    pub async fn look(&self) {
        join_all(self.iter().map(async |cluster| {
            if let Err(error) = cluster.provider.metadata().await {
                let (name, url) = (cluster.name(), cluster.settings.oidc.discovery_url());
                tracing::warn!(cluster = name, url, %error, "no user can log in to this cluster until its identity provider's discovery document can be read");
            }
        }))
        .await;
    }

    /// Each, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<KnownCluster>> {
        self.0.values()
    }
}

/// `unknown_cluster`.
#[must_use]
pub fn unknown() -> Problem {
    Problem::new(Code::UnknownCluster, "There is no cluster of that name here: choose one of GET /info.")
}
