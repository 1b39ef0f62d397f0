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

/// As many names fit into a sentence.
const LISTED: usize = 8;

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
        self.0.get(name).ok_or_else(|| unknown(name, self.0.keys()))
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
                format!("There are several clusters here: name one of {}.", listed(self.0.keys())),
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

/// `unknown_cluster`, with the clusters that there are.
#[must_use]
pub fn unknown<'n>(name: &str, there_are: impl ExactSizeIterator<Item = &'n String>) -> Problem {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_shown = (1..=63).contains(&name.len()) && name.chars().all(is_part);
    let name = if is_shown { name } else { "of that name" };
    Problem::new(
        Code::UnknownCluster,
        format!(
            "There is no cluster {name} here, only {}: name one of these, or have the admin of this Backstage make the names one (CLUSTER_NAME in the backend, authMetadata.clusterAuthCluster in Backstage's configuration of the cluster). A login does not help.",
            listed(there_are)
        ),
    )
}

/// The names, or the first of many.
fn listed<'n>(mut names: impl ExactSizeIterator<Item = &'n String>) -> String {
    let first: Vec<_> = names.by_ref().take(LISTED).map(String::as_str).collect();
    let more = names.len();
    if more == 0 { first.join(", ") } else { format!("{} and {more} more (GET /info)", first.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(name: &str, count: usize) -> String {
        let names: Vec<String> = (1..=count).map(|number| format!("c{number}")).collect();
        unknown(name, names.iter()).message().to_owned()
    }

    #[test]
    fn an_unknown_cluster_is_answered_with_those_that_there_are_and_who_can_mend_it() {
        let sentence = said("prod", 2);
        assert!(sentence.starts_with("There is no cluster prod here, only c1, c2: "), "{sentence}");
        assert!(sentence.contains("CLUSTER_NAME") && sentence.contains("authMetadata.clusterAuthCluster"));
        assert!(sentence.ends_with("A login does not help."), "{sentence}");
        assert!(said("prod", 10).contains("c7, c8 and 2 more (GET /info): name"));
        assert!(said("<b>\u{1b}", 1).starts_with("There is no cluster of that name here, only c1: "));
    }
}
