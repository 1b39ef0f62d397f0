//! The command `login`.

use backstage_oidc_helper::settings::login::LoginSettings;
use backstage_oidc_helper::settings::{SettingsError, container};
use clap::Args;

use super::output::Output;
use super::source::of_helper;

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
    /// Who redeems the code: backend, or helper where the backend cannot reach the identity provider [EXCHANGE; default backend].
    #[arg(long, value_name = "WHO")]
    exchange: Option<String>,
    /// How long to wait for you [LOGIN_TIMEOUT; default 5m].
    #[arg(long, value_name = "TIME")]
    timeout: Option<String>,
    #[command(flatten)]
    browser: BrowserFlags,
    /// Certificates to trust beside the system's, PEM [CA_FILE].
    #[arg(long, value_name = "FILE")]
    ca_file: Option<String>,
    /// text for people, or json: when it is over one object on standard output, with the fields that docs/settings.md lists.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub output: Output,
}

/// Which browser opens, for each command that may open one.
#[derive(Args)]
pub struct BrowserFlags {
    /// Print the link, open nothing [NO_BROWSER].
    #[arg(long)]
    no_browser: bool,
    /// The program that opens the link [BROWSER].
    #[arg(long, value_name = "COMMAND", conflicts_with = "no_browser")]
    browser: Option<String>,
}

impl BrowserFlags {
    /// What the flags stand for. A browser that is named on the command line is opened, whatever `NO_BROWSER` is.
    pub fn variables(self) -> [(&'static str, Option<String>); 2] {
        let no_browser = if self.no_browser { Some("true") } else { self.browser.as_ref().map(|_| "false") };
        [("NO_BROWSER", no_browser.map(str::to_owned)), ("BROWSER", self.browser)]
    }
}

impl LoginFlags {
    pub fn settings(self) -> Result<LoginSettings, SettingsError> {
        let [no_browser, browser] = self.browser.variables();
        let flags = [
            ("BACKSTAGE_URL", self.backend),
            ("BACKSTAGE_SESSION_TOKEN", self.session_token),
            ("BACKSTAGE_CLIENT_ID", self.client_id),
            ("CLUSTER", self.cluster),
            ("LISTEN", self.listen),
            ("EXCHANGE", self.exchange),
            ("LOGIN_TIMEOUT", self.timeout),
            no_browser,
            browser,
            ("CA_FILE", self.ca_file),
        ];
        LoginSettings::read(&of_helper(flags)?.with_container_defaults(&container::HELPER))
    }
}
