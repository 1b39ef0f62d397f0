//! Over a real SSH connection to this machine, without a display: a login ends connected through the tunnel, and by pasting back.

use std::fmt::Write;
use std::process::Command;

use super::{NEVER_SEND, Parts, shown_address};
use crate::harness::clients::browser::Browser;
use crate::harness::network::far_network::{FarNetwork, NEAR};
use crate::harness::peers::ssh_server::SshServer;
use crate::harness::process::Process;

/// A machine with the helper and its SSH server, and the user's own machine at the other end of a wire.
struct TwoMachines {
    parts: Parts,
    laptop: FarNetwork,
    server: SshServer,
}

impl TwoMachines {
    fn new(test: &str) -> Option<Self> {
        let parts = Parts::start(test);
        let laptop = FarNetwork::new(&parts.here.world, &[]);
        let server = SshServer::start(&parts.here.world, NEAR)?;
        Some(Self { parts, laptop, server })
    }

    /// The helper, run by a person who has come over SSH with a terminal, and what their shell tells of the terminal afterwards.
    fn helper(&self) -> Process {
        let plan = self.parts.plan().into_command();
        let mut line = "env -u DISPLAY".to_owned();
        for (name, value) in plan.get_envs().filter_map(|(name, value)| Some((name, value?))) {
            write!(line, " {}='{}'", name.to_str().unwrap(), value.to_str().unwrap()).unwrap();
        }
        let words = std::iter::once(plan.get_program()).chain(plan.get_args());
        for word in words.map(|word| word.to_str().unwrap()).filter(|word| *word != "--no-browser") {
            write!(line, " '{word}'").unwrap();
        }
        let mut client = self.server.client();
        client.arg("-tt").arg("-p").arg(self.server.port.to_string()).arg(format!("root@{NEAR}"));
        client.arg(format!("{line}; echo \"ended with $?\"; stty -a; echo end of the script"));
        let log = self.parts.here.world.file("over_ssh.log");
        self.laptop.run(|| Process::start("ssh", &mut client, log))
    }

    /// The command that the helper has shown, run on the user's own machine. The other port stands for the internet: there the identity
    /// provider is in reach.
    fn run_shown(&self, command: &str) -> Process {
        let mut words = command.split_whitespace();
        assert_eq!(words.next(), Some("ssh"), "{command}");
        let mut client: Command = self.server.client();
        let idp = self.parts.here.idp.port;
        client.args(words).arg("-L").arg(format!("{idp}:localhost:{idp}"));
        client.arg("echo the tunnel stands; cat");
        let log = self.parts.here.world.file("tunnel.log");
        let tunnel = self.laptop.run(|| Process::start("tunnel", &mut client, log));
        tunnel.wait_for_line("the tunnel stands");
        tunnel
    }
}

fn assert_terminal_is_restored(helper: &Process) {
    helper.wait_for_line("ended with 0");
    helper.wait_for_line("end of the script");
    let printed = helper.printed();
    for flag in [" echo ", " icanon "] {
        assert!(printed.contains(flag), "{flag} is not in: {printed}");
    }
}

#[test]
fn through_the_tunnel_that_the_helper_shows_a_login_in_a_browser_ends_connected() {
    let Some(machines) = TwoMachines::new("far_ssh_tunnel") else { return };
    let helper = machines.helper();
    let command = helper.wait_for("the tunnel's command", |line| {
        line.trim().starts_with("ssh -L 8000:localhost:8000").then(|| line.trim().to_owned())
    });
    let port = machines.server.port;
    assert_eq!(command, format!("ssh -L 8000:localhost:8000 -p {port} root@{NEAR}"));
    helper.wait_for_line(NEVER_SEND);
    let link = helper.wait_for("its link", |line| {
        line.trim().strip_prefix("Open ").filter(|link| link.contains("/go/")).map(str::to_owned)
    });
    let _tunnel = machines.run_shown(&command);
    let mut browser = machines.laptop.run(|| Browser::start(&machines.parts.here.world));
    browser.open("felix", &link);
    browser.log_in_at_idp("felix", "felix");
    browser.wait_for_outcome("felix", "success");
    helper.wait_for_line("Connected: user:default/felix");
    assert_terminal_is_restored(&helper);
    assert!(!helper.printed().contains("could not be opened"), "{}", helper.printed());
}

#[test]
fn by_pasting_back_the_address_at_which_it_ended_a_login_ends_connected_and_the_address_is_not_shown() {
    let Some(machines) = TwoMachines::new("far_ssh_pasted") else { return };
    let mut helper = machines.helper();
    let shown = shown_address(&helper);
    let ends = machines.parts.log_in(&shown);
    helper.type_line(&ends);
    helper.wait_for_line("Connected: user:default/felix");
    assert_terminal_is_restored(&helper);
    let code = url::Url::parse(&ends).unwrap();
    let code = code.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    assert!(!helper.printed().contains(&code), "what was pasted is shown");
}
