//! The command line: the commands, their flags, and the settings read from them and from the environment.

#![expect(clippy::doc_markdown, reason = "clap prints these comments as they are")]

pub mod healthcheck;

use backstage_oidc_helper::backstage_names::UserRef;
use backstage_oidc_helper::helper::account::{logout, status};
use backstage_oidc_helper::helper::confirmation::last_backend::LastBackend;
use backstage_oidc_helper::helper::sign_in::token_file;
use backstage_oidc_helper::settings::backend::BackendSettings;
use backstage_oidc_helper::settings::login::{LastUsed, LoginSettings};
use backstage_oidc_helper::settings::proxy::ProxySettings;
use backstage_oidc_helper::settings::{SettingsError, Source, container};
use clap::{Args, Parser, Subcommand, ValueEnum};

use healthcheck::HealthcheckSettings;

/// What a new user reads below the list of commands.
const FIRST_STEPS: &str = "\
First steps:
  backstage-oidc-helper login --backend https://backstage.example.com   your Backstage's address
  backstage-oidc-helper status                                          at the Backstage of the last login

Exit codes: 0 done, 1 refused, 2 wrong flag or setting, 3 port taken, 4 timed out, 5 backend unreachable, 130 interrupted";

/// Own Kubernetes access inside Backstage, for identity providers that know only http://localhost:8000/.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true, after_help = FIRST_STEPS)]
pub struct Program {
    #[command(subcommand)]
    pub role: Option<Role>,
    #[command(flatten)]
    pub login: LoginFlags,
}

#[derive(Subcommand)]
pub enum Role {
    /// One login, then exit (also what runs without a command).
    Login(LoginFlags),
    /// Show who you are, your clusters, and until when each login lasts.
    Status(StatusFlags),
    /// Forget and revoke your login at a cluster, or what this machine remembers.
    Logout(LogoutFlags),
    /// Keeps running and takes over the logins that Backstage begins.
    Proxy(ProxyFlags),
    /// The service beside Backstage.
    Backend(BackendFlags),
    /// Check that the role in this container answers: exit code 0 when it does.
    Healthcheck(HealthcheckFlags),
    /// Helps to write the backend's settings.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Offboarding, run where the backend's settings are.
    #[command(subcommand)]
    Admin(AdminCommand),
}

#[derive(Subcommand)]
pub enum AdminCommand {
    /// List the kept logins: user, cluster, expiry and last use; no token.
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
        /// The user, such as user:default/felix.
        #[arg(long, value_name = "USER")]
        user: UserRef,
        /// Only the one at this cluster.
        #[arg(long, value_name = "NAME")]
        cluster: Option<String>,
    },
}

#[derive(Subcommand)]
pub enum ConfigCommand {
    /// Print a new entry for TOKEN_ENCRYPTION_KEYS.
    GenerateKey,
    /// Say what the backend's settings mean, and what in them cannot be.
    Check {
        /// Also ask the identity providers, and say what does not fit.
        #[arg(long)]
        online: bool,
    },
}

/// Every flag stands for the variable in brackets and wins over it.
#[derive(Args)]
pub struct LoginFlags {
    /// Where Backstage is [BACKSTAGE_URL; default that of the last login, else http://localhost:7007].
    #[arg(long, visible_alias = "backstage", value_name = "URL")]
    backend: Option<String>,
    /// The session that Backstage has begun for you [BACKSTAGE_SESSION_TOKEN].
    #[arg(long, value_name = "TOKEN")]
    session_token: Option<String>,
    /// The client that Backstage knows this program as [BACKSTAGE_CLIENT_ID; default backstage-oidc-helper].
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
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
}

