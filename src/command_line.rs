//! The command line: the commands, a file for each group of them with its flags, and the settings read from these and from the environment.

#![expect(clippy::doc_markdown, reason = "clap prints these comments as they are")]

pub mod account;
pub mod backend;
pub mod healthcheck;
pub mod login;
pub mod proxy;
pub mod source;

use backstage_oidc_helper::telemetry::build::VERSION_AND_COMMIT;
use clap::{Parser, Subcommand};

use account::{LogoutFlags, StatusFlags};
use backend::{AdminCommand, BackendFlags, ConfigCommand};
use healthcheck::HealthcheckFlags;
use login::LoginFlags;
use proxy::ProxyArguments;

/// What a new user reads below the list of commands.
const FIRST_STEPS: &str = "\
First steps:
  backstage-oidc-helper login --backend https://backstage.example.com   your Backstage's address
  backstage-oidc-helper status                                          at the Backstage of the last login

Exit codes: 0 done, 1 refused, 2 wrong flag or setting, 3 port taken, 4 timed out, 5 backend unreachable, 130 interrupted";

/// Own Kubernetes access inside Backstage, for identity providers that know only http://localhost:8000/.
#[derive(Parser)]
#[command(version = VERSION_AND_COMMIT.as_str(), args_conflicts_with_subcommands = true, after_help = FIRST_STEPS)]
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
    Proxy(ProxyArguments),
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
