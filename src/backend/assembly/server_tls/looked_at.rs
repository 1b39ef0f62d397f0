//! Looks at a certificate and its key as clients will: what they would refuse is refused here, with a sentence.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs as provider;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use time::OffsetDateTime;
use webpki::{EndEntityCert, KeyUsage};
use zeroize::Zeroizing;

use crate::settings::backend::TlsFiles;

/// No certificate is valid for as long: asked at this time, each says when it ends. The year 9999.
const AFTER_ALL: Duration = Duration::from_hours(24 * 2_932_896);

/// Why the files are of no use.
#[derive(Debug, thiserror::Error)]
pub enum UnusableCertificate {
    /// One of them is not there, or may not be read.
    #[error("{variable} cannot be read ({path}: {reason}): check the path and its rights")]
    Unreadable {
        /// Which.
        variable: &'static str,
        /// What it is set to.
        path: PathBuf,
        /// What the system says.
        reason: std::io::Error,
    },
    /// There is no certificate in its file.
    #[error("TLS_CERT_FILE holds no certificate ({0}): give a PEM file, the server's own certificate first")]
    NoCertificate(PathBuf),
    /// There is no key in its file.
    #[error("TLS_KEY_FILE holds no private key ({0}): give a PEM file with one that is not encrypted")]
    NoKey(PathBuf),
    /// It is the key of another certificate.
    #[error(
        "TLS_KEY_FILE is not the key of the first certificate in TLS_CERT_FILE: give both files of one pair, the server's own certificate first"
    )]
    Mismatched,
    /// It was valid.
    #[error("a certificate in TLS_CERT_FILE expired at {0}: renew it")]
    Expired(OffsetDateTime),
    /// It will be valid.
    #[error("a certificate in TLS_CERT_FILE is not valid before {0}: check this machine's clock, or wait")]
    NotYetValid(OffsetDateTime),
    /// Its extended key usage has no `serverAuth`.
    #[error(
        "the certificate in TLS_CERT_FILE is not for servers (extended key usage): have one issued for serverAuth"
    )]
    NotForServers,
    /// Whatever else rustls or webpki do not like.
    #[error("TLS_CERT_FILE and TLS_KEY_FILE cannot be used ({0}): have another certificate issued")]
    Other(String),
}

/// A certificate and its key that are of use.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) certified: Arc<CertifiedKey>,
    /// The end of the certificate that ends first.
    pub(super) valid_until: Option<OffsetDateTime>,
    /// The key's file.
    pub(super) readable_by_all: bool,
}

/// Reads both files, and looks at what they hold.
pub(super) fn read(files: &TlsFiles, now: OffsetDateTime) -> Result<Pair, UnusableCertificate> {
    let certificates = content("TLS_CERT_FILE", &files.certificates)?;
    let key = content("TLS_KEY_FILE", &files.key)?;
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&certificates)
        .collect::<Result<_, pem::Error>>()
        .map_err(|_| UnusableCertificate::NoCertificate(files.certificates.clone()))?;
    if chain.is_empty() {
        return Err(UnusableCertificate::NoCertificate(files.certificates.clone()));
    }
    let private =
        PrivateKeyDer::from_pem_slice(&key).map_err(|_| UnusableCertificate::NoKey(files.key.clone()))?;
    check_times(&chain, now)?;
    let valid_until = chain.iter().filter_map(end_of).min();
    let certified = CertifiedKey::from_der(chain, private, &provider::default_provider()).map_err(unfit)?;
    Ok(Pair { certified: Arc::new(certified), valid_until, readable_by_all: is_readable_by_all(&files.key) })
}

fn content(variable: &'static str, path: &Path) -> Result<Zeroizing<Vec<u8>>, UnusableCertificate> {
    let unreadable = |reason| UnusableCertificate::Unreadable { variable, path: path.to_owned(), reason };
    std::fs::read(path).map(Zeroizing::new).map_err(unreadable)
}

fn unfit(error: rustls::Error) -> UnusableCertificate {
    match error {
        rustls::Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch) => {
            UnusableCertificate::Mismatched
        }
        error => UnusableCertificate::Other(error.to_string()),
    }
}

/// Whether each certificate is valid now, and the first one a server's.
fn check_times(chain: &[CertificateDer<'_>], now: OffsetDateTime) -> Result<(), UnusableCertificate> {
    let at = UnixTime::since_unix_epoch(Duration::from_secs(now.unix_timestamp().try_into().unwrap_or(0)));
    for (place, certificate) in chain.iter().enumerate() {
        match (place, verdict(certificate, at)) {
            (_, Some(webpki::Error::CertExpired { not_after, .. })) => {
                return Err(UnusableCertificate::Expired(moment(not_after)));
            }
            (_, Some(webpki::Error::CertNotValidYet { not_before, .. })) => {
                return Err(UnusableCertificate::NotYetValid(moment(not_before)));
            }
            (0, Some(webpki::Error::RequiredEkuNotFoundContext(_))) => {
                return Err(UnusableCertificate::NotForServers);
            }
            _ => {}
        }
    }
    Ok(())
}

/// What webpki has against a certificate by itself. It looks at dates and usages before it looks for the issuer, of which it is told none.
fn verdict(certificate: &CertificateDer<'_>, at: UnixTime) -> Option<webpki::Error> {
    let parsed = match EndEntityCert::try_from(certificate) {
        Ok(parsed) => parsed,
        Err(error) => return Some(error),
    };
    let algorithms = provider::default_provider().signature_verification_algorithms.all;
    parsed.verify_for_usage(algorithms, &[], &[], at, KeyUsage::server_auth(), None, None).err()
}

fn end_of(certificate: &CertificateDer<'_>) -> Option<OffsetDateTime> {
    match verdict(certificate, UnixTime::since_unix_epoch(AFTER_ALL)) {
        Some(webpki::Error::CertExpired { not_after, .. }) => Some(moment(not_after)),
        _ => None,
    }
}

fn moment(time: UnixTime) -> OffsetDateTime {
    let seconds = i64::try_from(time.as_secs()).ok();
    seconds.and_then(|s| OffsetDateTime::from_unix_timestamp(s).ok()).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(unix)]
fn is_readable_by_all(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o004 != 0)
}

/// Elsewhere rights are not in the mode.
#[cfg(not(unix))]
fn is_readable_by_all(_: &Path) -> bool {
    false
}
