//! Binds the addresses of the redirect URI, all of them or none.

pub mod holder;
pub mod other_proxy;

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

/// The port of the one redirect URI that the identity provider knows.
pub const CALLBACK_PORT: u16 = 8000;

/// The helper port, which serves everything else in the proxy role.
pub const CONTROL_PORT: u16 = 8888;

/// Why a port cannot be bound.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another program uses it.
    #[error("Port {port} is taken by {holder}: stop that program, then run this again.")]
    Taken {
        /// The port.
        port: u16,
        /// The program, as far as it is known.
        holder: String,
    },
    /// A helper in the proxy role uses it.
    #[error(
        "Port {port} is taken by a backstage-oidc-helper proxy: begin the login in Backstage or at http://localhost:{port}/, \
         or stop the proxy and run this again."
    )]
    OwnProxy {
        /// The port.
        port: u16,
    },
    /// The system refuses to bind it.
    #[error("{address} cannot be listened on ({reason}): check LISTEN.")]
    BindFailed {
        /// The address.
        address: SocketAddr,
        /// The system's own words.
        reason: std::io::Error,
    },
}

impl ListenError {
    /// 3 for a port that is taken, 1 for what else can go wrong.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Taken { .. } | Self::OwnProxy { .. } => 3,
            Self::BindFailed { .. } => 1,
        }
    }
}

/// Binds the addresses of `LISTEN`, or else `127.0.0.1:8000` and, if the machine has IPv6, `[::1]:8000`. Port 0 is chosen once, and the
/// addresses after it use the same port.
///
/// # Errors
/// When one of them cannot be bound; then none is.
pub fn bind(listen: &[SocketAddr]) -> Result<Vec<TcpListener>, ListenError> {
    bind_or_localhost(listen, CALLBACK_PORT)
}

/// The same with another default port.
///
/// # Errors
/// As [`bind`].
pub fn bind_or_localhost(listen: &[SocketAddr], default_port: u16) -> Result<Vec<TcpListener>, ListenError> {
    if listen.is_empty() {
        return bind_localhost(default_port);
    }
    let mut listeners: Vec<TcpListener> = Vec::new();
    for address in listen {
        let mut address = *address;
        if address.port() == 0 {
            address.set_port(port(&listeners).unwrap_or(0));
        }
        match bind_one(address) {
            // `localhost:8000` names both, as the default does.
            Err(ListenError::BindFailed { reason, .. })
                if address.ip() == Ipv6Addr::LOCALHOST
                    && !listeners.is_empty()
                    && is_without_ipv6(&reason) => {}
            bound => listeners.push(bound?),
        }
    }
    Ok(listeners)
}

/// The port of the first listener.
#[must_use]
pub fn port(listeners: &[TcpListener]) -> Option<u16> {
    listeners.first().and_then(|first| first.local_addr().ok()).map(|address| address.port())
}

/// Binds both addresses of `localhost`: a program that held the other one would receive the codes of some browsers.
fn bind_localhost(port: u16) -> Result<Vec<TcpListener>, ListenError> {
    let v4 = bind_one(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    match bind_one(SocketAddr::from((Ipv6Addr::LOCALHOST, port))) {
        Ok(v6) => Ok(vec![v4, v6]),
        Err(ListenError::BindFailed { reason, .. }) if is_without_ipv6(&reason) => Ok(vec![v4]),
        Err(ListenError::Taken { port, .. }) => {
            // Otherwise the search for the port's user would find this process.
            drop(v4);
            Err(ListenError::Taken { port, holder: holder::describe(port) })
        }
        Err(error) => Err(error),
    }
}

fn is_without_ipv6(reason: &std::io::Error) -> bool {
    // EAFNOSUPPORT has no stable `ErrorKind`: 97 on Linux, 47 on macOS, 10047 on Windows.
    reason.kind() == ErrorKind::AddrNotAvailable || matches!(reason.raw_os_error(), Some(97 | 47 | 10047))
}

fn bind_one(address: SocketAddr) -> Result<TcpListener, ListenError> {
    TcpListener::bind(address).map_err(|reason| match reason.kind() {
        ErrorKind::AddrInUse => {
            let port = address.port();
            ListenError::Taken { port, holder: holder::describe(port) }
        }
        _ => ListenError::BindFailed { address, reason },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(listeners: &[TcpListener]) -> Vec<SocketAddr> {
        listeners.iter().map(|l| l.local_addr().unwrap()).collect()
    }

    #[test]
    fn a_chosen_port_is_shared_by_both_addresses() {
        let listen = ["127.0.0.1:0".parse().unwrap(), "[::1]:0".parse().unwrap()];
        let bound = addresses(&bind(&listen).unwrap());
        assert_eq!(bound.len(), 2);
        assert_eq!(bound[0].port(), bound[1].port());
    }

    #[test]
    fn a_port_that_is_taken_on_one_address_is_given_back_on_the_other() {
        let other = TcpListener::bind("[::1]:0").unwrap();
        let port = other.local_addr().unwrap().port();
        let error = bind_localhost(port).unwrap_err();
        assert!(matches!(error, ListenError::Taken { port: taken, .. } if taken == port), "{error}");
        assert_eq!(error.exit_code(), 3);
        assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_program_that_has_the_port_is_named() {
        let ours = TcpListener::bind("127.0.0.1:0").unwrap();
        let error = bind(&[ours.local_addr().unwrap()]).unwrap_err();
        assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    }
}
