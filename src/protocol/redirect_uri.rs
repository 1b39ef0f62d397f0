//! The redirect URI of a cluster: where on the user's machine the identity provider sends the browser.

use url::{Host, Url};

/// The paths that the helper uses itself, on both of its ports; its links are below the first.
const OWN_PATHS: [&str; 9] = [
    "/go",
    "/backstage/callback",
    "/continue",
    "/start",
    "/login",
    "/healthz",
    "/readyz",
    "/metrics",
    "/status",
];

/// Why a redirect URI cannot be served by a helper. Ends the sentence "… cannot be used: ".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRedirectUri {
    /// Not loopback, not plain http, or no URL at all.
    #[error("it must be a plain http address of the user's own machine, such as http://localhost:8000/")]
    Elsewhere,
    /// It holds more than an address.
    #[error("it holds a user, a password, a query or a fragment: leave those out")]
    Extras,
    /// A path that the helper answers itself.
    #[error("the helper has this path for itself: choose another one")]
    OwnPath,
}

/// A redirect URI on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUri {
    text: String,
    host: String,
    port: u16,
    path: String,
}

impl RedirectUri {
    /// Reads it.
    ///
    /// # Errors
    /// As the variants of [`BadRedirectUri`] say.
    pub fn parse(text: &str) -> Result<Self, BadRedirectUri> {
        // It is sent byte for byte, while a URL parser ignores white space.
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(BadRedirectUri::Elsewhere);
        }
        let url = Url::parse(text).map_err(|_| BadRedirectUri::Elsewhere)?;
        let loopback = match url.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        };
        let (true, "http", Some(host), Some(port)) =
            (loopback, url.scheme(), url.host_str(), url.port_or_known_default())
        else {
            return Err(BadRedirectUri::Elsewhere);
        };
        let holds_user = !url.username().is_empty() || url.password().is_some();
        if holds_user || url.query().is_some() || url.fragment().is_some() {
            return Err(BadRedirectUri::Extras);
        }
        if is_own(url.path()) {
            return Err(BadRedirectUri::OwnPath);
        }
        Ok(Self { text: text.to_owned(), host: host.to_owned(), port, path: url.path().to_owned() })
    }

    /// Byte for byte as the identity provider knows it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its host as it stands in a URL: the cookie must be set for exactly this name.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port that the identity provider sends the browser to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its origin (RFC 6454, 6.2).
    #[must_use]
    pub fn origin(&self) -> String {
        // Plain http, as parsed.
        let port = if self.port == 80 { String::new() } else { format!(":{}", self.port) };
        format!("http://{}{port}", self.host)
    }

    /// The path that the browser asks for; `/` where it has none.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether one listener and one cookie host serve both.
    #[must_use]
    pub fn shares_host_and_port_with(&self, other: &Self) -> bool {
        (&self.host, self.port) == (&other.host, other.port)
    }
}

fn is_own(path: &str) -> bool {
    OWN_PATHS
        .iter()
        .any(|own| path.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_uri_is_a_plain_http_address_of_this_machine() {
        for (good, path) in [
            ("http://localhost:8000/", "/"),
            ("http://localhost:8000", "/"),
            ("http://127.0.0.1:1/", "/"),
            ("http://[::1]:1/", "/"),
            ("http://localhost:8000/callback", "/callback"),
            ("http://localhost:8000/auth/callback/", "/auth/callback/"),
            ("http://localhost/goto", "/goto"),
        ] {
            assert_eq!(RedirectUri::parse(good).unwrap().path(), path, "{good}");
        }
        for (bad, why) in [
            ("http://evil.example:8000/", BadRedirectUri::Elsewhere),
            ("https://localhost:8000/", BadRedirectUri::Elsewhere),
            ("http://localhost.evil.example/", BadRedirectUri::Elsewhere),
            ("http://localhost:8000/ ", BadRedirectUri::Elsewhere),
            ("localhost:8000", BadRedirectUri::Elsewhere),
            ("http://u@localhost:8000/", BadRedirectUri::Extras),
            ("http://localhost:8000/?", BadRedirectUri::Extras),
            ("http://localhost:8000/#x", BadRedirectUri::Extras),
            ("http://localhost:8000/go/x", BadRedirectUri::OwnPath),
            ("http://localhost:8000/start", BadRedirectUri::OwnPath),
            ("http://localhost:8000/x/../metrics", BadRedirectUri::OwnPath),
        ] {
            assert_eq!(RedirectUri::parse(bad).unwrap_err(), why, "{bad}");
        }
    }

    #[test]
    fn paths_may_differ_hosts_and_ports_may_not() {
        let uri = |text| RedirectUri::parse(text).unwrap();
        let root = uri("http://localhost:8000");
        assert!(root.shares_host_and_port_with(&uri("http://localhost:8000/callback")));
        assert!(!root.shares_host_and_port_with(&uri("http://127.0.0.1:8000/")));
        assert!(!root.shares_host_and_port_with(&uri("http://localhost:8001/")));
    }
}
