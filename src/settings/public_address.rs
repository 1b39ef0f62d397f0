//! Which address of Backstage anyone is told: one that the settings name for everybody, and what only the backend may reach never.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// The endings of names that only a cluster, a house or a cloud looks up.
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
    /// Of this address.
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

/// The address of Backstage that `GET /info` tells.
#[derive(Clone, Debug)]
pub enum PublicAddress {
    /// The one that the settings name for everybody.
    Named(Url),
    /// `BACKSTAGE_URL`, for want of another.
    OfTheBackend(Url),
    /// None: `BACKSTAGE_URL` looks like an address that only the backend reaches.
    Unknown,
}

/// What the settings say of Backstage's address.
pub(super) struct Candidates<'s> {
    /// `BACKSTAGE_PUBLIC_URL`.
    pub(super) public: Option<Url>,
    /// What `BACKSTAGE_ISSUER` is made of.
    pub(super) issuer: Option<Url>,
    /// The first of `BACKSTAGE_APP_URL`.
    pub(super) app: Option<&'s Url>,
    /// `BACKSTAGE_URL`.
    pub(super) backend: &'s Url,
    /// Where people are, as the identity providers show that their browsers have to reach.
    pub(super) people: Reach,
}

impl Candidates<'_> {
    /// The one that is told. Of two that are named, an inner one is not told where the other is public.
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
    /// The address, where one is told.
    #[must_use]
    pub fn url(&self) -> Option<&Url> {
        match self {
            Self::Named(url) | Self::OfTheBackend(url) => Some(url),
            Self::Unknown => None,
        }
    }

    /// What the operator should know of it.
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
