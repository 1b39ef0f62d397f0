//! The commands `status` and `logout` on the person's machine: what they say, and how they end.

mod endings;

use backstage_oidc_helper::protocol::StatusResponse;
use serde_json::json;

use crate::harness::deployment::Deployment;
use crate::harness::network::ingress::Ingress;
use crate::harness::programs::helper_program::{Ending, HelperPlan};

fn run(plan: HelperPlan) -> Ending {
    Ending::of(&mut plan.launch())
}

#[test]
fn the_users_token_and_the_cookie_of_a_real_backstage_are_accepted() {
    let (here, backstage) = Deployment::beside_backstage("status_backstage", &[]);
    let (backend, api) = here.start_as(&here.plan.clone().with("CLUSTER_TITLE", "Development"));
    let ingress = Ingress::start(&backend.url, &backstage.url);
    let felix = backstage.sign_in(&here.world, "felix");
    let command = |name| {
        HelperPlan::of_command(&here.world, name, &ingress.url).with("BACKSTAGE_TOKEN", &felix.user_token)
    };
    let head = format!("user:default/felix at {}\n", ingress.url);

    let before = run(command("status"));
    let next = format!("run backstage-oidc-helper login --backend {} --cluster dev", ingress.url);
    before.assert(0, &["dev (Development): not connected: ", &next]);
    assert!(before.said.starts_with(&head), "{}", before.said);
    api.with_bearer(&felix.user_token).log_in(&here.idp, "felix");
    let connected = ["dev (Development): connected as auth0|felix until ", " UTC, refreshed by itself"];
    let after = run(command("status"));
    after.assert(0, &connected);
    assert!(after.said.starts_with(&head), "{}", after.said);
    let by_cookie = HelperPlan::of_command(&here.world, "status", &ingress.url);
    run(by_cookie.with("BACKSTAGE_SESSION", &felix.cookie)).assert(0, &connected);

    run(command("logout")).assert(0, &[&format!("Logged out at {}: dev.", ingress.url)]);
    assert_eq!(api.with_bearer(&felix.user_token).cluster_status()["connected"], false);
    run(command("logout")).assert(0, &["Nothing to forget: you are connected to no cluster at"]);

    let forged = format!("{}x", felix.user_token);
    here.world.ledger.note("backstage_user_token", &forged);
    for name in ["status", "logout"] {
        let plan = HelperPlan::of_command(&here.world, name, &ingress.url);
        run(plan.with("BACKSTAGE_TOKEN", &forged)).assert(1, &["The backend says no: ", "(token_invalid)"]);
        let without_credential = HelperPlan::of_command(&here.world, name, &ingress.url);
        run(without_credential).assert(1, &["set BACKSTAGE_TOKEN, or BACKSTAGE_SESSION", "(not_signed_in)"]);
    }
}

#[test]
fn json_is_the_backends_answer_and_nothing_else() {
    let here = Deployment::new("status_json").with_clusters_named(&["dev", "prod", "stage", "test"]);
    let (backend, api) = here.start();
    api.log_in_to(&here.idp, "prod", "felix");
    let quiet = HelperPlan::of_command(&here.world, "status", &backend.url).with("RUST_LOG", "off");
    let mut process = quiet.argument("--json").launch();
    assert_eq!(process.wait().code(), Some(0));
    let printed = process.printed();
    assert_eq!(printed, api.get("/status").text);
    let status: StatusResponse = serde_json::from_str(&printed).unwrap();
    assert_eq!(status.user, "user:default/felix");
    let connected: Vec<_> = status.clusters.iter().map(|c| (c.name.as_str(), c.connected)).collect();
    assert_eq!(connected, [("dev", false), ("prod", true), ("stage", false), ("test", false)]);
}

#[test]
fn logout_of_one_cluster_leaves_the_others_and_without_a_name_ends_all() {
    let here = Deployment::new("logout_clusters").with_clusters_named(&["dev", "prod"]);
    let (backend, api) = here.start();
    let connected = || {
        let status = api.get("/status").json;
        [0, 1].map(|place| status["clusters"][place]["connected"].as_bool().unwrap())
    };
    let logout = || HelperPlan::of_command(&here.world, "logout", &backend.url);
    api.log_in_to(&here.idp, "dev", "felix");
    api.log_in_to(&here.idp, "prod", "felix");
    let at = format!("Logged out at {}", backend.url);
    run(logout().argument("--cluster").argument("dev")).assert(0, &[&format!("{at}: dev.")]);
    assert_eq!(connected(), [false, true]);
    run(logout().with("CLUSTER", "dev")).assert(0, &["Nothing to forget: you are not connected to dev at"]);
    run(logout().with("CLUSTER", "elsewhere")).assert(1, &["The backend says no: ", "(unknown_cluster)"]);
    assert_eq!(connected(), [false, true]);
    api.log_in_to(&here.idp, "dev", "felix");
    run(logout()).assert(0, &[&format!("{at}: dev, prod.")]);
    assert_eq!(connected(), [false, false]);
    // The first one of dev was left for prod: one revoked token could have ended both.
    assert_eq!(here.idp.revocations(), 2);
}

#[test]
fn logout_says_which_revocations_the_identity_provider_has_not_confirmed() {
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
