//! The commands `status` and `logout`.

use backstage_oidc_helper::helper::account::logout;
use backstage_oidc_helper::settings::login::LoginSettings;
use backstage_oidc_helper::settings::{SettingsError, Source};
use clap::Args;

use super::output::Output;
use super::source::of_helper;

/// Every flag stands for the variable in brackets and wins over it.
#[derive(Args)]
pub struct StatusFlags {
    #[command(flatten)]
    pub account: AccountFlags,
    /// text for people, or json: one object, with the fields that docs/settings.md lists.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub output: Output,
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
        LoginSettings::read(&self.source(cluster)?)
    }

    /// The settings at a Backstage that is named, or at which a login has succeeded.
    pub fn settings_at_known(self, cluster: Option<String>) -> Result<LoginSettings, SettingsError> {
        LoginSettings::read(&self.source(cluster)?.with_known_backend()?)
    }

    fn source(self, cluster: Option<String>) -> Result<Source, SettingsError> {
        let flags = [
            ("BACKSTAGE_URL", self.backend),
            ("BACKSTAGE_SESSION_TOKEN", self.session_token),
            ("BACKSTAGE_CLIENT_ID", self.client_id),
            ("CLUSTER", cluster),
            ("CA_FILE", self.ca_file),
        ];
        of_helper(flags)
    }
}
