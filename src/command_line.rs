//! The command line: the commands, their flags, and the settings read from them and from the environment.

#![expect(clippy::doc_markdown, reason = "clap prints these comments as they are")]

pub mod healthcheck;

use backstage_oidc_helper::backstage_names::UserRef;
use backstage_oidc_helper::settings::backend::BackendSettings;
use backstage_oidc_helper::settings::login::LoginSettings;
use backstage_oidc_helper::settings::proxy::ProxySettings;
use backstage_oidc_helper::settings::{SettingsError, Source, container};
use clap::{Args, Parser, Subcommand};

use healthcheck::HealthcheckSettings;

/// Own Kubernetes access inside Backstage, for identity providers that know only http://localhost:8000/.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
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
    /// Keeps running and takes over the logins that Backstage begins.
    Proxy(ProxyFlags),
    /// The service beside Backstage.
    Backend(BackendFlags),
    /// Show who you are, your clusters, and until when each login lasts.
    Status(StatusFlags),
    /// Forget and revoke: your login at one cluster, or at all.
    Logout(LogoutFlags),
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
    /// Where Backstage is [BACKSTAGE_URL; default http://localhost:7007].
    #[arg(long, value_name = "URL")]
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
    /// Where Backstage is [BACKSTAGE_URL; default http://localhost:7007].
    #[arg(long, value_name = "URL")]
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
    #[arg(long, value_name = "URL")]
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
    /// The backend's answer as it is, JSON.
    #[arg(long)]
    pub json: bool,
}

/// Every flag stands for the variable in brackets and wins over it.
#[derive(Args)]
pub struct LogoutFlags {
    #[command(flatten)]
    pub account: AccountFlags,
    /// This cluster only; all clusters when unset [CLUSTER].
    #[arg(long, value_name = "NAME")]
    pub cluster: Option<String>,
    /// Only on this machine: the kept sign-in, and that this Backstage was confirmed; the backend is not asked.
    #[arg(long, conflicts_with = "cluster")]
    pub local: bool,
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
    /// Where Backstage is [BACKSTAGE_URL; default http://localhost:7007].
    #[arg(long, value_name = "URL")]
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
        LoginSettings::read(&environment().with_flags(flags).with_secret_files()?)
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
        let source = environment().with_flags(flags).with_secret_files()?;
        ProxySettings::read(&source.with_container_defaults(&container::HELPER))
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
        let flags = [
            ("BACKSTAGE_URL", self.backend),
            ("BACKSTAGE_SESSION_TOKEN", self.session_token),
            ("BACKSTAGE_CLIENT_ID", self.client_id),
            ("CLUSTER", self.cluster),
            ("LISTEN", self.listen),
            ("LOGIN_TIMEOUT", self.timeout),
            ("NO_BROWSER", self.no_browser.then(|| "true".to_owned())),
            ("BROWSER", self.browser),
            ("CA_FILE", self.ca_file),
        ];
        let source = environment().with_flags(flags).with_secret_files()?;
        LoginSettings::read(&source.with_container_defaults(&container::HELPER))
    }
}

/// A variable that is not Unicode cannot be one of ours.
pub fn environment() -> Source {
    let variables = std::env::vars_os();
    Source::new(
        variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
    )
}
