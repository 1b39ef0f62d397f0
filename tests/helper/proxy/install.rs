//! `proxy install` and `proxy uninstall` for a user of a real systemd.

use std::net::TcpListener;

use super::{at_callback_port, deploy};
use crate::harness::deployment::Deployment;
use crate::harness::peers::user_systemd::UserSystemd;
use crate::harness::programs::backend::Backend;
use crate::harness::programs::proxy_program::{CONTROL, Visitor};

/// The end of input, typed.
const CTRL_D: &str = "\x04";

/// All that `proxy install` may have left.
const LEFT: &str = "find ~ -type f -o -type l | sort";

const SERVICE: &str = "backstage-oidc-helper.service";

/// A setting that has to be escaped in a unit.
const STATE: &str = "/home/felix/100% \"state\" \\t";

/// Systemd tells no event of its own on the command line, so it is asked again and again.
const UNTIL_GONE: &str = "while [ \"$(systemctl --user show --property=MainPID --value backstage-oidc-helper.service)\" != 0 ]; do sleep 0.1; done";

fn process(user: &mut UserSystemd) -> String {
    user.run(&format!("systemctl --user show --property=MainPID --value {SERVICE}")).0
}

/// From the form of Backstage's page to the end.
fn log_in(here: &Deployment, backend: &Backend) {
    let api = here.api(backend);
    let session = api.register();
    let mut visitor = Visitor::new(&here.world, CONTROL);
    let redirect = visitor.log_in(&here.idp, &session);
    assert_eq!(at_callback_port(&here.world, &visitor).come_back_for_good(&redirect), "success");
    assert_eq!(api.session(&session).json["status"], "complete");
    assert_eq!(api.cluster_status()["connected"], true);
}

#[test]
fn the_first_connection_starts_it_and_logs_in_and_unused_it_is_no_process() {
    let here = deploy("proxy_install");
    let Some(mut user) = UserSystemd::start(&here.world) else { return };
    let backend = here.plan.start();
    let install = format!(
        "XDG_STATE_HOME='{STATE}' \"$helper\" proxy install --yes --backend {} --timeout 15s",
        backend.url
    );
    let (shown, code) = user.run(&install);
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("Installed: systemd listens for the helper"), "{shown}");
    assert_eq!(process(&mut user), "0");

    log_in(&here, &backend);
    let number = process(&mut user);
    assert_ne!(number, "0");
    let (set, _) = user.run(&format!("tr '\\0' '\\n' < /proc/{number}/environ | grep STATE"));
    assert_eq!(set, format!("XDG_STATE_HOME={STATE}"), "a setting arrives as it was");
    assert_eq!(user.run(UNTIL_GONE).1, 0);
    let (result, _) = user.run(&format!("systemctl --user show --property=Result --value {SERVICE}"));
    assert_eq!(result, "success");
    log_in(&here, &backend);

    let (again, code) = user.run(&install);
    assert!(code == 0 && again.contains("nothing was changed"), "{again}");
    let (removed, code) = user.run("\"$helper\" proxy uninstall");
    assert_eq!(code, 0, "{removed}");
    // What remains is the helper's own: the backend of the last login.
    let (left, _) = user.run(LEFT);
    assert!(!left.contains("systemd"), "{left}");
    assert!(TcpListener::bind("127.0.0.1:8888").is_ok(), "the port is free again");
    let (nothing, code) = user.run("\"$helper\" proxy uninstall");
    assert!(code == 0 && nothing.contains("Nothing is installed"), "{nothing}");
}

#[test]
fn it_is_installed_only_when_the_user_has_said_so_and_the_port_is_free() {
    let here = deploy("proxy_install_asked");
    let Some(mut user) = UserSystemd::start(&here.world) else { return };
    let install = "\"$helper\" proxy install";
    let (refused, code) = user.run(&format!("{install} </dev/null"));
    assert!(code == 2 && refused.contains("Writes /home/felix/.config/systemd/user/"), "{refused}");
    assert!(refused.ends_with("run this with --yes to install what is shown above."), "{refused}");
    user.begin(install);
    user.answer("Type yes to do that", "no");
    assert_eq!(user.end().1, 1);
    user.begin(install);
    user.answer("Type yes to do that", CTRL_D);
    let (declined, code) = user.end();
    assert!(code == 1 && declined.contains("Nothing was installed: run this again"), "{declined}");
    let (two_lines, code) = user.run(&format!("NO_PROXY=\"$(printf 'a\\nExecStartPre=b')\" {install} --yes"));
    assert!(code == 2 && two_lines.contains("NO_PROXY cannot be used"), "{two_lines}");
    assert!(!two_lines.contains("ExecStartPre"), "{two_lines}");
    let (unreachable, code) = user.run(&format!("env -u XDG_RUNTIME_DIR {install} --yes"));
    assert!(code == 1 && unreachable.contains("XDG_RUNTIME_DIR is not set"), "{unreachable}");
    let others = TcpListener::bind("127.0.0.1:8888").unwrap();
    let (taken, code) = user.run(&format!("{install} --yes"));
    assert!(code == 3 && taken.contains("another user of this machine (number 0)"), "{taken}");
    drop(others);
    assert_eq!(user.run(LEFT).0, "", "nothing was left behind");

    user.begin(install);
    user.answer("Type yes to do that", "yes");
    let (installed, code) = user.end();
    assert_eq!(code, 0, "{installed}");
    // The port is systemd's, and it is not systemd that is named.
    let (own, code) = user.run("\"$helper\" proxy");
    assert!(code == 3 && own.contains("Port 8888 is taken by a backstage-oidc-helper proxy"), "{own}");
    assert_eq!(Visitor::new(&here.world, CONTROL).get("/healthz").status, 200);

    let (gone, code) = user.run("rm ~/.config/systemd/user/backstage-oidc-helper.*");
    assert_eq!(code, 0, "{gone}");
    let (removed, code) = user.run("\"$helper\" proxy uninstall");
    assert!(code == 0 && removed.contains("Removed: the helper does not start"), "{removed}");
    assert!(TcpListener::bind("127.0.0.1:8888").is_ok(), "the port is free also where the files were gone");
    let (left, _) = user.run(LEFT);
    assert!(!left.contains("systemd"), "{left}");
}
