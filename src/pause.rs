//! Waiting, passed in, so that a simulation can let time pass as it likes.

use std::time::Duration;

use async_trait::async_trait;

/// Lets time pass.
#[async_trait]
pub trait Pause: Send + Sync {
    /// Returns after that time.
    async fn wait(&self, time: Duration);
}

/// The runtime's own timer.
#[derive(Clone, Copy, Debug, Default)]
pub struct RuntimePause;

#[async_trait]
impl Pause for RuntimePause {
    async fn wait(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}
