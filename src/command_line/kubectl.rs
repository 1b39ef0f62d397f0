//! The commands that kubectl needs.

use std::path::{Path, PathBuf};

use backstage_oidc_helper::helper::kubectl::kubeconfig::files::Files;
use backstage_oidc_helper::helper::kubectl::kubeconfig::refusal::KubeconfigRefusal;
use backstage_oidc_helper::helper::kubectl::kubeconfig::{Clusters, Current, Order, Writing};
use backstage_oidc_helper::settings::SettingsError;
use backstage_oidc_helper::settings::login::LoginSettings;
use clap::Args;

use super::account::AccountFlags;
use super::login::BrowserFlags;
use super::source::of_helper;

/// Every flag stands for the variable in brackets and wins over it. BACKSTAGE_TOKEN is used where it is set.
#[derive(Args)]
pub struct GetTokenFlags {
    /// Where Backstage is [BACKSTAGE_URL; default that of the last login].
    #[arg(long, visible_alias = "backstage", value_name = "URL")]
    backend: Option<String>,
    /// The client that Backstage knows this program as [BACKSTAGE_CLIENT_ID; default backstage-oidc-helper].
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// How long to wait for you where you have to sign in [LOGIN_TIMEOUT; default 5m].
    #[arg(long, value_name = "TIME")]
    timeout: Option<String>,
    #[command(flatten)]
    browser: BrowserFlags,
    /// Certificates to trust beside the system's, PEM [CA_FILE].
    #[arg(long, value_name = "FILE")]
    ca_file: Option<String>,
}

impl GetTokenFlags {
    pub fn settings(self) -> Result<LoginSettings, SettingsError> {
        let [no_browser, browser] = self.browser.variables();
        let flags = [
            ("BACKSTAGE_URL", self.backend),
            ("BACKSTAGE_CLIENT_ID", self.client_id),
            ("LOGIN_TIMEOUT", self.timeout),
            no_browser,
            browser,
            ("CA_FILE", self.ca_file),
        ];
        LoginSettings::read(&of_helper(flags)?.with_known_backend()?)
    }
}

/// Every flag stands for the variable in brackets and wins over it.
#[derive(Args)]
pub struct KubeconfigFlags {
    #[command(flatten)]
    account: AccountFlags,
    /// The context for this cluster; unset: the only one that there is [CLUSTER].
    #[arg(long, value_name = "NAME", conflicts_with = "all")]
    cluster: Option<String>,
    /// Contexts for all clusters.
    #[arg(long)]
    all: bool,
    /// Make the context kubectl's current one.
    #[arg(long)]
    current: bool,
    /// Print what would be written, and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// The file to write to, as kubectl's flag of that name [KUBECONFIG; default ~/.kube/config].
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Another name for kubectl to ask for and to find in the backend's certificate; get-token and your browser go by the address.
    #[arg(long, value_name = "NAME")]
    tls_server_name: Option<String>,
}

impl KubeconfigFlags {
    /// What the flags ask for.
    pub fn order(&self, home: Option<&Path>) -> Result<Order, KubeconfigRefusal> {
        let variable = std::env::var_os("KUBECONFIG");
        Ok(Order {
            clusters: if self.all { Clusters::All } else { Clusters::One },
            current: if self.current { Current::Written } else { Current::Kept },
            writing: if self.dry_run { Writing::DryRun } else { Writing::ToFile },
            tls_server_name: self.tls_server_name.clone(),
            files: Files::find(self.kubeconfig.clone(), variable.as_deref(), home)?,
        })
    }

    pub fn settings(self) -> Result<LoginSettings, SettingsError> {
        self.account.settings(self.cluster)
    }
}
