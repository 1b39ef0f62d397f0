//! The system, or a person, wants the program to end.

/// Who told the program to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopSignal {
    /// What runs it (SIGTERM; on Windows the end of the console or of the system).
    Terminate,
    /// A person at its terminal (Ctrl-C: SIGINT; on Windows Ctrl-Break, too).
    Interrupt,
}

/// The first signal that comes from this call on, not only from the first poll; never, where the system gives none.
#[cfg(unix)]
pub fn told_to_stop() -> impl Future<Output = StopSignal> {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = signal(SignalKind::terminate()).and_then(|t| Ok((t, signal(SignalKind::interrupt())?)));
    async {
        let Ok((mut terminate, mut interrupt)) = signals else { return std::future::pending().await };
        tokio::select! {
            _ = terminate.recv() => StopSignal::Terminate,
            _ = interrupt.recv() => StopSignal::Interrupt,
        }
    }
}

/// The first signal that comes from this call on, not only from the first poll; never, where the system gives none.
#[cfg(windows)]
pub fn told_to_stop() -> impl Future<Output = StopSignal> {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};
    let signals = (ctrl_c(), ctrl_break(), ctrl_close(), ctrl_shutdown());
    async {
        let (Ok(mut interrupt), Ok(mut stop), Ok(mut close), Ok(mut shutdown)) = signals else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => StopSignal::Interrupt,
            _ = stop.recv() => StopSignal::Interrupt,
            _ = close.recv() => StopSignal::Terminate,
            _ = shutdown.recv() => StopSignal::Terminate,
        }
    }
}
