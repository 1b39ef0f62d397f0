//! The program: one binary, a role a command.

#![expect(clippy::doc_markdown, reason = "clap prints these comments as they are")]

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use backstage_oidc_helper::backend;
use backstage_oidc_helper::backend::admin::{Admin, Form};
use backstage_oidc_helper::clock::{Clock, SystemClock};
use backstage_oidc_helper::helper::browser::{Browser, NamedBrowser, NoBrowser, SystemBrowser};
use backstage_oidc_helper::helper::login::{self, Tools};
use backstage_oidc_helper::helper::outcome::LoginError;
use backstage_oidc_helper::helper::terminal::{self, Terminal};
use backstage_oidc_helper::random::SystemRandom;
use backstage_oidc_helper::settings::backend::{BackendSettings, KeySettings};
use backstage_oidc_helper::settings::login::LoginSettings;
use backstage_oidc_helper::settings::{SettingsError, Source};
use backstage_oidc_helper::store::sealing::generate_key::generate_key;
use backstage_oidc_helper::telemetry::{self, LogFormat};
use backstage_oidc_helper::user::UserRef;
use clap::{Args, Parser, Subcommand};
use secrecy::ExposeSecret;

/// The exit code of a failure.
const FAILED: u8 = 1;
/// The exit code of settings that cannot be used.
const USAGE: u8 = 2;

/// Own Kubernetes access inside Backstage, for identity providers that know only http://localhost:8000/.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Program {
    #[command(subcommand)]
    role: Option<Role>,
    #[command(flatten)]
    login: LoginFlags,
}

#[derive(Subcommand)]
enum Role {
    /// One login, then exit (what happens without a command, too).
    Login(LoginFlags),
    /// The service beside Backstage.
    Backend(BackendFlags),
    /// Helps to write the backend's settings.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Offboarding, run where the backend's settings are.
    #[command(subcommand)]
    Admin(AdminCommand),
}

