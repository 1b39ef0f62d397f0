//! The API's own TLS: `TLS_CERT_FILE` and `TLS_KEY_FILE`, looked at before they are used, and again while the process runs.

mod looked_at;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs as provider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use time::OffsetDateTime;
use tokio::time::sleep;

pub use self::looked_at::UnusableCertificate;
use self::looked_at::{Pair, read};
use crate::clock::Clock;
use crate::settings::backend::TlsFiles;

/// HTTP/2 first (RFC 7301, RFC 9113 3.2): kubectl has all its watches on one connection then.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];
/// How often the files are looked at: a renewed certificate is to be taken without a restart.
const LOOK_AGAIN: Duration = Duration::from_secs(10);
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

    /// Looks at the files every ten seconds, and takes what has been renewed; never returns.
    pub async fn keep_renewed(&self) {
        loop {
            sleep(LOOK_AGAIN).await;
            let certificate = Arc::clone(&self.certificate);
            // Reading may take long where the files are on a network.
            let _ = actix_web::rt::task::spawn_blocking(move || certificate.look_again()).await;
        }
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

    /// Takes what the files hold now, if it is of use; what is not is logged once.
    fn look_again(&self) {
        let before = self.current();
        match read(&self.files, self.clock.now()) {
            Ok(pair) if pair.digest == before.digest => {}
            Ok(pair) => {
                let valid_until = pair.valid_until.map(tracing::field::display);
                // First taken, then said: a reader of the log may rely on that.
                self.take(pair);
                tracing::info!(valid_until, "the TLS certificate was renewed");
            }
            Err(error) if before.refused.as_deref() == Some(&error.to_string()) => {}
            Err(error) => {
                self.take(Pair { refused: Some(error.to_string()), ..before });
                tracing::warn!(%error, "what TLS_CERT_FILE and TLS_KEY_FILE hold now is of no use: the certificate from before is kept");
            }
        }
    }

    fn take(&self, pair: Pair) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = pair;
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
