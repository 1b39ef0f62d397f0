//! Lifetimes and times beyond the calendar.

use std::time::{SystemTime, UNIX_EPOCH};

use super::Parts;
use crate::harness::network::faulty_front::Fault;
use crate::harness::peers::provider::Provider;

/// The last second of the year 9999.
const LAST_SECOND: u64 = 253_402_300_799;

#[test]
fn a_lifetime_of_thirty_million_years_is_a_login_like_any_other() {
    let parts = Parts::start("numbers_expires_in");
    let (mut backend, api) = parts.here.start();
    parts.fault("token_endpoint", Fault::Rewrites("\"expires_in\":86400", "\"expires_in\":1000000000000000"));
    api.log_in(&parts.here.idp, "felix");
    assert_eq!(api.cluster_status()["connected"], true);
    assert!(backend.process.is_running());
}

#[test]
fn an_id_token_may_live_to_the_end_of_the_calendar_and_no_longer() {
    let parts = Parts::start("numbers_exp");
    let (mut backend, api) = parts.here.start();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    // The minute's leeway leads beyond the end.
    parts.here.idp.set_id_token_lifetime(LAST_SECOND - now - 30);
    api.log_in(&parts.here.idp, "felix");
    assert_eq!(api.cluster_status()["connected"], true);
    parts.here.idp.set_id_token_lifetime(LAST_SECOND);
    api.attempt_log_in(&parts.here.idp, "felix").assert_problem(403, "id_token_rejected");
    assert!(backend.process.is_running());
}
