//! Lines that the user types. Standard input is read only if it is a terminal with this program in its foreground: in `curl … | sh` it
//! is the rest of the script, in a shell's loop it may be the loop's input, and a background job that reads its terminal is stopped.

use std::io::{BufRead, IsTerminal, StdinLock};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::Terminal;
use super::hidden_text::{Completeness, HiddenText};
use super::input_mode::{self, Echo, InputMode};
pub use super::input_mode::{Attended, attended};

/// How often a program in the background checks whether it is in the foreground again.
const BACKGROUND_WAIT: Duration = Duration::from_millis(250);

/// What the user reads after Ctrl-D.
const ENDED: &str = "The input has ended: from now on only the browser counts. Ctrl-C ends the login.";

/// The typed lines; reading begins with the first one that is asked for.
#[derive(Default)]
pub struct Keyboard {
    lines: Option<mpsc::UnboundedReceiver<String>>,
    mode: Arc<InputMode>,
    end_was_said: bool,
}

impl Keyboard {
    /// The next line. None where no more will come: standard input is no terminal, or it has ended (Ctrl-D).
    pub async fn line(&mut self) -> Option<String> {
        if !std::io::stdin().is_terminal() {
            return None;
        }
        let lines = self.lines.get_or_insert_with(|| lines(Arc::clone(&self.mode)));
        loop {
            tokio::select! {
                line = lines.recv() => return line,
                // The shell may have changed the terminal meanwhile.
                () = input_mode::continued() => self.mode.apply(),
            }
        }
    }

    /// The next line, where the user can also go on in the browser: never resolves where no more will come. That the input has ended is said
    /// once.
    pub async fn line_beside_browser(&mut self, terminal: &Terminal) -> String {
        if let Some(line) = self.line().await {
            return line;
        }
        if std::io::stdin().is_terminal() && !self.end_was_said {
            self.end_was_said = true;
            terminal.say(ENDED);
        }
        std::future::pending().await
    }

    /// From now on nothing that is typed is shown, and a line may be of any length. Ends with this value.
    pub fn hide_input(&self) {
        self.mode.hide();
    }

    /// Discards earlier input: lines that were pasted after a command must not answer its question.
    pub fn forget_what_was_typed_ahead(&mut self) {
        if attended() == Attended::No {
            return;
        }
        input_mode::forget_input();
        if let Some(lines) = &mut self.lines {
            while lines.try_recv().is_ok() {}
        }
    }
}

impl Drop for Keyboard {
    /// Also when the login is interrupted, or panics.
    fn drop(&mut self) {
        self.mode.restore();
    }
}

/// Starts reading lines, on a thread that ends with the program.
fn lines(mode: Arc<InputMode>) -> mpsc::UnboundedReceiver<String> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        input_mode::survive_background();
        let mut input = std::io::stdin().lock();
        let mut hidden = HiddenText::default();
        while let Some(bytes) = next_bytes(&mut input, &mode) {
            let line = match mode.echo() {
                Echo::On => Some(String::from_utf8_lossy(&bytes).into_owned()),
                Echo::Off => hidden_line(&mut hidden, &bytes),
            };
            if line.is_some_and(|line| sender.send(line).is_err()) {
                return;
            }
        }
    });
    receiver
}

/// A line of hidden text once it is complete and nothing follows at once. Nothing typed is no line.
fn hidden_line(hidden: &mut HiddenText, bytes: &[u8]) -> Option<String> {
    let complete = hidden.add(bytes) == Completeness::Complete && input_mode::is_quiet();
    complete.then(|| hidden.take()).filter(|line| !line.is_empty())
}

/// What the terminal gives next, read once the program is in the foreground: a line while input is shown, else whatever has come. None at
/// the end of input.
fn next_bytes(input: &mut StdinLock<'_>, mode: &InputMode) -> Option<Vec<u8>> {
    loop {
        if attended() == Attended::No {
            std::thread::sleep(BACKGROUND_WAIT);
            continue;
        }
        mode.apply();
        match input.fill_buf() {
            Ok([]) => return None,
            Ok(bytes) => {
                let bytes = bytes.to_vec();
                input.consume(bytes.len());
                return Some(bytes);
            }
            // Sent to the background meanwhile: with the signal blocked, the read fails and the process is not stopped.
            Err(_) if attended() == Attended::No && std::io::stdin().is_terminal() => {}
            Err(_) => return None,
        }
    }
}
