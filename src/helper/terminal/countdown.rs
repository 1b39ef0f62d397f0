//! The one line that changes in place: how long a login still waits. Only where a person sees a terminal that can do that; elsewhere a
//! plain line says it once.

use std::time::{Duration, Instant};

use console::Term;

use super::input_mode::{Attended, attended};

/// It turns once a second, so that a person sees that the program lives.
const SPINNER: [char; 4] = ['|', '/', '-', '\\'];

/// The line.
pub struct Countdown {
    screen: Term,
    ends: Instant,
    turns: usize,
    shown: Shown,
}

/// Whether the line is on the screen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Yes,
    No,
}

impl Countdown {
    /// A line on stderr; none where it is no terminal, is a `dumb` one, or belongs to a CI job: its log would keep every change.
    #[must_use]
    pub fn new(left: Duration) -> Option<Self> {
        let screen = Term::stderr();
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let changes = screen.is_term() && !console::is_dumb() && !is_set("CI");
        changes.then(|| Self { screen, ends: Instant::now() + left, turns: 0, shown: Shown::No })
    }

    /// Writes the line as it is now. A program in the background leaves the screen to the one before it.
    pub fn draw(&mut self) {
        if attended() == Attended::No {
            return;
        }
        let left = self.ends.saturating_duration_since(Instant::now());
        let spinner = SPINNER.get(self.turns % SPINNER.len()).unwrap_or(&'-');
        self.turns = self.turns.wrapping_add(1);
        let columns = usize::from(self.screen.size().1);
        let line = line(*spinner, left, columns);
        // In one piece, so that nothing flickers. Not every console of Windows knows the sequence.
        let written = if cfg!(windows) {
            self.erase();
            self.screen.write_str(&line)
        } else {
            self.screen.write_str(&format!("\r\x1b[2K{line}"))
        };
        self.shown = if written.is_ok() { Shown::Yes } else { Shown::No };
    }

    /// Takes it off the screen, for another line or for good.
    pub fn erase(&mut self) {
        if self.shown == Shown::Yes && attended() == Attended::Yes {
            let _ = self.screen.clear_line();
        }
        self.shown = Shown::No;
    }
}

/// One row of the screen, whatever its width: what a narrow one cuts off is known.
fn line(spinner: char, left: Duration, columns: usize) -> String {
    let left = humantime::format_duration(rounded(left));
    let line = format!("{spinner} {left} left for you to log in. Ctrl-C ends it.");
    // In the last column a cursor may go to the next row.
    line.chars().take(columns.saturating_sub(1)).collect()
}

/// As people say it: a session that was begun a moment ago has five minutes, not 4 minutes 59 seconds.
#[must_use]
pub fn rounded(left: Duration) -> Duration {
    let seconds = left.as_secs();
    Duration::from_secs(if seconds > 60 { seconds.next_multiple_of(10) } else { seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_is_left_is_rounded_as_people_say_it() {
        let said = |millis| humantime::format_duration(rounded(Duration::from_millis(millis))).to_string();
        let shown = [299_400, 300_000, 245_000, 61_000, 59_900, 1_500].map(said);
        assert_eq!(shown, ["5m", "5m", "4m 10s", "1m 10s", "59s", "1s"]);
    }

    #[test]
    fn a_narrow_screen_keeps_the_line_in_one_row_with_the_time_in_it() {
        let left = Duration::from_secs(270);
        assert_eq!(line('|', left, 80), "| 4m 30s left for you to log in. Ctrl-C ends it.");
        assert_eq!(line('|', left, 20), "| 4m 30s left for y");
        assert_eq!(line('|', left, 0), "");
    }
}
