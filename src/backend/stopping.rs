//! The end of the process, step by step: told to stop, not ready; then the listener closes; then what is under way ends.

pub mod detached;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::problem::Problem;
use crate::protocol::Code;

/// How long after the signal requests, refreshes and writes may go on.
pub const UNDER_WAY: Duration = Duration::from_secs(25);
/// How much longer than that the process may take to let go of everything.
pub const LETTING_GO: Duration = Duration::from_millis(1_500);

/// Something is not begun, since the process ends before it could be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the process ends before that could be done")]
pub struct TooLate;

impl From<TooLate> for Problem {
    fn from(_: TooLate) -> Self {
        Problem::new(
            Code::StoreUnavailable,
            "This backend is being stopped and begins nothing that it may not finish; nothing was changed: try again in a moment.",
        )
        .retry_after(Duration::from_secs(1))
    }
}

/// How far the end is.
#[derive(Clone, Debug, Default)]
pub struct Stopping {
    told: CancellationToken,
    closing: CancellationToken,
    end: Arc<OnceLock<Instant>>,
}

impl Stopping {
    /// From now on not ready. What is under way may go on until the moment that this answers with.
    #[must_use]
    pub fn begin(&self) -> Instant {
        let end = *self.end.get_or_init(|| Instant::now() + UNDER_WAY);
        self.told.cancel();
        end
    }

    /// Whether the process was told to stop.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.told.is_cancelled()
    }

    /// Whether there is time for work that takes so long.
    ///
    /// # Errors
    /// When the process ends sooner.
    pub fn time_for(&self, work: Duration) -> Result<(), TooLate> {
        match self.end.get() {
            Some(end) if end.saturating_duration_since(Instant::now()) < work => Err(TooLate),
            _ => Ok(()),
        }
    }

    /// Returns when there is no time any more for work that takes so long.
    pub async fn no_time_for(&self, work: Duration) {
        self.told.cancelled().await;
        if let Some(last_moment) = self.end.get().and_then(|end| end.checked_sub(work)) {
            sleep_until(last_moment).await;
        }
    }

    /// The listener closes: who waits for something that may never come is answered now.
    pub fn close(&self) {
        self.closing.cancel();
    }

    /// Returns when the listener closes.
    pub async fn closes(&self) {
        self.closing.cancelled().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[actix_web::test]
    async fn there_is_time_for_everything_until_the_process_is_told_to_stop() {
        let stopping = Stopping::default();
        assert_eq!(stopping.time_for(MINUTE), Ok(()));
        tokio::select! {
            biased;
            () = stopping.no_time_for(MINUTE) => panic!("nothing has ended"),
            () = std::future::ready(()) => {}
        }
        assert!(stopping.begin() > Instant::now());
        assert_eq!(stopping.time_for(UNDER_WAY / 2), Ok(()));
        assert_eq!(stopping.time_for(UNDER_WAY), Err(TooLate));
        stopping.no_time_for(UNDER_WAY).await;
        // Longer than the machine runs, perhaps.
        stopping.no_time_for(MINUTE * 1_000_000).await;
    }
}
