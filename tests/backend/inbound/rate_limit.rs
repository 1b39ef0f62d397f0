//! How often logins may be begun: people count as themselves, addresses only for requests without a valid identity.

use serde_json::{Value, json};

use crate::harness::clients::api::{Answer, Api};
use crate::harness::peers::backstage::{Backstage, NO_BACKEND};
use crate::harness::peers::forger::Forger;
use crate::harness::programs::backend::{Backend, BackendPlan, NO_ISSUER};
use crate::harness::world::World;

/// A caller with a Backstage token is a user; each user and each address has one try a minute.
fn once_a_minute(world: &World) -> BackendPlan {
    BackendPlan::new(world, NO_ISSUER).without("CLUSTER_AUTH_DEV_USER").with("REGISTRATIONS_PER_MINUTE", "1")
}

/// A registration without an identity.
fn ask_as_stranger(api: &Api, forwarded_for: &str) -> Answer {
    api.post_raw("/register", &[("x-forwarded-for", forwarded_for)], b"")
}

fn assert_limited(answer: &Answer) {
    answer.assert_problem(429, "rate_limited");
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert!(answer.text.contains(&format!("try again in {wait} s.")), "{}", answer.text);
}

/// The lines that this backend has printed and that hold `text`.
fn printed(backend: &Backend, text: &str) -> usize {
    backend.process.printed().lines().filter(|line| line.contains(text)).count()
}

/// How many registrations the backend has counted with this outcome.
fn counted(backend: &Backend, outcome: &str) -> u64 {
    backend.metric(&format!("cluster_auth_registrations_total{{outcome=\"{outcome}\"}}"))
}

#[test]
fn people_behind_one_address_count_as_themselves() {
    const WARNING: &str = "everybody who began a login so far came from one address";
    let world = World::new("rates_people");
    let (backstage, idp) = Backstage::start(&world, NO_BACKEND);
    let plan =
        once_a_minute(&world).with("BACKSTAGE_URL", &backstage.url).with("OIDC_ISSUER_URL", &idp.issuer);
    let backend = plan.start();
    let (strangers, forger) = (backend.api(&world), Forger::of_users(&backstage));
    let person = |number: u32| {
        let token = forger.with_claim("sub", json!(format!("user:default/u{number}")));
        world.ledger.note("backstage_user_token", &token);
        strangers.with_bearer(&token)
    };
    for number in 1..5 {
        person(number).register();
    }
    assert_eq!(printed(&backend, WARNING), 0);
    assert_limited(&person(1).post("/register", &json!({})));
    // Strangers use up what their address has, and people at it do not notice.
    strangers.post("/register", &json!({})).assert_problem(401, "not_signed_in");
    assert_limited(&strangers.with_bearer("no token of Backstage's").post("/register", &json!({})));
    for number in 5..8 {
        person(number).register();
    }
    // It is clear with the fifth of them, and said once.
    assert!(backend.process.wait_for_line(WARNING).contains("127.0.0.1"));
    assert_eq!(printed(&backend, WARNING), 1);
    assert_eq!(counted(&backend, "begun"), 7);
    assert_eq!(counted(&backend, "rate_limited"), 2);
    assert_eq!(counted(&backend, "not_signed_in"), 1);
}

#[test]
fn behind_trusted_proxies_each_address_counts_for_itself() {
    let world = World::new("rates_forwarded");
    // On a socket for both families, IPv4 peers have addresses such as ::ffff:127.0.0.1.
    let plan = once_a_minute(&world).with("LISTEN", "[::]:0").with("TRUSTED_PROXIES", "127.0.0.0/8");
    let backend = plan.start();
    let address = backend.url.replace("[::]", "127.0.0.1");
    let api = Api::new(&address, &world);
    let ask = |forwarded_for: &str| ask_as_stranger(&api, forwarded_for);
    // Through an ingress and the forwarder, each of which writes the address that it saw.
    ask("198.51.100.7, ::ffff:127.0.0.2").assert_problem(401, "not_signed_in");
    assert_limited(&ask("198.51.100.7"));
    assert_limited(&ask("::ffff:198.51.100.7, 127.0.0.2"));
    // What a client says itself does not count.
    assert_limited(&ask("203.0.113.1, 198.51.100.7"));
    ask("198.51.100.8").assert_problem(401, "not_signed_in");
    // A machine has a whole /64.
    ask("2001:db8:0:1::1").assert_problem(401, "not_signed_in");
    assert_limited(&ask("2001:db8:0:1:ffff::1"));
    ask("2001:db8:0:2::1").assert_problem(401, "not_signed_in");
}

#[test]
fn without_trusted_proxies_no_forwarded_address_counts() {
    let world = World::new("rates_untrusted");
    let backend = once_a_minute(&world).start();
    let api = backend.api(&world);
    ask_as_stranger(&api, "198.51.100.7").assert_problem(401, "not_signed_in");
    assert_limited(&ask_as_stranger(&api, "198.51.100.8"));
}

/// The audit lines about logins that were not begun.
fn refusals(backend: &Backend) -> Vec<Value> {
    let output = backend.process.printed();
    let events = output.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    events.filter(|event| event["target"] == "audit" && event["outcome"] == "not_begun").collect()
}

#[test]
fn a_refused_user_leaves_an_audit_line_and_is_counted() {
    let world = World::new("rates_refused");
    let backend = BackendPlan::new(&world, NO_ISSUER).start();
    let api = backend.api(&world);
    api.post("/register", &json!({ "cluster": "nowhere" })).assert_problem(400, "unknown_cluster");
    let line = backend.process.wait_for_line("not_begun");
    let event: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&event["user"], &event["code"]), (&json!("user:default/felix"), &json!("unknown_cluster")));
    assert!(event["reason"].as_str().unwrap().ends_with('.') && event["span"]["request_id"].is_string());
    assert_eq!(counted(&backend, "unknown_cluster"), 1);
}

#[test]
fn strangers_leave_audit_lines_only_for_invalid_tokens() {
    let world = World::new("rates_strangers");
    let backend = once_a_minute(&world).with("REGISTRATIONS_PER_MINUTE", "2").start();
    let api = backend.api(&world);
    api.post("/register", &json!({})).assert_problem(401, "not_signed_in");
    let wrong = api.with_bearer("no token of Backstage's");
    wrong.post("/register", &json!({})).assert_problem(401, "token_invalid");
    assert_limited(&wrong.post("/register", &json!({})));
    // Lines come in order: after that of a later refusal, none of the earlier ones is outstanding.
    backend.process.wait_for_line("token_invalid");
    let codes: Vec<_> = refusals(&backend).iter().map(|event| event["code"].clone()).collect();
    assert_eq!(codes, [json!("token_invalid")]);
    for code in ["not_signed_in", "token_invalid", "rate_limited"] {
        assert_eq!(counted(&backend, code), 1, "{code}");
    }
}
