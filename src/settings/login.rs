//! The settings of the `login` role.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;

use super::lists::addresses::to_listen_on;
use super::lists::{HostName, RequestHost, separated_texts};
use super::names::variables_of;
use super::yes_no::says_no;
use super::{SettingsError, Source, Span, http_proxies};
use crate::outbound::http_proxy::HttpProxies;

/// Where Backstage is if nothing names it: on a developer's machine.
pub const DEFAULT_BACKSTAGE_URL: &str = "http://localhost:7007";

/// This program's client id at Backstage if nothing names another.
pub const DEFAULT_CLIENT_ID: &str = "backstage-oidc-helper";

/// Who redeems the authorization code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Exchange {
    /// The backend, which alone has the verifier.
    #[default]
    Backend,
    /// This helper, for a backend that cannot reach the identity provider's token endpoint.
    Helper,
}

/// The `login` role's settings; each field is the variable of the same name in upper case.
#[derive(Debug, Deserialize)]
pub struct LoginSettings {
    /// Where Backstage is.
    #[serde(default = "default_backstage_url")]
    pub backstage_url: String,
    /// The token of a session that was begun in Backstage; the user confirms the login with a click.
    pub backstage_session_token: Option<SecretString>,
    /// The user's own Backstage token, to begin a session with.
    pub backstage_token: Option<SecretString>,
    /// The browser's Backstage cookie, traded for a user token at `/api/auth/{provider}/refresh`.
    pub backstage_session: Option<SecretString>,
    /// The auth provider that the cookie belongs to.
    pub backstage_auth_provider: Option<String>,
    /// This program's client id at Backstage (`auth.staticClients`), for signing in when no other credential is set.
    #[serde(default = "default_client_id")]
    pub backstage_client_id: String,
    /// The cluster; may be left out where there is only one.
    pub cluster: Option<String>,
    /// Where to listen instead of `127.0.0.1:8000` and `[::1]:8000`.
    #[serde(default, deserialize_with = "to_listen_on")]
    pub listen: Vec<SocketAddr>,
    /// Who redeems the authorization code; the backend unless set.
    #[serde(default)]
    pub exchange: Exchange,
    /// How long to wait for the person; 5 minutes unless set.
    #[serde(default = "default_login_timeout")]
    pub login_timeout: Span,
    /// Set to anything but `false`, `0`, `no` or `off`: print the link and open no browser.
    pub no_browser: Option<String>,
    /// The program that opens the link, instead of the system's.
    pub browser: Option<String>,
    /// More hosts that a request may name beside localhost, 127.0.0.1 and `[::1]`.
    #[serde(default, deserialize_with = "separated_texts::<_, RequestHost>")]
    pub allowed_hosts: Vec<String>,
    /// Hosts to which plain http is allowed.
    #[serde(default, deserialize_with = "separated_texts::<_, HostName>")]
    pub insecure_http_hosts: Vec<String>,
    /// A file of root certificates to trust beside the system's (`--ca-file`).
    pub ca_file: Option<PathBuf>,
    /// The HTTP proxy toward https, with its password.
    pub https_proxy: Option<SecretString>,
    /// The HTTP proxy toward plain http.
    pub http_proxy: Option<SecretString>,
    /// The hosts that are reached without a proxy.
    pub no_proxy: Option<String>,
}

fn default_backstage_url() -> String {
    DEFAULT_BACKSTAGE_URL.to_owned()
}

fn default_client_id() -> String {
    DEFAULT_CLIENT_ID.to_owned()
}

fn default_login_timeout() -> Span {
    Span(Duration::from_mins(5))
}

impl Source {
    /// Without `BACKSTAGE_URL`, the backend of the last successful login is the default, with the client id that it had there. Not in the
    /// image: a container is for the Backstage that its settings name.
    #[must_use]
    pub fn with_last_backend(mut self, last: impl FnOnce() -> Option<LastUsed>) -> Self {
        if self.is_in_container() || self.values.contains_key("BACKSTAGE_URL") {
            return self;
        }
        if let Some(LastUsed { backstage_url, client_id }) = last() {
            self.values.insert("BACKSTAGE_URL".to_owned(), backstage_url);
            self.values.entry("BACKSTAGE_CLIENT_ID".to_owned()).or_insert(client_id);
        }
        self
    }

