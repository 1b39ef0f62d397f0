//! Binds the addresses of the redirect URI, all of them or none.

pub mod holder;
pub mod other_proxy;
pub mod passed;

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

/// The port of the one redirect URI that the identity provider knows.
pub const CALLBACK_PORT: u16 = 8000;

/// The helper port, which serves everything else in the proxy role.
pub const CONTROL_PORT: u16 = 8888;

/// The exit code for a port that another program has.
pub const PORT_TAKEN: u8 = 3;

/// Windows' own number for a port that is kept from programs; no other system has one like it.
const WSAEACCES: i32 = 10013;

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
    /// A helper in the proxy role has its IPv4 address, where a container's port is published, and another program has the IPv6 one.
    #[error(
        "A backstage-oidc-helper proxy has 127.0.0.1:{port}, but browsers reach [::1]:{port} first, which is taken by {holder}: stop that \
         program, then begin the login in Backstage or at http://localhost:{port}/."
    )]
    BesideOwnProxy {
        /// The port.
        port: u16,
        /// The other program, as far as it is known.
        holder: String,
    },
    /// Windows refuses it, although no program that it tells of listens there.
    #[error(
        "Windows keeps port {port} for itself (error 10013), mostly for Hyper-V, WSL or Docker: run `net stop winnat` and `net start winnat` \
         as administrator, then try again. `netsh int ipv4 show excludedportrange protocol=tcp` lists the ranges that it keeps; if the \
         port is in none, a program has it for itself alone: stop that one."
    )]
    Reserved {
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
            Self::Taken { .. }
            | Self::OwnProxy { .. }
            | Self::BesideOwnProxy { .. }
            | Self::Reserved { .. } => PORT_TAKEN,
            Self::BindFailed { .. } => 1,
        }
    }
}

/// Binds the addresses of `LISTEN`, or else `127.0.0.1:8000` and, if the machine has IPv6, `[::1]:8000`. Port 0 is chosen once, and the
/// addresses after it use the same port.
///
/// # Errors
/// When one of them cannot be bound, or another program has an address of `localhost` that is not among them; then none is.
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
    unless_shared(listeners)
}

/// These listeners, unless another program has the other address of `localhost`; then they are closed.
///
/// # Errors
/// [`ListenError::Taken`] in that case.
pub fn unless_shared(listeners: Vec<TcpListener>) -> Result<Vec<TcpListener>, ListenError> {
    let bound: Vec<SocketAddr> = listeners.iter().filter_map(|bound| bound.local_addr().ok()).collect();
    for unserved in unserved_localhost(&bound) {
        // Given back at once: it is not ours to serve, but no other program may have it either.
        if let Err(ListenError::Taken { port, .. }) = bind_one(unserved) {
            drop(listeners);
            return Err(ListenError::Taken { port, holder: holder::describe(port) });
        }
    }
    Ok(listeners)
}

/// The addresses of `localhost` that are not listened on, though the other one is: a browser may take either for the redirect URI, and
/// some take `::1` first.
fn unserved_localhost(bound: &[SocketAddr]) -> Vec<SocketAddr> {
    let (v4, v6) = (IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST));
    let serves = |port: u16, ip: IpAddr| {
        // `[::]` takes IPv4 as well, where the system lets it.
        bound.iter().any(|address| {
            address.port() == port
                && (address.ip() == ip
                    || address.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED)
                    || (address.ip().is_unspecified() && ip.is_ipv4()))
        })
    };
    let mut unserved: Vec<SocketAddr> = Vec::new();
    for port in bound.iter().map(SocketAddr::port) {
        for (served, other) in [(v4, v6), (v6, v4)] {
            let other_address = SocketAddr::new(other, port);
            if serves(port, served) && !serves(port, other) && !unserved.contains(&other_address) {
                unserved.push(other_address);
            }
        }
    }
    unserved
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
    TcpListener::bind(address).map_err(|reason| explain(address, reason))
}

/// What the system's refusal means.
fn explain(address: SocketAddr, reason: std::io::Error) -> ListenError {
    let port = address.port();
    match (reason.kind(), reason.raw_os_error()) {
        (ErrorKind::AddrInUse, _) => ListenError::Taken { port, holder: holder::describe(port) },
        (_, Some(WSAEACCES)) => ListenError::Reserved { port },
        _ => ListenError::BindFailed { address, reason },
    }
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

    #[test]
    fn an_address_of_localhost_that_another_program_has_is_never_left_to_it() {
        for (ours, theirs) in [("127.0.0.1", "[::1]"), ("0.0.0.0", "[::1]"), ("[::1]", "127.0.0.1")] {
            let other = TcpListener::bind(format!("{theirs}:0")).unwrap();
            let port = other.local_addr().unwrap().port();
            let listen = [format!("{ours}:{port}").parse().unwrap()];
            let error = bind(&listen).unwrap_err();
            assert!(
                matches!(error, ListenError::Taken { port: taken, .. } if taken == port),
                "{ours}: {error}"
            );
            drop(other);
            assert_eq!(bind(&listen).unwrap().len(), 1, "{ours}");
        }
        let both: [SocketAddr; 2] = ["127.0.0.1:8000".parse().unwrap(), "[::1]:8000".parse().unwrap()];
        let of_a_container: [SocketAddr; 1] = ["[::]:8000".parse().unwrap()];
        let elsewhere: [SocketAddr; 1] = ["192.0.2.1:8000".parse().unwrap()];
        for bound in [&both[..], &of_a_container[..], &elsewhere[..]] {
            assert_eq!(unserved_localhost(bound), [], "{bound:?}");
        }
    }

    #[test]
    fn a_port_that_windows_keeps_is_told_apart_from_one_that_a_program_has() {
        let address = "127.0.0.1:8000".parse().unwrap();
        let error = explain(address, std::io::Error::from_raw_os_error(10013));
        assert_eq!(error.exit_code(), 3);
        let sentence = error.to_string();
        for words in ["port 8000", "excludedportrange protocol=tcp", "net stop winnat", "net start winnat"] {
            assert!(sentence.contains(words), "{sentence}");
        }
        let denied = explain(address, std::io::Error::from(ErrorKind::PermissionDenied));
        assert!(matches!(denied, ListenError::BindFailed { .. }), "{denied}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_program_that_has_the_port_is_named() {
        let ours = TcpListener::bind("127.0.0.1:0").unwrap();
        let error = bind(&[ours.local_addr().unwrap()]).unwrap_err();
        assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    }
}
