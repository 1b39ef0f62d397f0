//! The program: one binary with a command for each role.

mod command_line;

// A panic must end a request, not the process.
const _: () = assert!(cfg!(panic = "unwind"), "the program is built without unwinding");

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Once};

use backstage_oidc_helper::backend;
use backstage_oidc_helper::backend::assembly::config_check::{self, Reach};
use backstage_oidc_helper::backend::assembly::from_kubeconfig;
use backstage_oidc_helper::clock::{Clock, RuntimeTimer, SystemClock};
use backstage_oidc_helper::helper::HelperError;
use backstage_oidc_helper::helper::account::{import, logout, status};
use backstage_oidc_helper::helper::kubectl::get_token;
use backstage_oidc_helper::helper::kubectl::get_token::exec_info::EXEC_INFO;
use backstage_oidc_helper::helper::kubectl::kubeconfig;
use backstage_oidc_helper::helper::login;
use backstage_oidc_helper::helper::port::passed;
use backstage_oidc_helper::helper::proxy;
use backstage_oidc_helper::helper::proxy::install;
use backstage_oidc_helper::helper::proxy::install::command_line::SystemRunner;
use backstage_oidc_helper::helper::proxy::install::machine::Machine;
use backstage_oidc_helper::helper::sign_in::token_file;
use backstage_oidc_helper::helper::terminal::Terminal;
use backstage_oidc_helper::helper::terminal::browser::{
    Browser, NamedBrowser, NoBrowser, SystemBrowser, WslBrowser,
};
use backstage_oidc_helper::helper::terminal::elsewhere::location::{Location, Screen, Surroundings, System};
use backstage_oidc_helper::helper::terminal::tools::Tools;
use backstage_oidc_helper::panics;
use backstage_oidc_helper::random::SystemRandom;
use backstage_oidc_helper::settings::SettingsError;
use backstage_oidc_helper::settings::backend::{AuditLog, BackendSettings, KeySettings};
use backstage_oidc_helper::settings::login::LoginSettings;
use backstage_oidc_helper::stop_signal::stop_requested;
use backstage_oidc_helper::store::sealing::generate_key::generate_key;
use backstage_oidc_helper::telemetry;
use backstage_oidc_helper::telemetry::audit_output::AuditOutput;
use clap::{CommandFactory, Parser};
use futures_util::FutureExt;
use secrecy::ExposeSecret;
use tracing_subscriber::fmt::MakeWriter;

use command_line::admin::AdminCommand;
use command_line::backend::{BackendFlags, ConfigCommand, FromKubeconfigFlags};
use command_line::completions::CompletionsFlags;
use command_line::healthcheck::{self, HealthcheckFlags};
use command_line::import::ImportFlags;
use command_line::kubectl::KubeconfigFlags;
use command_line::login::LoginFlags;
use command_line::output::Output;
use command_line::proxy::{ProxyArguments, ProxyCommand, ProxyFlags};
use command_line::source::environment;
use command_line::{Program, Role};

/// The exit code of a failure.
const FAILED: u8 = 1;
/// The exit code of settings that cannot be used.
const USAGE: u8 = 2;
/// The log level of commands at a terminal: the user reads the command's own lines, and asks for more with `RUST_LOG`.
const QUIET: &str = "backstage_oidc_helper=warn";

fn main() -> ExitCode {
    // The panic hook has logged where it happened.
    std::panic::catch_unwind(run).unwrap_or(ExitCode::from(FAILED))
}

