//! The end of a proxy that systemd starts on demand: while it is not used, it uses no memory.

use std::time::Duration;

use crate::clock::Timer;
use crate::helper::web::server::acceptor::Gate;

/// Returns when no connection has come for that time, and no login is pending. From then on nothing is accepted: a connection that comes
/// after it waits at systemd, which starts the next process for it.
pub async fn unused(gate: &Gate, is_needed: impl Fn() -> bool, timer: &dyn Timer, time: Duration) {
    loop {
        let before = gate.accepted();
        timer.wait(time).await;
        if gate.accepted() != before || is_needed() {
            continue;
        }
        // One that comes just now is answered, and may begin a login.
        gate.pause().await;
        if gate.accepted() == before && !is_needed() {
            return;
        }
        gate.resume();
    }
}

#[cfg(test)]
mod tests;
