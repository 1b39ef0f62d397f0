//! A login that succeeds makes exactly its backend known on this machine; one that fails makes none known.

use std::os::unix::fs::PermissionsExt;

use super::{Parts, assert_asks, path_of};
use crate::harness::network::far_backend::asked;
use crate::harness::programs::confirmed::{confirmed_file, state_folder, write_privately};
use crate::harness::programs::helper_program::{Ending, HelperPlan};

impl Parts {
    /// A login does not ask: its link leads straight on.
    fn assert_does_not_ask(&self) {
        self.far.asked();
        let mut helper = self.far.login(&self.here.world).start();
        self.log_in(&mut self.visitor(), &helper.link);
        helper.end().assert(0, &["Connected"]);
        let asked = self.far.asked();
        assert_eq!(asked[1], "POST /api/cluster-auth/register -", "{asked:?}");
    }

    fn assert_asks_of(&self, plan: HelperPlan) {
        let mut helper = plan.start();
        assert_asks(&self.visitor(), &helper);
        helper.process.kill();
    }

    fn file(&self) -> String {
        std::fs::read_to_string(confirmed_file(&self.here.world)).unwrap()
    }
}

#[test]
fn the_second_login_does_not_ask_and_any_other_backend_does() {
    let parts = Parts::start("unconfirmed_remembered");
    parts.confirm_and_log_in();
    let mode = |path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode(confirmed_file(&parts.here.world)), mode(state_folder(&parts.here.world))),
        (0o600, 0o700)
    );
    parts.assert_does_not_ask();

    let other_port = parts.far.also_at(444);
    let far = |url: &str| HelperPlan::new(&parts.here.world, url).with("CA_FILE", parts.far.ca_file());
    parts.assert_asks_of(far("https://10.66.0.1:444"));
    assert_eq!(asked(&other_port), ["GET /api/cluster-auth/info -"]);
    parts.assert_asks_of(far("https://10.66.0.1/portal"));
    parts.assert_asks_of(parts.far.login(&parts.here.world).with("BACKSTAGE_CLIENT_ID", "another"));
    for call in parts.far.asked() {
        assert!(call.ends_with("/api/cluster-auth/info -"), "{call}");
    }
    // Another user of the machine has confirmed nothing.
    let home = tempfile::tempdir().unwrap();
    parts.assert_asks_of(parts.far.login(&parts.here.world).with("HOME", home.path().to_str().unwrap()));
    parts.assert_does_not_ask();
}

#[test]
fn a_login_that_fails_is_not_remembered() {
    let parts = Parts::start("unconfirmed_failed");
    let mut helper = parts.far.login(&parts.here.world).start();
    let mut visitor = parts.visitor();
    let link = visitor.press_button(path_of(&helper.link));
    let sent = visitor.get(path_of(&link));
    visitor.keep_cookie(&sent);
    let denied = parts.here.idp.deny(sent.header("location").unwrap());
    assert_eq!(visitor.come_back_for_good(&denied), "refused");
    helper.end().assert(1, &["did not log you in"]);
    assert!(!confirmed_file(&parts.here.world).exists());
    parts.assert_asks_of(parts.far.login(&parts.here.world));

    // Nor one that is given up after the click.
    let mut helper = parts.far.login(&parts.here.world).start();
    parts.visitor().press_button(path_of(&helper.link));
    helper.process.kill();
    parts.assert_asks_of(parts.far.login(&parts.here.world));
}

#[test]
fn a_file_that_cannot_be_read_trusts_no_backend_and_is_left_as_it_is() {
    let parts = Parts::start("unconfirmed_damaged");
    parts.confirm_and_log_in();
    let whole = parts.file();
    for other in [&whole.replace("\"version\":1", "\"version\":2"), &whole[..whole.len() - 1], ""] {
        write_privately(&parts.here.world, "confirmed-backends.json", other);
        let mut helper = parts.far.login(&parts.here.world).start();
        let mut visitor = parts.visitor();
        assert_asks(&visitor, &helper);
        let link = visitor.press_button(path_of(&helper.link));
        parts.log_in(&mut visitor, &link);
        let ending = helper.end();
        ending.assert(0, &["Connected"]);
        assert!(
            ending.said.contains("does not hold confirmed backends that this version can read"),
            "{}",
            ending.said
        );
        assert_eq!(parts.file(), other);
    }
    write_privately(&parts.here.world, "confirmed-backends.json", &whole);
    parts.assert_does_not_ask();
    // Another user that can write it could have written it.
    std::fs::set_permissions(confirmed_file(&parts.here.world), std::fs::Permissions::from_mode(0o666))
        .unwrap();
    parts.assert_asks_of(parts.far.login(&parts.here.world));
}

#[test]
fn logout_local_forgets_it_and_the_backend_hears_nothing() {
    let parts = Parts::start("unconfirmed_logout_local");
    parts.confirm_and_log_in();
    let forget = |plan: HelperPlan| Ending::of(&mut plan.argument("--local").launch());
    let logout = || parts.far.command(&parts.here.world, "logout");
    let other = HelperPlan::of_command(&parts.here.world, "logout", "https://10.66.0.1:444");
    forget(other).assert(0, &["Nothing to forget: this machine knows nothing of https://10.66.0.1:444."]);
    // What the environment names is no reason to end a login.
    let done = forget(logout().with("CLUSTER", "dev"));
    done.assert(0, &["Nothing was revoked: your logins at the clusters go on"]);
    assert!(
        done.said.contains("https://10.66.0.1:443 is not confirmed on this machine any more"),
        "{}",
        done.said
    );
    assert!(parts.far.asked().is_empty());
    assert_eq!(parts.here.api(&parts.backend).cluster_status()["connected"], true);
    parts.assert_asks_of(parts.far.login(&parts.here.world));
}

#[test]
fn logout_local_with_a_cluster_or_all_ends_the_login_first() {
    let parts = Parts::start("unconfirmed_logout_both");
    for which in ["--cluster=dev", "--all"] {
        parts.confirm_and_log_in();
        let both = parts.far.command(&parts.here.world, "logout").argument("--local").argument(which);
        let done = Ending::of(&mut both.launch());
        done.assert(0, &["is not the default of this machine any more"]);
        let lines = ["Logged out at https://10.66.0.1: dev.", "is not confirmed on this machine any more"];
        assert!(lines.iter().all(|line| done.said.contains(line)), "{}", done.said);
        assert_eq!(parts.here.api(&parts.backend).cluster_status()["connected"], false);
    }
    // A backend that refuses leaves this machine as it is, for another try.
    parts.confirm_and_log_in();
    let unknown =
        parts.far.command(&parts.here.world, "logout").argument("--local").argument("--cluster=elsewhere");
    Ending::of(&mut unknown.launch()).assert(2, &["There is no cluster elsewhere"]);
    parts.assert_does_not_ask();
}
