//! The end of the process, step by step: told to stop, not ready; then the listener closes; then what is under way ends.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// How long after the signal requests, refreshes and writes may go on.
pub const UNDER_WAY: Duration = Duration::from_secs(25);
/// How much longer than that the process may take to let go of everything.
pub const LETTING_GO: Duration = Duration::from_millis(1_500);

/// Who told the process to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopSignal {
    /// What runs it (SIGTERM), and sends requests here until it has seen that this replica is not ready.
    Terminate,
    /// A person at its terminal (SIGINT).
    Interrupt,
}

/// How far the end is.
#[derive(Clone, Debug, Default)]
pub struct Stopping {
    told: CancellationToken,
    closing: CancellationToken,
}

impl Stopping {
    /// From now on not ready.
    pub fn begin(&self) {
        self.told.cancel();
    }

    /// Whether the process was told to stop.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.told.is_cancelled()
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
