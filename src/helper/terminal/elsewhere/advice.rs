//! What to do where the link that is printed cannot simply be clicked, for each [`Location`].

use super::location::{Location, SshServer};
use crate::helper::terminal::shown_command::word;

/// The lines to print below a link to that port.
#[must_use]
pub fn lines(location: &Location, port: u16) -> Vec<String> {
    match location {
        Location::WithBrowser => Vec::new(),
        Location::Ssh(server) => vec![
            "This is an SSH session, and the link is for a browser on this machine. So run on your own machine".to_owned(),
            format!("  {}", tunnel(server, port)),
            "(with the host's name as you know it, if that is another), let it run, and open the link there.".to_owned(),
        ],
        Location::RemoteEditor => vec![format!(
            "Your editor forwards ports to your own machine: open the link there. If it is not reached, see in the editor's list of ports that {port} is forwarded as {port}."
        )],
        Location::Codespaces => vec![
            format!("The link needs port {port} of your own machine. VS Code on your desktop forwards it; with Codespaces in a browser, run on your own machine"),
            format!("  gh codespace ports forward {port}:{port}"),
            "let it run, and open the link there.".to_owned(),
        ],
        Location::Wsl => vec![
            "Windows forwards localhost to WSL: if no browser opens, open the link in one on Windows, or with wslview or cmd.exe /c start.".to_owned(),
        ],
        Location::OwnContainer => vec![format!(
            "The link reaches this container where it was started with -p 127.0.0.1:{port}:{port}."
        )],
        Location::OtherContainer => vec![format!(
            "This is a container: the link reaches it where it was started with -p 127.0.0.1:{port}:{port}, and this command with --listen 0.0.0.0:{port}."
        )],
        Location::NoDisplay => vec![
            "There is no display here. If your browser is on another machine, run there".to_owned(),
            format!("  ssh -L {port}:localhost:{port} USER@HOST"),
            "with your name on this machine and its address, let it run, and open the link there.".to_owned(),
        ],
    }
}

/// The command that brings the port to the user's own machine. An SSH client takes an IPv6 address as it is, without brackets.
fn tunnel(server: &SshServer, port: u16) -> String {
    let SshServer { user, host, port: ssh_port } = server;
    let ssh_port = if *ssh_port == 22 { String::new() } else { format!(" -p {ssh_port}") };
    format!("ssh -L {port}:localhost:{port}{ssh_port} {}@{}", word(user, "USER"), word(host, "HOST"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ssh(user: &str, host: &str, port: u16) -> String {
        let server = SshServer { user: user.to_owned(), host: host.to_owned(), port };
        lines(&Location::Ssh(server), 8000).get(1).unwrap().clone()
    }

    #[test]
    fn over_ssh_the_line_to_run_is_shown_exactly() {
        assert_eq!(ssh("felix", "192.0.2.10", 22), "  ssh -L 8000:localhost:8000 felix@192.0.2.10");
        assert_eq!(ssh("felix", "2001:db8::10", 22), "  ssh -L 8000:localhost:8000 felix@2001:db8::10");
        assert_eq!(ssh("felix", "build-7", 2222), "  ssh -L 8000:localhost:8000 -p 2222 felix@build-7");
        assert_eq!(ssh("$(x)", "a;b", 22), "  ssh -L 8000:localhost:8000 USER@HOST");
    }

    #[test]
    fn every_other_place_has_its_own_next_step() {
        let said = |location: Location| lines(&location, 8000).join("\n");
        assert_eq!(said(Location::WithBrowser), "");
        for (location, step) in [
            (Location::RemoteEditor, "list of ports"),
            (Location::Codespaces, "gh codespace ports forward 8000:8000"),
            (Location::Wsl, "wslview"),
            (Location::OwnContainer, "-p 127.0.0.1:8000:8000."),
            (Location::OtherContainer, "--listen 0.0.0.0:8000"),
            (Location::NoDisplay, "ssh -L 8000:localhost:8000 USER@HOST"),
        ] {
            assert!(said(location.clone()).contains(step), "{location:?}");
        }
    }
}
