//! Retries writes that must not be lost while the store fails.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};

use super::StoreError;

/// Retries `write` with growing pauses while the store fails, for about `timeout`. Only for idempotent writes, since after a time-out
/// the write may have happened.
///
/// # Errors
/// The last failure.
pub async fn retry_write<T, F>(timeout: Duration, write: impl FnMut() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let pauses = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_secs(2))
        .with_total_delay(Some(timeout))
        .without_max_times()
        .with_jitter();
    write.retry(pauses).notify(|error, _| tracing::warn!(%error, "a write is tried again")).await
}
