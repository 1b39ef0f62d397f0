//! The time of day and timers, passed in so that tests and simulations control them.

use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now, in UTC.
    fn now(&self) -> OffsetDateTime;
}

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

/// Lets time pass.
#[async_trait]
pub trait Timer: Send + Sync {
    /// Returns after that time.
    async fn wait(&self, time: Duration);
}

/// The runtime's own timer.
#[derive(Clone, Copy, Debug, Default)]
pub struct RuntimeTimer;

#[async_trait]
impl Timer for RuntimeTimer {
    async fn wait(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}
