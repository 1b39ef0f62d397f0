//! A token that is not a trusted plugin's token on behalf of a user is refused.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Header;
use serde_json::{Value, json};

use super::TOKEN;
use crate::harness::clients::api::Api;
use crate::harness::deployment::Deployment;
use crate::harness::network::ingress::Ingress;
use crate::harness::peers::backstage::{Backstage, NO_BACKEND};
use crate::harness::peers::cluster::PODS;
use crate::harness::peers::forger::{Forger, now};
use crate::harness::programs::backend::Backend;
use crate::harness::world::World;

/// A backend beside a real Backstage; the test knows its keys, those of its plugins too. Felix is logged in.
struct Ground {
    here: Deployment,
    backend: Backend,
    /// Between the backend and Backstage.
    ingress: Ingress,
    /// What signs plugin tokens.
    plugin_keys: PathBuf,
    backstage: Backstage,
}

impl Ground {
    fn new(test: &str) -> Self {
        let world = World::new(test);
        let plugin_keys = world.file("plugin-keys");
        let more = ["--plugin-keys-dir", plugin_keys.to_str().unwrap()];
        let (backstage, idp) = Backstage::start_with(&world, NO_BACKEND, &more);
        let here = Deployment::of(world, idp);
        let ingress = Ingress::start(NO_BACKEND, &backstage.url);
        let plan = here
            .plan
            .clone()
            .with_backstage(&ingress.url)
            .with("IDENTITY_RULE", "email")
            .with("BACKSTAGE_ISSUER", &format!("{}/api/auth", backstage.url));
        let (backend, api) = here.start_as(&plan);
        api.with_bearer(&Forger::of_users(&backstage).token()).log_in(&here.idp, "felix");
        Self { here, backend, ingress, plugin_keys, backstage }
    }

    fn limited(&self) -> Forger {
        Forger::of_limited_users(&self.backstage)
    }

    fn plugin(&self, obo: &str) -> Forger {
        self.here.world.ledger.note("limited_user_token", obo);
        Forger::of_plugins(&self.plugin_keys, obo)
    }

    fn api(&self, token: &str) -> Api {
        self.here.world.ledger.note("plugin_token", token);
        self.here.api(&self.backend).with_bearer(token)
    }

    /// Everywhere a plugin's token is good for, this one is not.
    fn assert_refused(&self, what: &str, token: &str) {
        let caller = self.api(token);
        for path in [TOKEN, "/status"] {
            let answer = caller.get(path);
            assert_eq!((answer.status, answer.code()), (401, "token_invalid"), "{what}: {}", answer.text);
            answer.assert_problem(401, "token_invalid");
        }
        let answer = caller.get(PODS);
        assert_eq!(answer.status, 401, "{what}: {}", answer.text);
        answer.assert_status_object(401, "token_invalid");
    }
}

fn typ(name: &str) -> impl FnOnce(&mut Header) + use<> {
    let name = name.to_owned();
    move |header| header.typ = Some(name)
}

/// A plugin's token without a valid signature.
pub(super) fn unsigned_plugin_token() -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({ "typ": "vnd.backstage.plugin", "alg": "ES256", "kid": "some" });
    let claims = json!({ "sub": "kubernetes", "aud": "cluster-auth", "iat": now(), "exp": now() + 60 });
    format!("{}.{}.{}", part(&header), part(&claims), URL_SAFE_NO_PAD.encode([0; 64]))
}

#[test]
fn whatever_only_looks_like_a_plugins_token_is_refused() {
    let ground = Ground::new("give_flaws");
    let obo = ground.limited().token();
    let plugin = ground.plugin(&obo);
    let refused = [
        ("expired", plugin.with_claim("exp", json!(now() - 120))),
        ("no exp", plugin.with_claim("exp", Value::Null)),
        ("no iat", plugin.with_claim("iat", Value::Null)),
        ("iat to come", plugin.with_claim("iat", json!(now() + 120))),
        ("no aud", plugin.with_claim("aud", Value::Null)),
        ("a user's aud", plugin.with_claim("aud", json!("backstage"))),
        ("another plugin's aud", plugin.with_claim("aud", json!("kubernetes"))),
        ("several auds", plugin.with_claim("aud", json!(["cluster-auth", "kubernetes"]))),
        ("no sub", plugin.with_claim("sub", Value::Null)),
        ("a sub that is no text", plugin.with_claim("sub", json!(["kubernetes"]))),
        ("another issuer", plugin.with_claim("iss", json!("https://attacker.example/api/auth"))),
        ("no obo", plugin.with_claim("obo", Value::Null)),
        ("an empty obo", plugin.with_claim("obo", json!(""))),
        ("an obo that is no token", plugin.with_claim("obo", json!({ "sub": "user:default/felix" }))),
        ("unknown kid", plugin.with_header(|header| header.kid = Some("another".to_owned()))),
        ("the users' key", plugin.with_key_in(&ground.backstage.keys)),
        ("foreign key", plugin.with_foreign_key()),
        ("HS256 with the public key", plugin.hs256()),
        ("alg none", plugin.unsigned()),
        ("typ user", plugin.with_header(typ("vnd.backstage.user"))),
        ("typ limited user", plugin.with_header(typ("vnd.backstage.limited-user"))),
        ("typ JWT", plugin.with_header(typ("JWT"))),
        ("no typ", plugin.with_header(|header| header.typ = None)),
        ("a bare limited-user token", obo.clone()),
        ("a user token with the plugins' key", {
            Forger::of_users(&ground.backstage).with_key_in(&ground.plugin_keys)
        }),
    ];
    for (what, token) in &refused {
        ground.assert_refused(what, token);
    }
    // The same forger's honest token counts, also with the issuer that Backstage leaves out.
    assert_eq!(ground.api(&plugin.token()).get(TOKEN).json["cluster"], "dev");
    let issuer = format!("{}/api/auth", ground.backstage.url);
    assert_eq!(ground.api(&plugin.with_claim("iss", json!(issuer))).get(TOKEN).status, 200);
}

