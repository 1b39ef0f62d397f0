//! Lines that the user types. Standard input is read only if it is a terminal with this program in its foreground: in `curl … | sh` it
//! is the rest of the script, in a shell's loop it may be the loop's input, and a background job that reads its terminal is stopped.

use std::io::{BufRead, IsTerminal, StdinLock};
use std::time::Duration;

use tokio::sync::mpsc;

/// How often a program in the background checks whether it is in the foreground again.
const BACKGROUND_WAIT: Duration = Duration::from_millis(250);

/// Whether a user is at the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attended {
    /// Standard input is a terminal with this program in its foreground.
    Yes,
    /// It is no terminal, or another program is in its foreground.
    No,
}

/// The typed lines; reading begins with the first call of [`Self::line`].
#[derive(Default)]
pub struct Keyboard(Option<mpsc::UnboundedReceiver<String>>);

impl Keyboard {
    /// The next line. Never resolves if standard input is no terminal.
    pub async fn line(&mut self) -> String {
        if !std::io::stdin().is_terminal() {
            return std::future::pending().await;
        }
        match self.0.get_or_insert_with(lines).recv().await {
            Some(line) => line,
            None => std::future::pending().await,
        }
    }

    /// Discards earlier input: lines that were pasted after a command must not answer its question.
    pub fn forget_what_was_typed_ahead(&mut self) {
        if attended() == Attended::No {
            return;
        }
        forget_input();
        if let Some(lines) = &mut self.0 {
            while lines.try_recv().is_ok() {}
        }
    }
}

/// Whether a user is at the terminal now.
#[cfg(unix)]
#[must_use]
pub fn attended() -> Attended {
    let input = std::io::stdin();
    let is_ours = nix::unistd::tcgetpgrp(&input).is_ok_and(|group| group == nix::unistd::getpgrp());
    if input.is_terminal() && is_ours { Attended::Yes } else { Attended::No }
}

/// Whether a user is at the terminal now. Background jobs do not exist here.
#[cfg(not(unix))]
#[must_use]
pub fn attended() -> Attended {
    if std::io::stdin().is_terminal() { Attended::Yes } else { Attended::No }
}

/// Starts reading lines, on a thread that ends with the program.
fn lines() -> mpsc::UnboundedReceiver<String> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        #[cfg(unix)]
        let _ = stop_signals().thread_block();
        let mut input = std::io::stdin().lock();
        while let Some(line) = next_line(&mut input) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// The next line, read once the program is in the foreground; none at the end of input.
fn next_line(input: &mut StdinLock<'_>) -> Option<String> {
    loop {
        if attended() == Attended::No {
            std::thread::sleep(BACKGROUND_WAIT);
            continue;
        }
        let mut line = Vec::new();
        match input.read_until(b'\n', &mut line) {
            Ok(0) => return None,
            Ok(_) => return Some(String::from_utf8_lossy(&line).into_owned()),
            // Sent to the background meanwhile: with the signal blocked, the read fails and the process is not stopped.
            Err(_) if attended() == Attended::No && std::io::stdin().is_terminal() => {}
            Err(_) => return None,
        }
    }
}

/// The signals that stop a background job when it reads or configures its terminal.
#[cfg(unix)]
fn stop_signals() -> nix::sys::signal::SigSet {
    use nix::sys::signal::Signal;
    [Signal::SIGTTIN, Signal::SIGTTOU].into_iter().collect()
}

#[cfg(unix)]
fn forget_input() {
    use nix::sys::signal::SigmaskHow;
    use nix::sys::termios::{FlushArg, tcflush};
    // Without this a program that was just sent to the background would be stopped.
    let Ok(before) = stop_signals().thread_swap_mask(SigmaskHow::SIG_BLOCK) else { return };
    let _ = tcflush(std::io::stdin(), FlushArg::TCIFLUSH);
    let _ = before.thread_set_mask();
}

/// Input cannot be discarded here; the random words protect the question.
#[cfg(not(unix))]
fn forget_input() {}