#[derive(Subcommand)]
enum AdminCommand {
    /// Which logins are kept: whose, where, until when, last used when; no token.
    List {
        /// Only those of this user, such as user:default/felix.
        #[arg(long, value_name = "USER")]
        user: Option<UserRef>,
        /// One JSON object a line instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Forget a user's logins, and revoke them at the identity provider.
    Revoke {
        /// Whose, such as user:default/felix.
        #[arg(long, value_name = "USER")]
        user: UserRef,
        /// Only the one at this cluster.
        #[arg(long, value_name = "NAME")]
        cluster: Option<String>,
    },
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Print a new entry for TOKEN_ENCRYPTION_KEYS.
    GenerateKey,
}

/// Every flag stands for the variable in brackets and wins over it.
#[derive(Args)]
struct LoginFlags {
    /// Where Backstage is [BACKSTAGE_URL; default http://localhost:7007].
    #[arg(long, value_name = "URL")]
    backend: Option<String>,
    /// The session that Backstage has begun for you [BACKSTAGE_SESSION_TOKEN].
    #[arg(long, value_name = "TOKEN")]
    session_token: Option<String>,
    /// The cluster, where there are several [CLUSTER].
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// Where to listen, separated by commas [LISTEN; default 127.0.0.1:8000,[::1]:8000].
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// How long to wait for you [LOGIN_TIMEOUT; default 5m].
    #[arg(long, value_name = "TIME")]
    timeout: Option<String>,
    /// Print the link, open nothing [NO_BROWSER].
    #[arg(long)]
    no_browser: bool,
    /// The program that opens the link [BROWSER].
    #[arg(long, value_name = "COMMAND", conflicts_with = "no_browser")]
    browser: Option<String>,
    /// Certificates to trust beside the system's, PEM [CA_FILE].
    #[arg(long, value_name = "FILE")]
    ca_file: Option<String>,
    /// Ask nothing; refused with a session token.
    #[arg(long)]
    yes: bool,
}

/// Every flag stands for the variable in brackets and wins over it; config/backend.env lists all variables.
#[derive(Args)]
struct BackendFlags {
    /// Where Backstage is [BACKSTAGE_URL; default http://localhost:7007].
    #[arg(long, value_name = "URL")]
    backend: Option<String>,
    /// Where to listen [LISTEN; default 127.0.0.1:7008].
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Where health and metrics are [CONTROL_LISTEN; default 127.0.0.1:9090].
    #[arg(long, value_name = "ADDRESS:PORT")]
    control_listen: Option<String>,
    /// Where records are kept; in process without [REDIS_URL].
    #[arg(long, value_name = "URL")]
    redis_url: Option<String>,
    /// More clusters than one, TOML [CONFIG_FILE].
    #[arg(long, value_name = "FILE")]
    config: Option<String>,
    /// Certificates to trust beside the system's, PEM [CA_FILE].
    #[arg(long, value_name = "FILE")]
    ca_file: Option<String>,
}

impl BackendFlags {
    fn settings(self) -> Result<BackendSettings, SettingsError> {
        let flags = [
            ("BACKSTAGE_URL", self.backend),
            ("LISTEN", self.listen),
            ("CONTROL_LISTEN", self.control_listen),
            ("REDIS_URL", self.redis_url),
            ("CONFIG_FILE", self.config),
            ("CA_FILE", self.ca_file),
        ];
        BackendSettings::read(&environment().with_flags(flags).with_secret_files()?)
    }
}

impl LoginFlags {
    fn settings(self) -> Result<LoginSettings, SettingsError> {
        let flags = [
            ("BACKSTAGE_URL", self.backend),
            ("BACKSTAGE_SESSION_TOKEN", self.session_token),
            ("CLUSTER", self.cluster),
            ("LISTEN", self.listen),
            ("LOGIN_TIMEOUT", self.timeout),
            ("NO_BROWSER", self.no_browser.then(|| "true".to_owned())),
            ("BROWSER", self.browser),
            ("CA_FILE", self.ca_file),
        ];
        let settings = LoginSettings::read(&environment().with_flags(flags).with_secret_files()?)?;
        if self.yes {
            settings.allow_yes()?;
        }
        Ok(settings)
    }
}

fn main() -> ExitCode {
    // Whoever builds a client first would choose the provider; a second installation changes nothing.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let program = Program::parse();
    match program.role.unwrap_or(Role::Login(program.login)) {
        Role::Login(flags) => login(flags),
        Role::Backend(flags) => backend(flags),
        Role::Config(ConfigCommand::GenerateKey) => print_new_key(),
        Role::Admin(command) => administer(command),
    }
}

fn administer(command: AdminCommand) -> ExitCode {
    // The person reads what the command prints; the audit trail is told in any case.
    start_logs("warn,audit=info");
    let read = || BackendSettings::read(&environment().with_secret_files()?);
    let settings = match read() {
        Ok(settings) => settings,
        Err(error) => return said(&error.to_string(), USAGE),
    };
    let done = actix_web::rt::System::new().block_on(async {
        let admin = Admin::new(settings)?;
        let out = &mut std::io::stdout();
        match command {
            AdminCommand::List { user, json } => {
                let form = if json { Form::JsonLines } else { Form::Table };
                admin.list(user.as_ref(), form, out).await
            }
            AdminCommand::Revoke { user, cluster } => admin.revoke(&user, cluster.as_deref(), out).await,
        }
    });
    done.map_or_else(|error| said(&error.to_string(), error.exit_code()), |()| ExitCode::SUCCESS)
}

/// Standard output gets the key and nothing else, so that it can be piped to where it is kept.
fn print_new_key() -> ExitCode {
    let read = || environment().with_secret_files()?.read::<KeySettings>();
    let existing = match read() {
        Ok(settings) => settings.token_encryption_keys.unwrap_or_default(),
        Err(error) => return said(&error.to_string(), USAGE),
    };
    let key = match generate_key(&SystemRandom, SystemClock.now(), existing.expose_secret()) {
        Ok(key) => key,
        Err(error) => return said(&error.to_string(), FAILED),
    };
    match writeln!(std::io::stdout(), "{}", key.as_str()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => said(&format!("The key could not be printed ({error}): try again."), FAILED),
    }
}

/// A sentence for the person who typed the command.
fn said(sentence: &str, code: u8) -> ExitCode {
    Terminal::stderr().say(sentence);
    ExitCode::from(code)
}

fn backend(flags: BackendFlags) -> ExitCode {
    start_logs("info");
    let settings = match flags.settings() {
        Ok(settings) => settings,
        Err(error) => return refused(&error.to_string(), USAGE),
    };
    let served = actix_web::rt::System::new().block_on(async {
        let running = backend::build(settings).map_err(|error| error.to_string())?;
        running.serve_until(told_to_stop()).await.map_err(|error| error.to_string())
    });
    served.map_or_else(|error| refused(&error, FAILED), |()| ExitCode::SUCCESS)
}

/// The sentence in the log and on the terminal: where the backend runs, only one of them is read.
fn refused(sentence: &str, code: u8) -> ExitCode {
    tracing::error!("{sentence}");
    ExitCode::from(code)
}

/// SIGTERM or SIGINT; where signals cannot be had, nothing.
async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

fn login(flags: LoginFlags) -> ExitCode {
    // The person reads the terminal's own lines; logs, above all those of libraries, are for those who ask for them.
    start_logs("backstage_oidc_helper=warn");
    let ended = flags.settings().map_err(LoginError::from).and_then(|settings| {
        let tools = tools(&settings);
        actix_web::rt::System::new().block_on(login::run(settings, tools))
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            Terminal::stderr().say(&error.to_string());
            ExitCode::from(error.exit_code())
        }
    }
}

fn tools(settings: &LoginSettings) -> Tools {
    let browser: Arc<dyn Browser> = match &settings.browser {
        _ if settings.prints_link_only() => Arc::new(NoBrowser),
        Some(command) => Arc::new(NamedBrowser(command.clone())),
        None => Arc::new(SystemBrowser),
    };
    Tools {
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        browser,
        terminal: Arc::new(Terminal::stderr()),
        hand: terminal::hand(),
    }
}

fn start_logs(default_filter: &str) {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let filter = variable("RUST_LOG").unwrap_or_else(|| default_filter.to_owned());
    telemetry::start(LogFormat::choose(variable("LOG_FORMAT").as_deref()), &filter);
}

/// A variable that is not Unicode cannot be one of ours.
fn environment() -> Source {
    let variables = std::env::vars_os();
    Source::new(
        variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
    )
}
