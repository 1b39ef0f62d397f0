//! Which callers are users: Backstage's own tokens count, and what only looks like one does not.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::harness::clients::api::agent;
use crate::harness::deployment::Deployment;
use crate::harness::peers::backstage::Backstage;
use crate::harness::peers::forger::{Forger, now};
use crate::harness::world::World;

#[test]
fn a_users_own_token_begins_a_login_that_is_matched_to_the_catalog() {
    let (here, backstage) = Deployment::beside_backstage("callers_catalog", &[]);
    let (_backend, api) = here.start();
    let [felix, mara] =
        ["felix", "mara"].map(|login| api.with_bearer(&backstage.sign_in(&here.world, login).user_token));
    assert_eq!(felix.get("/status").json["user"], "user:default/felix");
    // Neither another user's login nor an email address that is not verified.
    felix.attempt_log_in(&here.idp, "mara").assert_problem(403, "identity_mismatch");
    felix.attempt_log_in(&here.idp, "unverified").assert_problem(403, "identity_mismatch");
    assert_eq!(felix.cluster_status()["connected"], false);
    let answer = felix.attempt_log_in(&here.idp, "felix");
    assert_eq!((&answer.json["success"], &answer.json["user"]), (&json!(true), &json!("user:default/felix")));
    assert_eq!(felix.cluster_status()["subject"], "auth0|felix");
    // What one user has, another has not.
    assert_eq!(mara.cluster_status()["connected"], false);
    assert_eq!(mara.attempt_log_in(&here.idp, "mara").json["user"], "user:default/mara");
    assert_eq!(mara.cluster_status()["subject"], "auth0|mara");
    // A user that is in no catalog cannot be matched.
    let guest = api.with_bearer(&guest_token(&here.world, &backstage));
    assert_eq!(guest.get("/status").json["user"], "user:default/guest");
    guest.post("/register", &json!({})).assert_problem(403, "identity_mismatch");
    matched_by_an_annotation(&here, &backstage);
}

/// Whatever e-mail address the login has: the catalog names the account itself.
fn matched_by_an_annotation(here: &Deployment, backstage: &Backstage) {
    let plan = here.plan.clone().with("IDENTITY_RULE", "annotation");
    let (_backend, api) = here.start_as(&plan.with("IDENTITY_ANNOTATION", "example.com/idp-subject=sub"));
    let [felix, mara] =
        ["felix", "mara"].map(|login| api.with_bearer(&backstage.sign_in(&here.world, login).user_token));
    let refused = felix.attempt_log_in(&here.idp, "mara");
    refused.assert_problem(403, "identity_mismatch");
    assert!(refused.text.contains("example.com/idp-subject"), "{}", refused.text);
    felix.log_in(&here.idp, "felix");
    assert_eq!(felix.cluster_status()["subject"], "auth0|felix");
    mara.attempt_log_in(&here.idp, "mara").assert_problem(403, "identity_mismatch");
    // The catalog's owner has to be right: what is written there decides.
    mara.log_in(&here.idp, "unverified");
}

/// A real token of the plugin `kubernetes` on behalf of Felix, and the limited-user token inside it.
fn of_a_plugin(world: &World, backstage: &Backstage) -> [String; 2] {
    let felix = backstage.sign_in(world, "felix").user_token;
    let answer = ask(backstage, "/api/kubernetes/obo-token", Some(&felix));
    let token = answer["token"].as_str().unwrap().to_owned();
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    [token, claims["obo"].as_str().unwrap().to_owned()]
}

/// The user token of Backstage's guest, a user in no catalog.
fn guest_token(world: &World, backstage: &Backstage) -> String {
    let answer = ask(backstage, "/api/auth/guest/refresh", None);
    let token = answer["backstageIdentity"]["token"].as_str().unwrap().to_owned();
    world.ledger.note("backstage_user_token", &token);
    token
}

fn ask(backstage: &Backstage, path: &str, bearer: Option<&str>) -> Value {
    let mut request = agent().post(format!("{}{path}", backstage.url));
    if let Some(bearer) = bearer {
        request = request.header("authorization", format!("Bearer {bearer}"));
    }
    request.send_json(json!({})).unwrap().body_mut().read_json().unwrap()
}

