//! The mode of a Unix terminal.

use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::sys::termios::{
    FlushArg, LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcflush, tcgetattr, tcsetattr,
};
use tokio::signal::unix::{SignalKind, signal};

/// The terminal's settings.
pub type Settings = Termios;

/// The pieces of pasted text follow each other faster than this, and no person types so fast. In milliseconds.
const QUIET_MS: u16 = 200;

/// The settings now; none without a terminal.
pub fn settings() -> Option<Settings> {
    tcgetattr(std::io::stdin()).ok()
}

/// No echo and no lines. Ctrl-C still interrupts; Ctrl-\ does not, which would leave the terminal like this.
pub fn hide(found: &Settings) -> bool {
    let mut hidden = found.clone();
    hidden
        .local_flags
        .remove(LocalFlags::ECHO | LocalFlags::ECHONL | LocalFlags::ICANON | LocalFlags::IEXTEN);
    let special = [
        (SpecialCharacterIndices::VMIN, 1),
        (SpecialCharacterIndices::VTIME, 0),
        (SpecialCharacterIndices::VQUIT, nix::libc::_POSIX_VDISABLE),
    ];
    for (index, value) in special {
        if let Some(character) = hidden.control_chars.get_mut(index as usize) {
            *character = value;
        }
    }
    in_foreground_or_not(|| tcsetattr(std::io::stdin(), SetArg::TCSANOW, &hidden).is_ok()).unwrap_or(false)
}

/// Puts the settings back, and discards what was not read.
pub fn restore(found: &Settings) {
    in_foreground_or_not(|| {
        let _ = tcsetattr(std::io::stdin(), SetArg::TCSAFLUSH, found);
    });
}

/// Discards what was not read.
pub fn forget_input() {
    in_foreground_or_not(|| {
        let _ = tcflush(std::io::stdin(), FlushArg::TCIFLUSH);
    });
}

/// Whether nothing more comes at once.
pub fn is_quiet() -> bool {
    let input = std::io::stdin();
    let mut waits = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
    let ready = poll(&mut waits, PollTimeout::from(QUIET_MS));
    // Where a terminal cannot be waited for, every line counts by itself.
    !ready.is_ok_and(|ready| ready > 0) || !waits.iter().any(|w| w.revents() == Some(PollFlags::POLLIN))
}

/// Reading and configuring in the background fail from now on in this thread, and do not stop the process.
pub fn survive_background() {
    let _ = stop_signals().thread_block();
}

/// When the program goes on after it was stopped (Ctrl-Z).
pub async fn continued() {
    match signal(SignalKind::from_raw(Signal::SIGCONT as i32)) {
        Ok(mut continued) => drop(continued.recv().await),
        Err(_) => std::future::pending().await,
    }
}

/// Without this a program that was just sent to the background would be stopped.
fn in_foreground_or_not<T>(act: impl FnOnce() -> T) -> Option<T> {
    let before = stop_signals().thread_swap_mask(SigmaskHow::SIG_BLOCK).ok()?;
    let done = act();
    let _ = before.thread_set_mask();
    Some(done)
}

/// The signals that stop a background job when it reads or configures its terminal.
fn stop_signals() -> SigSet {
    [Signal::SIGTTIN, Signal::SIGTTOU].into_iter().collect()
}
