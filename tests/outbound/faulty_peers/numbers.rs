//! Numbers that no calendar has.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::Parts;
use crate::harness::network::faulty_front::Fault;

/// The last second of the year 9999.
const LAST_SECOND: u64 = 253_402_300_799;

#[test]
fn a_lifetime_of_thirty_million_years_is_a_login_like_any_other() {
    let parts = Parts::start("numbers_expires_in");
    let mut backend = parts.plan.start();
    let api = backend.api(&parts.world);
    parts.fault("token_endpoint", Fault::Rewrites("\"expires_in\":86400", "\"expires_in\":1000000000000000"));
    let answer = parts.log_in(&api);
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(api.cluster_status()["connected"], true);
    assert!(backend.process.is_running());
}

#[test]
fn an_id_token_may_live_to_the_end_of_the_calendar_and_no_longer() {
    let parts = Parts::start("numbers_exp");
    let mut backend = parts.plan.start();
    let api = backend.api(&parts.world);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    // The minute's leeway leads beyond the end.
    parts.idp.control("id-token-lifetime", json!({ "seconds": LAST_SECOND - now - 30 }));
    let answer = parts.log_in(&api);
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(api.cluster_status()["connected"], true);
    parts.idp.control("id-token-lifetime", json!({ "seconds": LAST_SECOND }));
    parts.log_in(&api).assert_problem(403, "id_token_rejected");
    assert!(backend.process.is_running());
}