#[test]
fn whatever_only_looks_like_a_user_token_is_refused() {
    let (here, backstage) = Deployment::beside_backstage("callers_refused", &[]);
    let here = here.with("IDENTITY_RULE", "email");
    let (_backend, api) = here.start();
    let forger = Forger::of_users(&backstage);
    let [plugin, limited] = of_a_plugin(&here.world, &backstage);
    let session_token = api.with_bearer(&forger.token()).register().token;
    let refused = [
        ("expired", forger.with_claim("exp", json!(now() - 120))),
        ("no exp", forger.with_claim("exp", Value::Null)),
        ("no iat", forger.with_claim("iat", Value::Null)),
        ("iat to come", forger.with_claim("iat", json!(now() + 120))),
        ("another aud", forger.with_claim("aud", json!("cluster-auth"))),
        ("no aud", forger.with_claim("aud", Value::Null)),
        ("no sub", forger.with_claim("sub", Value::Null)),
        ("a group", forger.with_claim("sub", json!("group:default/team-a"))),
        ("no kind", forger.with_claim("sub", json!("felix"))),
        ("typ JWT", forger.with_header(|header| header.typ = Some("JWT".to_owned()))),
        (
            "typ limited",
            forger.with_header(|header| header.typ = Some("vnd.backstage.limited-user".to_owned())),
        ),
        ("no typ", forger.with_header(|header| header.typ = None)),
        ("unknown kid", forger.with_header(|header| header.kid = Some("another".to_owned()))),
        ("foreign key", forger.with_foreign_key()),
        ("HS256 with the public key", forger.hs256()),
        ("alg none", forger.unsigned()),
        ("signature cut off", forger.token().rsplit_once('.').unwrap().0.to_owned() + "."),
        ("a bare limited-user token", limited),
        ("a session token", session_token),
        ("garbage", "garbage".to_owned()),
        ("dots", "a.b.c".to_owned()),
    ];
    for (what, token) in &refused {
        here.world.ledger.note("refused_token", token);
        let caller = api.with_bearer(token);
        for answer in [caller.get("/status"), caller.post("/register", &json!({}))] {
            assert_eq!((answer.status, answer.code()), (401, "token_invalid"), "{what}: {}", answer.text);
            answer.assert_problem(401, "token_invalid");
        }
        caller.get("/clusters/dev/proxy/api").assert_status_object(401, "token_invalid");
    }
    // Only a user may begin a login, so a plugin's token may not; the user's key makes no plugin token.
    here.world.ledger.note("plugin_token", &plugin);
    let plugin = api.with_bearer(&plugin);
    plugin.post("/register", &json!({})).assert_problem(401, "token_invalid");
    assert_eq!(plugin.get("/status").json["user"], "user:default/felix");
    let typ_plugin = forger.with_header(|header| header.typ = Some("vnd.backstage.plugin".to_owned()));
    let typ_plugin = api.with_bearer(&typ_plugin);
    typ_plugin.post("/register", &json!({})).assert_problem(401, "token_invalid");
    typ_plugin.get("/status").assert_problem(403, "plugin_not_trusted");
    // The same forger's honest token counts: each refusal above is for the one thing that was wrong.
    assert_eq!(api.with_bearer(&forger.token()).get("/status").json["user"], "user:default/felix");
    // A lower-case scheme is the same scheme (RFC 9110, 11.1); another scheme is none.
    let bearer = format!("bearer {}", forger.token());
    assert_eq!(api.get_with("/status", &[("authorization", &bearer)]).status, 200);
    api.get_with("/status", &[("authorization", "Basic eDp5")]).assert_problem(401, "not_signed_in");

    // The issuer counts once it is configured.
    let issuer = format!("{}/api/auth", backstage.url);
    let (_backend, api) = here.start_as(&here.plan.clone().with("BACKSTAGE_ISSUER", &issuer));
    assert_eq!(api.with_bearer(&forger.token()).get("/status").status, 200);
    let foreign = forger.with_claim("iss", json!("https://attacker.example/api/auth"));
    api.with_bearer(&foreign).get("/status").assert_problem(401, "token_invalid");
}