#[test]
fn whatever_only_looks_like_the_user_inside_it_is_refused() {
    let ground = Ground::new("give_obo");
    let limited = ground.limited();
    let refused = [
        ("a user's own token", Forger::of_users(&ground.backstage).token()),
        ("typ user", limited.with_header(typ("vnd.backstage.user"))),
        ("typ plugin", limited.with_header(typ("vnd.backstage.plugin"))),
        ("no typ", limited.with_header(|header| header.typ = None)),
        ("the plugins' key", limited.with_key_in(&ground.plugin_keys)),
        ("foreign key", limited.with_foreign_key()),
        ("unknown kid", limited.with_header(|header| header.kid = Some("another".to_owned()))),
        ("HS256 with the public key", limited.hs256()),
        ("alg none", limited.unsigned()),
        ("expired", limited.with_claim("exp", json!(now() - 120))),
        ("no exp", limited.with_claim("exp", Value::Null)),
        ("no iat", limited.with_claim("iat", Value::Null)),
        ("iat to come", limited.with_claim("iat", json!(now() + 120))),
        ("no sub", limited.with_claim("sub", Value::Null)),
        ("a group", limited.with_claim("sub", json!("group:default/team-a"))),
        ("a plugin token", ground.plugin(&limited.token()).token()),
        ("garbage", "garbage".to_owned()),
    ];
    for (what, obo) in &refused {
        ground.assert_refused(what, &ground.plugin(obo).token());
    }
    assert_eq!(ground.api(&ground.plugin(&limited.token()).token()).get(TOKEN).status, 200);
    // A token on behalf of another user is for that user, and that one is not connected.
    let mara = ground.plugin(&limited.with_claim("sub", json!("user:default/mara"))).token();
    ground.api(&mara).get(TOKEN).assert_problem(404, "not_connected");
}

#[test]
fn no_address_is_made_of_a_plugins_name_that_is_not_trusted() {
    let ground = Ground::new("give_names");
    let plugin = ground.plugin(&ground.limited().token());
    let before = ground.ingress.asked_backstage();
    for sub in [
        "",
        "stranger",
        "auth",
        "../auth",
        "..",
        "a/b",
        "kubernetes/",
        "kubernetes%2f",
        "kubernetes%2f..%2fauth",
        "kubernetes?x=",
        "kubernetes#",
        "kubernetes@attacker.example",
        "Kubernetes",
        " kubernetes",
        "kubernetes\r\nx: y",
        "kubernetes\0",
        "https://attacker.example",
        "user:default/felix",
        &"k".repeat(64),
        &"kubernetes".repeat(1000),
    ] {
        let caller = ground.api(&plugin.with_claim("sub", json!(sub)));
        for path in [TOKEN, "/status"] {
            caller.get(path).assert_problem(403, "plugin_not_trusted");
        }
        caller.get(PODS).assert_status_object(403, "plugin_not_trusted");
    }
    assert_eq!(ground.ingress.asked_backstage(), before, "Backstage was asked for something");
    // The trusted plugin's keys are asked for by its own name, once, and the users' are known already.
    for _ in 0..2 {
        assert_eq!(ground.api(&plugin.token()).get(TOKEN).status, 200);
    }
    let mut asked = ground.ingress.asked_backstage();
    assert_eq!(asked.split_off(before.len()), ["/api/kubernetes/.backstage/auth/v1/jwks.json"]);
    assert!(before.contains(&"/api/auth/.well-known/jwks.json".to_owned()), "{before:?}");
}
