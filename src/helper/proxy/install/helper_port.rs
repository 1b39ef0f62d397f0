//! The helper port before the service has it: it has to be free.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use super::refusal::InstallRefusal;
use crate::helper::port::{self, CONTROL_PORT, ListenError, holder, other_proxy};

/// The addresses that the service will have, if no other program has one of them.
///
/// # Errors
/// When another program has one.
pub async fn free_addresses(wanted: &[SocketAddr], user: u32) -> Result<Vec<SocketAddr>, InstallRefusal> {
    match port::bind_or_localhost(wanted, CONTROL_PORT) {
        Ok(listeners) => Ok(listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect()),
        Err(ListenError::Taken { port, holder }) => {
            let others = holder::user(port).filter(|other| *other != user);
            match others {
                Some(user) => Err(InstallRefusal::OtherUser { port, user }),
                None => Err(other_proxy::recognise(ListenError::Taken { port, holder }).await.into()),
            }
        }
        Err(error) => Err(error.into()),
    }
}

/// The addresses of a service that is installed and has them.
#[must_use]
pub fn own_addresses(wanted: &[SocketAddr]) -> Vec<SocketAddr> {
    if !wanted.is_empty() {
        return wanted.to_owned();
    }
    let (v4, v6) = (
        SocketAddr::from((Ipv4Addr::LOCALHOST, CONTROL_PORT)),
        SocketAddr::from((Ipv6Addr::LOCALHOST, CONTROL_PORT)),
    );
    let has_ipv6 = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    if has_ipv6 { vec![v4, v6] } else { vec![v4] }
}
