//! Requests that we send: trusted roots, proxies, time-outs, bounded bodies, no redirects, and the bridge to `oauth2`.

pub mod connect_failure;
pub mod http_proxy;
pub mod https_rule;
pub mod no_proxy;
pub mod oauth2_bridge;
pub mod retry_after;
mod server_certificate;
pub mod trail;
mod tunnel;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use awc::Client;
use awc::Connector;
use awc::error::{ConnectError, PayloadError, SendRequestError};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde::de::DeserializeOwned;

use self::connect_failure::ConnectFailure;
use self::http_proxy::HttpProxies;
use self::retry_after::RetryAfter;
use self::server_certificate::ServerCertificates;
use self::tunnel::Dialler;

/// The largest JSON answer that is read, in bytes.
pub const BODY_LIMIT: usize = 1 << 20;

/// Why a request could not be made or its answer not be used. Holds no URL, header or body.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OutboundError {
    /// No connection came about, so not a byte of the request was sent.
    #[error("cannot connect ({0})")]
    NotConnected(ConnectFailure),
    /// The request may have been received; its answer was not.
    #[error("the answer was lost ({0})")]
    AnswerLost(String),
    /// No answer in time; the request may have been received.
    #[error("no answer in time")]
    TimedOut,
    /// The answer is larger than is read.
    #[error("the answer is too large")]
    TooLarge,
    /// The answer is not the JSON that was expected.
    #[error("the answer is not the JSON that was expected")]
    NotJson,
    /// An answer with another status than 200.
    #[error("answered with status {0}")]
    Status(u16),
    /// A token endpoint that is in trouble, or has too much to do: nothing was spent.
    #[error("answered with status {status}")]
    NotNow {
        /// 429, or 500 and above.
        status: u16,
        /// For how long it asks to be left alone.
        retry_after: Option<RetryAfter>,
    },
}

impl From<SendRequestError> for OutboundError {
    fn from(error: SendRequestError) -> Self {
        match error {
            // awc calls it a connection error, but it is an end of file where the answer's head was expected.
            SendRequestError::Connect(ConnectError::Disconnected) => {
                Self::AnswerLost("the connection was closed".to_owned())
            }
            SendRequestError::Connect(reason) => Self::NotConnected(reason.into()),
            SendRequestError::Timeout => Self::TimedOut,
            other => Self::AnswerLost(other.to_string()),
        }
    }
}

impl From<PayloadError> for OutboundError {
    fn from(error: PayloadError) -> Self {
        match error {
            PayloadError::Overflow => Self::TooLarge,
            other => Self::AnswerLost(other.to_string()),
        }
    }
}

/// A file of root certificates that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path} holds no usable certificate ({reason}): give a PEM file with the CA's certificate")]
pub struct UnusableRoots {
    path: PathBuf,
    reason: String,
}

/// Where a certificate of a server's CA can be given, for servers that all commands know, and for a cluster.
const GIVE_CA_FILE: &str =
    "give that CA's certificate with --ca-file (CA_FILE), or all roots with SSL_CERT_FILE";
const GIVE_KUBERNETES_CA_FILE: &str = "give that CA's certificate with KUBERNETES_CA_FILE";

/// TLS that trusts the system's roots (`SSL_CERT_FILE` and `SSL_CERT_DIR` honoured), and those of a file.
///
/// # Errors
/// When the named file holds no certificate. A root of the system's that cannot be read is passed over.
pub fn trusting_system_and(file: Option<&Path>) -> Result<Arc<ClientConfig>, UnusableRoots> {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::warn!(%error, "a system root certificate cannot be read");
    }
    roots.add_parsable_certificates(system.certs);
    if let Some(file) = file {
        add_roots(&mut roots, file)?;
    }
    Ok(config(ServerCertificates::trusting(roots, GIVE_CA_FILE)))
}

