//! The commands of an operator: the service itself, its settings, and its kept logins.

#![expect(clippy::doc_markdown, reason = "clap prints these comments as they are")]

use std::path::PathBuf;

use backstage_oidc_helper::backend::assembly::from_kubeconfig::{self, AllowedHosts, Purpose};
use backstage_oidc_helper::settings::backend::BackendSettings;
use backstage_oidc_helper::settings::{SettingsError, container};
use clap::{Args, Subcommand};

use super::source::environment;

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

#[derive(Subcommand)]
pub enum ConfigCommand {
    /// Print a new entry for TOKEN_ENCRYPTION_KEYS.
    GenerateKey,
    /// Make the backend's settings out of a kubeconfig that runs kubelogin.
    FromKubeconfig(FromKubeconfigFlags),
    /// Say what the backend's settings mean, and what in them cannot be.
    Check {
        /// Also ask the identity providers, and say what does not fit.
        #[arg(long)]
        online: bool,
    },
}

/// Environment lines for one cluster, a CONFIG_FILE for several, or the values of the chart.
#[derive(Args)]
pub struct FromKubeconfigFlags {
    /// The kubeconfig; - is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only this context; may be given several times [default: all].
    #[arg(long = "context", value_name = "NAME")]
    contexts: Vec<String>,
    /// Where client secrets and certificates are written; existing files stay [default: the current folder].
    #[arg(long = "files", value_name = "FOLDER", default_value = ".", hide_default_value = true)]
    folder: PathBuf,
    /// Values of the Helm chart, with certificates in them.
    #[arg(long)]
    helm: bool,
}

impl FromKubeconfigFlags {
    pub fn request(self) -> Result<from_kubeconfig::Request, SettingsError> {
        let allowed: AllowedHosts = environment().read()?;
        Ok(from_kubeconfig::Request {
            purpose: if self.helm { Purpose::Chart } else { Purpose::Program },
            file: self.file,
            contexts: self.contexts,
            folder: self.folder,
            insecure_http_hosts: allowed.insecure_http_hosts,
            home: std::env::home_dir(),
        })
    }
}
