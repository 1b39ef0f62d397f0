//! Where this program runs, as seen from the browser of its user. Decided from the environment alone, so that a test can stand for any machine.

use std::net::IpAddr;
use std::path::Path;

/// Where this program runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// On the machine with the browser.
    WithBrowser,
    /// In an SSH session.
    Ssh(SshServer),
    /// In the terminal of an editor that runs on another machine, such as VS Code Remote; the editor forwards ports.
    RemoteEditor,
    /// In GitHub Codespaces, where only an editor on the user's machine forwards a port to `localhost`.
    Codespaces,
    /// In the Windows Subsystem for Linux, to which Windows forwards `localhost`.
    Wsl,
    /// In a container of this program's image.
    OwnContainer,
    /// In another container.
    OtherContainer,
    /// On a Linux machine without a display.
    NoDisplay,
}

/// What the user's SSH client has to be told to reach this machine a second time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshServer {
    /// The user's name here.
    pub user: String,
    /// This machine's address or name.
    pub host: String,
    /// The port of its SSH server.
    pub port: u16,
}

/// Whether a browser can open a window here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    /// It can.
    Here,
    /// No screen here is the user's.
    None,
}

/// The operating systems that differ here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// Its display is named by variables. The other Unixes, too.
    Linux,
    /// It has its screen without a variable.
    MacOs,
    /// As macOS.
    Windows,
}

impl System {
    /// The one that this program was built for.
    #[must_use]
    pub fn current() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(target_os = "macos") {
            Self::MacOs
        } else {
            Self::Linux
        }
    }
}

/// What the decision is made from.
pub struct Surroundings<'a> {
    /// The operating system.
    pub system: System,
    /// The value of an environment variable.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// Whether a file exists.
    pub exists: &'a dyn Fn(&Path) -> bool,
    /// The machine's own name.
    pub host_name: Option<String>,
}

/// Files that Docker and Podman put into a container.
const CONTAINER_FILES: [&str; 2] = ["/.dockerenv", "/run/.containerenv"];
/// The port of SSH servers.
const SSH_PORT: u16 = 22;

impl Surroundings<'_> {
    /// Where this program runs.
    #[must_use]
    pub fn location(&self) -> Location {
        if self.is_set("CODESPACES") {
            return Location::Codespaces;
        }
        if self.is_set("WSL_DISTRO_NAME") {
            return Location::Wsl;
        }
        if self.is_set("VSCODE_IPC_HOOK_CLI") || self.is_set("REMOTE_CONTAINERS") {
            return Location::RemoteEditor;
        }
        if let Some(server) = self.ssh_server() {
            return Location::Ssh(server);
        }
        if self.is_set("IN_CONTAINER") {
            return Location::OwnContainer;
        }
        match self.screen() {
            // A container that shares the desktop shares its network, too.
            Screen::Here => Location::WithBrowser,
            Screen::None if CONTAINER_FILES.iter().any(|file| (self.exists)(Path::new(file))) => {
                Location::OtherContainer
            }
            Screen::None => Location::NoDisplay,
        }
    }

    /// Whether a browser can open a window. Over SSH that takes X forwarding: else the window would open on the desk of the machine, where
    /// the user is not.
    #[must_use]
    pub fn screen(&self) -> Screen {
        let shown = match self.system {
            System::Linux => ["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"].iter().any(|n| self.is_set(n)),
            System::MacOs | System::Windows => self.ssh_server().is_none(),
        };
        if shown { Screen::Here } else { Screen::None }
    }

    /// From `SSH_CONNECTION`, "client port server port"; without it, other variables of SSH say no more than that it is used.
    fn ssh_server(&self) -> Option<SshServer> {
        let connection = self.value("SSH_CONNECTION").unwrap_or_default();
        let over_ssh = !connection.is_empty() || self.is_set("SSH_TTY") || self.is_set("SSH_CLIENT");
        let mut words = connection.split_ascii_whitespace().skip(2);
        let address = words.next().and_then(address);
        let port = words.next().and_then(|port| port.parse().ok()).unwrap_or(SSH_PORT);
        let host = address.or_else(|| self.host_name.clone()).unwrap_or_else(|| "HOST".to_owned());
        let user = ["LOGNAME", "USER", "USERNAME"].iter().find_map(|name| self.value(name));
        over_ssh.then(|| SshServer { user: user.unwrap_or_else(|| "USER".to_owned()), host, port })
    }

    fn value(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    /// Some of these variables are set to `false` to say no.
    fn is_set(&self, name: &str) -> bool {
        self.value(name).is_some_and(|value| value != "false")
    }
}

