//! The API's own TLS: `TLS_CERT_FILE` and `TLS_KEY_FILE`, looked at before they are used, and again while the process runs.

mod looked_at;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs as provider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use time::OffsetDateTime;

pub use self::looked_at::UnusableCertificate;
use self::looked_at::{Pair, read};
use super::watched_files::{Of, WatchedFiles};
use crate::clock::Clock;
use crate::settings::backend::TlsFiles;

/// HTTP/2 first (RFC 7301, RFC 9113 3.2): kubectl has all its watches on one connection then.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];
/// From so long before the end on, a certificate is warned about.
const SOON: time::Duration = time::Duration::days(7);

/// The TLS that the API speaks, where it does.
pub struct ServerTls {
    certificate: Arc<Renewed>,
}

impl ServerTls {
    /// Reads the files that the settings name.
    ///
    /// # Errors
    /// When they are of no use; the sentence names the variable and what to do.
    pub fn load(files: &TlsFiles, clock: Arc<dyn Clock>) -> Result<Self, UnusableCertificate> {
        let pair = read(files, clock.now())?;
        Ok(Self {
            certificate: Arc::new(Renewed { files: files.clone(), clock, current: RwLock::new(pair) }),
        })
    }

    /// What connections are accepted with: TLS 1.2 and 1.3.
    ///
    /// # Errors
    /// Only when rustls knows neither version.
    pub fn config(&self) -> Result<Arc<ServerConfig>, rustls::Error> {
        let builder = ServerConfig::builder_with_provider(Arc::new(provider::default_provider()));
        let resolver = Arc::clone(&self.certificate) as Arc<dyn ResolvesServerCert>;
        let mut config =
            builder.with_safe_default_protocol_versions()?.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
        Ok(Arc::new(config))
    }

    /// Until when the certificate is valid.
    #[must_use]
    pub fn valid_until(&self) -> Option<OffsetDateTime> {
        self.certificate.current().valid_until
    }

    /// What an operator should know of files that are of use.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let pair = self.certificate.current();
        let ends = pair.valid_until.filter(|end| *end - self.certificate.clock.now() < SOON);
        let ends = ends.map(|end| format!("the certificate of TLS_CERT_FILE expires at {end}: renew it; the backend takes a new one without a restart"));
        let open = pair.readable_by_all.then(|| {
            "every user of this machine can read TLS_KEY_FILE: take that right away (chmod o-r; defaultMode in Kubernetes)".to_owned()
        });
        [ends, open].into_iter().flatten().collect()
    }

    /// Has the files watched: a renewed certificate is taken for new connections.
    pub fn watch(&self, files: &WatchedFiles) {
        let certificate = Arc::clone(&self.certificate);
        let TlsFiles { certificates, key } = certificate.files.clone();
        let of = Of { setting: "TLS_CERT_FILE", cluster: None };
        files.watch(of, vec![certificates, key], move || {
            certificate.take().map(Some).map_err(|error| error.to_string())
        });
    }
}

/// The certificate and its key, as they were when they were last of use.
struct Renewed {
    files: TlsFiles,
    clock: Arc<dyn Clock>,
    current: RwLock<Pair>,
}

impl Renewed {
    fn current(&self) -> Pair {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes what the files hold now, if it is of use; says until when.
    fn take(&self) -> Result<String, UnusableCertificate> {
        let pair = read(&self.files, self.clock.now())?;
        let until = pair.valid_until.map_or_else(String::new, |end| format!("valid until {end}"));
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = pair;
        Ok(until)
    }
}

impl fmt::Debug for Renewed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renewed").field("files", &self.files).finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Renewed {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current().certified)
    }
}

#[cfg(test)]
mod tests;
