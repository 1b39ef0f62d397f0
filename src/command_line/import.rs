//! The command `import`.

use backstage_oidc_helper::helper::account::import::{Order, Takes};
use backstage_oidc_helper::settings::SettingsError;
use backstage_oidc_helper::settings::login::LoginSettings;
use clap::Args;
use etcetera::home_dir;

use super::account::AccountFlags;

/// Every flag stands for the variable in brackets and wins over it.
#[derive(Args)]
pub struct ImportFlags {
    #[command(flatten)]
    account: AccountFlags,
    /// The cluster; may be left out where there is only one [CLUSTER].
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// Move the whole login: the backend gets the refresh token, too, and kubelogin asks you to log in again.
    #[arg(long)]
    take_over: bool,
    /// kubelogin's cache, where its arguments name one with the same flag [default oidc-login in KUBECACHEDIR, else in ~/.kube/cache].
    #[arg(long, value_name = "FOLDER")]
    token_cache_dir: Option<String>,
}

impl ImportFlags {
    /// What the flags ask for.
    ///
    /// # Errors
    /// For a user without a home, where no folder is named.
    pub fn order(&self) -> Result<Order, SettingsError> {
        let takes = if self.take_over { Takes::Login } else { Takes::IdToken };
        let (variable, home) = (std::env::var("KUBECACHEDIR").ok(), home_dir().ok());
        Order::new(takes, self.token_cache_dir.as_deref(), variable.as_deref(), home.as_deref())
    }

    /// The settings.
    pub fn settings(self) -> Result<LoginSettings, SettingsError> {
        self.account.settings_at_known(self.cluster)
    }
}