/// Every flag stands for the variable in brackets and wins over it; config/proxy.env lists all variables.
#[derive(Args)]
pub struct ProxyFlags {
    /// Where Backstage is [BACKSTAGE_URL; default that of the last login, else http://localhost:7007].
    #[arg(long, visible_alias = "backstage", value_name = "URL")]
    backend: Option<String>,
    /// The client that Backstage knows this program as [BACKSTAGE_CLIENT_ID; default backstage-oidc-helper].
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Where to listen for the redirect, separated by commas [LISTEN; default 127.0.0.1:8000,[::1]:8000].
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Where to listen for everything else [CONTROL_LISTEN; default 127.0.0.1:8888,[::1]:8888].
    #[arg(long, value_name = "ADDRESS:PORT")]
    control_listen: Option<String>,
    /// Where pending logins are kept; in the process when unset [REDIS_URL].
    #[arg(long, value_name = "URL")]
    redis_url: Option<String>,
    /// How long a login may take [LOGIN_TIMEOUT; default 5m].
    #[arg(long, value_name = "TIME")]
    timeout: Option<String>,
    /// Certificates to trust beside the system's, PEM [CA_FILE].
    #[arg(long, value_name = "FILE")]
    ca_file: Option<String>,
}

/// Every flag stands for the variable in brackets and wins over it; config/backend.env lists all variables.
#[derive(Args)]
pub struct BackendFlags {
    /// Where Backstage is [BACKSTAGE_URL; default http://localhost:7007].
    #[arg(long, visible_alias = "backstage", value_name = "URL")]
    backend: Option<String>,
    /// Where to listen [LISTEN; default 127.0.0.1:7008].
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Where health and metrics are [CONTROL_LISTEN; default 127.0.0.1:9090].
    #[arg(long, value_name = "ADDRESS:PORT")]
    control_listen: Option<String>,
    /// Where logins and sessions are kept; in the process when unset [REDIS_URL].
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
pub struct StatusFlags {
    #[command(flatten)]
    pub account: AccountFlags,
    /// text for people, or json: one object, with the fields that docs/settings.md lists.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub output: Output,
}

/// How `status` answers; the help names the values.
#[derive(Clone, Copy, ValueEnum)]
pub enum Output {
    Text,
    Json,
}

impl From<Output> for status::Form {
    fn from(output: Output) -> Self {
        match output {
            Output::Text => Self::Lines,
            Output::Json => Self::Json,
        }
    }
}

/// Every flag stands for the variable in brackets and wins over it.
#[derive(Args)]
pub struct LogoutFlags {
    #[command(flatten)]
    account: AccountFlags,
    /// The login at this cluster; unset: the only one that you have [CLUSTER].
    #[arg(long, value_name = "NAME", conflicts_with = "all")]
    cluster: Option<String>,
    /// Your logins at all clusters.
    #[arg(long)]
    all: bool,
    /// What this machine remembers of this Backstage: the kept sign-in, the confirmation, the default; alone it ends no login.
    #[arg(long)]
    local: bool,
}

impl LogoutFlags {
    /// What the flags ask for. `--local` alone does not end the login that `CLUSTER` names.
    pub fn scope(&self) -> logout::Scope {
        let logins = match (self.all, &self.cluster, self.local) {
            (true, _, _) => logout::Logins::All,
            (false, None, true) => logout::Logins::None,
            (false, _, _) => logout::Logins::One,
        };
        let machine = if self.local { logout::Machine::Forgets } else { logout::Machine::Remembers };
        logout::Scope { logins, machine }
    }

