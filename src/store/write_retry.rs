//! Writing what must not be lost while the store does not answer.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};

use super::StoreError;

/// Writes, and tries again with longer and longer pauses while the store fails, for about as long as `timeout`. Only for
/// writes that do no harm when done twice: of a time-out nobody knows whether it happened.
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
