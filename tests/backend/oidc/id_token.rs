//! Everything that the hostile identity provider can lie about is refused with the right code, given back, and not kept.

use std::collections::BTreeSet;

use crate::harness::clients::api::{Api, Session, until_ok};
use crate::harness::clients::login::Arrived;
use crate::harness::deployment::Deployment;
use crate::harness::peers::hostile_idp::HostileIdp;
use crate::harness::peers::redis_server::RedisServer;

/// A lie, what it is answered with, how the session ends, and how many tokens are given back.
struct Lie(&'static str, (u16, &'static str), &'static str, u64);

const REJECTED: (u16, &str) = (403, "id_token_rejected");
const MISMATCH: (u16, &str) = (403, "identity_mismatch");
const LOST: (u16, &str) = (409, "exchange_lost");
const REFUSED: (u16, &str) = (502, "idp_refused");
const UNREACHABLE: (u16, &str) = (502, "idp_unreachable");

/// Told to a backend that has met the honest provider.
const IN_THE_ANSWER: [Lie; 28] = [
    Lie("iss", REJECTED, "failed", 1),
    Lie("iss_without_slash", REJECTED, "failed", 1),
    Lie("aud", REJECTED, "failed", 1),
    Lie("azp", REJECTED, "failed", 1),
    Lie("nonce_wrong", REJECTED, "failed", 1),
    Lie("nonce_missing", REJECTED, "failed", 1),
    Lie("exp", REJECTED, "failed", 1),
    Lie("exp_missing", REJECTED, "failed", 1),
    Lie("iat_future", REJECTED, "failed", 1),
    Lie("iat_missing", REJECTED, "failed", 1),
    Lie("at_hash", REJECTED, "failed", 1),
    Lie("sub_missing", REJECTED, "failed", 1),
    Lie("org_id_other", REJECTED, "failed", 1),
    Lie("org_id_missing", REJECTED, "failed", 1),
    Lie("email_unverified", MISMATCH, "failed", 1),
    Lie("email_other_domain", MISMATCH, "failed", 1),
    Lie("email_other_user", MISMATCH, "failed", 1),
    Lie("alg_none", REJECTED, "failed", 1),
    Lie("hs256_with_public_key", REJECTED, "failed", 1),
    Lie("foreign_key_known_kid", REJECTED, "failed", 1),
    Lie("jku", REJECTED, "failed", 1),
    Lie("crit", REJECTED, "failed", 1),
    Lie("no_id_token", REJECTED, "failed", 1),
    // No tokens came that could be given back.
    Lie("token_endpoint_redirects", UNREACHABLE, "pending", 0),
    Lie("token_endpoint_redirects_302", UNREACHABLE, "pending", 0),
    Lie("endless_body", LOST, "failed", 0),
    Lie("garbage_token_answer", UNREACHABLE, "pending", 0),
    Lie("callback_iss_wrong", REJECTED, "failed", 0),
];

/// No lies, though the first users' provider has no such ways: others have.
const TAKEN: [&str; 2] = ["aud_several_without_azp", "access_token_missing"];

/// Told to a backend that has not met the provider yet. Where the keys were the trouble, the code was not sent and still counts.
const AT_FIRST_SIGHT: [Lie; 4] = [
    Lie("jwks_redirects", UNREACHABLE, "pending", 0),
    Lie("endless_jwks", REFUSED, "pending", 0),
    Lie("callback_iss_missing", REJECTED, "failed", 0),
    Lie("callback_iss_wrong", REJECTED, "failed", 0),
];

/// Already `/register` is refused.
const IN_DISCOVERY: [(&str, (u16, &str)); 2] =
    [("discovery_redirects", UNREACHABLE), ("discovery_other_issuer", REFUSED)];

/// Before a refresh there is no other `sub` that this one could differ from.
const ONLY_AT_A_REFRESH: &str = "sub_other";

/// More than the largest answer that is read plus what the two sockets hold, and far less than the liar would send.
const BOUNDED: u64 = 24 << 20;

