//! The Kubernetes proxy, which each worker has for itself.

use std::sync::Arc;

use super::Services;
use super::client_tls::ClientTls;
use crate::backend::kubernetes::audit::Audit;
use crate::backend::kubernetes::{KubernetesProxy, ReachedCluster};
use crate::settings::backend::BackendSettings;

impl Services {
    /// The Kubernetes proxy of one worker, with connections of its own.
    #[must_use]
    pub fn kubernetes_proxy(&self, tls: &ClientTls, settings: &BackendSettings) -> KubernetesProxy {
        let reached = self.clusters.iter().map(|cluster| {
            let api = tls.api(cluster.name(), settings);
            (cluster.name().to_owned(), ReachedCluster { cluster: Arc::clone(cluster), api })
        });
        KubernetesProxy {
            callers: Arc::clone(&self.callers),
            clusters: reached.collect(),
            tokens: Arc::clone(&self.tokens),
            streams: Arc::clone(&self.streams),
            used_logins: Arc::clone(&self.used_logins),
            metrics: Arc::clone(&self.metrics),
            audit: Audit {
                uses: settings.audited_uses,
                stopping: self.stopping.clone(),
                unwritten: self.unwritten.clone(),
            },
        }
    }
}
