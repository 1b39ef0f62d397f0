//! `TLS_CERT_FILE` and `TLS_KEY_FILE`: both, or plain http.

use std::path::PathBuf;

use crate::settings::SettingsError;

/// The files that the API's TLS is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The server's certificate and those that lead to its CA, PEM.
    pub certificates: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
}

impl TlsFiles {
    /// Both, or none.
    pub(super) fn read(
        certificates: Option<PathBuf>,
        key: Option<PathBuf>,
    ) -> Result<Option<Self>, SettingsError> {
        let alone = |set: &str, missing: &str| {
            Err(SettingsError(format!(
                "{set} is set without {missing}: set both for https, or neither where an ingress speaks TLS."
            )))
        };
        match (certificates, key) {
            (None, None) => Ok(None),
            (Some(certificates), Some(key)) => Ok(Some(Self { certificates, key })),
            (Some(_), None) => alone("TLS_CERT_FILE", "TLS_KEY_FILE"),
            (None, Some(_)) => alone("TLS_KEY_FILE", "TLS_CERT_FILE"),
        }
    }
}
