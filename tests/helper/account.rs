//! The commands `status` and `logout` on the person's machine: what they say, and how they end.

mod endings;
mod import;
mod logout;

use serde_json::{Value, json};

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
    let connected = ["dev (Development): connected as felix@example.com until ", " UTC, refreshed by itself"];
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
fn json_is_one_object_with_the_documented_fields_and_nothing_else() {
    let here = Deployment::new("status_json").with_clusters_named(&["dev", "prod"]);
    let (backend, api) = here.start();
    api.log_in_to(&here.idp, "prod", "felix");
    let quiet = || HelperPlan::without_backend(&here.world, "status").with("RUST_LOG", "off");
    // The flag's other name.
    let json = quiet().argument("--backstage").argument(&backend.url).argument("--output").argument("json");
    let mut process = json.launch();
    assert_eq!(process.wait().code(), Some(0));
    let printed: Value = serde_json::from_str(&process.printed()).unwrap();
    let said = api.get("/status").json;
    let connected = &said["clusters"][1];
    let expected = json!({
        "backend": backend.url,
        "user": "user:default/felix",
        "clusters": [
            { "name": "dev", "title": "dev", "connected": false, "refreshable": false },
            {
                "name": "prod", "title": "prod", "connected": true, "refreshable": true, "subject": "auth0|felix", "email": "felix@example.com",
                "expiresAt": connected["expiresAt"], "loginExpiresAt": connected["loginExpiresAt"],
            },
        ],
    });
    let mut expected = expected;
    let prod = expected["clusters"][1].as_object_mut().unwrap();
    prod.retain(|_, value| !value.is_null());
    assert_eq!(printed, expected);

    // Where there is no answer there is no object, and the exit code is that of any other form.
    let away =
        quiet().argument("--backend").argument("http://localhost:1").argument("--output").argument("json");
    let away = run(away);
    away.assert(5, &["There is no backend to be reached at http://localhost:1"]);
    assert!(!away.said.contains("clusters"), "{}", away.said);
    assert_eq!(run(quiet().argument("--output").argument("yaml")).code, Some(2));
}
