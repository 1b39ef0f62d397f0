//! `GET /token`: for trusted plugins on behalf of a user, and for no other caller.

mod ended;
mod flaws;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::harness::clients::api::{Answer, Api, agent};
use crate::harness::deployment::Deployment;
use crate::harness::peers::backstage::Backstage;
use crate::harness::peers::cluster::{Cluster, PODS, names};
use crate::harness::peers::idp::Idp;
use crate::harness::programs::backend::{Backend, BackendPlan};
use crate::harness::world::{World, free_port};

pub(super) const TOKEN: &str = "/token?cluster=dev";

/// A backend beside a real Backstage, at the address that Backstage's plugins are given.
pub(super) struct Portal {
    pub(super) here: Deployment<Idp, (), Cluster>,
    backstage: Backstage,
    backend: Backend,
    /// How the backend was started.
    plan: BackendPlan,
}

/// A user with a sign-in at Backstage.
pub(super) struct Person<'p> {
    portal: &'p Portal,
    /// As themselves.
    pub(super) api: Api,
    user_token: String,
}

impl Portal {
    pub(super) fn start(test: &str, change: impl FnOnce(BackendPlan) -> BackendPlan) -> Self {
        Self::start_in(World::new(test), |plan, _| change(plan))
    }

    fn start_in(world: World, change: impl FnOnce(BackendPlan, &World) -> BackendPlan) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        let (backstage, idp) = Backstage::start(&world, &format!("http://{address}"));
        let here = Deployment::of(world, idp).with_cluster();
        let plan = here
            .plan
            .clone()
            .with_backstage(&backstage.url)
            .with("IDENTITY_RULE", "email")
            .without("USER_TOKENS")
            .with("BACKSTAGE_ISSUER", &format!("{}/api/auth", backstage.url))
            .with("BACKSTAGE_APP_URL", "https://portal.example.com")
            .with("LISTEN", &address);
        let plan = change(plan, &here.world);
        let backend = plan.start();
        Self { here, backstage, backend, plan }
    }

    pub(super) fn sign_in(&self, login: &str) -> Person<'_> {
        let user_token = self.backstage.sign_in(&self.here.world, login).user_token;
        Person { portal: self, api: self.here.api(&self.backend).with_bearer(&user_token), user_token }
    }

    /// Waits for the audit line of a refusal.
    fn wait_for_refusal(&self, outcome: &str, reason: &str) {
        self.backend.process.wait_for(&format!("an audit line with {outcome}, {reason}"), |line| {
            let event: Value = serde_json::from_str(line).ok()?;
            let refused = event["target"] == "audit" && event["outcome"] == outcome;
            let told = event["reason"].as_str().is_some_and(|told| told.contains(reason));
            (refused && told && event["span"]["request_id"].is_string()).then_some(())
        });
    }
}

impl Portal {
    /// Waits for the audit line of a token that this user's plugin got.
    fn wait_for_hand_out(&self, user: &str) {
        let expected = json!({ "user": user, "plugin": "kubernetes", "cluster": "dev", "outcome": "given" });
        self.backend.process.wait_for(&format!("an audit line with {expected}"), |line| {
            let event: Value = serde_json::from_str(line).ok()?;
            let fits = |(name, value): (&String, &Value)| event[name] == *value;
            let given = event["target"] == "audit" && expected.as_object()?.iter().all(fits);
            (given && event["span"]["request_id"].is_string()).then_some(())
        });
    }
}

impl Person<'_> {
    fn log_in(&self, login: &str) {
        self.api.log_in(&self.portal.here.idp, login);
    }

    /// What a plugin's router answers this user.
    fn ask(&self, plugin: &str, route: &str, body: &Value) -> Value {
        let url = format!("{}/api/{plugin}/{route}", self.portal.backstage.url);
        let request = agent().post(url).header("authorization", format!("Bearer {}", self.user_token));
        let answer = Answer::read(request.send_json(body).unwrap());
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json
    }

    /// A call to the backend that Backstage's plugin itself makes for this user; status and body.
    fn call(&self, plugin: &str, method: &str, path: &str) -> (u64, Value) {
        let path = format!("/api/cluster-auth{path}");
        let answer = self.ask(plugin, "call", &json!({ "path": path, "method": method }));
        let text = answer["body"].as_str().unwrap();
        let body = serde_json::from_str(text).unwrap_or_else(|_| json!(text));
        (answer["status"].as_u64().unwrap(), body)
    }

    /// A client with a token that Backstage's plugin made for this user.
    pub(super) fn plugin_api(&self, plugin: &str, options: &Value) -> Api {
        let token = self.ask(plugin, "obo-token", options)["token"].as_str().unwrap().to_owned();
        self.portal.here.world.ledger.note("plugin_token", &token);
        self.portal.here.api(&self.portal.backend).with_bearer(&token)
    }
}

