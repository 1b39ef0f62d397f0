//! The settings of the `proxy` role, read and checked.

pub mod carried;

use std::net::SocketAddr;
use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

use super::lists::addresses::to_listen_on;
use super::lists::{HostName, RequestHost, separated_texts};
use super::login::{Exchange, LoginSettings};
use super::names::variables_of;
use super::yes_no::yes_or_no;
use super::{SettingsError, Source, Span};

/// The `proxy` role's variables; each field is the variable of the same name in upper case. Those about reaching the backend are
/// the `login` role's too, and are read as its settings.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "what the login role has too is named here and read there")]
pub(super) struct ProxyVariables {
    backstage_url: Option<String>,
    backstage_client_id: Option<String>,
    #[serde(default, deserialize_with = "to_listen_on")]
    listen: Vec<SocketAddr>,
    #[serde(default, deserialize_with = "to_listen_on")]
    control_listen: Vec<SocketAddr>,
    #[serde(default, deserialize_with = "yes_or_no")]
    hold_callback_port: bool,
    redis_url: Option<SecretString>,
    #[serde(default)]
    exchange: Exchange,
    login_timeout: Option<Span>,
    #[serde(default, deserialize_with = "separated_texts::<_, RequestHost>")]
    allowed_hosts: Vec<String>,
    #[serde(default, deserialize_with = "separated_texts::<_, HostName>")]
    insecure_http_hosts: Vec<String>,
    ca_file: Option<PathBuf>,
    https_proxy: Option<SecretString>,
    http_proxy: Option<SecretString>,
    no_proxy: Option<String>,
}

/// When the redirect URI's port is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// While a login is pending, so that kubelogin can use the port in between.
    WhileNeeded,
    /// Always, as in a container, which publishes the port.
    Always,
}

/// Which Backstage the proxy is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backstage {
    /// The one that the `login` settings name.
    Named,
    /// None: it is not set, and in a container the default cannot be right.
    Unknown,
}

/// The `proxy` role's settings, checked.
#[derive(Debug)]
pub struct ProxySettings {
    /// How to reach the backend, where to listen for the redirect and how long a login may take, as in the `login` role.
    pub login: LoginSettings,
    /// Whether there is a backend at all.
    pub backstage: Backstage,
    /// Where to listen for everything but the redirect; empty means `127.0.0.1:8888` and, with IPv6, `[::1]:8888`.
    pub control_listen: Vec<SocketAddr>,
    /// When the redirect URI's port is bound.
    pub holding: Holding,
    /// `REDIS_URL`, with its password; without it pending logins are lost when the process ends.
    pub redis_url: Option<SecretString>,
}

impl ProxySettings {
    /// Reads and checks them.
    ///
    /// # Errors
    /// When a variable is not of its type, or only works for a single login.
    pub fn read(source: &Source) -> Result<Self, SettingsError> {
        source.warn_of_lookalikes(&variables_of::<ProxyVariables>());
        let variables: ProxyVariables = source.read()?;
        let ProxyVariables { backstage_url, control_listen, hold_callback_port, redis_url, .. } = variables;
        let holding = if hold_callback_port { Holding::Always } else { Holding::WhileNeeded };
        let backstage = match (backstage_url, holding) {
            (None, Holding::Always) => Backstage::Unknown,
            (Some(_), _) | (None, Holding::WhileNeeded) => Backstage::Named,
        };
        let login = source.read()?;
        Ok(Self { login, backstage, control_listen, holding, redis_url })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn read(pairs: &[(&str, &str)]) -> ProxySettings {
        let pairs = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        ProxySettings::read(&Source::new(pairs)).unwrap()
    }

    #[test]
    fn the_example_file_is_what_the_program_reads() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/proxy.env");
        let settings = ProxySettings::read(&Source::new(crate::settings::example_variables(&file))).unwrap();
        assert_eq!((settings.login.listen.len(), settings.control_listen.len()), (2, 2));
        assert!(settings.redis_url.is_some());
        assert_eq!((settings.holding, settings.backstage), (Holding::Always, Backstage::Named));
    }

    #[test]
    fn the_callback_port_is_held_in_any_words() {
        for (word, holding) in [("1", Holding::Always), ("Yes", Holding::Always), ("0", Holding::WhileNeeded)]
        {
            assert_eq!(read(&[("HOLD_CALLBACK_PORT", word)]).holding, holding, "{word}");
        }
        let unlike = [("HOLD_CALLBACK_PORT".to_owned(), "8000".to_owned())];
        let refusal = ProxySettings::read(&Source::new(unlike)).unwrap_err().to_string();
        assert_eq!(
            refusal,
            "HOLD_CALLBACK_PORT cannot be used: \"8000\" is neither yes nor no: write true or false."
        );
    }

    #[test]
    fn a_container_that_names_no_backstage_has_none() {
        assert_eq!(read(&[]).backstage, Backstage::Named);
        assert_eq!(read(&[("HOLD_CALLBACK_PORT", "true")]).backstage, Backstage::Unknown);
        let named = [("HOLD_CALLBACK_PORT", "true"), ("BACKSTAGE_URL", "https://backstage.example")];
        assert_eq!(read(&named).backstage, Backstage::Named);
    }
}