/// TLS that trusts the roots of one file and no others: a cluster's own CA.
///
/// # Errors
/// When the file holds no certificate.
pub fn trusting_only(file: &Path) -> Result<Arc<ClientConfig>, UnusableRoots> {
    let mut roots = RootCertStore::empty();
    add_roots(&mut roots, file)?;
    Ok(config(ServerCertificates::trusting(roots, GIVE_KUBERNETES_CA_FILE)))
}

fn add_roots(roots: &mut RootCertStore, file: &Path) -> Result<(), UnusableRoots> {
    let unusable = |reason: String| UnusableRoots { path: file.to_owned(), reason };
    let certificates = CertificateDer::pem_file_iter(file).map_err(|e| unusable(e.to_string()))?;
    let before = roots.len();
    for certificate in certificates {
        let certificate = certificate.map_err(|e| unusable(e.to_string()))?;
        roots.add(certificate).map_err(|e| unusable(e.to_string()))?;
    }
    if roots.len() == before { Err(unusable("no PEM block".to_owned())) } else { Ok(()) }
}

/// HTTP/1.1 only: awc's HTTP/2 is h2 0.3, which has an open advisory.
fn config(trusted: ServerCertificates) -> Arc<ClientConfig> {
    // "Dangerous" since a verifier might accept anything; ours only asks rustls's own.
    let builder = ClientConfig::builder().dangerous().with_custom_certificate_verifier(Arc::new(trusted));
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Arc::new(config)
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Until there is a connection, through a proxy where there is one; for TLS on top of it half as much.
    pub connect: Duration,
    /// For the head of the answer; `None` where an answer may take as long as it likes.
    pub answer: Option<Duration>,
}

/// A client for one worker: no redirects followed, connections kept.
#[must_use]
pub fn client(tls: &Arc<ClientConfig>, proxies: &HttpProxies, patience: Patience) -> Client {
    // The dialler gives up before awc does, which would not know on whom.
    let dialler = Dialler::new(proxies.clone(), patience.connect.mul_f32(0.9));
    let connector = Connector::new()
        .connector(dialler)
        .rustls_0_23(Arc::clone(tls))
        .timeout(patience.connect)
        .handshake_timeout(patience.connect / 2);
    let builder = Client::builder().disable_redirects().connector(connector);
    match patience.answer {
        Some(answer) => builder.timeout(answer).finish(),
        None => builder.disable_timeout().finish(),
    }
}

/// Reads JSON from a URL, at most [`BODY_LIMIT`] bytes of it.
///
/// # Errors
/// As the variants of [`OutboundError`] say.
pub async fn get_json<T: DeserializeOwned>(client: &Client, url: &str) -> Result<T, OutboundError> {
    read_json(client.get(url)).await
}

/// Sends a request without a body and reads the JSON answer.
///
/// # Errors
/// As the variants of [`OutboundError`] say.
pub async fn read_json<T: DeserializeOwned>(request: awc::ClientRequest) -> Result<T, OutboundError> {
    let request = trail::marked(request).insert_header(("Accept", "application/json"));
    let mut answer = request.send().await?;
    if answer.status() != awc::http::StatusCode::OK {
        return Err(OutboundError::Status(answer.status().as_u16()));
    }
    let body = answer.body().limit(BODY_LIMIT).await?;
    serde_json::from_slice(&body).map_err(|_| OutboundError::NotJson)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_server_that_reads_and_hangs_up_may_have_received_the_request() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            std::io::Read::read(&mut connection, &mut [0; 1024]).unwrap()
        });
        let answer = awc::Client::default().get(url).send().await;
        assert!(server.join().unwrap() > 0);
        let error = OutboundError::from(answer.err().unwrap());
        assert!(matches!(error, OutboundError::AnswerLost(_)), "{error:?}");
    }

    #[test]
    fn a_file_without_a_certificate_is_named() {
        let error = trusting_only(Path::new("/dev/null")).unwrap_err();
        assert!(error.to_string().starts_with("/dev/null holds no usable certificate"));
    }
}
