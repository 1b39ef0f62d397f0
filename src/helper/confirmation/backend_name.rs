//! A backend as a user confirms it: scheme, host, port, path, and this program's client id there.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::settings::SettingsError;

/// What the user confirms; a backend that differs in any part is another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackendName {
    scheme: String,
    /// In ASCII: a name in another script is punycode (`xn--…`), so that it does not look like another name.
    host: String,
    port: u16,
    path: String,
    client_id: String,
}

impl BackendName {
    /// From an address.
    ///
    /// # Errors
    /// When it is not an address, or holds a query, to which no path can be appended.
    pub fn new(address: &str, client_id: &str) -> Result<Self, SettingsError> {
        let unusable = |reason| SettingsError(format!("BACKSTAGE_URL cannot be used: {reason}."));
        let url = Url::parse(address).map_err(|_| unusable("it is not a URL: write it as https://host/"))?;
        if url.query().is_some() {
            return Err(unusable("it holds a query: leave that out"));
        }
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(unusable("it names no host: write it as https://host/"));
        };
        Ok(Self {
            scheme: url.scheme().to_owned(),
            host: host.to_owned(),
            port,
            path: url.path().to_owned(),
            client_id: client_id.to_owned(),
        })
    }

    /// `http` or `https`.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The host in ASCII.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, also if the URL leaves it out.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The path; `/` if there is none.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// This program's client id there.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Scheme, host and port, for a user to compare.
    #[must_use]
    pub fn origin(&self) -> String {
        let Self { scheme, host, port, .. } = self;
        format!("{scheme}://{host}:{port}")
    }

    /// Whether requests stay on this machine. `host.docker.internal` does not count: a network may resolve that name.
    #[must_use]
    pub fn is_on_loopback(&self) -> bool {
        match Host::parse(&self.host) {
            Ok(Host::Ipv4(ip)) => ip.is_loopback(),
            Ok(Host::Ipv6(ip)) => ip.is_loopback(),
            Ok(Host::Domain(name)) => name == "localhost",
            Err(_) => false,
        }
    }
}

/// With the port, as users compare it.
impl fmt::Display for BackendName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin(), self.path.trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(address: &str) -> BackendName {
        BackendName::new(address, "helper").unwrap()
    }

    #[test]
    fn a_host_in_another_script_is_shown_as_punycode_and_the_port_always() {
        assert_eq!(name("https://bäckstage.example").to_string(), "https://xn--bckstage-0za.example:443");
        assert_eq!(name("https://Backstage.Example:444/a/").to_string(), "https://backstage.example:444/a");
        assert_eq!(name("http://[::1]:7007").to_string(), "http://[::1]:7007");
        assert!(BackendName::new("https://backstage.example/?to=", "helper").is_err());
        assert!(BackendName::new("backstage", "helper").is_err());
    }

    #[test]
    fn what_differs_in_anything_is_another() {
        let known = name("https://backstage.example");
        assert_eq!(known, name("https://backstage.example:443/"));
        for other in [
            "http://backstage.example:443",
            "https://backstage.example:444",
            "https://backstage.example/other",
            "https://backstage.example.evil.example",
        ] {
            assert_ne!(known, name(other), "{other}");
        }
        assert_ne!(known, BackendName::new("https://backstage.example", "other").unwrap());
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for near in ["http://localhost:7007", "http://127.0.0.2", "http://[::1]:1"] {
            assert!(name(near).is_on_loopback(), "{near}");
        }
        for far in [
            "http://host.docker.internal:7007",
            "https://localhost.example",
            "https://10.0.0.1",
            "https://[::2]",
        ] {
            assert!(!name(far).is_on_loopback(), "{far}");
        }
    }
}