fn run() -> ExitCode {
    // Otherwise the first client that is built would choose the provider; a second installation changes nothing.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let program = Program::parse();
    match program.role.unwrap_or(Role::Login(program.login)) {
        Role::Login(flags) => log_in(flags),
        Role::Completions(flags) => print_completions(&flags),
        Role::GetToken(flags) => {
            let exec_info = std::env::var(EXEC_INFO).ok();
            in_terminal(|| flags.settings(), |settings, tools| get_token::run(settings, exec_info, tools)).1
        }
        Role::Kubeconfig(flags) => write_contexts(flags),
        Role::Proxy(ProxyArguments { command: None, flags }) => proxy(flags),
        Role::Proxy(ProxyArguments { command: Some(command), .. }) => change_service(command),
        Role::Backend(flags) => backend(flags),
        Role::Healthcheck(flags) => check_health(flags),
        Role::Config(ConfigCommand::GenerateKey) => print_new_key(),
        Role::Config(ConfigCommand::FromKubeconfig(flags)) => carry_over(flags),
        Role::Config(ConfigCommand::Check { online }) => {
            check_settings(if online { Reach::Online } else { Reach::Settings })
        }
        Role::Admin(command) => administer(command),
        Role::Status(flags) => {
            let form = flags.output.into();
            in_terminal(|| flags.account.settings(None), |settings, tools| status::run(settings, form, tools))
                .1
        }
        Role::Import(flags) => import_from_kubelogin(flags),
        Role::Logout(flags) => {
            let scope = flags.scope();
            in_terminal(|| flags.settings(), |settings, tools| logout::run(settings, scope, tools)).1
        }
    }
}

fn import_from_kubelogin(flags: ImportFlags) -> ExitCode {
    match flags.order() {
        Ok(order) => {
            in_terminal(|| flags.settings(), |settings, tools| import::run(settings, order, tools)).1
        }
        Err(error) => failed(&error.to_string(), USAGE),
    }
}

fn check_health(flags: HealthcheckFlags) -> ExitCode {
    start_logs(QUIET);
    // Docker reserves the exit code 2, so settings that cannot be used are a failure like any other.
    let settings = match flags.settings() {
        Ok(settings) => settings,
        Err(error) => return failed(&error.to_string(), FAILED),
    };
    let checked = actix_web::rt::System::new().block_on(healthcheck::run(settings));
    checked.map_or_else(|error| failed(&error.to_string(), FAILED), |()| ExitCode::SUCCESS)
}

fn administer(command: AdminCommand) -> ExitCode {
    // The user reads what the command prints to standard output; the audit log is written in any case.
    let audit = match audit_output() {
        Ok(AuditOutput::Stdout) => AuditOutput::WithTheLog,
        Ok(elsewhere) => elsewhere,
        Err(sentence) => return failed(&sentence, FAILED),
    };
    start_logs_on("warn,audit=info", std::io::stderr, audit);
    let read = || BackendSettings::read(&environment().with_secret_files()?);
    let settings = match read() {
        Ok(settings) => settings,
        Err(error) => return failed(&error.to_string(), USAGE),
    };
    let said = |line: &str| Terminal::stderr().say(line);
    let done = actix_web::rt::System::new().block_on(command.run(&settings, &mut std::io::stdout(), said));
    done.map_or_else(|error| failed(&error.to_string(), error.exit_code()), |()| ExitCode::SUCCESS)
}

fn check_settings(reach: Reach) -> ExitCode {
    start_logs(QUIET);
    let read = || BackendSettings::read(&environment().with_secret_files()?);
    let settings = match read() {
        Ok(settings) => settings,
        Err(error) => return failed(&error.to_string(), USAGE),
    };
    let checked =
        actix_web::rt::System::new().block_on(config_check::run(&settings, reach, &mut std::io::stdout()));
    checked.map_or_else(|error| failed(&error.to_string(), FAILED), |()| ExitCode::SUCCESS)
}

/// Prints settings and nothing else to standard output; what was not carried over goes to standard error.
fn carry_over(flags: FromKubeconfigFlags) -> ExitCode {
    start_logs(QUIET);
    let request = match flags.request() {
        Ok(request) => request,
        Err(error) => return failed(&error.to_string(), USAGE),
    };
    let notes = Terminal::stderr();
    let made =
        from_kubeconfig::run(&request, &mut std::io::stdout(), &mut |sentence| notes.say_whole(sentence));
    made.map_or_else(|error| failed(&error.to_string(), error.exit_code()), |()| ExitCode::SUCCESS)
}

