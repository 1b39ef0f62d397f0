//! `NO_PROXY`: the hosts that are reached without a proxy. Entries are separated by commas or spaces and mean the same as in Go's
//! `golang.org/x/net/http/httpproxy`.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use url::Host;

/// The entries.
#[derive(Clone, Debug, Default)]
pub struct NoProxy(Vec<Entry>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    /// `*`
    Everything,
    /// `10.0.0.0/8`; matches addresses in URLs only, as names are not looked up.
    Network(IpNet),
    /// `10.1.2.3`, `[fd00::1]`, with `:port` or without.
    Address(IpAddr, Option<u16>),
    /// `example.com`, which matches it and its subdomains; `.example.com` and `*.example.com`, which match subdomains only.
    Domain { name: String, which: Which, port: Option<u16> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    ItAndBelow,
    Below,
}

impl NoProxy {
    /// Reads the variable. An entry of no known form is read as a domain, which then matches nothing.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let entries = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|entry| !entry.is_empty());
        Self(entries.map(|entry| Entry::read(&entry.to_ascii_lowercase())).collect())
    }

    /// Whether an entry matches that host and port.
    #[must_use]
    pub fn names(&self, host: &Host, port: u16) -> bool {
        self.0.iter().any(|entry| match (entry, host) {
            (Entry::Everything, _) => true,
            (entry, Host::Ipv4(ip)) => entry.names_address(IpAddr::from(*ip), port),
            (entry, Host::Ipv6(ip)) => entry.names_address(IpAddr::from(*ip).to_canonical(), port),
            (entry, Host::Domain(domain)) => entry.names_domain(domain.trim_end_matches('.'), port),
        })
    }
}

impl Entry {
    fn read(text: &str) -> Self {
        if text == "*" {
            return Self::Everything;
        }
        if let Ok(network) = text.parse() {
            return Self::Network(network);
        }
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Self::Address(address.ip().to_canonical(), Some(address.port()));
        }
        if let Ok(ip) = text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            return Self::Address(ip.to_canonical(), None);
        }
        let with_port = text.rsplit_once(':').and_then(|(name, port)| Some((name, port.parse().ok()?)));
        let (name, port) = with_port.map_or((text, None), |(name, port)| (name, Some(port)));
        let name = name.trim_end_matches('.');
        let below = name.strip_prefix("*.").or_else(|| name.strip_prefix('.'));
        let which = if below.is_some() { Which::Below } else { Which::ItAndBelow };
        Self::Domain { name: below.unwrap_or(name).to_owned(), which, port }
    }

    fn names_address(&self, ip: IpAddr, at: u16) -> bool {
        match self {
            Self::Network(network) => network.contains(&ip),
            Self::Address(address, port) => *address == ip && port.is_none_or(|port| port == at),
            Self::Everything | Self::Domain { .. } => false,
        }
    }

    fn names_domain(&self, domain: &str, at: u16) -> bool {
        let Self::Domain { name, which, port } = self else { return false };
        if port.is_some_and(|port| port != at) {
            return false;
        }
        match domain.strip_suffix(name.as_str()) {
            Some("") => *which == Which::ItAndBelow,
            Some(front) => front.ends_with('.'),
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(no_proxy: &str, host: &str, port: u16) -> bool {
        NoProxy::read(no_proxy).names(&Host::parse(host).unwrap(), port)
    }

    #[test]
    fn each_form_names_what_it_should() {
        for (no_proxy, host, port) in [
            ("*", "anything.example", 443),
            ("*", "10.0.0.1", 443),
            ("idp.example", "idp.example", 443),
            ("IDP.example", "idp.EXAMPLE", 8443),
            ("example", "idp.example", 443),
            (".example", "idp.example", 443),
            ("*.example", "a.b.example", 443),
            ("idp.example:8443", "idp.example", 8443),
            (".example:8443", "idp.example", 8443),
            ("10.1.2.3", "10.1.2.3", 443),
            ("10.1.2.3:6443", "10.1.2.3", 6443),
            ("10.0.0.0/8", "10.1.2.3", 443),
            ("fd00::1", "[fd00::1]", 443),
            ("[fd00::1]", "[fd00::1]", 443),
            ("[fd00::1]:6443", "[fd00::1]", 6443),
            ("fd00::/8", "[fd00::1]", 443),
            ("10.1.2.3", "[::ffff:10.1.2.3]", 443),
            ("a.example, b.example c.example", "c.example", 443),
            (" ,idp.example.", "idp.example.", 443),
        ] {
            assert!(names(no_proxy, host, port), "{no_proxy} does not name {host}:{port}");
        }
    }

    #[test]
    fn no_form_names_more_than_it_should() {
        for (no_proxy, host, port) in [
            ("", "idp.example", 443),
            (",", "idp.example", 443),
            ("idp.example", "notidp.example", 443),
            ("idp.example", "idp.example.org", 443),
            (".idp.example", "idp.example", 443),
            ("*.idp.example", "idp.example", 443),
            ("idp.example:443", "idp.example", 8443),
            ("10.1.2.3", "10.1.2.30", 443),
            ("10.1.2.3:6443", "10.1.2.3", 443),
            ("10.0.0.0/8", "11.0.0.1", 443),
            ("10.0.0.0/8", "ten.example", 443),
            ("0.0.0.0/0", "[fd00::1]", 443),
            ("[fd00::1]:6443", "[fd00::1]", 443),
            ("2.3", "10.1.2.3", 443),
        ] {
            assert!(!names(no_proxy, host, port), "{no_proxy} names {host}:{port}");
        }
    }
}
