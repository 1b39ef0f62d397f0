//! Signals that stop the program.

/// Which signal it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopSignal {
    /// SIGTERM; on Windows Ctrl-Break, a console that is closed, a shutdown.
    Terminate,
    /// SIGINT, Ctrl-C.
    Interrupt,
}

/// Listens from the call on. Never resolves where signals cannot be received.
#[cfg(unix)]
pub fn stop_requested() -> impl Future<Output = StopSignal> {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    async {
        let (Ok(mut terminate), Ok(mut interrupt)) = signals else { return std::future::pending().await };
        tokio::select! {
            _ = terminate.recv() => StopSignal::Terminate,
            _ = interrupt.recv() => StopSignal::Interrupt,
        }
    }
}

/// The same for a command at a terminal, which may be closed (SIGHUP). Without one that signal keeps its meaning: `nohup` has it ignored.
#[cfg(unix)]
pub fn stop_requested_at_terminal() -> impl Future<Output = StopSignal> {
    use std::io::IsTerminal;
    use tokio::signal::unix::{SignalKind, signal};
    let hang_up = std::io::stdin().is_terminal().then(|| signal(SignalKind::hangup()));
    let stop = stop_requested();
    async {
        let Some(Ok(mut hang_up)) = hang_up else { return stop.await };
        tokio::select! {
            signal = stop => signal,
            _ = hang_up.recv() => StopSignal::Terminate,
        }
    }
}

/// The same: a console that is closed is among the signals already.
#[cfg(windows)]
pub fn stop_requested_at_terminal() -> impl Future<Output = StopSignal> {
    stop_requested()
}

/// From now on a terminal that is closed (SIGHUP) does not end the process.
#[cfg(unix)]
pub fn outlive_terminal() {
    use tokio::signal::unix::{SignalKind, signal};
    // Its handler stays when this is dropped.
    if let Err(error) = signal(SignalKind::hangup()) {
        tracing::info!(%error, "the process ends with its terminal");
    }
}

/// The same: a console that is closed leaves a process some seconds, and no more.
#[cfg(windows)]
pub fn outlive_terminal() {}

/// Listens from the call on. Never resolves where signals cannot be received.
#[cfg(windows)]
pub fn stop_requested() -> impl Future<Output = StopSignal> {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};
    let signals = (ctrl_c(), ctrl_break(), ctrl_close(), ctrl_shutdown());
    async {
        let (Ok(mut interrupt), Ok(mut end), Ok(mut close), Ok(mut shutdown)) = signals else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => StopSignal::Interrupt,
            _ = end.recv() => StopSignal::Terminate,
            _ = close.recv() => StopSignal::Terminate,
            _ = shutdown.recv() => StopSignal::Terminate,
        }
    }
}
