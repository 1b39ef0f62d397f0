//! The address of the client that sent a request, where proxies are in between.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use actix_web::http::header::{HeaderMap, HeaderValue, X_FORWARDED_FOR};
use ipnet::IpNet;

/// The networks of `TRUSTED_PROXIES`.
pub(crate) struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    pub(crate) fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// The last address in `X-Forwarded-For` that no trusted proxy has; the peer's, unless that is a trusted proxy.
    pub(crate) fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        // A byte that is none of an address spoils its own hop only.
        let text = |line: &HeaderValue| String::from_utf8_lossy(line.as_bytes()).into_owned();
        let lines: Vec<String> = headers.get_all(X_FORWARDED_FOR).map(text).collect();
        let mut hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
        let mut address = peer.to_canonical();
        while self.trusts(address) {
            // What a trusted proxy could not write as an address hides all that is before it.
            let Some(before) = hops.next().and_then(read) else { break };
            address = before;
        }
        address
    }

    fn trusts(&self, address: IpAddr) -> bool {
        let as_ipv6 = match address {
            IpAddr::V4(address) => IpAddr::V6(address.to_ipv6_mapped()),
            IpAddr::V6(_) => address,
        };
        self.0.iter().any(|network| network.contains(&address) || network.contains(&as_ipv6))
    }
}

/// An address as proxies write it: some append the port.
fn read(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let with_port = || hop.parse().map(|address: SocketAddr| address.ip());
    hop.parse().or_else(|_| with_port()).ok().map(|address: IpAddr| address.to_canonical())
}

/// What is counted together: an IPv4 address, or the /64 of an IPv6 address, since one machine has all of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Network(IpAddr);

impl Network {
    pub(crate) fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            address @ IpAddr::V4(_) => address,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let proxies = TrustedProxies::new(trusted.iter().map(|network| network.parse().unwrap()).collect());
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(X_FORWARDED_FOR, line.parse().unwrap());
        }
        proxies.client_address(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn a_forwarded_address_counts_only_from_a_trusted_proxy() {
        let client = |peer, forwarded| client(&["10.0.0.0/8", "fd00::/8"], peer, &[forwarded]);
        assert_eq!(client("10.1.1.1", "198.51.100.7"), "198.51.100.7");
        assert_eq!(client("10.1.1.1", "6.6.6.6, 198.51.100.7, 10.2.2.2"), "198.51.100.7");
        assert_eq!(client("fd00::1", "6.6.6.6,2001:db8::7,10.2.2.2"), "2001:db8::7");
        assert_eq!(client("192.0.2.1", "198.51.100.7"), "192.0.2.1");
        assert_eq!(client("10.1.1.1", "10.3.3.3, 10.2.2.2"), "10.3.3.3");
        assert_eq!(client("10.1.1.1", ""), "10.1.1.1");
    }

    #[test]
    fn an_ipv4_address_written_as_ipv6_is_the_same_address() {
        let trusted = [&["10.0.0.0/8"][..], &["::ffff:10.0.0.0/104"], &["::/0"]];
        assert_eq!(client(trusted[0], "::ffff:10.0.0.5", &["::ffff:198.51.100.7"]), "198.51.100.7");
        assert_eq!(client(trusted[0], "10.0.0.5", &["198.51.100.7, ::ffff:10.0.0.6"]), "198.51.100.7");
        assert_eq!(client(trusted[1], "10.0.0.5", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(client(trusted[2], "::ffff:10.0.0.5", &["2001:db8::7"]), "2001:db8::7");
    }

    #[test]
    fn several_lines_are_one_list_and_ports_are_left_out() {
        let client = |forwarded: &[&str]| client(&["10.0.0.0/8"], "10.0.0.5", forwarded);
        assert_eq!(client(&["6.6.6.6", "198.51.100.7", "10.0.0.6"]), "198.51.100.7");
        assert_eq!(client(&["198.51.100.7:49152"]), "198.51.100.7");
        assert_eq!(client(&["[2001:db8::7]:443"]), "2001:db8::7");
    }

    #[test]
    fn nothing_behind_an_unreadable_hop_counts() {
        let client = |forwarded| client(&["10.0.0.0/8"], "10.0.0.5", &[forwarded]);
        assert_eq!(client("198.51.100.7, unknown, 10.0.0.6"), "10.0.0.6");
        assert_eq!(client("198.51.100.7, unknown"), "10.0.0.5");
    }

    #[test]
    fn a_byte_of_no_address_spoils_its_own_hop_only() {
        let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let mut headers = HeaderMap::new();
        headers.append(X_FORWARDED_FOR, HeaderValue::from_bytes(b"\xff, 198.51.100.9").unwrap());
        let address = proxies.client_address("10.0.0.5".parse().unwrap(), &headers);
        assert_eq!(address.to_string(), "198.51.100.9");
    }

    #[test]
    fn a_machine_counts_once_however_many_addresses_it_has() {
        let network = |address: &str| Network::of(address.parse().unwrap());
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }
}
