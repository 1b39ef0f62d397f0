//! The helper port as systemd hands it over: it listens there, and starts this program at the first connection (socket activation).

use std::io::Error;
use std::net::TcpListener;

/// The name of the sockets, as `FileDescriptorName=` of the socket unit says it.
pub const SOCKET_NAME: &str = "helper-port";

/// Why sockets that were handed over cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PassedError {
    /// None of them is for the helper port.
    #[error(
        "systemd has handed sockets over, but none named {SOCKET_NAME}: set FileDescriptorName={SOCKET_NAME} in the socket unit, or run proxy install again."
    )]
    OtherName,
    /// One is no TCP socket.
    #[error(
        "A socket that systemd has handed over cannot be used ({0}): check ListenStream= in the socket unit, or run proxy install again."
    )]
    NoTcp(#[from] Error),
}

/// Takes the sockets over; none if systemd has handed none to this process. Call it once, before any other thread runs: it removes the
/// variables that tell of them.
///
/// # Errors
/// When sockets were handed over, and the helper port is not among them.
pub fn take() -> Result<Vec<TcpListener>, PassedError> {
    let variable = |name| std::env::var(name).ok();
    let names = names_for(std::process::id(), variable("LISTEN_PID"), variable("LISTEN_FDNAMES"));
    names.map_or(Ok(Vec::new()), |names| taken(&names))
}

/// The sockets' names, in order, if they are meant for this process: a shell that systemd has started passes the variables on.
fn names_for(process: u32, meant_for: Option<String>, names: Option<String>) -> Option<Vec<String>> {
    let is_ours = meant_for.and_then(|number| number.parse().ok()) == Some(process);
    is_ours.then(|| names.unwrap_or_default().split(':').map(str::to_owned).collect())
}

#[cfg(target_os = "linux")]
fn taken(names: &[String]) -> Result<Vec<TcpListener>, PassedError> {
    let mut sockets = listenfd::ListenFd::from_env();
    if sockets.len() == 0 {
        return Ok(Vec::new());
    }
    let mut taken = Vec::new();
    for (at, _) in names.iter().enumerate().filter(|(_, name)| *name == SOCKET_NAME) {
        taken.extend(sockets.take_tcp_listener(at)?);
    }
    if taken.is_empty() { Err(PassedError::OtherName) } else { Ok(taken) }
}

#[cfg(not(target_os = "linux"))]
fn taken(_names: &[String]) -> Result<Vec<TcpListener>, PassedError> {
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_that_were_handed_to_another_process_are_not_ours() {
        let names = || Some("helper-port:helper-port".to_owned());
        let of = |number: &str| names_for(7, Some(number.to_owned()), names());
        assert_eq!(of("7"), Some(vec![SOCKET_NAME.to_owned(); 2]));
        assert_eq!(of("8"), None);
        assert_eq!(of(""), None);
        assert_eq!(names_for(7, None, names()), None);
    }
}
