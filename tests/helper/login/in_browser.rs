//! The login as a person goes through it, in a real Chromium: each store, each credential, and how each can end.

use serde_json::json;

use crate::harness::clients::api::Api;
use crate::harness::clients::browser::Browser;
use crate::harness::deployment::Deployment;
use crate::harness::network::ingress::Ingress;
use crate::harness::peers::cluster::{Cluster, names};
use crate::harness::peers::idp::Idp;
use crate::harness::peers::redis_server::RedisServer;
use crate::harness::programs::backend::Backend;
use crate::harness::programs::helper_program::{Helper, HelperPlan};
use crate::harness::world::World;

/// From the login page on: logs in, sees the page that says so, and the helper ends.
fn log_in(browser: &mut Browser, world: &World, helper: &mut Helper, login: &str) {
    browser.log_in_at_idp(login, login);
    browser.wait_for_outcome(login, "success");
    let page = browser.page(login);
    for shown in ["You are connected", &format!("user:default/{login}"), "You can close this page."] {
        assert!(page.text.contains(shown), "{shown} is not in: {}", page.text);
    }
    browser.screenshot(login, world, &format!("success-{login}.png"));
    let ending = helper.end();
    ending.assert(0, &["Connected", &format!("user:default/{login}"), "cluster dev"]);
    for line in ["This login will be linked to", "Waiting up to ", "The login came back"] {
        assert!(ending.said.contains(line), "{line} is not in: {}", ending.said);
    }
}

/// Asserts that the user reads their own pods through the backend, and not another user's.
fn assert_own_pods_only(api: &Api, own: &str, others: &str) {
    let pods = |namespace| api.get(&format!("/clusters/dev/proxy/api/v1/namespaces/{namespace}/pods"));
    let answer = pods(own);
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(!names(&answer.json).is_empty(), "{}", answer.text);
    let refused = pods(others);
    assert_eq!(
        (refused.status, refused.json["reason"].as_str()),
        (403, Some("Forbidden")),
        "{}",
        refused.text
    );
}

fn with_a_session_token<R>(here: &Deployment<Idp, R, Cluster>) {
    let (backend, api) = here.start();
    let session = api.register();
    let world = &here.world;
    let plan = here.helper(&backend).with("BACKSTAGE_SESSION_TOKEN", &session.token);
    let mut helper = plan.start();
    let mut browser = Browser::start(world);
    browser.open("felix", &helper.link);
    browser.wait_for_outcome("felix", "confirm");
    let question = browser.page("felix");
    for shown in ["Is this your account?", "user:default/felix", &backend.url, "localhost"] {
        assert!(question.text.contains(shown), "{shown} is not in: {}", question.text);
    }
    browser.screenshot("felix", world, "confirm.png");
    browser.click("felix", "#continue");
    log_in(&mut browser, world, &mut helper, "felix");
    assert_own_pods_only(&api, "team-a", "team-b");
}

#[test]
fn a_login_with_a_session_token_succeeds_with_the_store_in_process() {
    with_a_session_token(&Deployment::new("browser_session_token_in_process").with_cluster());
}

#[test]
fn a_login_with_a_session_token_succeeds_with_the_store_in_redis() {
    let here = Deployment::new("browser_session_token_redis").with_cluster().with_redis();
    with_a_session_token(&here);
    assert_nothing_in_the_clear(&here.world, &here.redis);
}

/// Redis holds the login, and none of the secrets that passed through the test.
fn assert_nothing_in_the_clear(world: &World, redis: &RedisServer) {
    let mut held = redis.dump();
    assert!(held.len() > 500, "the login is not in Redis: {} bytes", held.len());
    held.extend(redis.keys().join("\n").into_bytes());
    let secrets = world.ledger.entries();
    let mut kinds = Vec::new();
    for secret in secrets {
        let value = secret["value"].as_str().unwrap().as_bytes();
        assert!(!held.windows(value.len()).any(|part| part == value), "Redis holds a {}", secret["kind"]);
        kinds.push(secret["kind"].to_string());
    }
    assert!(kinds.iter().any(|kind| kind.contains("id_token")), "the ledger is not whole: {kinds:?}");
}

/// With the user's own credential the link goes straight on to the identity provider.
fn with_own_credential(
    browser: &mut Browser,
    world: &World,
    idp: &Idp,
    (plan, login): (HelperPlan, &str),
    backend: &Api,
) {
    let mut helper = plan.start();
    browser.open(login, &helper.link);
    assert!(browser.page(login).url.starts_with(&idp.issuer), "{}", browser.page(login).url);
    log_in(browser, world, &mut helper, login);
    // The next login of this test begins with a browser without cookies.
    browser.act(&json!({ "op": "close", "context": login }));
    let (own, others) = if login == "felix" { ("team-a", "team-b") } else { ("team-b", "team-a") };
    assert_own_pods_only(backend, own, others);
}