/// Prints the key and nothing else to standard output, so that it can be piped.
fn print_new_key() -> ExitCode {
    let read = || environment().with_secret_files()?.read::<KeySettings>();
    let existing = match read() {
        Ok(settings) => settings.token_encryption_keys.unwrap_or_default(),
        Err(error) => return failed(&error.to_string(), USAGE),
    };
    let key = match generate_key(&SystemRandom, SystemClock.now(), existing.expose_secret()) {
        Ok(key) => key,
        Err(error) => return failed(&error.to_string(), FAILED),
    };
    match writeln!(std::io::stdout(), "{}", key.as_str()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&format!("The key could not be printed ({error}): try again."), FAILED),
    }
}

fn backend(flags: BackendFlags) -> ExitCode {
    let audit = match audit_output() {
        Ok(audit) => audit,
        Err(sentence) => {
            start_logs("info");
            return refused(&sentence, FAILED);
        }
    };
    start_logs_on("info", std::io::stderr, audit);
    let settings = match flags.settings() {
        Ok(settings) => settings,
        Err(error) => return refused(&error.to_string(), USAGE),
    };
    let system = actix_web::rt::System::new();
    let served = system.block_on(async {
        let stop = stop_requested();
        let running = backend::build(settings).await.map_err(|error| error.to_string())?;
        running.serve_until(stop).await.map_err(|error| error.to_string())
    });
    // Dropping the runtime would wait for threads that look up a name, which may take long.
    std::mem::forget(system);
    served.map_or_else(|error| refused(&error, FAILED), |()| ExitCode::SUCCESS)
}

fn proxy(flags: ProxyFlags) -> ExitCode {
    // Before any thread runs, since it changes the environment.
    let passed = passed::take();
    start_logs("info");
    let passed = match passed {
        Ok(passed) => passed,
        Err(error) => return refused(&error.to_string(), USAGE),
    };
    let settings = match flags.settings() {
        Ok(settings) => settings,
        Err(error) => return refused(&error.to_string(), USAGE),
    };
    let served = actix_web::rt::System::new().block_on(async {
        let stop = stop_requested().map(drop);
        proxy::build(settings, passed).await?.serve_until(stop).await
    });
    served.map_or_else(|error| refused(&error.to_string(), error.exit_code()), |()| ExitCode::SUCCESS)
}

/// Writes contexts for kubectl.
fn write_contexts(flags: KubeconfigFlags) -> ExitCode {
    let machine = Machine::this();
    let order = flags.order(machine.home.as_deref());
    let run = |settings, tools| async move { kubeconfig::run(settings, order?, &machine, &tools).await };
    in_terminal(|| flags.settings(), run).1
}

/// Installs the proxy as a service of the user's, or removes it.
fn change_service(command: ProxyCommand) -> ExitCode {
    start_logs(QUIET);
    let (machine, runner) = (Machine::this(), &SystemRunner);
    let ended = match command {
        ProxyCommand::Install(flags) => flags.order().map_err(HelperError::from).and_then(|order| {
            let tools = tools(&order.settings.login, &Arc::new(Terminal::stderr()));
            let here = install::Here { machine: &machine, runner, timer: &RuntimeTimer, tools: &tools };
            actix_web::rt::System::new().block_on(install::run(order, &here))
        }),
        ProxyCommand::Uninstall => {
            let answers = Terminal::stdout();
            let removed = install::uninstall::run(&machine, (runner, &RuntimeTimer), &answers);
            actix_web::rt::System::new().block_on(removed).map_err(HelperError::from)
        }
    };
    ended.map_or_else(|error| failed(&error.to_string(), error.exit_code()), |()| ExitCode::SUCCESS)
}

/// Logs the reason and returns the exit code.
fn refused(sentence: &str, code: u8) -> ExitCode {
    tracing::error!("{sentence}");
    ExitCode::from(code)
}

fn log_in(flags: LoginFlags) -> ExitCode {
    let output = flags.output;
    let (ended, code) = in_terminal(|| flags.settings(), login::run);
    match output {
        Output::Text => code,
        Output::Json => match login::report::write(&ended, &Terminal::stdout()) {
            Ok(()) => code,
            Err(error) => failed(&error.to_string(), error.exit_code()),
        },
    }
}

