//! Logins that were pending when the process ended: their callbacks may come at any time, so the port is bound for them.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};

use super::ProxyLogins;

/// Looks for logins that another process began, as soon as the store answers, and keeps the redirect URI's port bound until they end.
pub async fn hold_port_for_them(logins: ProxyLogins) {
    let patiently = ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(Duration::from_secs(5))
        .without_max_times();
    let outstanding = || logins.store.outstanding();
    let Ok(hashes) = outstanding.retry(patiently).await else { return };
    for hash in &hashes {
        logins.known.live.expect(hash);
    }
    if hashes.is_empty() {
        tracing::debug!("no login from before the start is under way");
        return;
    }
    tracing::info!(logins = hashes.len(), "logins from before the start are under way");
    if let Err(error) = logins.known.callback_port.open().await {
        tracing::error!(%error, "the redirects of these logins will not arrive");
    }
    let last = logins.settings.login_timeout.0;
    tokio::time::sleep(last).await;
    for hash in &hashes {
        logins.known.live.forget_unless_opened(hash);
    }
    logins.known.close_port_unless_needed().await;
}
