//! The person, or the system, wants a command to end.

use crate::stop_signal::told_to_stop;

/// Returns at Ctrl-C, or at a signal to stop.
pub async fn interrupted() {
    told_to_stop().await;
}
