//! What every request of the backend needs: once a process, and once a worker.

#[cfg(test)]
pub mod example_app;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::inbound::caller::BackstageKeys;
use super::inbound::rate_limit::RateLimits;
use super::kubernetes::streams::Streams;
use super::logins::Logins;
use super::logins::index::NotedUses;
use super::logout::unused_sweep;
use super::oidc::Provider;
use super::revocation::outbox::Revocations;
use super::session::waiters::SessionChanges;
use super::stopping::Stopping;
use super::stopping::detached::Detached;
use super::tokens::Flights;
use crate::clock::Clock;
use crate::outbound::http_client::{Deadlines, HttpClient};
use crate::outbound::streaming::StreamingClient;
use crate::outbound::{self, UnusableRoots};
use crate::problem::Problem;
use crate::protocol::Code;
use crate::random::Random;
use crate::settings::backend::BackendSettings;
use crate::settings::cluster::Cluster;
use crate::store::Store;
use crate::store::sealing::Keyring;
use crate::telemetry::backend_metrics::BackendMetrics;

/// Shared by all workers of a process.
pub struct App {
    /// The settings.
    pub settings: BackendSettings,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// Where records are kept.
    pub store: Arc<dyn Store>,
    /// What records are sealed with.
    pub keyring: Keyring,
    /// Counters.
    pub metrics: Arc<BackendMetrics>,
    /// Each cluster's OpenID provider, by the cluster's name.
    pub providers: BTreeMap<String, Provider>,
    /// The keys that Backstage signs tokens with.
    pub backstage_keys: BackstageKeys,
    /// How often whom may begin what.
    pub rate_limits: RateLimits,
    /// The refreshes under way.
    pub flights: Flights,
    /// The uses of logins that are written down.
    pub noted_uses: NotedUses,
    /// Who waits for which session.
    pub changes: SessionChanges,
    /// What goes on whatever becomes of the request that asked for it.
    pub detached: Detached<Clients>,
    /// How far the end of the process is.
    pub stopping: Stopping,
    /// The watches and followed logs that are open.
    pub streams: Arc<Streams>,
}

impl App {
    /// Where logins are kept.
    #[must_use]
    pub fn logins(&self) -> Logins<'_> {
        Logins {
            store: self.store.as_ref(),
            keyring: &self.keyring,
            random: self.random.as_ref(),
            // Whoever forgets a login revokes it: the sweep shall come before the store does.
            kept: self.settings.unused_login_lifetime + unused_sweep::MARGIN,
        }
    }

    /// Where it is kept what is still to be revoked.
    #[must_use]
    pub fn revocations(&self) -> Revocations<'_> {
        Revocations { store: self.store.as_ref(), keyring: &self.keyring, random: self.random.as_ref() }
    }

    /// A cluster and its provider.
    ///
    /// # Errors
    /// `unknown_cluster`.
    pub fn cluster(&self, name: &str) -> Result<(&Cluster, &Provider), Problem> {
        self.settings.clusters.get(name).zip(self.providers.get(name)).ok_or_else(|| {
            Problem::new(
                Code::UnknownCluster,
                "There is no cluster of that name here: choose one of GET /info.",
            )
        })
    }

    /// The cluster of that name, or the only one there is.
    ///
    /// # Errors
    /// `unknown_cluster`; also when there are several and none was named.
    pub fn cluster_or_only(&self, name: Option<&str>) -> Result<(&Cluster, &Provider), Problem> {
        match (name, self.settings.clusters.keys().collect::<Vec<_>>().as_slice()) {
            (Some(name), _) => self.cluster(name),
            (None, [only]) => self.cluster(only),
            (None, _) => Err(Problem::new(
                Code::UnknownCluster,
                "There are several clusters here: name one of those of GET /info.",
            )),
        }
    }
}

/// The clients of one worker: connections live on the runtime that opened them.
#[derive(Clone)]
pub struct Clients {
    /// For the identity provider and Backstage.
    pub provider: HttpClient,
    /// For each cluster's Kubernetes API, by the cluster's name.
    pub kubernetes: BTreeMap<String, StreamingClient>,
}

/// The TLS settings that clients are made of, read once.
#[derive(Clone)]
pub struct ClientTls {
    provider: Arc<rustls::ClientConfig>,
    kubernetes: BTreeMap<String, Arc<rustls::ClientConfig>>,
}

impl ClientTls {
    /// Reads the roots that the settings name.
    ///
    /// # Errors
    /// When a CA file holds no certificate.
    pub fn load(settings: &BackendSettings) -> Result<Self, UnusableRoots> {
        let provider = outbound::trusting_system_and(settings.ca_file.as_deref())?;
        let mut kubernetes = BTreeMap::new();
        for (name, cluster) in &settings.clusters {
            let Some(api) = &cluster.kubernetes else { continue };
            let tls = match &api.ca_file {
                Some(file) => outbound::trusting_only(file)?,
                None => Arc::clone(&provider),
            };
            kubernetes.insert(name.clone(), tls);
        }
        Ok(Self { provider, kubernetes })
    }

    /// The clients of one worker.
    #[must_use]
    pub fn clients(&self, settings: &BackendSettings) -> Clients {
        let deadlines = Deadlines { connect: settings.idp_timeout / 2, whole: settings.idp_timeout };
        let of_cluster = |(name, tls): (&String, &Arc<rustls::ClientConfig>)| {
            (name.clone(), StreamingClient::new(tls, &settings.http_proxies, KUBERNETES_CONNECT))
        };
        Clients {
            provider: HttpClient::new(&self.provider, &settings.http_proxies, deadlines),
            kubernetes: self.kubernetes.iter().map(of_cluster).collect(),
        }
    }
}

/// Until a Kubernetes API is connected to, TLS included.
const KUBERNETES_CONNECT: std::time::Duration = std::time::Duration::from_secs(5);