    pub fn settings(self) -> Result<LoginSettings, SettingsError> {
        self.account.settings(self.cluster)
    }
}

/// The flag stands for the variable in brackets and wins over it.
#[derive(Args)]
pub struct HealthcheckFlags {
    /// Where the role serves its health [CONTROL_LISTEN; default 127.0.0.1:8888, then 127.0.0.1:9090].
    #[arg(long, value_name = "ADDRESS:PORT")]
    control_listen: Option<String>,
}

impl HealthcheckFlags {
    pub fn settings(self) -> Result<HealthcheckSettings, SettingsError> {
        HealthcheckSettings::read(&environment().with_flags([("CONTROL_LISTEN", self.control_listen)]))
    }
}

#[derive(Args)]
pub struct AccountFlags {
    /// Where Backstage is [BACKSTAGE_URL; default that of the last login, else http://localhost:7007].
    #[arg(long, visible_alias = "backstage", value_name = "URL")]
    backend: Option<String>,
    /// Refused, with a message that says what to use instead.
    #[arg(long, value_name = "TOKEN", hide = true)]
    session_token: Option<String>,
    /// The client that Backstage knows this program as [BACKSTAGE_CLIENT_ID; default backstage-oidc-helper].
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Certificates to trust beside the system's, PEM [CA_FILE].
    #[arg(long, value_name = "FILE")]
    ca_file: Option<String>,
}

impl AccountFlags {
    pub fn settings(self, cluster: Option<String>) -> Result<LoginSettings, SettingsError> {
        let flags = [
            ("BACKSTAGE_URL", self.backend),
            ("BACKSTAGE_SESSION_TOKEN", self.session_token),
            ("BACKSTAGE_CLIENT_ID", self.client_id),
            ("CLUSTER", cluster),
            ("CA_FILE", self.ca_file),
        ];
        LoginSettings::read(&of_helper(flags)?)
    }
}

impl ProxyFlags {
    pub fn settings(self) -> Result<ProxySettings, SettingsError> {
        let flags = [
            ("BACKSTAGE_URL", self.backend),
            ("BACKSTAGE_CLIENT_ID", self.client_id),
            ("LISTEN", self.listen),
            ("CONTROL_LISTEN", self.control_listen),
            ("REDIS_URL", self.redis_url),
            ("LOGIN_TIMEOUT", self.timeout),
            ("CA_FILE", self.ca_file),
        ];
        ProxySettings::read(&of_helper(flags)?.with_container_defaults(&container::HELPER))
    }
}

impl BackendFlags {
    pub fn settings(self) -> Result<BackendSettings, SettingsError> {
        let flags = [
            ("BACKSTAGE_URL", self.backend),
            ("LISTEN", self.listen),
            ("CONTROL_LISTEN", self.control_listen),
            ("REDIS_URL", self.redis_url),
            ("CONFIG_FILE", self.config),
            ("CA_FILE", self.ca_file),
        ];
        let source = environment().with_flags(flags).with_secret_files()?;
        BackendSettings::read(&source.with_container_defaults(&container::BACKEND))
    }
}

impl LoginFlags {
    pub fn settings(self) -> Result<LoginSettings, SettingsError> {
        // A browser that is named on the command line is opened, whatever NO_BROWSER is.
        let no_browser = if self.no_browser { Some("true") } else { self.browser.as_ref().map(|_| "false") };
        let flags = [
            ("BACKSTAGE_URL", self.backend),
            ("BACKSTAGE_SESSION_TOKEN", self.session_token),
            ("BACKSTAGE_CLIENT_ID", self.client_id),
            ("CLUSTER", self.cluster),
            ("LISTEN", self.listen),
            ("LOGIN_TIMEOUT", self.timeout),
            ("NO_BROWSER", no_browser.map(str::to_owned)),
            ("BROWSER", self.browser),
            ("CA_FILE", self.ca_file),
        ];
        LoginSettings::read(&of_helper(flags)?.with_container_defaults(&container::HELPER))
    }
}

/// What the helper's roles read.
fn of_helper(
    flags: impl IntoIterator<Item = (&'static str, Option<String>)>,
) -> Result<Source, SettingsError> {
    Ok(environment().with_flags(flags).with_secret_files()?.with_last_backend(last_used))
}

/// The backend of the last successful login. A file that cannot be read costs only the default.
fn last_used() -> Option<LastUsed> {
    let last = LastBackend::new(token_file::folder().as_deref()).read();
    let last = last.unwrap_or_else(|error| {
        tracing::warn!("The backend of the last login is not the default now: {error}");
        None
    });
    last.map(|name| LastUsed { backstage_url: name.to_string(), client_id: name.client_id().to_owned() })
}

/// A variable that is not Unicode cannot be one of ours.
pub fn environment() -> Source {
    let variables = std::env::vars_os();
    Source::new(
        variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
    )
}
