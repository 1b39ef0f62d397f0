//! `import`, with what the real kubelogin has cached.

use std::path::PathBuf;

use nix::sys::signal::Signal;
use serde_json::json;

use super::run;
use crate::harness::clients::api::Api;
use crate::harness::deployment::Deployment;
use crate::harness::network::far_backend::FarBackend;
use crate::harness::network::faulty_front::{Fault, FaultyFront};
use crate::harness::peers::cluster::Cluster;
use crate::harness::peers::idp::Idp;
use crate::harness::peers::provider::Provider;
use crate::harness::process::Process;
use crate::harness::programs::backend::Backend;
use crate::harness::programs::helper_program::{Ending, HelperPlan};
use crate::harness::programs::kubelogin::Kubelogin;

const TOKENS: &str = "/api/cluster-auth/tokens";

/// A backend with Felix as every caller, and kubelogin on the same machine.
struct Parts {
    here: Deployment<Idp, (), Cluster>,
    backend: Backend,
    api: Api,
    kubelogin: Kubelogin,
}

impl Parts {
    fn start(test: &str) -> Self {
        let here = Deployment::new(test).with_cluster();
        let kubelogin = Kubelogin::of(&here.world, &here.idp);
        let (backend, api) = here.start_as(&here.plan.clone().without("OIDC_ORGANIZATION_ID"));
        Self { here, backend, api, kubelogin }
    }

    fn plan(&self) -> HelperPlan {
        HelperPlan::of_command(&self.here.world, "import", &self.backend.url)
    }

    fn import(&self) -> Ending {
        run(self.plan())
    }

    fn take_over(&self) -> Ending {
        run(self.plan().argument("--take-over"))
    }

    fn kubelogin_logs_in(&self) {
        self.kubelogin.get_token_with_login(&self.here.idp, "felix", &[]);
    }

    /// kubelogin has one login, of Felix.
    fn entry(&self) -> PathBuf {
        let entries = self.kubelogin.files(false);
        assert_eq!(entries.len(), 1);
        entries.into_iter().next().unwrap()
    }

    /// A login is being moved: the backend has it, and waits for the provider. And kubelogin's entry.
    fn sent(&self) -> (Process, PathBuf) {
        self.kubelogin_logs_in();
        let entry = self.entry();
        self.here.idp.hold_token("before");
        let helper = self.plan().argument("--take-over").launch();
        self.here.idp.wait_held();
        (helper, entry)
    }

    fn assert_pods(&self) {
        let pods = self.api.get("/clusters/dev/proxy/api/v1/namespaces/team-a/pods");
        assert_eq!(pods.status, 200, "{}", pods.text);
    }
}

/// Its lines are on two streams, which come in no certain order.
fn assert_said(ending: &Ending, code: i32, words: &[&str]) {
    let all = words.iter().all(|words| ending.said.contains(words));
    assert!(ending.code == Some(code) && all, "{:?} {words:?} not in: {}", ending.code, ending.said);
}

const CONNECTED: &str = "Connected: user:default/felix is felix@example.com at cluster dev until ";

#[test]
fn the_id_token_is_brought_and_kubelogin_goes_on() {
    let parts = Parts::start("import_id_token");
    parts.kubelogin_logs_in();
    parts.import().assert(0, &[CONNECTED, "UTC, then run kubectl, and this command again."]);
    let status = parts.api.cluster_status();
    assert_eq!((&status["connected"], &status["refreshable"]), (&json!(true), &json!(false)), "{status}");
    parts.assert_pods();
    // Again, as a person does the next day.
    parts.import().assert(0, &[CONNECTED]);
    assert_eq!(parts.here.idp.refreshes(), 0, "the refresh token was sent");
    parts.kubelogin.get_token(&[]);
    assert_eq!(parts.here.idp.refreshes(), 0);
    parts.kubelogin.get_token(&["--force-refresh"]);
    assert_eq!((parts.here.idp.refreshes(), parts.here.idp.revocations()), (1, 0));
    parts.import().assert(0, &[CONNECTED]);
}

