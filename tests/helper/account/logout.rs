//! `logout`: it ends the login that is meant, and none that is not.

use serde_json::json;

use super::run;
use crate::harness::clients::api::Api;
use crate::harness::deployment::Deployment;
use crate::harness::programs::backend::Backend;
use crate::harness::programs::helper_program::{Ending, HelperPlan};

const CLUSTERS: [&str; 3] = ["dev", "prod", "stage"];

/// Three clusters, and Felix as every caller.
struct Parts {
    here: Deployment,
    backend: Backend,
    api: Api,
}

impl Parts {
    fn start(test: &str) -> Self {
        let here = Deployment::new(test).with_clusters_named(&CLUSTERS);
        let (backend, api) = here.start();
        Self { here, backend, api }
    }

    fn log_in_to(&self, clusters: &[&str]) {
        for cluster in clusters {
            self.api.log_in_to(&self.here.idp, cluster, "felix");
        }
    }

    fn plan(&self) -> HelperPlan {
        HelperPlan::of_command(&self.here.world, "logout", &self.backend.url)
    }

    fn logout(&self, arguments: &[&str]) -> Ending {
        run(arguments.iter().fold(self.plan(), |plan, argument| plan.argument(argument)))
    }

    fn connected(&self) -> Vec<String> {
        let status = self.api.get("/status").json;
        let clusters = status["clusters"].as_array().unwrap().iter();
        let connected = clusters.filter(|cluster| cluster["connected"] == true);
        connected.map(|cluster| cluster["name"].as_str().unwrap().to_owned()).collect()
    }

    fn at(&self) -> String {
        format!("Logged out at {}", self.backend.url)
    }
}

#[test]
fn without_a_name_it_ends_the_only_login_and_of_several_none() {
    let parts = Parts::start("logout_unnamed");
    parts.log_in_to(&["dev", "prod"]);
    let several = parts.logout(&[]);
    several.assert(2, &["You are logged in to several clusters at ", "--cluster", "--all", ": dev, prod."]);
    assert!(!several.said.contains("stage"), "{}", several.said);
    assert_eq!(parts.connected(), ["dev", "prod"]);
    parts.logout(&["--cluster", "dev"]).assert(0, &[&format!("{}: dev.", parts.at())]);
    parts.logout(&[]).assert(0, &[&format!("{}: prod.", parts.at())]);
    assert!(parts.connected().is_empty());
    parts.logout(&[]).assert(0, &["Nothing to forget: you are connected to no cluster at"]);
}

#[test]
fn all_ends_all_whatever_the_environment_names_and_goes_with_no_name() {
    let parts = Parts::start("logout_all");
    parts.log_in_to(&["dev", "prod"]);
    assert_eq!(parts.logout(&["--all", "--cluster", "dev"]).code, Some(2));
    assert_eq!(parts.connected(), ["dev", "prod"]);
    run(parts.plan().with("CLUSTER", "stage").argument("--all"))
        .assert(0, &[&format!("{}: dev, prod.", parts.at())]);
    assert!(parts.connected().is_empty());
    // The first one of dev was left for prod: one revoked token could have ended both.
    assert_eq!(parts.here.idp.revocations(), 2);
}

#[test]
fn a_cluster_that_does_not_exist_is_a_wrong_setting_and_the_others_are_listed() {
    let parts = Parts::start("logout_unknown");
    parts.log_in_to(&["dev"]);
    for plan in [parts.plan().with("CLUSTER", "elsewhere"), parts.plan().argument("--cluster=elsewhere")] {
        run(plan).assert(2, &["There is no cluster elsewhere at ", "--cluster", ": dev, prod, stage."]);
    }
    run(parts.plan().with("CLUSTER", "prod"))
        .assert(0, &["Nothing to forget: you are not connected to prod at"]);
    assert_eq!(parts.connected(), ["dev"]);
}

#[test]
fn it_says_which_revocations_the_identity_provider_has_not_confirmed() {
    let here = Deployment::new("logout_pending").with_clusters_named(&["dev", "prod"]);
    let (backend, api) = here.start();
    api.log_in_to(&here.idp, "dev", "felix");
    let logout =
        |cluster| HelperPlan::of_command(&here.world, "logout", &backend.url).with("CLUSTER", cluster);
    here.idp.control("next", json!({ "endpoint": "revocation", "status": 503, "times": 1000 }));
    let pending = ["has not confirmed the revocation yet", "by itself: dev."];
    let ended = run(logout("dev"));
    ended.assert(0, &pending);
    assert!(ended.said.starts_with(&format!("Logged out at {}: dev.\n", backend.url)), "{}", ended.said);
    // It is said again as long as it is so.
    let again = run(logout("dev"));
    again.assert(0, &pending);
    assert!(again.said.starts_with("Nothing to forget"), "{}", again.said);
    here.idp.control("reset", json!({}));
    api.log_in_to(&here.idp, "prod", "felix");
    run(logout("prod")).assert(0, &[&format!("Logged out at {}: prod.", backend.url)]);
}
