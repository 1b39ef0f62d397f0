//! The commands that kubectl needs.

use backstage_oidc_helper::settings::SettingsError;
use backstage_oidc_helper::settings::login::LoginSettings;
use clap::Args;

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

impl GetTokenFlags {
    pub fn settings(self) -> Result<LoginSettings, SettingsError> {
        // A browser that is named on the command line is opened, whatever NO_BROWSER is.
        let no_browser = if self.no_browser { Some("true") } else { self.browser.as_ref().map(|_| "false") };
        let flags = [
            ("BACKSTAGE_URL", self.backend),
            ("BACKSTAGE_CLIENT_ID", self.client_id),
            ("LOGIN_TIMEOUT", self.timeout),
            ("NO_BROWSER", no_browser.map(str::to_owned)),
            ("BROWSER", self.browser),
            ("CA_FILE", self.ca_file),
        ];
        LoginSettings::read(&of_helper(flags)?)
    }
}