#[test]
fn a_login_is_moved_and_kubelogin_asks_anew() {
    let parts = Parts::start("import_take_over");
    parts.kubelogin_logs_in();
    let ending = parts.take_over();
    ending.assert(0, &["kubelogin has this login no more: it asks you to log in"]);
    assert!(
        ending.said.contains(CONNECTED) && ending.said.contains("refreshed by itself"),
        "{}",
        ending.said
    );
    let status = parts.api.cluster_status();
    assert_eq!((&status["connected"], &status["refreshable"]), (&json!(true), &json!(true)), "{status}");
    assert_eq!((parts.kubelogin.files(false).len(), parts.kubelogin.files(true).len()), (0, 1));
    // The backend's own, for the proof.
    assert_eq!((parts.here.idp.refreshes(), parts.here.idp.revocations()), (1, 0));
    parts
        .take_over()
        .assert(1, &["has left a lock at", "as does import --take-over", "--token-cache-storage=disk"]);
    parts.kubelogin_logs_in();
    parts.kubelogin.get_token(&["--force-refresh"]);
    assert_eq!(parts.here.idp.revocations(), 0);
    assert_eq!(parts.api.cluster_status()["connected"], true);
    parts.assert_pods();
}

#[test]
fn while_kubelogin_logs_in_it_waits_for_the_lock() {
    let parts = Parts::start("import_locked");
    for arguments in [&[][..], &["--take-over"]] {
        let mut kubelogin = parts.kubelogin.start(&[]);
        Kubelogin::wait_for_login(&kubelogin);
        let plan = arguments.iter().fold(parts.plan(), |plan, argument| plan.argument(argument));
        let mut helper = plan.launch();
        helper.wait_for_line("kubelogin has its cache locked, for a login or a refresh of its own");
        assert_eq!(parts.here.idp.refreshes(), 0);
        Kubelogin::log_in(&parts.here.idp, "felix");
        assert_eq!(kubelogin.wait().code(), Some(0));
        let ending = Ending::of(&mut helper);
        assert!(ending.code == Some(0) && ending.said.contains(CONNECTED), "{}", ending.said);
        for file in parts.kubelogin.files(false) {
            std::fs::remove_file(file).unwrap();
        }
    }
}

/// The refresh token that is sent is the one that kubelogin has got meanwhile, not the one that it has spent.
#[test]
fn a_login_is_moved_as_it_is_after_a_refresh_under_way() {
    let parts = Parts::start("import_refresh_under_way");
    parts.kubelogin_logs_in();
    parts.here.idp.hold_token("before");
    let mut kubelogin = parts.kubelogin.start(&["--force-refresh"]);
    parts.here.idp.wait_held();
    let mut helper = parts.plan().argument("--take-over").launch();
    helper.wait_for_line("kubelogin has its cache locked");
    parts.here.idp.release();
    assert_eq!(kubelogin.wait().code(), Some(0));
    Ending::of(&mut helper).assert(0, &["kubelogin has this login no more"]);
    let status = parts.api.cluster_status();
    assert_eq!((&status["connected"], &status["refreshable"]), (&json!(true), &json!(true)), "{status}");
    assert_eq!((parts.here.idp.refreshes(), parts.here.idp.revocations()), (2, 0));
}

#[test]
fn another_persons_login_and_a_backend_that_is_away_leave_kubelogin_as_it_was() {
    let mut parts = Parts::start("import_refused");
    parts.kubelogin.get_token_with_login(&parts.here.idp, "mara", &[]);
    parts.take_over().assert(1, &["The backend says no: ", "(identity_mismatch)"]);
    assert_eq!((parts.here.idp.refreshes(), parts.here.idp.revocations()), (0, 0));
    parts.kubelogin.get_token(&["--force-refresh"]);
    assert_eq!(parts.api.cluster_status()["connected"], false);
    parts.backend.process.kill();
    parts.take_over().assert(5, &["There is no backend to be reached at "]);
    parts.kubelogin.get_token(&[]);
}

/// The one that lasts longest is Mara's, who has used this machine, too: another scope, and so another entry.
#[test]
fn of_several_logins_the_users_own_is_brought_and_no_other_is_touched() {
    let parts = Parts::start("import_several");
    parts.here.idp.set_id_token_lifetime(1800);
    parts.kubelogin_logs_in();
    let felix = parts.entry();
    parts.here.idp.set_id_token_lifetime(3600);
    parts.kubelogin.get_token_with_login(&parts.here.idp, "mara", &["--oidc-extra-scope=address"]);
    assert_eq!(parts.kubelogin.files(false).len(), 2);
    parts.import().assert(0, &[CONNECTED]);
    assert_said(&parts.take_over(), 0, &[CONNECTED, "kubelogin has this login no more"]);
    assert!(!felix.exists() && parts.entry() != felix);
    assert_eq!((parts.here.idp.refreshes(), parts.here.idp.revocations()), (1, 0));
    parts.kubelogin.get_token(&["--oidc-extra-scope=address", "--force-refresh"]);
}

