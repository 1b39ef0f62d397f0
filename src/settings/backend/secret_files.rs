//! The files that secrets of the store came from: what they hold may change while the process runs.

use std::path::PathBuf;

use crate::settings::Source;

/// The files that secrets of the store came from, where they did.
#[derive(Clone, Debug, Default)]
pub struct SecretFiles {
    /// `TOKEN_ENCRYPTION_KEYS_FILE`.
    pub keys: Option<PathBuf>,
    /// `REDIS_URL_FILE`.
    pub redis_url: Option<PathBuf>,
}

impl SecretFiles {
    /// As the settings name them.
    pub(super) fn of(source: &Source) -> Self {
        Self { keys: source.file_of("TOKEN_ENCRYPTION_KEYS"), redis_url: source.file_of("REDIS_URL") }
    }
}
