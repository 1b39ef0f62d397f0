//! Which certificates of Redis are trusted.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use redis::{Client, ConnectionInfo, RedisResult, TlsCertificates};
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::unusable::UnusableRedis;
use crate::outbound::system_roots::system_certificates;

/// Roots in addition to the system's, if there are any.
pub(super) struct Roots(Option<TlsCertificates>);

impl Roots {
    /// No additional roots.
    pub(super) fn none() -> Self {
        Self(None)
    }

    /// The roots of the file, in addition to the system's.
    pub(super) fn load(ca_file: Option<&Path>) -> Result<Self, UnusableRedis> {
        let Some(path) = ca_file else { return Ok(Self::none()) };
        let unusable = |reason: String| UnusableRedis::CaFile { path: path.to_owned(), reason };
        let own = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let own = own.map_err(|e| unusable(e.to_string()))?;
        let usable = |root: &CertificateDer<'_>| RootCertStore::empty().add(root.clone()).is_ok();
        if own.is_empty() {
            return Err(unusable("no PEM block".to_owned()));
        }
        if !own.iter().all(usable) {
            return Err(unusable("not a certificate".to_owned()));
        }
        let system = system_certificates().into_iter().filter(usable);
        let root_cert =
            Some(own.into_iter().chain(system).flat_map(|root| pem(&root).into_bytes()).collect());
        Ok(Self(Some(TlsCertificates { client_tls: None, root_cert })))
    }

    /// A client that trusts these roots.
    pub(super) fn client(&self, info: ConnectionInfo) -> RedisResult<Client> {
        match &self.0 {
            None => Client::open(info),
            Some(roots) => Client::build_with_tls(info, roots.clone()),
        }
    }
}

/// The driver takes roots as PEM only.
fn pem(root: &CertificateDer<'_>) -> String {
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(root))
}
