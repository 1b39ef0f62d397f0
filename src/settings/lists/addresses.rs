//! Addresses in settings, as people write them: where to listen, and networks.

use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use ipnet::IpNet;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::{InvalidEntry, separated};

/// An entry of `LISTEN`: an address, or `localhost` with a port, which are both loopback addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ListenEntry {
    Address(SocketAddr),
    Localhost(u16),
}

impl ListenEntry {
    fn addresses(self) -> Vec<SocketAddr> {
        match self {
            Self::Address(address) => vec![address],
            Self::Localhost(port) => {
                vec![
                    SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
                    SocketAddr::from((Ipv6Addr::LOCALHOST, port)),
                ]
            }
        }
    }
}

impl FromStr for ListenEntry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        match text.rsplit_once(':').map(|(host, port)| (host, port.parse())) {
            Some((host, Ok(port))) if host.eq_ignore_ascii_case("localhost") => Ok(Self::Localhost(port)),
            _ => Err(unlike(text)),
        }
    }
}

/// What is wrong with an address, and how to write it.
fn unlike(text: &str) -> String {
    let is_ip = text.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    let what = if text.contains("://") {
        "has a scheme"
    } else if is_ip {
        "has no port"
    } else if text.strip_prefix(':').unwrap_or(text).parse::<u16>().is_ok() {
        "is a port alone"
    } else if text.contains(':') {
        "is no address to listen on"
    } else {
        "has no port"
    };
    let port = text.rsplit_once(':').map_or(text, |(_, port)| port.trim_end_matches('/'));
    let port = port.parse().ok().filter(|_| !is_ip).unwrap_or(8000_u16);
    format!(
        "{what}: write 127.0.0.1:{port} or localhost:{port} for this machine alone, 0.0.0.0:{port} for all who reach it, or [::1]:{port} for IPv6"
    )
}

/// The addresses of a list to listen on.
///
/// # Errors
/// When one of them is none; the error names it and says how to write it.
pub fn to_listen_on<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<SocketAddr>, D::Error> {
    let entries: Vec<ListenEntry> = separated(deserializer)?;
    Ok(entries.into_iter().flat_map(ListenEntry::addresses).collect())
}

/// One address to listen on; `localhost` is 127.0.0.1.
///
/// # Errors
/// As [`to_listen_on`].
pub fn one_to_listen_on<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    let entry: ListenEntry = text.trim().parse().map_err(|e| named(&text, e))?;
    entry.addresses().into_iter().next().ok_or_else(|| named(&text, "is no address"))
}

fn named<E: Error>(text: &str, what: impl Display) -> E {
    E::custom(format!("{text:?} {what}"))
}

/// A network, or one address, which is a network of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(pub IpNet);

impl FromStr for Network {
    type Err = InvalidEntry;

    fn from_str(text: &str) -> Result<Self, InvalidEntry> {
        let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network
            .map(Self)
            .map_err(|_| InvalidEntry("is no network: write 10.0.0.0/8, or one address, such as 10.1.2.3"))
    }
}

/// The networks of a list.
///
/// # Errors
/// When one of them is none; the error names it.
pub fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    Ok(separated::<D, Network>(deserializer)?.into_iter().map(|network| network.0).collect())
}

#[cfg(test)]
mod tests {
    use serde::de::value::{Error, StrDeserializer};

    use super::*;

    fn read(text: &str) -> Result<Vec<String>, String> {
        let addresses =
            to_listen_on(StrDeserializer::<Error>::new(text)).map_err(|error| error.to_string())?;
        Ok(addresses.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn localhost_is_both_loopback_addresses() {
        assert_eq!(read("localhost:8000"), Ok(vec!["127.0.0.1:8000".to_owned(), "[::1]:8000".to_owned()]));
        assert_eq!(read("0.0.0.0:80, LOCALHOST:1").unwrap(), ["0.0.0.0:80", "127.0.0.1:1", "[::1]:1"]);
        let one = |text| one_to_listen_on(StrDeserializer::<Error>::new(text)).unwrap().to_string();
        assert_eq!([one("localhost:7008"), one("[::]:7008")], ["127.0.0.1:7008", "[::]:7008"]);
    }

    #[test]
    fn what_is_no_address_is_refused_with_one_that_is() {
        for (text, what, example) in [
            ("8000", "is a port alone", "127.0.0.1:8000"),
            (":9000", "is a port alone", "0.0.0.0:9000"),
            ("http://localhost:8001/", "has a scheme", "localhost:8001"),
            ("localhost", "has no port", "localhost:8000"),
            ("127.0.0.1", "has no port", "127.0.0.1:8000"),
            ("::1", "has no port", "[::1]:8000"),
            ("devbox:8002", "is no address", "127.0.0.1:8002"),
            ("localhost:80000", "is no address", "127.0.0.1:8000"),
        ] {
            let refusal = read(text).unwrap_err();
            assert!(
                refusal.starts_with(&format!("{text:?} {what}")) && refusal.contains(example),
                "{refusal}"
            );
        }
    }

    #[test]
    fn one_address_is_a_network_of_its_own() {
        let read = |text| networks(StrDeserializer::<Error>::new(text)).map_err(|error| error.to_string());
        let texts: Vec<_> =
            read("10.0.0.0/8, 192.0.2.1,::1").unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["10.0.0.0/8", "192.0.2.1/32", "::1/128"]);
        assert!(read("ingress").unwrap_err().contains("10.0.0.0/8"));
    }
}
