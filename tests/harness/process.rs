//! A child process: its output is kept and can be waited for.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use nix::pty::openpty;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Longer than anything a test waits for takes, even on a busy machine.
const TIMEOUT: Duration = Duration::from_mins(3);

#[derive(Default)]
struct Output {
    lines: Vec<String>,
    /// Those of standard output alone.
    on_stdout: Vec<String>,
    open_streams: usize,
}

/// A running program; killed on drop.
pub struct Process {
    name: String,
    child: Child,
    stdin: Option<Box<dyn Write + Send + Sync>>,
    output: Followed,
}

impl Process {
    /// Starts a program; what it prints on both streams goes to `log` line by line, too.
    pub fn start(name: &str, command: &mut Command, log: PathBuf) -> Self {
        let mut process = Self::spawn(name, command.stdin(Stdio::piped()), log);
        process.stdin = process.child.stdin.take().map(|stdin| Box::new(stdin) as _);
        process
    }

    /// Starts a program with this as its input.
    pub fn start_with_input(name: &str, command: &mut Command, log: PathBuf, input: Stdio) -> Self {
        Self::spawn(name, command.stdin(input), log)
    }

    /// Starts a program in the foreground of a terminal of its own, which already holds typed input.
    pub fn start_at_terminal(name: &str, command: &Command, log: PathBuf, typed_ahead: &str) -> Self {
        let terminal = openpty(None, None).unwrap();
        let mut keyboard = File::from(terminal.master);
        keyboard.write_all(typed_ahead.as_bytes()).unwrap();
        // Only a session's controlling terminal has a foreground; `setsid` becomes the program.
        let mut there = Command::new("setsid");
        there.arg("--ctty").arg(command.get_program()).args(command.get_args()).env_clear();
        there.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let mut process = Self::spawn(name, there.stdin(terminal.slave), log);
        process.stdin = Some(Box::new(keyboard));
        process
    }

    fn spawn(name: &str, command: &mut Command, log: PathBuf) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("{name} does not start: {e}"));
        let output: Followed = Arc::default();
        output.0.lock().unwrap().open_streams = 2;
        let file = Arc::new(Mutex::new(File::options().create(true).append(true).open(log).unwrap()));
        follow(child.stdout.take().unwrap(), Stream::Out, (&output, &file));
        follow(child.stderr.take().unwrap(), Stream::Err, (&output, &file));
        Self { name: name.to_owned(), child, stdin: None, output }
    }

    /// Waits for a line that `find` makes something of; lines printed already count.
    pub fn wait_for<T>(&self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        self.wait_until(what, |lines| lines.iter().find_map(|line| find(line)))
    }

    /// Waits until `find` makes something of all lines that were printed so far.
    pub fn wait_until<T>(&self, what: &str, find: impl Fn(&[String]) -> Option<T>) -> T {
        let deadline = Instant::now() + TIMEOUT;
        let (lock, changed) = &*self.output;
        let mut output = lock.lock().unwrap();
        loop {
            if let Some(found) = find(&output.lines) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let may_come = output.open_streams > 0 && !left.is_zero();
            let how = if output.open_streams > 0 { "still runs" } else { "has ended" };
            let (name, lines) = (&self.name, output.lines.join("\n"));
            assert!(may_come, "{name} {how} and never printed {what}; it printed:\n{lines}");
            output = changed.wait_timeout(output, left).unwrap().0;
        }
    }

    /// Waits for a line that holds `text`.
    pub fn wait_for_line(&self, text: &str) -> String {
        self.wait_for(text, |line| line.contains(text).then(|| line.to_owned()))
    }

    /// Waits for words that it wants to have typed, and that are not among these.
    pub fn wait_for_words(&self, seen: &[&str]) -> String {
        self.wait_for("what is to be typed", |line| {
            let words = line.split_once("ype: ")?.1;
            (!seen.contains(&words)).then(|| words.to_owned())
        })
    }

    /// All that it printed so far.
    pub fn printed(&self) -> String {
        self.output.0.lock().unwrap().lines.join("\n")
    }

    /// What of that went to standard output.
    pub fn printed_to_stdout(&self) -> Vec<String> {
        self.output.0.lock().unwrap().on_stdout.clone()
    }

    /// Types a line.
    pub fn type_line(&mut self, line: &str) {
        self.type_keys(&format!("{line}\n"));
    }

    /// Types these keys, and no Enter after them.
    pub fn type_keys(&mut self, keys: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(keys.as_bytes()).and_then(|()| stdin.flush()).unwrap();
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.id()).unwrap()), signal).unwrap();
    }

    /// Lets it go on after [`Self::freeze`].
    pub fn resume(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// Stops it (SIGSTOP), as a machine that hangs would, until it gets a SIGCONT.
    pub fn freeze(&self) {
        self.signal(Signal::SIGSTOP);
        // It may still run for a moment.
        while !std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap().contains(") T ") {
            std::thread::yield_now();
        }
    }

    /// Whether it has not ended.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Kills it at once (SIGKILL) and waits until it is gone.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits for its end and for the last of its output.
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + TIMEOUT;
        let (lock, changed) = &*self.output;
        let mut output = lock.lock().unwrap();
        while output.open_streams > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{} does not end; it printed:\n{}", self.name, output.lines.join("\n"));
            output = changed.wait_timeout(output, left).unwrap().0;
        }
        drop(output);
        self.child.wait().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The line as the log keeps it. An address to log in at stands on the terminal by itself, and nowhere else: there it counts as printed.
fn kept(line: &str) -> &str {
    let is_shown = line.starts_with("  http") && line.contains("&code_challenge=");
    if is_shown { "  (the address to log in at)" } else { line }
}

/// What a program has printed, and the word that there is more of it.
type Followed = Arc<(Mutex<Output>, Condvar)>;

/// One of a program's streams.
#[derive(Clone, Copy)]
enum Stream {
    Out,
    Err,
}

fn follow(stream: impl Read + Send + 'static, which: Stream, (output, file): (&Followed, &Arc<Mutex<File>>)) {
    let (output, file) = (Arc::clone(output), Arc::clone(file));
    std::thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            let _ = writeln!(file.lock().unwrap(), "{}", kept(&line));
            let mut kept = output.0.lock().unwrap();
            if matches!(which, Stream::Out) {
                kept.on_stdout.push(line.clone());
            }
            kept.lines.push(line);
            drop(kept);
            output.1.notify_all();
        }
        output.0.lock().unwrap().open_streams -= 1;
        output.1.notify_all();
    });
}
