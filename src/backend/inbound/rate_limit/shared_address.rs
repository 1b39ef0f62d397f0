//! Notices that everybody seems to have one address, which is then a proxy's that `TRUSTED_PROXIES` does not name.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use crate::backstage_names::UserRef;

/// This many people at one address, and none at another, are behind a proxy.
const ENOUGH_PEOPLE: usize = 5;

/// Where people came from since the start, until that is clear.
#[derive(Default)]
pub(crate) struct SharedAddress(Mutex<Seen>);

#[derive(Default)]
enum Seen {
    #[default]
    Nothing,
    OneAddress {
        address: IpAddr,
        people: BTreeSet<UserRef>,
    },
    /// There are several addresses, or the warning has been given.
    Settled,
}

impl SharedAddress {
    /// Notes that this person came from there, and warns once when all have come from one address.
    pub(crate) fn note(&self, user: &UserRef, address: IpAddr) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = std::mem::replace(&mut *seen, Seen::Settled).with(user, address);
    }
}

impl Seen {
    fn with(self, user: &UserRef, address: IpAddr) -> Self {
        match self {
            Self::Nothing => Self::OneAddress { address, people: BTreeSet::from([user.clone()]) },
            Self::OneAddress { address: only, mut people } if only == address => {
                people.insert(user.clone());
                if people.len() < ENOUGH_PEOPLE {
                    return Self::OneAddress { address, people };
                }
                warn(address);
                Self::Settled
            }
            Self::OneAddress { .. } | Self::Settled => Self::Settled,
        }
    }
}

fn warn(address: IpAddr) {
    tracing::warn!(
        %address,
        "everybody who began a login so far came from one address: if it is a proxy's, name it in TRUSTED_PROXIES, or all who are not signed in share one rate limit"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(addresses: &[&str]) -> Seen {
        let requests = addresses.iter().enumerate();
        requests.fold(Seen::default(), |seen, (number, address)| {
            seen.with(&format!("user:default/u{number}").parse().unwrap(), address.parse().unwrap())
        })
    }

    #[test]
    fn it_is_settled_by_a_second_address_or_by_enough_people() {
        assert!(matches!(seen(&["192.0.2.1"; ENOUGH_PEOPLE - 1]), Seen::OneAddress { .. }));
        assert!(matches!(seen(&["192.0.2.1"; ENOUGH_PEOPLE]), Seen::Settled));
        assert!(matches!(seen(&["192.0.2.1", "192.0.2.2"]), Seen::Settled));
    }

    #[test]
    fn one_person_at_one_address_says_nothing() {
        let felix: UserRef = "user:default/felix".parse().unwrap();
        let address = "192.0.2.1".parse().unwrap();
        let seen = (0..ENOUGH_PEOPLE).fold(Seen::default(), |seen, _| seen.with(&felix, address));
        assert!(matches!(seen, Seen::OneAddress { .. }));
    }
}
