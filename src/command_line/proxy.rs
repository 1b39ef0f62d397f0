//! The command `proxy`, and those that install and remove it.

use backstage_oidc_helper::helper::proxy::install::{Asking, Order};
use backstage_oidc_helper::settings::proxy::ProxySettings;
use backstage_oidc_helper::settings::{SettingsError, Source, container};
use clap::{Args, Subcommand};

use super::source::of_helper;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct ProxyArguments {
    #[command(subcommand)]
    pub command: Option<ProxyCommand>,
    #[command(flatten)]
    pub flags: ProxyFlags,
}

#[derive(Subcommand)]
pub enum ProxyCommand {
    /// Have your system start it by itself, also after a reboot; shows what it writes and asks first.
    Install(InstallFlags),
    /// Remove what `proxy install` has written.
    Uninstall,
}

/// What is set for this command, by flag or variable, is what the installed proxy starts with.
#[derive(Args)]
pub struct InstallFlags {
    #[command(flatten)]
    flags: ProxyFlags,
    /// Do not ask, as a script has to.
    #[arg(long)]
    yes: bool,
}

impl InstallFlags {
    pub fn order(self) -> Result<Order, SettingsError> {
        let source = self.flags.source()?;
        let carried = source.carried(|path| std::path::absolute(path))?;
        let asking = if self.yes { Asking::SaidBefore } else { Asking::InTerminal };
        Ok(Order { settings: ProxySettings::read(&source)?, carried, asking })
    }
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
    /// Who redeems the code: backend, or helper where the backend cannot reach the identity provider [EXCHANGE; default backend].
    #[arg(long, value_name = "WHO")]
    exchange: Option<String>,
    /// How long a login may take [LOGIN_TIMEOUT; default 5m].
    #[arg(long, value_name = "TIME")]
    timeout: Option<String>,
    /// Certificates to trust beside the system's, PEM [CA_FILE].
    #[arg(long, value_name = "FILE")]
    ca_file: Option<String>,
}

impl ProxyFlags {
    pub fn settings(self) -> Result<ProxySettings, SettingsError> {
        ProxySettings::read(&self.source()?)
    }

    fn source(self) -> Result<Source, SettingsError> {
        let flags = [
            ("BACKSTAGE_URL", self.backend),
            ("BACKSTAGE_CLIENT_ID", self.client_id),
            ("LISTEN", self.listen),
            ("CONTROL_LISTEN", self.control_listen),
            ("REDIS_URL", self.redis_url),
            ("EXCHANGE", self.exchange),
            ("LOGIN_TIMEOUT", self.timeout),
            ("CA_FILE", self.ca_file),
        ];
        Ok(of_helper(flags)?.with_container_defaults(&container::HELPER))
    }
}