#[test]
fn every_lie_is_in_one_of_the_tables() {
    let here = Deployment::with_hostile_idp("lies_in_tables");
    let mut tested = BTreeSet::from([ONLY_AT_A_REFRESH]);
    tested.extend(IN_THE_ANSWER.iter().chain(&AT_FIRST_SIGHT).map(|lie| lie.0));
    tested.extend(IN_DISCOVERY.map(|(lie, _)| lie));
    tested.extend(TAKEN);
    assert_eq!(tested, here.idp.lies.iter().map(String::as_str).collect());
}

#[test]
fn lies_in_the_token_answer_leave_nothing_behind() {
    let here = Deployment::with_hostile_idp("lies_in_answers");
    // Without Redis, so that this login is not in the store that is looked at.
    honest_login(&here.start().1, &here.idp);
    let here = here.with_redis();
    let (_backend, api) = here.start();
    for lie in &IN_THE_ANSWER {
        refused(&api, &here.idp, lie);
        assert_eq!(api.cluster_status()["connected"], false, "{}", lie.0);
        assert_eq!(logins(&here.redis), 0, "{}", lie.0);
    }
    assert_eq!(here.idp.read("followed")["redirectsFollowed"], 0);
    honest_login(&api, &here.idp);
    assert_eq!(logins(&here.redis), 1, "{:?}", here.redis.keys());
}

#[test]
fn what_other_providers_do_is_taken() {
    let here = Deployment::with_hostile_idp("variants_taken");
    let (_backend, api) = here.start();
    for variant in TAKEN {
        here.idp.lie(variant);
        api.log_in(&here.idp, "felix");
        assert_eq!(api.cluster_status()["connected"], true, "{variant}");
        api.delete("/tokens");
    }
}

#[test]
fn lies_at_first_sight_leave_nothing_behind() {
    let here = Deployment::with_hostile_idp("lies_at_first_sight");
    for lie in &AT_FIRST_SIGHT {
        here.idp.lie(lie.0);
        let (_backend, api) = here.start();
        let (session, redirect) = refused(&api, &here.idp, lie);
        assert_eq!(api.cluster_status()["connected"], false, "{}", lie.0);
        if lie.2 == "pending" {
            until_ok(|| api.exchange(&session, &redirect));
        }
    }
    assert_eq!(here.idp.read("followed")["redirectsFollowed"], 0);
}

#[test]
fn a_lying_discovery_begins_no_session() {
    let here = Deployment::with_hostile_idp("lies_in_discovery");
    for (lie, (status, code)) in IN_DISCOVERY {
        here.idp.lie(lie);
        let (backend, api) = here.start();
        // In the log from the start, with what was asked.
        backend.process.wait_for_line("no user can log in to this cluster");
        api.post_raw("/register", &[], b"").assert_problem(status, code);
        here.idp.lie("none");
        until_ok(|| api.post_raw("/register", &[], b""));
        honest_login(&api, &here.idp);
    }
    assert_eq!(here.idp.read("followed")["redirectsFollowed"], 0);
}

/// Logs in while the provider lies; afterwards it is honest again.
fn refused(api: &Api, idp: &HostileIdp, lie: &Lie) -> (Session, String) {
    let Lie(name, (status, code), outcome, given_back) = *lie;
    let count = |what: &str, field: &str| idp.read(what)[field].as_u64().unwrap();
    let (revoked, sent) = (count("revoked", "revoked"), count("sent", "bytes"));
    idp.lie(name);
    let Arrived { session, redirect } = api.arrive(idp, "felix");
    let answer = api.exchange(&session, &redirect);
    assert_eq!((answer.status, answer.code()), (status, code), "{name}: {}", answer.text);
    answer.assert_problem(status, code);
    let told = api.session(&session).json;
    assert_eq!(told["status"], outcome, "{name}: {told}");
    if outcome == "failed" {
        assert_eq!(told["error"]["code"], code, "{name}: {told}");
    }
    idp.lie("none");
    assert_eq!(count("revoked", "revoked") - revoked, given_back, "{name}");
    assert!(count("sent", "bytes") - sent < BOUNDED, "{name}: the body was read on and on");
    (session, redirect)
}

fn honest_login(api: &Api, idp: &HostileIdp) {
    api.log_in(idp, "felix");
    assert_eq!(api.cluster_status()["connected"], true);
}

fn logins(redis: &RedisServer) -> usize {
    redis.keys().iter().filter(|key| key.contains(":login:")).count()
}