/// It has not got it, and so there is one owner still.
#[test]
fn a_login_that_the_provider_does_not_refresh_for_the_backend_stays_with_kubelogin() {
    let parts = Parts::start("import_not_moved");
    parts.kubelogin_logs_in();
    parts.here.idp.control("next", json!({ "endpoint": "token", "status": 503, "body": "down" }));
    let words = [CONNECTED, "has not refreshed the login for it; kubelogin's cache is as it was"];
    assert_said(&parts.take_over(), 1, &words);
    parts.entry();
    assert_eq!(parts.api.cluster_status()["refreshable"], false);
    parts.kubelogin.get_token(&["--force-refresh"]);
    // Nothing was spent, so the same may be brought again, and another one all the more.
    parts.here.idp.control("next", json!({ "endpoint": "token", "status": 503, "body": "down" }));
    assert_said(&parts.take_over(), 1, &["kubelogin's cache is as it was"]);
    let words = [CONNECTED, "refreshed by itself", "kubelogin has this login no more"];
    assert_said(&parts.take_over(), 0, &words);
    assert_eq!(parts.here.idp.revocations(), 0);
}

/// The answer tells of the login that the backend has already: that one is refreshed, and kubelogin's is not moved.
#[test]
fn beside_a_login_of_the_portals_kubelogins_stays_where_it_is_until_it_is_proved() {
    let parts = Parts::start("import_beside");
    parts.api.log_in(&parts.here.idp, "felix");
    parts.kubelogin_logs_in();
    parts.here.idp.control("next", json!({ "endpoint": "token", "status": 503, "body": "down" }));
    let words = [CONNECTED, "refreshed by itself", "kubelogin's cache is as it was"];
    assert_said(&parts.take_over(), 1, &words);
    parts.entry();
    parts.kubelogin.get_token(&["--force-refresh"]);
    assert_said(&parts.take_over(), 0, &[CONNECTED, "kubelogin has this login no more"]);
    assert_eq!(parts.here.idp.revocations(), 0);
}

/// What came of it is not known, so neither of the two may send it again.
#[test]
fn a_login_that_may_be_spent_is_taken_from_kubelogin_and_that_is_said() {
    let parts = Parts::start("import_spent");
    parts.kubelogin_logs_in();
    parts.here.idp.control("next", json!({ "endpoint": "token", "status": 500, "body": "down" }));
    let words = [CONNECTED, "is spent or may be, so kubelogin has this login no more", "import again"];
    assert_said(&parts.take_over(), 1, &words);
    assert_eq!(parts.kubelogin.files(false).len(), 0);
    assert_eq!(parts.api.cluster_status()["refreshable"], false);
    parts.kubelogin_logs_in();
    assert_said(
        &parts.take_over(),
        0,
        &[CONNECTED, "refreshed by itself", "kubelogin has this login no more"],
    );
}

#[test]
fn an_entry_that_cannot_be_removed_after_all_is_named() {
    let parts = Parts::start("import_left");
    let (mut helper, entry) = parts.sent();
    std::fs::remove_file(&entry).unwrap();
    std::fs::create_dir(&entry).unwrap();
    parts.here.idp.release();
    let file = entry.to_str().unwrap();
    let words = ["The backend has spent the refresh token", file, "remove it before kubectl is used again"];
    assert_said(&Ending::of(&mut helper), 1, &words);
    assert_eq!(parts.api.cluster_status()["refreshable"], true);
}

#[test]
fn where_the_answer_is_lost_the_entry_stays_and_what_to_do_is_said() {
    let mut parts = Parts::start("import_lost");
    let (mut helper, entry) = parts.sent();
    parts.backend.process.kill();
    parts.here.idp.release();
    let words = ["it is not known whether it has the login", entry.to_str().unwrap(), "else run this again"];
    Ending::of(&mut helper).assert(1, &words);
    assert!(entry.exists());
}

/// The first request has moved it, and only its answer was lost.
#[test]
fn a_refusal_after_a_lost_answer_does_not_say_that_nothing_was_taken() {
    let parts = Parts::start("import_lost_then_refused");
    parts.kubelogin_logs_in();
    let (front, entry) = (FaultyFront::before(&parts.backend.url), parts.entry());
    front.fault(TOKENS, Fault::LacksItsEnd);
    let plan = HelperPlan::of_command(&parts.here.world, "import", &front.url);
    let mut helper = plan.argument("--take-over").launch();
    helper.wait_for_line("The backend does not answer yet");
    let error = json!({ "name": "AuthenticationError", "message": "It has ended.", "code": "token_invalid" });
    front.fault(TOKENS, Fault::Refuses(json!({ "error": error, "response": { "statusCode": 401 } })));
    let words = ["it is not known whether it has the login", entry.to_str().unwrap(), "else run this again"];
    Ending::of(&mut helper).assert(1, &words);
    assert_eq!(parts.here.idp.refreshes(), 1);
    assert!(entry.exists());
}

