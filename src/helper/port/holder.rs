//! Finds the program that uses a port, so that the user can stop it.

/// The program that listens on a port, or else how to find it.
#[must_use]
pub fn describe(port: u16) -> String {
    find(port).unwrap_or_else(|| format!("another program (`lsof -i :{port}` as administrator names it)"))
}

/// Looks for the listening socket in all processes that this user may inspect.
#[cfg(target_os = "linux")]
fn find(port: u16) -> Option<String> {
    use procfs::net::{TcpState, tcp, tcp6};
    use procfs::process::{FDTarget, all_processes};

    let sockets = tcp().unwrap_or_default().into_iter().chain(tcp6().unwrap_or_default());
    let inodes: Vec<u64> = sockets
        .filter(|socket| socket.state == TcpState::Listen && socket.local_address.port() == port)
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
fn find(_port: u16) -> Option<String> {
    None
}
