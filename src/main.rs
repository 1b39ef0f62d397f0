//! The program: one binary, a role a command.

#![expect(clippy::doc_markdown, reason = "clap prints these comments as they are")]

use std::process::ExitCode;
use std::sync::Arc;

use backstage_oidc_helper::backend;
use backstage_oidc_helper::clock::SystemClock;
use backstage_oidc_helper::helper::account::{self, AccountError};
use backstage_oidc_helper::helper::browser::{Browser, NamedBrowser, NoBrowser, SystemBrowser};
use backstage_oidc_helper::helper::login::{self, Tools};
use backstage_oidc_helper::helper::outcome::LoginError;
use backstage_oidc_helper::helper::status::Form;
use backstage_oidc_helper::helper::terminal::{self, Terminal};
use backstage_oidc_helper::helper::{logout, status};
use backstage_oidc_helper::random::SystemRandom;
use backstage_oidc_helper::settings::backend::BackendSettings;
use backstage_oidc_helper::settings::login::LoginSettings;
use backstage_oidc_helper::settings::{SettingsError, Source};
use backstage_oidc_helper::telemetry::{self, LogFormat};
use clap::{Args, Parser, Subcommand};

/// The exit code of a failure.
const FAILED: u8 = 1;
/// The exit code of settings that cannot be used.
const USAGE: u8 = 2;
/// The person reads the terminal's own lines; logs, above all those of libraries, are for those who ask for them.
const QUIET: &str = "backstage_oidc_helper=warn";

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
    /// Who am I, which clusters, until when.
    Status(StatusFlags),
    /// Forget and revoke: your login at one cluster, or at all.
    Logout(LogoutFlags),
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

/// Every flag stands for the variable in brackets and wins over it.
#[derive(Args)]
struct StatusFlags {
    #[command(flatten)]
    account: AccountFlags,
    /// The backend's answer as it is, JSON.
    #[arg(long)]
    json: bool,
}

/// Every flag stands for the variable in brackets and wins over it.
#[derive(Args)]
struct LogoutFlags {
    #[command(flatten)]
    account: AccountFlags,
    /// This cluster only; all without [CLUSTER].
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
}

#[derive(Args)]
struct AccountFlags {
    /// Where Backstage is [BACKSTAGE_URL; default http://localhost:7007].
    #[arg(long, value_name = "URL")]
    backend: Option<String>,
    /// Of no use here: the refusal says what is.
    #[arg(long, value_name = "TOKEN", hide = true)]
    session_token: Option<String>,
    /// Certificates to trust beside the system's, PEM [CA_FILE].
    #[arg(long, value_name = "FILE")]
    ca_file: Option<String>,
}

impl AccountFlags {
    fn settings(self, cluster: Option<String>) -> Result<LoginSettings, SettingsError> {
        let flags = [
            ("BACKSTAGE_URL", self.backend),
            ("BACKSTAGE_SESSION_TOKEN", self.session_token),
            ("CLUSTER", cluster),
            ("CA_FILE", self.ca_file),
        ];
        LoginSettings::read(&environment().with_flags(flags).with_secret_files()?)
    }
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
        Role::Status(flags) => {
            let form = if flags.json { Form::Json } else { Form::Lines };
            account(flags.account.settings(None), |settings, tools| status::run(settings, form, tools))
        }
        Role::Logout(flags) => account(flags.account.settings(flags.cluster), logout::run),
    }
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

/// A command about the person's own account.
fn account<F>(
    settings: Result<LoginSettings, SettingsError>,
    run: impl FnOnce(LoginSettings, account::Tools) -> F,
) -> ExitCode
where
    F: Future<Output = Result<(), AccountError>>,
{
    start_logs(QUIET);
    let tools = account::Tools {
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        terminal: Terminal::stderr(),
        answers: Terminal::stdout(),
    };
    let ended = settings
        .map_err(AccountError::from)
        .and_then(|settings| actix_web::rt::System::new().block_on(run(settings, tools)));
    ended.map_or_else(|error| failed(&error.to_string(), error.exit_code()), |()| ExitCode::SUCCESS)
}

fn login(flags: LoginFlags) -> ExitCode {
    start_logs(QUIET);
    let ended = flags.settings().map_err(LoginError::from).and_then(|settings| {
        let tools = tools(&settings);
        actix_web::rt::System::new().block_on(login::run(settings, tools))
    });
    ended.map_or_else(|error| failed(&error.to_string(), error.exit_code()), |()| ExitCode::SUCCESS)
}

/// The sentence for the person at the terminal.
fn failed(sentence: &str, code: u8) -> ExitCode {
    Terminal::stderr().say(sentence);
    ExitCode::from(code)
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