/// Ended there, the refresh token would be kubelogin's and the backend's.
#[test]
fn neither_a_closed_terminal_nor_ctrl_c_ends_the_wait_for_the_answer_to_a_whole_login() {
    let parts = Parts::start("import_ctrl_c");
    let (mut helper, entry) = parts.sent();
    // Its input is no terminal, as with `</dev/null`.
    helper.signal(Signal::SIGHUP);
    helper.signal(Signal::SIGINT);
    helper.wait_for_line("this waits for the backend's answer");
    parts.here.idp.release();
    assert_said(&Ending::of(&mut helper), 0, &["kubelogin has this login no more"]);
    assert!(!entry.exists());
}

/// Without a keyring kubelogin logs in, and leaves its lock.
#[test]
fn what_is_kept_in_the_keyring_is_said_with_the_flag_that_brings_it_to_the_disk() {
    let parts = Parts::start("import_keyring");
    let mut kubelogin = parts.kubelogin.start(&["--token-cache-storage=keyring"]);
    Kubelogin::wait_for_login(&kubelogin);
    Kubelogin::log_in(&parts.here.idp, "felix");
    kubelogin.wait();
    assert_eq!((parts.kubelogin.files(false).len(), parts.kubelogin.files(true).len()), (0, 1));
    for ending in [parts.import(), parts.take_over()] {
        ending.assert(1, &["as it does with --token-cache-storage=keyring", "--token-cache-storage=disk"]);
    }
    assert_eq!(parts.api.cluster_status()["connected"], false);
}

#[test]
fn a_backend_that_was_never_confirmed_is_sent_nothing_and_nothing_is_asked() {
    let parts = Parts::start("import_unconfirmed");
    parts.kubelogin_logs_in();
    let far = FarBackend::new(&parts.here.world, &parts.backend.url);
    for more in [&[][..], &["--take-over"]] {
        let plan = far.command(&parts.here.world, "import").with("BACKSTAGE_TOKEN", "a.user.token");
        let plan = more.iter().fold(plan, |plan, argument| plan.argument(argument));
        // At a terminal, where others ask.
        let mut process = plan.launch_at_terminal("yes\n");
        Ending::of(&mut process)
            .assert(1, &["was never confirmed on this machine, so nothing is sent there"]);
    }
    assert!(far.asked().is_empty(), "{:?}", far.asked());
}

#[test]
fn where_there_is_nothing_to_bring_one_sentence_says_why() {
    let here = Deployment::new("import_nothing").with_clusters_named(&["dev", "prod"]);
    let (backend, _api) = here.start();
    let import = |arguments: &[&str]| {
        let plan = HelperPlan::of_command(&here.world, "import", &backend.url);
        run(arguments.iter().fold(plan, |plan, argument| plan.argument(argument)))
    };
    // Another user of the machine may listen at the default.
    run(HelperPlan::without_backend(&here.world, "import")).assert(2, &["No Backstage is named"]);
    import(&[]).assert(2, &["There are several clusters at", "dev, prod"]);
    import(&["--cluster", "stage"]).assert(2, &["There is no cluster stage at"]);
    let home = here.world.home.path();
    import(&["--cluster", "dev"]).assert(1, &["kubelogin has no cache at", ".kube/cache/oidc-login"]);
    let azures = home.join(".kube/cache/kubelogin");
    std::fs::create_dir_all(&azures).unwrap();
    std::fs::write(azures.join("auth.json"), "{}").unwrap();
    import(&["--cluster", "dev"]).assert(1, &["Azure's kubelogin, another program of the same name"]);
    let cache = home.join("elsewhere");
    std::fs::create_dir(&cache).unwrap();
    let entry = cache.join("0".repeat(64));
    let arguments = ["--cluster", "dev", "--token-cache-dir", "~/elsewhere"];
    std::fs::write(&entry, "{\"id_token\":\"e").unwrap();
    import(&arguments).assert(1, &["cannot be used (it holds no tokens that kubelogin has written)"]);
    std::fs::remove_file(&entry).unwrap();
    import(&arguments).assert(1, &["has no token of http://localhost:", "for the client kubernetes"]);
}