fn print_completions(flags: &CompletionsFlags) -> ExitCode {
    match flags.write(Program::command(), &mut std::io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&format!("The script could not be printed ({error}): try again."), FAILED),
    }
}

/// A command that a person runs in a terminal: how it ended, which is said, and its exit code.
fn in_terminal<T, F>(
    read: impl FnOnce() -> Result<LoginSettings, SettingsError>,
    run: impl FnOnce(LoginSettings, Tools) -> F,
) -> (Result<T, HelperError>, ExitCode)
where
    F: Future<Output = Result<T, HelperError>>,
{
    let terminal = Arc::new(Terminal::stderr());
    // Reading warns of names that look like a setting's.
    start_logs_on(QUIET, Arc::clone(&terminal), AuditOutput::WithTheLog);
    let ended = read().map_err(HelperError::from).and_then(|settings| {
        let tools = tools(&settings, &terminal);
        actix_web::rt::System::new().block_on(run(settings, tools))
    });
    terminal.stop_counting();
    let code = match &ended {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            terminal.say_bad(&error.to_string());
            ExitCode::from(error.exit_code())
        }
    };
    (ended, code)
}

/// Writes the reason to the terminal and returns the exit code.
fn failed(sentence: &str, code: u8) -> ExitCode {
    Terminal::stderr().say_bad(sentence);
    ExitCode::from(code)
}

fn tools(settings: &LoginSettings, terminal: &Arc<Terminal>) -> Tools {
    let surroundings = Surroundings {
        system: System::current(),
        variable: &|name| std::env::var(name).ok(),
        exists: &Path::exists,
        host_name: host_name(),
    };
    let browser: Arc<dyn Browser> = match (&settings.browser, surroundings.screen()) {
        _ if settings.prints_link_only() => Arc::new(NoBrowser),
        (Some(command), _) => Arc::new(NamedBrowser(command.clone())),
        (None, Screen::Here) if surroundings.location() == Location::Wsl => Arc::new(WslBrowser),
        (None, Screen::Here) => Arc::new(SystemBrowser),
        (None, Screen::None) => Arc::new(NoBrowser),
    };
    Tools {
        location: surroundings.location(),
        advised: Once::new(),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        browser,
        terminal: Arc::clone(terminal),
        answers: Terminal::stdout(),
        state_folder: token_file::folder(),
    }
}

/// This machine's own name.
#[cfg(unix)]
fn host_name() -> Option<String> {
    nix::unistd::gethostname().ok()?.into_string().ok()
}

/// This machine's own name.
#[cfg(not(unix))]
fn host_name() -> Option<String> {
    std::env::var("COMPUTERNAME").ok()
}

/// The place of the backend's audit log. What it cannot be is said when the settings are read, to the log of then.
fn audit_output() -> Result<AuditOutput, String> {
    let setting = std::env::var("AUDIT_LOG").ok();
    match setting.and_then(|text| text.parse().ok()).unwrap_or_default() {
        AuditLog::Stdout => Ok(AuditOutput::Stdout),
        AuditLog::Stderr => Ok(AuditOutput::WithTheLog),
        AuditLog::File(path) => AuditOutput::to_file(&path).map_err(|error| {
            let path = path.display();
            format!("AUDIT_LOG names {path}, which cannot be written ({error}): let this user write it, or choose stdout.")
        }),
    }
}

fn start_logs(default_filter: &str) {
    start_logs_on(default_filter, std::io::stderr, AuditOutput::WithTheLog);
}

fn start_logs_on<W>(default_filter: &str, writer: W, audit: AuditOutput)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
    for<'w> <W as MakeWriter<'w>>::Writer: Write,
{
    panics::log();
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (format, filter) = (variable("LOG_FORMAT"), variable("RUST_LOG"));
    let wanted = telemetry::Wanted { format: format.as_deref(), filter: filter.as_deref(), default_filter };
    telemetry::start(&wanted, writer, audit);
}
