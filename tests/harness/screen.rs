//! A program at a terminal of its own, with keyboard and screen: the screen is read as a person sees it.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Longer than anything a test waits for takes, even on a busy machine.
const TIMEOUT: Duration = Duration::from_mins(3);

struct Shown {
    parser: vt100::Parser,
    written: Vec<u8>,
    is_open: bool,
}

/// A running program with its terminal; killed on drop.
pub struct Screen {
    child: Child,
    keyboard: File,
    shown: Arc<(Mutex<Shown>, Condvar)>,
}

impl Screen {
    /// Starts a program in the foreground of a terminal of this size; what it writes there goes to `log`, too.
    pub fn start(command: &Command, log: &Path, (rows, columns): (u16, u16)) -> Self {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let terminal = openpty(Some(&size), None).unwrap();
        let slave = |slave: &OwnedFd| slave.try_clone().unwrap();
        // Only a session's controlling terminal has a foreground; `setsid` becomes the program.
        let mut there = Command::new("setsid");
        there.arg("--ctty").arg(command.get_program()).args(command.get_args()).env_clear();
        there.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        there.stdin(slave(&terminal.slave)).stdout(slave(&terminal.slave)).stderr(terminal.slave);
        let child = there.spawn().unwrap();
        let keyboard = File::from(terminal.master);
        let parser = vt100::Parser::new(count(rows), count(columns), 0);
        let shown = Shown { parser, written: Vec::new(), is_open: true };
        let shown = Arc::new((Mutex::new(shown), Condvar::new()));
        follow(keyboard.try_clone().unwrap(), &shown, File::create(log).unwrap());
        Self { child, keyboard, shown }
    }

    /// Waits until `find` makes something of the screen.
    pub fn wait_for<T>(&self, what: &str, find: impl Fn(&vt100::Screen) -> Option<T>) -> T {
        let deadline = Instant::now() + TIMEOUT;
        let (lock, changed) = &*self.shown;
        let mut shown = lock.lock().unwrap();
        loop {
            if let Some(found) = find(shown.parser.screen()) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let may_come = shown.is_open && !left.is_zero();
            assert!(may_come, "{what} is never on the screen:\n{}", shown.parser.screen().contents());
            shown = changed.wait_timeout(shown, left).unwrap().0;
        }
    }

    /// Waits for a line, or a part of one, on the screen.
    pub fn wait_for_text(&self, text: &str) {
        self.wait_for(text, |screen| screen.contents().contains(text).then_some(()));
    }

    /// Waits for the first link after that text that the helper asks to open.
    pub fn wait_for_link(&self, after: &str) -> String {
        self.wait_for("a link", |screen| {
            let contents = screen.contents();
            let (_, rest) = contents.split_once(after)?;
            let line = rest.lines().find_map(|line| line.strip_prefix("Open "))?;
            // Whole, once the next line has begun.
            rest.contains(&format!("{line}\n")).then(|| line.to_owned())
        })
    }

    /// The lines: one that is longer than the screen is wide is in one piece.
    pub fn lines(&self) -> Vec<String> {
        let shown = self.shown.0.lock().unwrap();
        let lines = shown.parser.screen().contents();
        lines.trim_end().lines().map(|line| line.trim_end().to_owned()).collect()
    }

    /// The rows, as they are on the screen.
    pub fn rows(&self) -> Vec<String> {
        let shown = self.shown.0.lock().unwrap();
        let screen = shown.parser.screen();
        let mut rows: Vec<String> = rows_of(screen).map(|row| row.trim_end().to_owned()).collect();
        while rows.last().is_some_and(String::is_empty) {
            rows.pop();
        }
        rows
    }

    /// The colour of the first letter of the line that begins so.
    pub fn colour_of(&self, line: &str) -> vt100::Color {
        let shown = self.shown.0.lock().unwrap();
        let screen = shown.parser.screen();
        let row = rows_of(screen).position(|row| row.starts_with(line)).unwrap();
        screen.cell(u16::try_from(row).unwrap(), 0).unwrap().fgcolor()
    }

    /// Everything that was written to the terminal, with what moves its cursor.
    pub fn written(&self) -> String {
        String::from_utf8_lossy(&self.shown.0.lock().unwrap().written).into_owned()
    }

    /// Makes the window as wide as that.
    pub fn resize(&mut self, columns: u16) {
        let device = format!("/proc/{}/fd/0", self.child.id());
        let columns_text = columns.to_string();
        let done = Command::new("stty").args(["-F", &device, "cols", &columns_text]).status().unwrap();
        assert!(done.success());
        let screen = &mut self.shown.0.lock().unwrap().parser;
        let rows = screen.screen().size().0;
        screen.screen_mut().set_size(rows, count(columns));
    }

    /// Types these keys, and no Enter after them.
    pub fn type_keys(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).and_then(|()| self.keyboard.flush()).unwrap();
    }

    /// Types a line.
    pub fn type_line(&mut self, line: &str) {
        self.type_keys(&format!("{line}\n"));
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }

    /// Waits for its end, and for the last of what it writes: the exit code.
    pub fn wait(&mut self) -> Option<i32> {
        let deadline = Instant::now() + TIMEOUT;
        let (lock, changed) = &*self.shown;
        let mut shown = lock.lock().unwrap();
        while shown.is_open {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "it does not end:\n{}", shown.parser.screen().contents());
            shown = changed.wait_timeout(shown, left).unwrap().0;
        }
        drop(shown);
        self.child.wait().unwrap().code()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The rows of a screen.
pub fn rows_of(screen: &vt100::Screen) -> impl Iterator<Item = String> {
    screen.rows(0, screen.size().1.get())
}

fn count(of: u16) -> NonZeroU16 {
    NonZeroU16::new(of).unwrap()
}

/// The line as the log keeps it: an address to log in at stands on the terminal and nowhere else.
fn kept(line: &[u8]) -> &[u8] {
    let is_address = line.windows(16).any(|part| part == b"&code_challenge=");
    if is_address { b"  (the address to log in at)\r" } else { line }
}

/// Reads what the program writes, until it has closed the terminal.
fn follow(mut terminal: File, shown: &Arc<(Mutex<Shown>, Condvar)>, mut log: File) {
    let shown = Arc::clone(shown);
    std::thread::spawn(move || {
        let (mut bytes, mut line) = ([0; 4096], Vec::new());
        // The last close is an error here (EIO), not an end.
        while let Ok(read @ 1..) = terminal.read(&mut bytes) {
            for byte in &bytes[..read] {
                line.push(*byte);
                if *byte == b'\n' {
                    let _ = log.write_all(kept(&line)).and_then(|()| log.write_all(b"\n"));
                    line.clear();
                }
            }
            let mut now = shown.0.lock().unwrap();
            now.parser.process(&bytes[..read]);
            now.written.extend_from_slice(&bytes[..read]);
            drop(now);
            shown.1.notify_all();
        }
        let _ = log.write_all(kept(&line));
        shown.0.lock().unwrap().is_open = false;
        shown.1.notify_all();
    });
}
