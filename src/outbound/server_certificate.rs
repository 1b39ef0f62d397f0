//! Verifies the server's certificate as rustls does, and takes one that the operator has named though it has no CA, as Go's clients do.
//! A failure also names the host and the remedy.

use std::net::Ipv6Addr;
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::connect_failure::ConnectFailure;
use super::system_roots::system_roots;

/// What is trusted.
#[derive(Debug)]
pub struct Trusted {
    /// Whether whatever leads to one of the system's roots is.
    pub system: bool,
    /// Whatever leads to one of these.
    pub roots: RootCertStore,
    /// The certificates of the operator's file, each also as a server's own: many clusters have one that is self-signed, or no CA's.
    pub named: Vec<CertificateDer<'static>>,
}

/// What there is to lead to.
enum Roots {
    All(Arc<RootCertStore>),
    /// The system's cannot be read just now.
    WithoutTheSystems(Arc<RootCertStore>),
}

impl Default for Trusted {
    fn default() -> Self {
        Self { system: false, roots: RootCertStore::empty(), named: Vec::new() }
    }
}

impl Trusted {
    /// All roots. Those of the system are one set for all clients, unless there are others beside them.
    fn all_roots(&self) -> Roots {
        if !self.system {
            return Roots::All(Arc::new(self.roots.clone()));
        }
        let Some(system) = system_roots() else {
            return Roots::WithoutTheSystems(Arc::new(self.roots.clone()));
        };
        if self.roots.is_empty() {
            return Roots::All(system);
        }
        let mut all = self.roots.clone();
        all.extend(system.roots.iter().cloned());
        Roots::All(Arc::new(all))
    }
}

/// None where there are no roots at all: no certificate is trusted then.
type WebPki = Option<Arc<WebPkiServerVerifier>>;

/// Verifies certificates against roots.
#[derive(Debug)]
pub struct ServerCertificates {
    trusted: Trusted,
    /// Made for the first certificate, as only that needs the system's roots.
    webpki: OnceLock<WebPki>,
    algorithms: WebPkiSupportedAlgorithms,
    remedy: &'static str,
}

impl ServerCertificates {
    /// Trusts these roots; `remedy` says where to give more.
    #[must_use]
    pub fn trusting(trusted: Trusted, remedy: &'static str) -> Self {
        let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
        Self { trusted, webpki: OnceLock::new(), algorithms, remedy }
    }

    fn webpki(&self) -> WebPki {
        if let Some(made) = self.webpki.get() {
            return made.clone();
        }
        match self.trusted.all_roots() {
            Roots::All(roots) => self.webpki.get_or_init(|| leading_to(roots)).clone(),
            Roots::WithoutTheSystems(roots) => leading_to(roots),
        }
    }

    /// A certificate that the operator has named is the server's own, even one that calls itself a CA or that an unknown CA has signed, if
    /// its name is the server's. webpki looks at its dates before it looks for a chain.
    fn named(
        &self,
        error: rustls::Error,
        end_entity: &CertificateDer<'_>,
        server_name: &ServerName<'_>,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if !is_for_want_of_a_chain(&error) || !self.trusted.named.iter().any(|named| named == end_entity) {
            return Err(error);
        }
        verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn explained(&self, error: rustls::Error, name: &ServerName<'_>) -> rustls::Error {
        let host = match name {
            ServerName::IpAddress(rustls_pki_types::IpAddr::V6(ip)) => format!("[{}]", Ipv6Addr::from(*ip)),
            name => name.to_str().into_owned(),
        };
        let failure = match error {
            rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
                ConnectFailure::UnknownCa { host, remedy: self.remedy }
            }
            rustls::Error::InvalidCertificate(reason) => {
                ConnectFailure::BadCertificate { host, reason: reason.to_string() }
            }
            other => return other,
        };
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(failure))))
    }
}

fn leading_to(roots: Arc<RootCertStore>) -> WebPki {
    let provider = Arc::new(aws_lc_rs::default_provider());
    WebPkiServerVerifier::builder_with_provider(roots, provider).build().ok()
}

fn is_for_want_of_a_chain(error: &rustls::Error) -> bool {
    match error {
        // The signature is a CA's that has the name of a certificate in the file.
        rustls::Error::InvalidCertificate(
            CertificateError::UnknownIssuer | CertificateError::BadSignature,
        ) => true,
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(reason))) => {
            matches!(reason.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
        }
        _ => false,
    }
}

impl ServerCertVerifier for ServerCertificates {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified = match self.webpki() {
            Some(webpki) => {
                webpki.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            }
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        verified
            .or_else(|error| self.named(error, end_entity, server_name))
            .map_err(|error| self.explained(error, server_name))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests;
