//! The TLS settings of the backend's own requests, and the clients that are made of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::outbound::http_client::{Deadlines, HttpClient};
use crate::outbound::streaming::StreamingClient;
use crate::outbound::{self, UnusableRoots};
use crate::settings::backend::BackendSettings;

/// Until a Kubernetes API is connected to, TLS included.
const KUBERNETES_CONNECT: Duration = Duration::from_secs(5);

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

    /// The client for identity providers and Backstage.
    #[must_use]
    pub fn http(&self, settings: &BackendSettings) -> HttpClient {
        let deadlines = Deadlines { connect: settings.idp_timeout / 2, whole: settings.idp_timeout };
        HttpClient::new(&self.provider, &settings.http_proxies, deadlines)
    }

    /// The client for a cluster's API, for one worker; `None` for a cluster without one.
    #[must_use]
    pub fn api(&self, cluster: &str, settings: &BackendSettings) -> Option<StreamingClient> {
        let tls = self.kubernetes.get(cluster)?;
        Some(StreamingClient::new(tls, &settings.http_proxies, KUBERNETES_CONNECT))
    }
}