/// The claims of a JWT.
fn claims(token: &Value) -> Value {
    let payload = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[test]
fn a_trusted_plugin_gets_the_token_of_the_user_that_it_acts_for() {
    let portal = Portal::start("give_token", |plan| plan);
    let [felix, mara] = ["felix", "mara"].map(|login| portal.sign_in(login));
    felix.log_in("felix");
    // What one user has, another has not.
    assert_eq!(mara.call("kubernetes", "GET", TOKEN).0, 404);
    mara.plugin_api("kubernetes", &json!({})).get(TOKEN).assert_problem(404, "not_connected");
    mara.log_in("mara");
    for (person, subject, group) in [(&felix, "auth0|felix", "team-a"), (&mara, "auth0|mara", "team-b")] {
        let (status, answer) = person.call("kubernetes", "GET", TOKEN);
        assert_eq!(status, 200, "{answer}");
        let fields: Vec<_> = answer.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            (fields.as_slice(), &answer["kind"]),
            (["cluster", "expiresAt", "kind", "token"].as_slice(), &json!("id_token"))
        );
        let claims = claims(&answer["token"]);
        assert_eq!((&claims["sub"], &claims["group"]), (&json!(subject), &json!(group)));
        let expires_at = OffsetDateTime::parse(answer["expiresAt"].as_str().unwrap(), &Rfc3339).unwrap();
        assert_eq!(
            (&json!(expires_at.unix_timestamp()), &answer["cluster"]),
            (&claims["exp"], &json!("dev"))
        );
        // The only cluster need not be named.
        assert_eq!(person.call("kubernetes", "GET", "/token"), (200, answer));
        let (status, answer) = person.call("kubernetes", "GET", "/status");
        let connected = &answer["clusters"][0];
        assert_eq!((status, &answer["user"]), (200, &person.api.get("/status").json["user"]));
        assert_eq!((&connected["subject"], &connected["connected"]), (&json!(subject), &json!(true)));
    }
    portal.wait_for_hand_out("user:default/mara");
    let plugin = felix.plugin_api("kubernetes", &json!({}));
    let answer = plugin.get_with(TOKEN, &[("origin", "https://portal.example.com")]);
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
    // No page may read it, not even the app's.
    assert_eq!(answer.header("access-control-allow-origin"), None);
    plugin.get("/token?cluster=nowhere").assert_problem(400, "unknown_cluster");
    plugin.get("/token?cluster=dev&cluster=prod").assert_problem(400, "bad_request");
}

#[test]
fn a_trusted_plugin_uses_kubernetes_as_the_user_whatever_user_tokens_may() {
    let portal = Portal::start("give_proxy", |plan| plan);
    let [felix, mara] = ["felix", "mara"].map(|login| portal.sign_in(login));
    felix.log_in("felix");
    mara.log_in("mara");
    let (status, pods) = felix.call("kubernetes", "GET", PODS);
    assert_eq!((status, names(&pods)), (200, vec!["web-0", "web-1"]));
    assert_eq!(mara.call("kubernetes", "GET", PODS).1["reason"], "Forbidden");
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let (status, seen) = felix.call("kubernetes", method, "/clusters/dev/proxy/echo/x");
        assert_eq!((status, &seen["method"]), (200, &json!(method)), "{seen}");
    }
    // What tells a page's request from others is for users' own.
    let plugin = felix.plugin_api("kubernetes", &json!({}));
    let from_a_page = [("origin", "https://portal.example.com"), ("sec-fetch-site", "cross-site")];
    let answer = plugin.get_with(PODS, &from_a_page);
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, None), "{}", answer.text);
    felix.api.get(PODS).assert_status_object(403, "not_allowed");
    // What no user may do, no plugin may do for a user.
    plugin.get_with(PODS, &[("impersonate-user", "mara")]).assert_status_object(403, "not_allowed");
    // An upgrade is the API server's to take or to leave.
    let upgrade = [("connection", "Upgrade"), ("upgrade", "SPDY/3.1")];
    assert_eq!(plugin.get_with(PODS, &upgrade).status, 200);
    let stranger = felix.plugin_api("stranger", &json!({}));
    stranger.get(PODS).assert_status_object(403, "plugin_not_trusted");
}

