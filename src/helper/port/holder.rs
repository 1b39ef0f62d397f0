//! Finds the program that uses a port, so that the user can stop it.

use std::net::{IpAddr, SocketAddr};

/// The program that listens on a port, at any address, or else how to find it.
#[must_use]
pub fn describe(port: u16) -> String {
    find(port, None).unwrap_or_else(|| unknown(port))
}

/// The same for one address alone.
#[must_use]
pub fn describe_at(address: SocketAddr) -> String {
    find(address.port(), Some(address.ip())).unwrap_or_else(|| unknown(address.port()))
}

/// The number of the user who listens there; every user may read that.
#[cfg(target_os = "linux")]
#[must_use]
pub fn user(port: u16) -> Option<u32> {
    use procfs::net::{TcpState, tcp, tcp6};

    let mut sockets = tcp().unwrap_or_default().into_iter().chain(tcp6().unwrap_or_default());
    let there =
        sockets.find(|socket| socket.state == TcpState::Listen && socket.local_address.port() == port);
    there.map(|socket| socket.uid)
}

/// Other systems tell it to administrators only.
#[cfg(not(target_os = "linux"))]
#[must_use]
pub fn user(_port: u16) -> Option<u32> {
    None
}

fn unknown(port: u16) -> String {
    if cfg!(windows) {
        format!("another program (`netstat -ano | findstr :{port}` shows the number of its process)")
    } else {
        format!("another program (`lsof -i :{port}` as administrator names it)")
    }
}

/// Looks for the listening socket in all processes that this user may inspect.
#[cfg(target_os = "linux")]
fn find(port: u16, at: Option<IpAddr>) -> Option<String> {
    use procfs::net::{TcpState, tcp, tcp6};
    use procfs::process::{FDTarget, all_processes};

    // A socket on all addresses has this one, too.
    let is_there = |ip: IpAddr| at.is_none_or(|at| ip == at || ip.is_unspecified());
    let sockets = tcp().unwrap_or_default().into_iter().chain(tcp6().unwrap_or_default());
    let inodes: Vec<u64> = sockets
        .filter(|socket| socket.state == TcpState::Listen && socket.local_address.port() == port)
        .filter(|socket| is_there(socket.local_address.ip()))
        .map(|socket| socket.inode)
        .collect();
    all_processes().ok()?.flatten().find_map(|process| {
        let holds = process
            .fd()
            .ok()?
            .flatten()
            .any(|fd| matches!(fd.target, FDTarget::Socket(inode) if inodes.contains(&inode)));
        let name = process.stat().map_or_else(|_| "a program".to_owned(), |stat| stat.comm);
        holds.then(|| format!("{name} (process {})", process.pid()))
    })
}

#[cfg(not(target_os = "linux"))]
fn find(_port: u16, _at: Option<IpAddr>) -> Option<String> {
    None
}
