//! Outgoing requests: trusted roots, proxies, deadlines, bounded bodies, no redirects, and the bridge to `oauth2`.
//! [`http_client::HttpClient`] sends all of them except those that the Kubernetes proxy forwards.

pub mod connect_failure;
pub mod connector;
pub mod http_client;
pub mod http_proxy;
pub mod https_rule;
mod localhost;
pub mod oauth2_bridge;
pub mod request_context;
pub mod retry_after;
mod server_certificate;
pub mod streaming;
pub mod system_roots;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ClientConfig;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio::sync::watch;

use self::connect_failure::ConnectFailure;
use self::retry_after::RetryAfter;
use self::server_certificate::{ServerCertificates, Trusted};

/// The largest JSON answer that is read, in bytes.
pub const BODY_LIMIT: usize = 1 << 20;

/// Why a request failed or its answer cannot be used. Holds no URL, header or body.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OutboundError {
    /// The connection failed, so not a byte of the request was sent.
    #[error("cannot connect ({0})")]
    NotConnected(ConnectFailure),
    /// The request may have been received; no answer came.
    #[error("the answer was lost ({0})")]
    AnswerLost(String),
    /// No answer in time; the request may have been received.
    #[error("no answer in time")]
    TimedOut,
    /// The answer exceeds the size limit.
    #[error("the answer is too large")]
    TooLarge,
    /// The answer is not the JSON that was expected.
    #[error("the answer is not the JSON that was expected")]
    NotJson,
    /// An answer with another status than 200.
    #[error("answered with status {0}")]
    Status(u16),
    /// The token endpoint is failing or overloaded: no code or refresh token was redeemed.
    #[error("answered with status {status}")]
    NotNow {
        /// 429, or 500 and above.
        status: u16,
        /// How long to wait before another request (`Retry-After`).
        retry_after: Option<RetryAfter>,
    },
}

impl From<hyper::Error> for OutboundError {
    fn from(error: hyper::Error) -> Self {
        // hyper returned the request unsent, as its connection had ended before.
        if error.is_canceled() {
            return Self::NotConnected(ConnectFailure::Other(innermost(&error)));
        }
        Self::AnswerLost(innermost(&error))
    }
}

/// The innermost cause, which says most.
fn innermost(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// A file of root certificates that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path} holds no usable certificate ({reason}): give a PEM file with the CA's certificate")]
pub struct UnusableRoots {
    path: PathBuf,
    reason: String,
}

/// The TLS settings for new connections, which may be replaced while a client lives: the connections that there are stay.
#[derive(Clone)]
pub struct CurrentTls(watch::Receiver<Arc<ClientConfig>>);

impl CurrentTls {
    /// Those that the sender has last.
    #[must_use]
    pub fn of(sender: &watch::Sender<Arc<ClientConfig>>) -> Self {
        Self(sender.subscribe())
    }

    fn now(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.0.borrow())
    }
}

impl From<&Arc<ClientConfig>> for CurrentTls {
    /// These, for ever.
    fn from(tls: &Arc<ClientConfig>) -> Self {
        Self::of(&watch::Sender::new(Arc::clone(tls)))
    }
}

/// How to give the certificate of a server's CA: for servers that every command calls, and for a cluster's API.
const GIVE_CA_FILE: &str =
    "give that CA's certificate with --ca-file (CA_FILE), or all roots with SSL_CERT_FILE";
const GIVE_KUBERNETES_CA_FILE: &str = "give that CA's certificate with KUBERNETES_CA_FILE";

/// TLS that trusts the system's roots, which are read when a server first shows its certificate, and those of a file, which is read now.
///
/// # Errors
/// When the named file holds no certificate. A system root that cannot be read is skipped.
pub fn trusting_system_and(file: Option<&Path>) -> Result<Arc<ClientConfig>, UnusableRoots> {
    let mut trusted = Trusted { system: true, ..Trusted::default() };
    if let Some(file) = file {
        add(&mut trusted, file)?;
    }
    Ok(config(ServerCertificates::trusting(trusted, GIVE_CA_FILE)))
}

/// TLS that trusts the roots of one file and no others: a cluster's own CA.
///
/// # Errors
/// When the file holds no certificate.
pub fn trusting_only(file: &Path) -> Result<Arc<ClientConfig>, UnusableRoots> {
    let mut trusted = Trusted::default();
    add(&mut trusted, file)?;
    Ok(config(ServerCertificates::trusting(trusted, GIVE_KUBERNETES_CA_FILE)))
}

/// TLS without any trusted root.
fn trusting_no_roots() -> Arc<ClientConfig> {
    config(ServerCertificates::trusting(Trusted::default(), GIVE_CA_FILE))
}

fn add(trusted: &mut Trusted, file: &Path) -> Result<(), UnusableRoots> {
    let unusable = |reason: String| UnusableRoots { path: file.to_owned(), reason };
    let certificates = CertificateDer::pem_file_iter(file).map_err(|e| unusable(e.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|e| unusable(e.to_string()))?;
        trusted.roots.add(certificate.clone()).map_err(|e| unusable(e.to_string()))?;
        trusted.named.push(certificate);
    }
    if trusted.named.is_empty() { Err(unusable("no PEM block".to_owned())) } else { Ok(()) }
}

fn config(trusted: ServerCertificates) -> Arc<ClientConfig> {
    // "Dangerous" since a verifier might accept anything; ours delegates to rustls's own.
    let builder = ClientConfig::builder().dangerous().with_custom_certificate_verifier(Arc::new(trusted));
    Arc::new(builder.with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_named() {
        let error = trusting_only(Path::new("/dev/null")).unwrap_err();
        assert!(error.to_string().starts_with("/dev/null holds no usable certificate"));
    }
}
