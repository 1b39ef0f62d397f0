//! Standard input, where a person types: a terminal in whose foreground this program is. Anything else is not ours to read: in
//! `curl … | sh` it is the rest of the script, in a loop the rest of the list, and a background job that reads its terminal is stopped.

use std::io::{BufRead, IsTerminal, StdinLock};
use std::time::Duration;

use tokio::sync::mpsc;

/// How often a program in the background looks whether it is in the foreground again.
const BACKGROUND_WAIT: Duration = Duration::from_millis(250);

/// Whether a person types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attended {
    /// Standard input is a terminal, and we are in its foreground.
    Yes,
    /// It is something else, or the person is in another program now.
    No,
}

/// What is typed, from the first line on that is waited for.
#[derive(Default)]
pub struct Keyboard(Option<mpsc::UnboundedReceiver<String>>);

impl Keyboard {
    /// The next line; none ever comes where nobody types.
    pub async fn line(&mut self) -> String {
        if !std::io::stdin().is_terminal() {
            return std::future::pending().await;
        }
        match self.0.get_or_insert_with(lines).recv().await {
            Some(line) => line,
            None => std::future::pending().await,
        }
    }

    /// Forgets what was typed before now: the lines behind a pasted command are no answer to its question.
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

/// Whether a person types now.
#[cfg(unix)]
#[must_use]
pub fn attended() -> Attended {
    let input = std::io::stdin();
    let is_ours = nix::unistd::tcgetpgrp(&input).is_ok_and(|group| group == nix::unistd::getpgrp());
    if input.is_terminal() && is_ours { Attended::Yes } else { Attended::No }
}

/// Whether a person types now. There are no background jobs here.
#[cfg(not(unix))]
#[must_use]
pub fn attended() -> Attended {
    if std::io::stdin().is_terminal() { Attended::Yes } else { Attended::No }
}

/// The lines, from now on. They are read by a thread of their own, which ends with the program.
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

/// The next line, as soon as we are in the foreground; nothing at the end.
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
            // Sent to the background meanwhile: with the signal blocked, the read fails and stops nobody.
            Err(_) if attended() == Attended::No && std::io::stdin().is_terminal() => {}
            Err(_) => return None,
        }
    }
}

/// What stops a background job that reads its terminal, or changes it.
#[cfg(unix)]
fn stop_signals() -> nix::sys::signal::SigSet {
    use nix::sys::signal::Signal;
    [Signal::SIGTTIN, Signal::SIGTTOU].into_iter().collect()
}

#[cfg(unix)]
fn forget_input() {
    use nix::sys::signal::SigmaskHow;
    use nix::sys::termios::{FlushArg, tcflush};
    // Sent to the background just now, we would be stopped.
    let Ok(before) = stop_signals().thread_swap_mask(SigmaskHow::SIG_BLOCK) else { return };
    let _ = tcflush(std::io::stdin(), FlushArg::TCIFLUSH);
    let _ = before.thread_set_mask();
}

/// Nothing can be forgotten here: the random words are what protects.
#[cfg(not(unix))]
fn forget_input() {}