#[test]
fn each_credential_of_a_real_backstage_succeeds_with_both_stores() {
    let (here, backstage) = Deployment::beside_backstage("browser_backstage", &[]);
    let here = here.with_cluster();
    let redis = RedisServer::start(&here.world);
    let (in_process, on_redis) = (here.plan.start(), here.plan.clone().with_redis(&redis).start());
    let installation = |backend: &Backend| Ingress::start(&backend.url, &backstage.url).url;
    let mut browser = Browser::start(&here.world);

    let felix = backstage.sign_in(&here.world, "felix");
    for backend in [&in_process, &on_redis] {
        let helper =
            HelperPlan::new(&here.world, &installation(backend)).with("BACKSTAGE_TOKEN", &felix.user_token);
        let api = here.api(backend).with_bearer(&felix.user_token);
        with_own_credential(&mut browser, &here.world, &here.idp, (helper, "felix"), &api);
    }

    for backend in [&in_process, &on_redis] {
        // The identity provider rotates what is behind the cookie: each is good once.
        let mara = backstage.sign_in(&here.world, "mara");
        let helper = HelperPlan::new(&here.world, &installation(backend))
            .with("BACKSTAGE_SESSION", &mara.cookie)
            .with("BACKSTAGE_AUTH_PROVIDER", "oidc");
        let api = here.api(backend).with_bearer(&mara.user_token);
        with_own_credential(&mut browser, &here.world, &here.idp, (helper, "mara"), &api);
    }
}

#[test]
fn a_login_without_credential_succeeds_where_the_backend_has_a_development_user() {
    let here = Deployment::new("browser_no_credential").with_cluster();
    let (backend, api) = here.start();
    let helper = here.helper(&backend);
    let mut browser = Browser::start(&here.world);
    with_own_credential(&mut browser, &here.world, &here.idp, (helper, "felix"), &api);
}

#[test]
fn typed_words_stand_for_the_click() {
    let here = Deployment::new("browser_typed_words");
    let (backend, api) = here.start();
    let session = api.register();
    let plan = here.helper(&backend).with("BACKSTAGE_SESSION_TOKEN", &session.token);
    let mut helper = plan.start_at_terminal("");
    let mut browser = Browser::start(&here.world);
    let words = helper.process.wait_for_words(&[]);
    helper.process.type_line(&words);
    helper.process.wait_for_line("confirmed in the terminal");
    browser.open("felix", &helper.link);
    log_in(&mut browser, &here.world, &mut helper, "felix");
}

#[test]
fn a_pasted_address_stands_for_the_redirect_once_the_account_is_confirmed() {
    let here = Deployment::new("browser_elsewhere");
    let (backend, api) = here.start();
    let session = api.register();
    let plan = here.helper(&backend).with("BACKSTAGE_SESSION_TOKEN", &session.token);
    // A command that is pasted with lines behind it must not answer the question.
    let mut helper = plan.start_at_terminal("y\n");
    let address = here.idp.log_in(&session.auth_url, "felix");
    helper.process.type_line(&address);
    helper.process.wait_for_line("That address does not count (the account has not been confirmed yet");
    let words = helper.process.wait_for_words(&[]);
    helper.process.type_line(&words);
    helper.process.type_line(&address);
    helper.end().assert(0, &["Connected", "user:default/felix"]);
}

#[test]
fn deny_at_the_identity_provider_ends_it() {
    let here = Deployment::new("browser_deny");
    let (backend, api) = here.start();
    let mut helper = here.helper(&backend).start();
    let mut browser = Browser::start(&here.world);
    browser.open("felix", &helper.link);
    browser.click("felix", "button[value=deny]");
    browser.wait_for_outcome("felix", "refused");
    let page = browser.page("felix");
    assert!(
        page.text.contains("The login was refused") && page.text.contains("access_denied"),
        "{}",
        page.text
    );
    helper.end().assert(1, &["The identity provider did not log you in"]);
    assert_eq!(api.cluster_status()["connected"], false);
}

#[test]
fn a_backend_that_is_away_when_the_redirect_arrives_gets_it_later() {
    let here = Deployment::new("browser_backend_away").with_redis();
    let mut backend = here.plan.start();
    let mut helper = here.helper(&backend).start();
    let mut browser = Browser::start(&here.world);
    browser.open("felix", &helper.link);
    backend.process.kill();
    browser.log_in_at_idp("felix", "felix");
    browser.wait_for_outcome("felix", "backend-away");
    let page = browser.page("felix");
    assert!(page.text.contains("does not answer yet; this helper keeps trying"), "{}", page.text);
    browser.screenshot("felix", &here.world, "backend-away.png");
    helper.process.wait_for_line("The backend does not answer yet");
    let _backend = here.plan.in_place_of(&backend).start();
    browser.wait_for_outcome("felix", "success");
    helper.end().assert(0, &["Connected", "user:default/felix"]);
}
