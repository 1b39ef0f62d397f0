//! The systemd user units: a socket, at which systemd listens, and the service that it starts at the first connection.

use std::io::{Error, Write};
use std::path::Path;

use super::command_line::CommandLine;
use super::service::{Description, Encoding, MARK, Manager, Returns, ServiceFile};
use crate::helper::port::passed::SOCKET_NAME;

/// The names of the units.
const SOCKET: &str = "backstage-oidc-helper.socket";
const SERVICE: &str = "backstage-oidc-helper.service";

/// What a user's own manager can enforce without privileges. The proxy talks to the network, and writes its own files in the home.
const HARDENING: &str = "\
NoNewPrivileges=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
SystemCallArchitectures=native
UMask=0077
";

/// The user's systemd, which has its units below this folder for configuration.
#[must_use]
pub fn manager(configuration: &Path) -> Manager {
    let folder = configuration.join("systemd/user");
    let systemctl = |words: &[&str]| CommandLine::new("systemctl", &[&["--user"], words].concat());
    Manager {
        not_in_paths: &['"', '\'', '\\'],
        files: vec![
            ServiceFile { path: folder.join(SERVICE), content: service },
            ServiceFile { path: folder.join(SOCKET), content: socket },
        ],
        encoding: Encoding::Utf8,
        answers: systemctl(&["show", "--property=Version"]),
        is_installed: vec![
            systemctl(&["is-active", "--quiet", SOCKET]),
            systemctl(&["is-enabled", "--quiet", SOCKET]),
        ],
        start: vec![systemctl(&["daemon-reload"]), systemctl(&["enable", "--now", SOCKET])],
        // The socket once more: where its file is gone, it cannot be disabled, but ended.
        stop: vec![systemctl(&["disable", "--now", SOCKET]), systemctl(&["stop", SOCKET, SERVICE])],
        returns: Returns::Afterwards,
        not_held: |_| None,
        log: None,
        forget: vec![systemctl(&["daemon-reload"])],
        installed: "Installed: systemd listens for the helper and starts it at the first connection, also after a reboot; until then it uses no memory.",
    }
}

fn socket(description: &Description) -> Result<String, Error> {
    let mut unit = Vec::new();
    writeln!(unit, "# {MARK}\n[Unit]\nDescription=The helper port of backstage-oidc-helper\n\n[Socket]")?;
    for address in &description.listen {
        writeln!(unit, "ListenStream={address}")?;
    }
    writeln!(unit, "FileDescriptorName={SOCKET_NAME}\n\n[Install]\nWantedBy=sockets.target")?;
    String::from_utf8(unit).map_err(Error::other)
}

fn service(description: &Description) -> Result<String, Error> {
    let mut unit = Vec::new();
    writeln!(
        unit,
        "# {MARK}\n[Unit]\nDescription=backstage-oidc-helper proxy, started by its socket\n\n[Service]"
    )?;
    writeln!(unit, "ExecStart={} proxy", quoted(&description.executable))?;
    for (name, value) in &description.settings {
        writeln!(unit, "Environment={}", quoted(&format!("{name}={value}")))?;
    }
    unit.write_all(HARDENING.as_bytes())?;
    String::from_utf8(unit).map_err(Error::other)
}

/// As systemd reads a word in quotes: `\` and `"` are escaped, and `%` would begin a specifier.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn description(executable: &str, settings: &[(&str, &str)]) -> Description {
        Description {
            executable: executable.to_owned(),
            settings: settings.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            listen: vec!["127.0.0.1:8888".parse().unwrap(), "[::1]:8888".parse().unwrap()],
            log: None,
            user: String::new(),
        }
    }

    #[test]
    fn the_socket_is_both_addresses_and_is_there_after_a_reboot() {
        let unit = socket(&description("/usr/bin/helper", &[])).unwrap();
        for line in [
            "ListenStream=127.0.0.1:8888",
            "ListenStream=[::1]:8888",
            "FileDescriptorName=helper-port",
            "WantedBy=sockets.target",
        ] {
            assert!(unit.lines().any(|other| other == line), "{unit}");
        }
    }

    #[test]
    fn the_service_starts_this_program_with_its_settings_as_systemd_reads_them() {
        let unit = service(&description("/opt/a b/100%/$x", &[("NO_PROXY", "a%b,\"c\"\\")])).unwrap();
        assert!(unit.contains("ExecStart=\"/opt/a b/100%%/$x\" proxy\n"), "{unit}");
        assert!(unit.contains("Environment=\"NO_PROXY=a%%b,\\\"c\\\"\\\\\"\n"), "{unit}");
        assert!(!unit.contains("[Install]"), "only the socket is enabled: {unit}");
    }

    #[test]
    fn the_units_stand_where_the_users_systemd_looks() {
        let manager = manager(Path::new("/home/felix/.config"));
        let paths: Vec<_> = manager.files.iter().map(|file| file.path.to_str().unwrap()).collect();
        let folder = "/home/felix/.config/systemd/user/backstage-oidc-helper";
        assert_eq!(paths, [format!("{folder}.service"), format!("{folder}.socket")]);
        assert!(manager.start.iter().all(|line| line.arguments[0] == "--user"));
    }
}
