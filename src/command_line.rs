//! The command line: the commands, a file for each group of them with its flags, and the settings read from these and from the environment.

#![expect(clippy::doc_markdown, reason = "clap prints these comments as they are")]

pub mod account;
pub mod admin;
pub mod backend;
pub mod completions;
mod examples;
pub mod healthcheck;
pub mod import;
pub mod kubectl;
pub mod login;
pub mod output;
pub mod proxy;
pub mod source;

use backstage_oidc_helper::telemetry::build::VERSION_AND_COMMIT;
use clap::{Parser, Subcommand};

use account::{LogoutFlags, StatusFlags};
use admin::AdminCommand;
use backend::{BackendFlags, ConfigCommand};
use completions::CompletionsFlags;
use healthcheck::HealthcheckFlags;
use import::ImportFlags;
use kubectl::{GetTokenFlags, KubeconfigFlags};
use login::LoginFlags;
use proxy::ProxyArguments;

/// Own Kubernetes access inside Backstage, for identity providers that know only http://localhost:8000/.
#[derive(Parser)]
#[command(version = VERSION_AND_COMMIT.as_str(), args_conflicts_with_subcommands = true, after_help = examples::PROGRAM)]
pub struct Program {
    #[command(subcommand)]
    pub role: Option<Role>,
    #[command(flatten)]
    pub login: LoginFlags,
}

#[derive(Subcommand)]
pub enum Role {
    /// One login, then exit (also what runs without a command).
    #[command(after_help = examples::LOGIN)]
    Login(LoginFlags),
    /// Show who you are, your clusters, and until when each login lasts.
    #[command(after_help = examples::STATUS)]
    Status(StatusFlags),
    /// Forget and revoke your login at a cluster, or what this machine remembers.
    #[command(after_help = examples::LOGOUT)]
    Logout(LogoutFlags),
    /// What kubectl runs: prints a Backstage token for it, as an ExecCredential.
    #[command(after_help = examples::GET_TOKEN)]
    GetToken(GetTokenFlags),
    /// Bring the login that kubelogin has in its cache on this machine.
    #[command(after_help = examples::IMPORT)]
    Import(ImportFlags),
    /// Write a context for kubectl that leads through Backstage.
    #[command(after_help = examples::KUBECONFIG)]
    Kubeconfig(KubeconfigFlags),
    /// Keeps running and takes over the logins that Backstage begins.
    #[command(after_help = examples::PROXY)]
    Proxy(ProxyArguments),
    /// The service beside Backstage.
    #[command(after_help = examples::BACKEND)]
    Backend(BackendFlags),
    /// Check that the role in this container answers: exit code 0 when it does.
    #[command(after_help = examples::HEALTHCHECK)]
    Healthcheck(HealthcheckFlags),
    /// Print a script that completes commands and flags in your shell.
    #[command(after_help = examples::COMPLETIONS)]
    Completions(CompletionsFlags),
    /// Helps to write the backend's settings.
    #[command(subcommand, after_help = examples::CONFIG)]
    Config(ConfigCommand),
    /// Offboarding, run where the backend's settings are.
    #[command(subcommand, after_help = examples::ADMIN)]
    Admin(AdminCommand),
}
