//! Several clusters and none named: the user is asked before anything else, and a program is told how to name one.

use serde_json::json;

use crate::harness::deployment::Deployment;
use crate::harness::network::far_backend::{FarBackend, HOST};
use crate::harness::programs::backend::Backend;
use crate::harness::programs::helper_program::{Ending, HelperPlan};
use crate::harness::programs::proxy_program::{Visitor, outcome};

const CLUSTERS: [&str; 3] = ["dev", "prod", "stage"];

/// Three clusters behind an address at which no login has succeeded.
struct Parts {
    here: Deployment,
    backend: Backend,
    far: FarBackend,
}

impl Parts {
    fn start(test: &str) -> Self {
        let here = Deployment::new(test).with("ALLOWED_HOSTS", HOST).with_clusters_named(&CLUSTERS);
        let backend = here.plan.start();
        let far = FarBackend::new(&here.world, &backend.url);
        Self { here, backend, far }
    }

    fn login(&self) -> HelperPlan {
        self.far.login(&self.here.world)
    }

    /// The sentence of a login that cannot ask.
    fn assert_refused(&self, plan: HelperPlan, words: &[&str]) {
        Ending::of(&mut plan.launch()).assert(2, words);
        assert_eq!(self.far.asked(), ["GET /api/cluster-auth/info -"]);
    }
}

#[test]
fn the_user_is_asked_before_the_backend_is_confirmed_and_again_after_a_wrong_answer() {
    let parts = Parts::start("which_cluster_typed");
    let mut process = parts.login().launch_at_terminal("2\n");
    for line in ["Which cluster do you want to log in to?", "  1  dev", "  2  prod", "  3  stage"] {
        process.wait_for_line(line);
    }
    process.wait_for_line("Type its number (1 to 3) or its name.");
    for wrong in ["4", "production"] {
        process.type_line(wrong);
    }
    process
        .wait_for("two refusals", |line| line.contains("There is no such cluster in the list").then_some(()));
    assert!(!process.printed().contains("Is that your Backstage"), "{}", process.printed());
    assert_eq!(parts.far.asked(), ["GET /api/cluster-auth/info -"]);
    process.type_line("3");
    let words = process.wait_for_words(&[]);
    assert!(parts.far.asked().is_empty());
    process.type_line(&words);
    process.wait_for_line("(cluster stage)");
    let refusals = process.printed().matches("There is no such cluster in the list").count();
    assert_eq!(refusals, 2, "what was typed ahead is no answer: {}", process.printed());
    process.kill();
}

#[test]
fn the_end_of_input_chooses_none() {
    let parts = Parts::start("which_cluster_ended");
    let mut process = parts.login().with("LOGIN_TIMEOUT", "1h").launch_at_terminal("");
    process.wait_for_line("Type its number (1 to 3) or its name.");
    process.type_keys("\x04");
    Ending::of(&mut process)
        .assert(2, &["There are several clusters at https://10.66.0.1", "CLUSTER: dev, prod, stage."]);
}

#[test]
fn without_a_user_to_ask_it_ends_with_the_list_and_before_anything_else() {
    let parts = Parts::start("which_cluster_listed");
    let several =
        ["There are several clusters at https://10.66.0.1", "--cluster or CLUSTER: dev, prod, stage."];
    parts.assert_refused(parts.login(), &several);
    parts.assert_refused(parts.login().with("BACKSTAGE_TOKEN", "a.user.token"), &several);
    let unknown = ["There is no cluster elsewhere at https://10.66.0.1", "CLUSTER: dev, prod, stage."];
    parts.assert_refused(parts.login().with("CLUSTER", "elsewhere"), &unknown);
    parts.assert_refused(parts.login().argument("--cluster=elsewhere"), &unknown);
}

#[test]
fn a_named_cluster_and_a_session_that_has_one_are_not_asked_about() {
    let parts = Parts::start("which_cluster_named");
    let api = parts.here.api(&parts.backend);
    let mut named = parts.here.helper(&parts.backend).argument("--cluster=prod").start();
    named.process.wait_for_line("(cluster prod)");
    named.process.kill();
    let session = api.session_of(&api.post("/register", &json!({ "cluster": "stage" })));
    let handed_over = parts.here.helper(&parts.backend).with("BACKSTAGE_SESSION_TOKEN", &session.token);
    let mut helper = handed_over.start();
    helper.process.wait_for_line("(cluster stage)");
    let page = Visitor::new(&parts.here.world, "http://localhost:8000")
        .get(helper.link.strip_prefix("http://localhost:8000").unwrap());
    assert_eq!(outcome(&page), "confirm");
    helper.process.kill();
}
