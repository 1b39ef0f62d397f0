//! Whom the other side of a TLS connection proves to be. Beyond what rustls does: a failure names the host and the remedy, and
//! IPv6 addresses count, for which awc has no way to say them to rustls.

use std::net::Ipv6Addr;
use std::sync::Arc;

use awc::http::Uri;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature,
};
use rustls::{CertificateError, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::connect_failure::ConnectFailure;

/// The name in the place of an IPv6 address: 32 hex digits before this. No host can have it (RFC 6761, 6.4).
const IPV6: &str = ".ipv6.invalid";

/// The URL by whose host awc asks for a certificate: with an IPv6 address, whose brackets rustls takes for a mistake, a name
/// that [`ServerCertificates`] understands.
#[must_use]
pub fn url_for_tls(url: Uri) -> Uri {
    let address = url.host().and_then(|host| host.strip_prefix('[')?.strip_suffix(']')?.parse().ok());
    let Some(address): Option<Ipv6Addr> = address else { return url };
    let name = format!("{:032x}{IPV6}", address.to_bits());
    Uri::builder().scheme("https").authority(name).path_and_query("/").build().unwrap_or(url)
}

fn ipv6_behind(name: &ServerName<'_>) -> Option<Ipv6Addr> {
    let ServerName::DnsName(name) = name else { return None };
    let digits = name.as_ref().strip_suffix(IPV6)?;
    u128::from_str_radix(digits, 16).ok().map(Ipv6Addr::from_bits)
}

/// Verifies certificates against roots.
#[derive(Debug)]
pub struct ServerCertificates {
    /// None where there are no roots at all: nobody is trusted then.
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
        let address = ipv6_behind(server_name).map(|ip| ServerName::from(std::net::IpAddr::V6(ip)));
        let name = address.as_ref().unwrap_or(server_name);
        let verified = match &self.webpki {
            Some(webpki) => webpki.verify_server_cert(end_entity, intermediates, name, ocsp_response, now),
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        verified.map_err(|error| self.explained(error, name))
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
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_address_comes_back_from_the_name_in_its_place() {
        let there = |url: &str| url_for_tls(url.parse().unwrap()).host().unwrap().to_owned();
        let name = ServerName::try_from(there("https://[fd00::12]:6443/api")).unwrap();
        assert_eq!(ipv6_behind(&name), Some("fd00::12".parse().unwrap()));
        for other in ["idp.example", "10.0.0.1"] {
            assert_eq!(there(&format!("https://{other}/")), other);
            assert_eq!(ipv6_behind(&ServerName::try_from(other).unwrap()), None);
        }
    }
}
