//! The TLS settings of the backend's own requests, and the clients that are made of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use tokio::sync::watch;

use super::watched_files::{Of, WatchedFiles};
use crate::outbound::http_client::{Deadlines, HttpClient};
use crate::outbound::streaming::StreamingClient;
use crate::outbound::{self, CurrentTls, UnusableRoots};
use crate::settings::backend::BackendSettings;

/// Until a Kubernetes API is connected to, TLS included.
const KUBERNETES_CONNECT: Duration = Duration::from_secs(5);

/// The TLS settings that clients are made of, with the roots that their files hold now.
#[derive(Clone)]
pub struct ClientTls {
    provider: CurrentTls,
    kubernetes: BTreeMap<String, CurrentTls>,
}

impl ClientTls {
    /// Reads the roots that the settings name, and has their files watched.
    ///
    /// # Errors
    /// When a CA file holds no certificate.
    pub fn load(settings: &BackendSettings, files: &WatchedFiles) -> Result<Self, UnusableRoots> {
        let provider = match settings.ca_file.clone() {
            Some(file) => {
                let of = Of { setting: "CA_FILE", cluster: None };
                renewed(files, of, file, |file| outbound::trusting_system_and(Some(file)))?
            }
            None => CurrentTls::from(&outbound::trusting_system_and(None)?),
        };
        let mut kubernetes = BTreeMap::new();
        for (name, cluster) in &settings.clusters {
            let Some(api) = &cluster.kubernetes else { continue };
            let of = Of { setting: "KUBERNETES_CA_FILE", cluster: Some(name) };
            let tls = match api.ca_file.clone() {
                Some(file) => renewed(files, of, file, |file| outbound::trusting_only(file))?,
                None => provider.clone(),
            };
            kubernetes.insert(name.clone(), tls);
        }
        Ok(Self { provider, kubernetes })
    }

    /// The client for identity providers and Backstage.
    #[must_use]
    pub fn http(&self, settings: &BackendSettings) -> HttpClient {
        let deadlines = Deadlines { connect: settings.idp_timeout / 2, whole: settings.idp_timeout };
        HttpClient::new(self.provider.clone(), &settings.http_proxies, deadlines)
    }

    /// The client for a cluster's API, for one worker; `None` for a cluster without one.
    #[must_use]
    pub fn api(&self, cluster: &str, settings: &BackendSettings) -> Option<StreamingClient> {
        let tls = self.kubernetes.get(cluster)?;
        Some(StreamingClient::new(tls, &settings.http_proxies, KUBERNETES_CONNECT))
    }
}

/// What is made of a file of roots, and made anew when that changes.
fn renewed(
    files: &WatchedFiles,
    of: Of<'_>,
    file: PathBuf,
    read: impl Fn(&PathBuf) -> Result<Arc<ClientConfig>, UnusableRoots> + Send + Sync + 'static,
) -> Result<CurrentTls, UnusableRoots> {
    let sender = watch::Sender::new(read(&file)?);
    let tls = CurrentTls::of(&sender);
    let from = file.clone();
    files.watch(of, vec![file], move || {
        sender.send_replace(read(&from).map_err(|error| error.to_string())?);
        Ok(None)
    });
    Ok(tls)
}
