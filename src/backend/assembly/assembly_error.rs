//! Why the services cannot be built.

use super::server_tls::UnusableCertificate;
use crate::outbound::UnusableRoots;
use crate::random::NoRandomness;
use crate::store::file::UnusableFile;
use crate::store::redis::UnusableRedis;
use crate::store::sealing::UnusableKeys;

/// Why the services cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum AssemblyError {
    /// A CA file is of no use.
    #[error(transparent)]
    Roots(#[from] UnusableRoots),
    /// The API's own certificate is of no use.
    #[error(transparent)]
    Certificate(#[from] UnusableCertificate),
    /// The keys are of no use.
    #[error(transparent)]
    Keys(#[from] UnusableKeys),
    /// `REDIS_URL` is of no use.
    #[error(transparent)]
    Redis(#[from] UnusableRedis),
    /// `STORE_FILE` is of no use.
    #[error(transparent)]
    File(#[from] UnusableFile),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// Two metrics of one name.
    #[error(transparent)]
    Metrics(#[from] prometheus::Error),
}
