//! The terminal: the lines that the user reads, and the meaning of lines that they type.

pub mod browser;
pub mod browser_command;
pub mod confirmation_words;
pub mod countdown;
pub mod dialogue;
pub mod elsewhere;
mod hidden_text;
mod input_mode;
pub mod keyboard;
pub mod shown_command;
pub mod tools;

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use anstream::StripStream;
use anstyle::{AnsiColor, Style};

use self::countdown::Countdown;
use super::backend_client::{displayable, harmless};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const TICK: Duration = Duration::from_secs(1);

/// Writes lines for the user.
pub struct Terminal {
    screen: Mutex<Screen>,
}

struct Screen {
    writer: Box<dyn Write + Send>,
    countdown: Option<Countdown>,
    /// How many waits there were: the thread of an earlier one ends.
    waits: u64,
}

/// How the rest of a wait is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// In a line that changes.
    InPlace,
    /// Not by this terminal: it wants a line that stays.
    No,
}

impl Terminal {
    /// Writes to stderr, so that stdout stays free. In colours where a person sees them and has not set `NO_COLOR`.
    #[must_use]
    pub fn stderr() -> Self {
        Self::with(Box::new(anstream::stderr()))
    }

    /// Writes to stdout, for the result of a command.
    #[must_use]
    pub fn stdout() -> Self {
        Self::with(Box::new(io::stdout()))
    }

    /// Writes elsewhere, without colours.
    #[must_use]
    pub fn new(writer: Box<dyn Write + Send>) -> Self {
        Self::with(Box::new(StripStream::new(writer)))
    }

    fn with(writer: Box<dyn Write + Send>) -> Self {
        Self { screen: Mutex::new(Screen { writer, countdown: None, waits: 0 }) }
    }

    /// Writes one line; of a very long one the middle is left out. A closed terminal is ignored, as it must not end a login.
    pub fn say(&self, line: &str) {
        self.write_line(&displayable(line));
    }

    /// Writes one line without shortening it, for text that the user must compare or type.
    pub fn say_whole(&self, line: &str) {
        self.write_line(&harmless(line).collect::<String>());
    }

    /// Writes the line with which a command has succeeded.
    pub fn say_good(&self, line: &str) {
        self.write_line(&format!("{GOOD}{}{GOOD:#}", displayable(line)));
    }

    /// Writes the line with which a command has failed.
    pub fn say_bad(&self, line: &str) {
        self.write_line(&format!("{BAD}{}{BAD:#}", harmless(line).collect::<String>()));
    }

    /// Shows how long a wait still takes, below all other lines, until [`Self::stop_counting`].
    pub fn count_down(self: &Arc<Self>, left: Duration) -> Counting {
        let mut screen = self.screen();
        screen.countdown = Countdown::new(left);
        screen.waits = screen.waits.wrapping_add(1);
        let Some(countdown) = &mut screen.countdown else { return Counting::No };
        countdown.draw();
        let (terminal, wait) = (Arc::downgrade(self), screen.waits);
        std::thread::spawn(move || tick(&terminal, wait));
        Counting::InPlace
    }

    /// The wait is over.
    pub fn stop_counting(&self) {
        if let Some(mut countdown) = self.screen().countdown.take() {
            countdown.erase();
        }
    }

    fn write_line(&self, line: &str) {
        let mut terminal = self;
        let _ = terminal.write_all(format!("{line}\n").as_bytes());
    }

    /// Writes one line byte for byte, for another program to read.
    ///
    /// # Errors
    /// When it cannot be written, as the other program would take empty output for the result.
    pub fn pass_on(&self, text: &[u8]) -> io::Result<()> {
        let mut screen = self.screen();
        screen.writer.write_all(text)?;
        screen.writer.write_all(b"\n")?;
        screen.writer.flush()
    }

    fn screen(&self) -> MutexGuard<'_, Screen> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whole lines, such as those of the log: the line that changes in place stays below them.
impl Write for &Terminal {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.write_all(lines)?;
        Ok(lines.len())
    }

    fn write_all(&mut self, lines: &[u8]) -> io::Result<()> {
        let mut screen = self.screen();
        let Screen { writer, countdown, .. } = &mut *screen;
        if let Some(countdown) = countdown {
            countdown.erase();
        }
        let written = writer.write_all(lines);
        if let Some(countdown) = countdown {
            countdown.draw();
        }
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.screen().writer.flush()
    }
}

/// Draws the line of that wait once a second, as long as there is one.
fn tick(terminal: &Weak<Terminal>, wait: u64) {
    loop {
        std::thread::sleep(TICK);
        let Some(terminal) = terminal.upgrade() else { return };
        let mut screen = terminal.screen();
        match &mut *screen {
            Screen { countdown: Some(countdown), waits, .. } if *waits == wait => countdown.draw(),
            _ => return,
        }
    }
}
