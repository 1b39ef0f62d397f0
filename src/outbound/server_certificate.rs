//! Verifies the server's certificate as rustls does; a failure also names the host and the remedy.

use std::net::Ipv6Addr;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature,
};
use rustls::{CertificateError, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::connect_failure::ConnectFailure;

/// Verifies certificates against roots.
#[derive(Debug)]
pub struct ServerCertificates {
    /// None when there are no roots at all: no certificate is trusted then.
    webpki: Option<Arc<WebPkiServerVerifier>>,
    algorithms: WebPkiSupportedAlgorithms,
    remedy: &'static str,
}

impl ServerCertificates {
    /// Trusts these roots; `remedy` says where to give more.
    #[must_use]
    pub fn trusting(roots: RootCertStore, remedy: &'static str) -> Self {
        let provider: CryptoProvider = aws_lc_rs::default_provider();
        let algorithms = provider.signature_verification_algorithms;
        let webpki = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::new(provider));
        Self { webpki: webpki.build().ok(), algorithms, remedy }
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

impl ServerCertVerifier for ServerCertificates {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified = match &self.webpki {
            Some(webpki) => {
                webpki.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            }
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        verified.map_err(|error| self.explained(error, server_name))
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
