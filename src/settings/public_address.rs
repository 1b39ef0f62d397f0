//! The address of Backstage that `GET /info` publishes: one that the settings name as public, never one that only the backend can
//! reach.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// The endings of names that resolve only inside a cluster, an organization or a cloud.
const INNER_ENDINGS: [&str; 3] = ["svc", "local", "internal"];

/// From how far away an address can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// On the same machine.
    Machine,
    /// In the same network.
    Network,
    /// Anywhere, as far as the address tells.
    Anywhere,
}

impl Reach {
    /// The reach of this address.
    pub(super) fn of(url: &Url) -> Self {
        match url.host() {
            Some(Host::Ipv4(ip)) => Self::of_v4(ip),
            Some(Host::Ipv6(ip)) => ip.to_ipv4_mapped().map_or_else(|| Self::of_v6(ip), Self::of_v4),
            Some(Host::Domain(name)) => Self::of_name(name.trim_end_matches('.')),
            None => Self::Machine,
        }
    }

    fn of_v4(ip: Ipv4Addr) -> Self {
        match ip {
            _ if ip.is_loopback() || ip.is_unspecified() => Self::Machine,
            _ if ip.is_private() || ip.is_link_local() => Self::Network,
            _ => Self::Anywhere,
        }
    }

    fn of_v6(ip: Ipv6Addr) -> Self {
        match ip {
            _ if ip.is_loopback() || ip.is_unspecified() => Self::Machine,
            _ if ip.is_unique_local() || ip.is_unicast_link_local() => Self::Network,
            _ => Self::Anywhere,
        }
    }

    fn of_name(name: &str) -> Self {
        match name.rsplit_once('.') {
            None if name == "localhost" => Self::Machine,
            None => Self::Network,
            Some((_, "localhost")) => Self::Machine,
            Some((_, ending)) if INNER_ENDINGS.contains(&ending) => Self::Network,
            Some(_) => Self::Anywhere,
        }
    }
}

/// The address of Backstage that `GET /info` publishes.
#[derive(Clone, Debug)]
pub enum PublicAddress {
    /// One that the settings name as public.
    Named(Url),
    /// `BACKSTAGE_URL`, as no other is set.
    OfTheBackend(Url),
    /// None: `BACKSTAGE_URL` looks like an address that only the backend can reach.
    Unknown,
}

/// The settings that Backstage's public address may come from.
pub(super) struct Candidates<'s> {
    /// `BACKSTAGE_PUBLIC_URL`.
    pub(super) public: Option<Url>,
    /// The address in `BACKSTAGE_ISSUER`.
    pub(super) issuer: Option<Url>,
    /// The first of `BACKSTAGE_APP_URL`.
    pub(super) app: Option<&'s Url>,
    /// `BACKSTAGE_URL`.
    pub(super) backend: &'s Url,
    /// From how far away users come, judged by the identity providers that their browsers have to reach.
    pub(super) people: Reach,
}

impl Candidates<'_> {
    /// Chooses the published address. Of two configured ones, an internal one gives way to a public one.
    pub(super) fn choose(self) -> PublicAddress {
        let Self { public, issuer, app, backend, people } = self;
        let serves = |url: &Url| Reach::of(url) >= people;
        let issuer = issuer.filter(|issuer| match app {
            Some(app) => Reach::of(issuer) >= Reach::of(app),
            None => serves(issuer),
        });
        match public.or(issuer).or_else(|| app.cloned()) {
            Some(named) => PublicAddress::Named(named),
            None if serves(backend) => PublicAddress::OfTheBackend(backend.clone()),
            None => PublicAddress::Unknown,
        }
    }
}

impl PublicAddress {
    /// The address, if one is published.
    #[must_use]
    pub fn url(&self) -> Option<&Url> {
        match self {
            Self::Named(url) | Self::OfTheBackend(url) => Some(url),
            Self::Unknown => None,
        }
    }

    /// A warning for the operator, if there is one.
    #[must_use]
    pub fn warning(&self) -> Option<&'static str> {
        match self {
            Self::Named(_) => None,
            Self::OfTheBackend(_) => Some(
                "GET /info tells everybody BACKSTAGE_URL: set BACKSTAGE_PUBLIC_URL to where everybody reaches Backstage, and BACKSTAGE_APP_URL to where people open it",
            ),
            Self::Unknown => Some(
                "GET /info names no Backstage, since BACKSTAGE_URL looks like an address that only this backend reaches: set BACKSTAGE_PUBLIC_URL to where everybody reaches Backstage, and BACKSTAGE_APP_URL to where people open it",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_shows_who_gets_there() {
        for (reach, addresses) in [
            (Reach::Machine, &["localhost:1", "127.0.0.9", "[::1]", "a.localhost", "[::ffff:127.0.0.1]"][..]),
            (
                Reach::Network,
                &[
                    "backstage:7007",
                    "10.1.2.3",
                    "192.168.0.1",
                    "[fd00::1]",
                    "[fe80::1]",
                    "backstage.portal.svc",
                    "backstage.portal.svc.cluster.local",
                    "Backstage.Corp.Internal.",
                ],
            ),
            (Reach::Anywhere, &["backstage.example.com", "203.0.113.1", "[2001:db8::1]", "local.example"]),
        ] {
            for address in addresses {
                assert_eq!(
                    Reach::of(&Url::parse(&format!("https://{address}/")).unwrap()),
                    reach,
                    "{address}"
                );
            }
        }
    }
}
