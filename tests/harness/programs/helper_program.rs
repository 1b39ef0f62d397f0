//! The real binary in the login role.

use std::path::PathBuf;
use std::process::Command;

use crate::harness::process::Process;
use crate::harness::screen::Screen;
use crate::harness::world::World;

/// What a helper shall be started with.
pub struct HelperPlan {
    command: Command,
    log: PathBuf,
}

impl HelperPlan {
    /// The login role toward this backend; opens no browser of its own, and owns the real `localhost:8000` of the test's network.
    pub fn new(world: &World, backend_url: &str) -> Self {
        Self::of_command(world, "login", backend_url).argument("--no-browser")
    }

    /// Any command of the helper's toward this backend.
    pub fn of_command(world: &World, name: &str, backend_url: &str) -> Self {
        Self::without_backend(world, name).argument("--backend").argument(backend_url)
    }

    /// Any command that names no backend.
    pub fn without_backend(world: &World, name: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_backstage-oidc-helper"));
        command.env_clear().envs(
            std::env::vars()
                .filter(|(name, _)| matches!(name.as_str(), "PATH" | "SSL_CERT_FILE" | "SSL_CERT_DIR")),
        );
        command.arg(name).env("RUST_LOG", "trace").env("LOG_FORMAT", "json");
        command.env("HOME", world.home.path());
        Self { command, log: world.file("helper.log") }
    }

    /// Sets a variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Adds an argument.
    #[must_use]
    pub fn argument(mut self, argument: &str) -> Self {
        self.command.arg(argument);
        self
    }

    /// Starts it.
    pub fn launch(mut self) -> Process {
        Process::start("helper", &mut self.command, self.log)
    }

    /// The command itself, for a test that has its own way with it.
    pub fn into_command(self) -> Command {
        self.command
    }

    /// Starts it and waits for the link that it prints.
    pub fn start(self) -> Helper {
        Helper::of(self.launch())
    }

    /// Starts it at a terminal that already holds typed input.
    pub fn launch_at_terminal(self, typed_ahead: &str) -> Process {
        Process::start_at_terminal("helper", &self.command, self.log, typed_ahead)
    }

    /// The same, and waits for the link that it prints.
    pub fn start_at_terminal(self, typed_ahead: &str) -> Helper {
        Helper::of(self.launch_at_terminal(typed_ahead))
    }

    /// Starts it at a terminal with a screen, as a person does: at the levels of log that a command has by itself.
    pub fn start_on_screen(mut self, size: (u16, u16)) -> Screen {
        self.command.env_remove("RUST_LOG").env_remove("LOG_FORMAT");
        if self.command.get_envs().all(|(name, _)| name != "TERM") {
            self.command.env("TERM", "xterm-256color");
        }
        Screen::start(&self.command, &self.log.with_extension("screen.log"), size)
    }

    /// Has a shell run it: `script` calls it `helper`.
    #[must_use]
    pub fn in_shell(self, script: &str) -> Self {
        let words = std::iter::once(self.command.get_program()).chain(self.command.get_args());
        let words: Vec<String> = words.map(|word| format!("'{}'", word.to_str().unwrap())).collect();
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("helper() {{ {} \"$@\"; }}\n{script}", words.join(" "))).env_clear();
        shell.envs(self.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Self { command: shell, log: self.log }
    }
}

/// A helper that waits for its person.
pub struct Helper {
    /// `http://localhost:8000/go/…`
    pub link: String,
    /// The program.
    pub process: Process,
}

impl Helper {
    fn of(process: Process) -> Self {
        let link = process.wait_for("its link", |line| {
            let start = line.find("http://localhost:")?;
            let link = line.get(start..)?.split_whitespace().next()?;
            link.contains("/go/").then(|| link.to_owned())
        });
        Self { link, process }
    }

    /// Waits for its end: the exit code, and all that it printed for a person.
    pub fn end(&mut self) -> Ending {
        Ending::of(&mut self.process)
    }
}

/// How a helper ended.
#[derive(Debug)]
pub struct Ending {
    /// The exit code.
    pub code: Option<i32>,
    /// What it printed, without its log.
    pub said: String,
}

impl Ending {
    /// Waits for it.
    pub fn of(process: &mut Process) -> Self {
        let code = process.wait().code();
        let printed = process.printed();
        let said: Vec<&str> = printed.lines().filter(|line| !line.starts_with('{')).collect();
        Self { code, said: said.join("\n") }
    }

    /// Asserts the exit code, and that the last line holds each of `words`.
    pub fn assert(&self, code: i32, words: &[&str]) {
        let last = self.said.lines().last().unwrap_or_default();
        assert_eq!(self.code, Some(code), "{}", self.said);
        assert!(
            words.iter().all(|word| last.contains(word)),
            "{words:?} not all in the last line of:\n{}",
            self.said
        );
    }
}
