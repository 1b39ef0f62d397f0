//! The backend of the last successful login is the default of the commands that name none, and nothing more than that.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Instant;

use super::Parts;
use crate::harness::programs::confirmed::{confirmed_file, state_folder, write_privately};
use crate::harness::programs::helper_program::{Ending, HelperPlan};
use crate::harness::programs::proxy_program::{CONTROL, ProxyPlan, TIMEOUT, Visitor};

const FILE: &str = "last-backend.json";

/// What a command without a backend asks where no login has succeeded.
const DEFAULT: &str = "There is no backend to be reached at http://localhost:7007";

impl Parts {
    /// A command that names no backend.
    fn unnamed(&self, name: &str) -> HelperPlan {
        HelperPlan::without_backend(&self.here.world, name).with("CA_FILE", self.far.ca_file())
    }

    fn remembered(&self) -> String {
        std::fs::read_to_string(self.last_file()).unwrap()
    }

    fn last_file(&self) -> PathBuf {
        state_folder(&self.here.world).join(FILE)
    }

    fn run_unnamed(&self, name: &str) -> Ending {
        Ending::of(&mut self.unnamed(name).launch())
    }
}

#[test]
fn after_a_login_no_command_needs_its_address_until_it_is_forgotten() {
    let parts = Parts::start("last_backend");
    parts.run_unnamed("status").assert(5, &[DEFAULT]);
    parts.confirm_and_log_in();
    let file = parts.last_file();
    assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    parts.run_unnamed("status").assert(0, &["dev: connected"]);
    let mut again = parts.unnamed("login").argument("--no-browser").start();
    parts.log_in(&mut parts.visitor(), &again.link);
    again.end().assert(0, &["Connected"]);
    // What is named counts.
    let named = parts.unnamed("status").with("BACKSTAGE_URL", "http://localhost:1");
    Ending::of(&mut named.launch()).assert(5, &["at http://localhost:1 "]);
    let proxy = ProxyPlan::without_backend(&parts.here.world).with("CA_FILE", parts.far.ca_file()).start();
    let visitor = Visitor::new(&parts.here.world, CONTROL);
    assert_eq!(visitor.get("/status").json["backstageUrl"], parts.far.url);
    drop(proxy);

    let forgotten = Ending::of(&mut parts.unnamed("logout").argument("--local").launch());
    forgotten.assert(0, &["Nothing was revoked", "until logout --all ends them"]);
    let sentence =
        "https://10.66.0.1:443 is not the default of this machine any more: name a Backstage with --backend.";
    assert!(forgotten.said.contains(sentence), "{}", forgotten.said);
    parts.run_unnamed("status").assert(5, &[DEFAULT]);
}

#[test]
fn a_login_that_fails_changes_nothing_and_one_of_the_proxy_does() {
    let parts = Parts::start("last_backend_failed");
    parts.confirm_and_log_in();
    let denied = |link: &str| {
        let mut visitor = parts.visitor();
        let sent = visitor.get(super::path_of(link));
        visitor.keep_cookie(&sent);
        let back = parts.here.idp.deny(sent.header("location").unwrap());
        assert_eq!(visitor.come_back_for_good(&back), "refused");
    };
    let mut near = parts.here.helper(&parts.backend).start();
    denied(&near.link);
    near.end().assert(1, &["did not log you in"]);
    Ending::of(&mut HelperPlan::new(&parts.here.world, "http://localhost:1").launch()).assert(5, &[]);
    parts.run_unnamed("status").assert(0, &["dev: connected"]);
    assert_eq!(parts.far.asked().last().unwrap(), "GET /api/cluster-auth/status -");

    let proxy = parts.here.proxy(&parts.backend).start();
    let mut visitor = Visitor::new(&parts.here.world, CONTROL);
    let link = visitor.press_button("/");
    let mut visitor = visitor.moved_to(&parts.here.world, super::HELPER);
    parts.log_in(&mut visitor, &link);
    // The file is written behind the answer.
    let deadline = Instant::now() + TIMEOUT;
    while !parts.remembered().contains("127.0.0.1") {
        assert!(Instant::now() < deadline, "it still is {}", parts.remembered());
        std::thread::yield_now();
    }
    drop(proxy);
    parts.run_unnamed("status").assert(0, &["dev: connected"]);
    assert!(parts.far.asked().is_empty(), "the proxy's is the last one");
}

#[test]
fn it_is_asked_about_like_any_other_backend() {
    let parts = Parts::start("last_backend_unconfirmed");
    parts.confirm_and_log_in();
    std::fs::remove_file(confirmed_file(&parts.here.world)).unwrap();
    let with_token = parts.unnamed("status").with("BACKSTAGE_TOKEN", "a.user.token");
    Ending::of(&mut with_token.launch())
        .assert(1, &["https://10.66.0.1:443 was never confirmed on this machine"]);
    assert!(parts.far.asked().is_empty());
    let mut helper = parts.unnamed("login").argument("--no-browser").start();
    super::assert_asks(&parts.visitor(), &helper);
    parts.far.assert_only_asked_for_info("before it is confirmed");
    helper.process.kill();
}

#[test]
fn a_file_that_cannot_be_read_or_written_costs_the_default_and_no_login() {
    let parts = Parts::start("last_backend_damaged");
    parts.confirm_and_log_in();
    let file = parts.last_file();
    let whole = std::fs::read_to_string(&file).unwrap();
    for damaged in ["", "no JSON", &whole.replace("\"version\":1", "\"version\":2")] {
        write_privately(&parts.here.world, FILE, damaged);
        let ending = parts.run_unnamed("status");
        ending.assert(5, &[DEFAULT]);
        let mut helper = parts.far.login(&parts.here.world).start();
        parts.log_in(&mut parts.visitor(), &helper.link);
        helper.end().assert(0, &["Connected"]);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), damaged);
    }
    // Another user that can write it could have written it.
    write_privately(&parts.here.world, FILE, &whole);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).unwrap();
    parts.run_unnamed("status").assert(5, &[DEFAULT]);
    // A home in which nothing can be created.
    for home in ["/dev/null", "/proc"] {
        let mut helper = parts.here.helper(&parts.backend).with("HOME", home).start();
        parts.log_in(&mut parts.visitor(), &helper.link);
        helper.end().assert(0, &["Connected"]);
    }
}
