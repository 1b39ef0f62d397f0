//! The certificates that a kubeconfig trusts: in it, or in files that it names.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// Where paths of a kubeconfig begin.
pub struct Places<'a> {
    /// The folder of the kubeconfig; none where it came by standard input.
    pub beside: Option<&'a Path>,
    /// The user's home.
    pub home: Option<&'a Path>,
}

/// Why certificates cannot be carried over. Ends a sentence.
#[derive(Debug, thiserror::Error)]
pub enum NoCertificates {
    /// Not base64.
    #[error("is not base64")]
    Encoding,
    /// No PEM.
    #[error("holds no certificate in PEM")]
    Pem,
    /// A file that is not here.
    #[error("names {0:?}, which cannot be read here ({1})")]
    Unreadable(String, std::io::Error),
}

/// The certificates of base64 data.
///
/// # Errors
/// When there are none.
pub fn in_data(data: &str) -> Result<Vec<u8>, NoCertificates> {
    let text: String = data.split_whitespace().collect();
    let pem = STANDARD.decode(text).map_err(|_| NoCertificates::Encoding)?;
    checked(pem)
}

/// The certificates of a file.
///
/// # Errors
/// When there are none.
pub fn in_file(path: &str, places: &Places<'_>) -> Result<Vec<u8>, NoCertificates> {
    let pem = std::fs::read(resolved(path, places))
        .map_err(|error| NoCertificates::Unreadable(path.to_owned(), error))?;
    checked(pem)
}

/// Each certificate as PEM of its own, and nothing else: a file may hold a private key beside them.
pub fn alone(pem: &[u8]) -> Vec<String> {
    let wrapped = |certificate: CertificateDer<'_>| {
        let text = STANDARD.encode(&certificate);
        let lines = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect::<Vec<_>>();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    };
    CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).map(wrapped).collect()
}

fn resolved(path: &str, places: &Places<'_>) -> PathBuf {
    let at_home = path.strip_prefix('~').map(|rest| rest.trim_start_matches(['/', '\\']));
    match (at_home, places.home, places.beside) {
        (Some(rest), Some(home), _) => home.join(rest),
        // An absolute path takes the place of the folder.
        (_, _, Some(folder)) => folder.join(path),
        _ => PathBuf::from(path),
    }
}

fn checked(mut pem: Vec<u8>) -> Result<Vec<u8>, NoCertificates> {
    let mut certificates = CertificateDer::pem_slice_iter(&pem).peekable();
    if certificates.peek().is_none() || !certificates.all(|certificate| certificate.is_ok()) {
        return Err(NoCertificates::Pem);
    }
    if !pem.ends_with(b"\n") {
        pem.push(b'\n');
    }
    Ok(pem)
}
