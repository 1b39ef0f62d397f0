//! Logins that were under way when the process ended: their redirects may come back any moment, so the port is held for them.

use std::sync::Arc;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use time::{OffsetDateTime, PrimitiveDateTime};

use crate::helper::proxy::state::App;
use crate::helper::proxy::state::login_store::INDEX;
use crate::store::StoreError;

/// So many are looked at; whatever is beyond them was begun later, and would be an attack.
const MOST: usize = 10_000;

/// Looks, as soon as the store answers, for logins that another process began, and holds the redirect's port until they end.
pub async fn hold_port_for_them(app: Arc<App>) {
    let patiently = ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(Duration::from_secs(5))
        .without_max_times();
    let outstanding = || outstanding(&app);
    let Ok(logins) = outstanding.retry(patiently).await else { return };
    for hash in &logins {
        app.live.expect(hash);
    }
    if logins.is_empty() {
        tracing::debug!("no login from before the start is under way");
        return;
    }
    tracing::info!(logins = logins.len(), "logins from before the start are under way");
    if let Err(error) = app.callback_port.open(&app).await {
        tracing::error!(%error, "the redirects of these logins will not arrive");
    }
    let last = app.settings.login.login_timeout.0;
    tokio::time::sleep(last).await;
    for hash in &logins {
        app.live.forget_unless_opened(hash);
    }
    app.callback_port.close_unless_needed(&app).await;
}

/// Those whose record is there; the others have run out, or ended while their process died, and are crossed out.
async fn outstanding(app: &App) -> Result<Vec<String>, StoreError> {
    let end_of_time: OffsetDateTime = PrimitiveDateTime::MAX.assume_utc();
    let mut outstanding = Vec::new();
    for hash in app.store.noted(INDEX, end_of_time, MOST).await? {
        if app.is_kept(&hash).await? {
            outstanding.push(hash);
        } else {
            app.store.unnote(INDEX, &hash).await?;
        }
    }
    Ok(outstanding)
}