    /// For a command that sends credentials without asking: a Backstage that is named, or at which a login has succeeded. The default is
    /// neither, and another user of the machine may listen there.
    ///
    /// # Errors
    /// When there is none.
    pub fn with_known_backend(self) -> Result<Self, SettingsError> {
        if self.values.contains_key("BACKSTAGE_URL") {
            return Ok(self);
        }
        Err(SettingsError(
            "No Backstage is named, and no login has succeeded on this machine, so nothing is sent: name yours with --backend or BACKSTAGE_URL, or run backstage-oidc-helper login first."
                .to_owned(),
        ))
    }
}

/// The backend of the last successful login.
pub struct LastUsed {
    /// Where that Backstage is.
    pub backstage_url: String,
    /// This program's client id there.
    pub client_id: String,
}

impl LoginSettings {
    /// Reads them.
    ///
    /// # Errors
    /// When a variable is not of its type.
    pub fn read(source: &Source) -> Result<Self, SettingsError> {
        source.warn_of_lookalikes(&variables_of::<Self>());
        source.read()
    }

    /// Whether the link is only printed: by `NO_BROWSER`, or by the names for `BROWSER` that people set so that nothing opens.
    #[must_use]
    pub fn prints_link_only(&self) -> bool {
        self.no_browser.as_deref().is_some_and(|value| !says_no(value))
            || self.browser.as_deref().is_some_and(|name| matches!(name.trim(), "none" | "echo"))
    }

    /// The proxies, checked.
    ///
    /// # Errors
    /// When one of them cannot be used.
    pub fn http_proxies(&self) -> Result<HttpProxies, SettingsError> {
        http_proxies(self.https_proxy.as_ref(), self.http_proxy.as_ref(), self.no_proxy.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn with_last(pairs: &[(&str, &str)]) -> LoginSettings {
        let source = Source::new(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        let last =
            LastUsed { backstage_url: "https://last.example".to_owned(), client_id: "last".to_owned() };
        LoginSettings::read(&source.with_last_backend(|| Some(last))).unwrap()
    }

    #[test]
    fn the_last_backend_is_only_a_default_and_not_that_of_a_container() {
        let of = |pairs: &[(&str, &str)]| {
            let settings = with_last(pairs);
            [settings.backstage_url, settings.backstage_client_id]
        };
        assert_eq!(of(&[]), ["https://last.example", "last"]);
        assert_eq!(of(&[("BACKSTAGE_CLIENT_ID", "own")]), ["https://last.example", "own"]);
        let named = ["https://named.example", "backstage-oidc-helper"];
        assert_eq!(of(&[("BACKSTAGE_URL", "https://named.example")]), named);
        assert_eq!(of(&[("IN_CONTAINER", "true")]), ["http://localhost:7007", "backstage-oidc-helper"]);
    }

    #[test]
    fn a_known_backend_is_a_named_one_or_the_last() {
        let known = |pairs: &[(&str, &str)], last: Option<&str>| {
            let source = Source::new(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
            let last =
                last.map(|url| LastUsed { backstage_url: url.to_owned(), client_id: "own".to_owned() });
            source.with_last_backend(|| last).with_known_backend().is_ok()
        };
        assert!(known(&[], Some("http://localhost:7007")));
        assert!(known(&[("BACKSTAGE_URL", "http://localhost:7007")], None));
        assert!(!known(&[], None));
        assert!(!known(&[("BACKSTAGE_URL", "")], None));
        assert!(!known(&[("IN_CONTAINER", "true")], Some("https://last.example")));
    }

    #[test]
    fn the_example_file_is_what_the_program_reads() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/login.env");
        let settings = LoginSettings::read(&Source::new(crate::settings::example_variables(&file))).unwrap();
        assert_eq!(settings.listen.len(), 2);
        assert!(settings.backstage_session_token.is_some() && settings.prints_link_only());
    }
}
