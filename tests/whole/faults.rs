//! One fault of a peer after the other, in a running backend with its default settings. Beside each, one person logs in, one login is
//! refreshed, a watch is open and one login ends: each gets an answer in time that names the fault, and afterwards it is as if
//! the fault had not been. The faults of a shutdown, of a failover and of a panic have tests of their own.

mod people;

use serde_json::json;

use self::people::{People, Told};
use crate::harness::network::faulty_front::Fault;

/// A lost answer: a code is never sent twice, and a refresh token not while its holder waits.
const LOST: Told = Told { login: &["exchange_lost"], refresh: &["idp_unreachable"], ..Told::NOTHING };

#[test]
fn a_token_endpoint_that_sends_a_head_and_then_nothing() {
    let people = People::new("fault_token_stalls");
    people.fault("token_endpoint", Fault::Stalls);
    people.live_through(&LOST);
    people.recover();
}

#[test]
fn a_token_endpoint_that_cuts_its_answer_short() {
    let people = People::new("fault_token_cut");
    people.fault("token_endpoint", Fault::LacksItsEnd);
    people.live_through(&LOST);
    people.recover();
}

#[test]
fn an_identity_provider_that_is_frozen() {
    let people = People::new("fault_idp_frozen");
    people.here.idp.freeze();
    // Its keys were never fetched for the first login of a cluster: the code is not even sent.
    people.live_through(&Told { login: &["idp_unreachable"], ..LOST });
    people.here.idp.resume();
    people.recover();
}

#[test]
fn a_token_endpoint_that_answers_429() {
    let people = People::new("fault_token_429");
    people.here.idp.control("next", json!({ "endpoint": "token", "status": 429, "times": 2 }));
    people.live_through(&Told {
        login: &["idp_unreachable", "idp_refused"],
        refresh: &["idp_refused"],
        ..Told::NOTHING
    });
    people.recover();
}

#[test]
fn tokens_that_live_for_longer_than_a_number_reaches() {
    let people = People::new("fault_absurd_lifetime");
    people
        .fault("token_endpoint", Fault::Rewrites("\"expires_in\":86400", "\"expires_in\":1000000000000000"));
    people.live_through(&Told::NOTHING);
    people.recover();
}

#[test]
fn a_discovery_and_keys_that_send_a_head_and_then_nothing() {
    let people = People::new("fault_discovery_stalls");
    people.fault("jwks_uri", Fault::Stalls);
    people.front.fault("/.well-known/openid-configuration", Fault::Stalls);
    people.live_through(&Told { login: &["idp_unreachable"], ..Told::NOTHING });
    people.recover();
}

#[test]
fn a_revocation_endpoint_that_sends_a_head_and_then_nothing() {
    let people = People::new("fault_revocation_stalls");
    people.fault("revocation_endpoint", Fault::Stalls);
    people.live_through(&Told::NOTHING);
    people.recover();
}

#[test]
fn two_hundred_and_fifty_open_watches() {
    let people = People::new("fault_many_watches");
    let watches: Vec<_> = (0..250).map(|_| people.open_watch()).collect();
    people.live_through(&Told::NOTHING);
    drop(watches);
    people.recover();
}

#[test]
fn a_redis_that_is_frozen() {
    let people = People::new("fault_redis_frozen");
    people.here.redis.freeze();
    let away = &["store_unavailable"];
    people.live_through(&Told { login: away, refresh: away, watch: away, logout: away });
    people.here.redis.resume();
    people.recover();
}
