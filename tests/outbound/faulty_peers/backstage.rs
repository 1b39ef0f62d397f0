//! Backstage, as the backend asks it: for its keys, and for what its catalog says.

use std::time::Instant;

use serde_json::{Value, json};

use super::{IN_TIME, in_time};
use crate::harness::clients::api::{Answer, agent, until_ok};
use crate::harness::deployment::Deployment;
use crate::harness::network::faulty_front::{Fault, FaultyFront};
use crate::harness::peers::backstage::Backstage;
use crate::harness::peers::forger::Forger;
use crate::harness::programs::backend::Backend;

const KEYS: &str = "/api/auth/.well-known/jwks.json";
const FELIX: &str = "/api/catalog/entities/by-name/user/default/felix";

/// A Backstage behind a front, and a backend that knows only the front.
struct Installation {
    here: Deployment,
    front: FaultyFront,
    backstage: Backstage,
}

impl Installation {
    fn start(test: &str) -> Self {
        let (here, backstage) = Deployment::beside_backstage(test, &[]);
        let front = FaultyFront::before(&backstage.url);
        let here = here.with("BACKSTAGE_URL", &front.url);
        Self { here, front, backstage }
    }

    /// `/status`, asked with that token.
    fn status(&self, backend: &Backend, token: &str) -> Answer {
        self.here.world.ledger.note("backstage_user_token", token);
        let api = backend.api(&self.here.world).with_bearer(token);
        in_time(move || api.get("/status"))
    }

    /// Backstage's keys, the one of its users under another name.
    fn keys_with_kid(&self, kid: &str) -> Value {
        let mut keys: Value = agent()
            .get(format!("{}{KEYS}", self.backstage.url))
            .call()
            .unwrap()
            .body_mut()
            .read_json()
            .unwrap();
        for key in keys["keys"].as_array_mut().unwrap() {
            if key["kid"] == "development" {
                key["kid"] = json!(kid);
            }
        }
        keys
    }
}

#[test]
fn keys_that_stall_cost_one_request_its_deadline_and_not_each() {
    let site = Installation::start("stalled_backstage_keys");
    let felix = Forger::of_users(&site.backstage).token();
    site.front.fault(KEYS, Fault::Stalls);
    let backend = site.here.plan.clone().with("IDP_TIMEOUT", "8s").start();
    site.status(&backend, &felix).assert_problem(504, "timeout");
    let begun = Instant::now();
    for _ in 0..3 {
        site.status(&backend, &felix).assert_problem(504, "timeout");
    }
    // Eight seconds each would be 24.
    assert!(begun.elapsed() < IN_TIME, "{:?}", begun.elapsed());
    site.front.heal();
    until_ok(|| site.status(&backend, &felix));
}

#[test]
fn after_a_failure_no_request_waits_for_keys_that_stall() {
    let site = Installation::start("stalled_backstage_keys_later");
    let felix = Forger::of_users(&site.backstage).token();
    // Longer than any request here is waited for.
    let backend = site.here.plan.clone().with("IDP_TIMEOUT", "60s").with("EXCHANGE_LEASE", "61s").start();
    site.front.fault(KEYS, Fault::LacksItsEnd);
    site.status(&backend, &felix).assert_problem(504, "timeout");
    site.front.fault(KEYS, Fault::Stalls);
    // The failure is remembered for a second; the request after that begins the next fetch.
    while site.front.requests(KEYS) < 2 {
        site.status(&backend, &felix).assert_problem(504, "timeout");
    }
    site.status(&backend, &felix).assert_problem(504, "timeout");
}

#[test]
fn a_catalog_that_stalls_holds_up_no_request_for_long() {
    let site = Installation::start("stalled_catalog");
    let felix = Forger::of_users(&site.backstage).token();
    let backend = site.here.plan.clone().with("IDP_TIMEOUT", "5s").start();
    assert_eq!(site.status(&backend, &felix).status, 200);
    let register = || {
        let api = backend.api(&site.here.world).with_bearer(&felix);
        in_time(move || api.post("/register", &json!({})))
    };
    for fault in [Fault::Stalls, Fault::LacksItsEnd] {
        site.front.fault(FELIX, fault);
        register().assert_problem(504, "timeout");
    }
    site.front.heal();
    // It knows the entity only by a token that Backstage has made itself.
    let felix = site.backstage.sign_in(&site.here.world, "felix").user_token;
    let api = backend.api(&site.here.world).with_bearer(&felix);
    assert_eq!(api.post("/register", &json!({})).status, 200);
}

#[test]
fn a_burst_of_unknown_key_ids_does_not_shut_out_a_new_key() {
    let site = Installation::start("unknown_key_ids");
    let forger = Forger::of_users(&site.backstage);
    let with_kid = |kid: &str| forger.with_header(|header| header.kid = Some(kid.to_owned()));
    let backend = site.here.plan.start();
    assert_eq!(site.status(&backend, &forger.token()).status, 200);
    let begun = Instant::now();
    for number in 0..30 {
        site.status(&backend, &with_kid(&format!("unknown-{number}"))).assert_problem(401, "token_invalid");
    }
    // The first one, five for the burst, and what the time that it took has brought.
    let (asked, seconds) = (site.front.requests(KEYS), begun.elapsed().as_secs());
    assert!(asked >= 6 && asked as u64 <= 7 + seconds / 10, "{asked} in {seconds} s");
    // It is let in with the next fetch, at most ten seconds later.
    site.front.fault(KEYS, Fault::Answers(site.keys_with_kid("rotated")));
    let begun = Instant::now();
    until_ok(|| site.status(&backend, &with_kid("rotated")));
    assert!(begun.elapsed() < IN_TIME, "{:?}", begun.elapsed());
    // And the old one is out.
    site.status(&backend, &forger.token()).assert_problem(401, "token_invalid");
}