/// An address as an SSH client takes it, IPv4 without its wrapping in IPv6. A link-local one is none: its zone means something here only.
fn address(text: &str) -> Option<String> {
    match text.parse::<IpAddr>().ok()?.to_canonical() {
        IpAddr::V6(address) if address.is_unicast_link_local() => None,
        address => Some(address.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<T>(
        system: System,
        variables: &[(&str, &str)],
        files: &[&str],
        ask: impl Fn(&Surroundings) -> T,
    ) -> T {
        let variable = |name: &str| {
            let value = variables.iter().find(|(known, _)| *known == name);
            value.map(|(_, value)| (*value).to_owned())
        };
        let exists = |path: &Path| files.iter().any(|file| Path::new(file) == path);
        let host_name = Some("build-7".to_owned());
        ask(&Surroundings { system, variable: &variable, exists: &exists, host_name })
    }

    fn location(around: &Surroundings) -> Location {
        around.location()
    }

    fn screen_of(around: &Surroundings) -> Screen {
        around.screen()
    }

    fn on_linux(variables: &[(&str, &str)], files: &[&str]) -> Location {
        with(System::Linux, variables, files, location)
    }

    fn ssh(host: &str, port: u16) -> Location {
        Location::Ssh(SshServer { user: "felix".to_owned(), host: host.to_owned(), port })
    }

    #[test]
    fn ssh_is_told_by_its_variables_with_the_address_at_which_the_client_reached_this_machine() {
        for (connection, host, port) in [
            ("203.0.113.7 50000 192.0.2.10 22", "192.0.2.10", 22),
            ("2001:db8::7 50000 2001:db8::10 2222", "2001:db8::10", 2222),
            ("::ffff:203.0.113.7 50000 ::ffff:192.0.2.10 22", "192.0.2.10", 22),
            ("fe80::1%eth0 50000 fe80::2%eth0 22", "build-7", 22),
            ("fe80::1 50000 fe80::2 22", "build-7", 22),
            ("UNKNOWN 65535 UNKNOWN 65535", "build-7", 65535),
            ("nonsense", "build-7", 22),
        ] {
            let variables =
                [("SSH_CONNECTION", connection), ("LOGNAME", "felix"), ("DISPLAY", "localhost:10.0")];
            assert_eq!(on_linux(&variables, &[]), ssh(host, port), "{connection}");
        }
        for other in ["SSH_TTY", "SSH_CLIENT"] {
            assert_eq!(on_linux(&[(other, "x"), ("USER", "felix")], &["/.dockerenv"]), ssh("build-7", 22));
        }
        let nameless = on_linux(&[("SSH_TTY", "/dev/pts/0")], &[]);
        assert!(matches!(nameless, Location::Ssh(server) if server.user == "USER"));
    }

    #[test]
    fn editors_subsystems_containers_and_machines_without_a_display_are_told_apart() {
        let cases = [
            (vec![("DISPLAY", ":0")], vec![], Location::WithBrowser),
            (vec![("WAYLAND_DISPLAY", "wayland-0")], vec![], Location::WithBrowser),
            (vec![("DISPLAY", "")], vec![], Location::NoDisplay),
            (vec![], vec![], Location::NoDisplay),
            (vec![("IN_CONTAINER", "true")], vec!["/.dockerenv"], Location::OwnContainer),
            (vec![("IN_CONTAINER", "false")], vec![], Location::NoDisplay),
            (vec![], vec!["/.dockerenv"], Location::OtherContainer),
            (vec![], vec!["/run/.containerenv"], Location::OtherContainer),
            (vec![("DISPLAY", ":0")], vec!["/run/.containerenv"], Location::WithBrowser),
            (vec![("WSL_DISTRO_NAME", "Debian"), ("VSCODE_IPC_HOOK_CLI", "/x")], vec![], Location::Wsl),
            (vec![("VSCODE_IPC_HOOK_CLI", "/x"), ("SSH_TTY", "/x")], vec![], Location::RemoteEditor),
            (vec![("REMOTE_CONTAINERS", "true")], vec!["/.dockerenv"], Location::RemoteEditor),
            (vec![("CODESPACES", "true"), ("VSCODE_IPC_HOOK_CLI", "/x")], vec![], Location::Codespaces),
        ];
        for (variables, files, expected) in cases {
            assert_eq!(on_linux(&variables, &files), expected, "{variables:?} {files:?}");
        }
        assert_eq!(with(System::MacOs, &[], &[], location), Location::WithBrowser);
    }

    #[test]
    fn over_ssh_no_window_opens_on_the_desk_of_the_machine_but_one_through_x_forwarding() {
        let over_ssh = ("SSH_CONNECTION", "203.0.113.7 50000 192.0.2.10 22");
        let forwarded = [over_ssh, ("DISPLAY", "localhost:10.0")];
        let screen = |system, variables: &[(&str, &str)]| with(system, variables, &[], screen_of);
        for system in [System::MacOs, System::Windows] {
            assert_eq!(screen(system, &[]), Screen::Here);
            assert_eq!(screen(system, &forwarded), Screen::None);
        }
        assert_eq!(screen(System::Linux, &[over_ssh]), Screen::None);
        assert_eq!(screen(System::Linux, &forwarded), Screen::Here);
        assert_eq!(screen(System::Linux, &[]), Screen::None);
        assert_eq!(screen(System::Linux, &[("WSL_DISTRO_NAME", "Debian")]), Screen::Here);
    }
}