#[test]
fn no_other_caller_gets_a_token() {
    let portal = Portal::start("give_no_other_caller", |plan| plan);
    let felix = portal.sign_in("felix");
    felix.log_in("felix");
    felix.api.get(TOKEN).assert_problem(403, "not_allowed");
    portal.wait_for_refusal("not_allowed", "never for users");
    portal.here.api(&portal.backend).get(TOKEN).assert_problem(401, "not_signed_in");
    let stranger = felix.plugin_api("stranger", &json!({}));
    for path in [TOKEN, "/status"] {
        stranger.get(path).assert_problem(403, "plugin_not_trusted");
    }
    portal.wait_for_refusal("plugin_not_trusted", "plugin stranger");
    // Right in all but one thing, and made by Backstage itself.
    let for_no_user = felix.plugin_api("kubernetes", &json!({ "onBehalfOf": "plugin" }));
    let for_another = felix.plugin_api("kubernetes", &json!({ "target": "catalog" }));
    for (caller, why) in [(for_no_user, "acts for no user"), (for_another, "aud is not cluster-auth")] {
        for path in [TOKEN, "/status"] {
            let answer = caller.get(path);
            answer.assert_problem(401, "token_invalid");
            assert!(answer.text.contains(why), "{}", answer.text);
        }
        caller.get(PODS).assert_status_object(401, "token_invalid");
        portal.wait_for_refusal("token_invalid", why);
    }
    // An honest plugin's token is good for these and for nothing else.
    let plugin = felix.plugin_api("kubernetes", &json!({}));
    assert_eq!(plugin.get(TOKEN).status, 200);
    plugin.post("/register", &json!({})).assert_problem(401, "token_invalid");
    plugin.get("/session").assert_problem(401, "session_unknown");
}

#[test]
fn an_operator_may_trust_other_plugins_instead() {
    let portal = Portal::start("give_trusted", |plan| plan.with("BACKSTAGE_TRUSTED_PLUGINS", "stranger"));
    let felix = portal.sign_in("felix");
    felix.log_in("felix");
    assert_eq!(felix.call("stranger", "GET", TOKEN).0, 200);
    felix.plugin_api("kubernetes", &json!({})).get(TOKEN).assert_problem(403, "plugin_not_trusted");
}

#[test]
fn an_expired_token_is_refreshed_before_it_is_given() {
    let portal = Portal::start("give_refreshed", |plan| plan);
    let felix = portal.sign_in("felix");
    let plugin = felix.plugin_api("kubernetes", &json!({}));
    felix.api.log_in_and_expire(&portal.here.idp);
    let status = felix.api.cluster_status();
    let expires_at = OffsetDateTime::parse(status["expiresAt"].as_str().unwrap(), &Rfc3339).unwrap();
    let answer = plugin.get(TOKEN);
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(claims(&answer.json["token"])["exp"].as_i64().unwrap() > expires_at.unix_timestamp() + 3000);
    assert_eq!(portal.here.idp.refreshes(), 1);
    // Once is enough.
    assert_eq!(plugin.get(TOKEN).json, answer.json);
    assert_eq!(portal.here.idp.refreshes(), 1);
}

#[test]
fn a_backend_with_a_development_user_gives_no_token() {
    let here = Deployment::with_hostile_idp("give_development");
    let (backend, api) = here.start();
    api.log_in(&here.idp, "felix");
    assert_eq!(api.cluster_status()["connected"], true);
    let looks_like_a_plugin = flaws::unsigned_plugin_token();
    for caller in [here.api(&backend), api.with_bearer("anything"), api.with_bearer(&looks_like_a_plugin)] {
        caller.get(TOKEN).assert_problem(403, "not_allowed");
    }
}
