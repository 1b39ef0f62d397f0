//! `admin reseal`, the last step before a key is left out.

use super::*;

/// 32 bytes each.
const KEY_A: &str = "a:YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=";
const KEY_B: &str = "b:YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI=";
const KEYS: &str = "TOKEN_ENCRYPTION_KEYS";

/// How many records of old keys a backend shows, once it has counted.
fn wait_for_count(backend: &Backend, count: u64) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while backend.metric("cluster_auth_records_of_old_keys") != count {
        assert!(
            Instant::now() < deadline,
            "{} records are counted",
            backend.metric("cluster_auth_records_of_old_keys")
        );
    }
}

#[test]
fn every_record_is_sealed_anew_beside_backends_that_run_and_the_old_key_may_go() {
    // The next try of a revocation comes after twice this time-out: not in this test.
    let parts = Parts::start_with("reseal", |here| {
        here.with(KEYS, KEY_A).with("IDP_TIMEOUT", "1m").with("EXCHANGE_LEASE", "3m")
    });
    // A revocation that is not confirmed is a record, too.
    parts.here.idp.control("next", json!({ "endpoint": "revocation", "status": 503, "times": 1 }));
    let revoked = parts.admin(&["revoke", "--user", &user("mara")]);
    assert_ends_with(&revoked, 0, &["has not confirmed the revocation"]);
    let Parts { here, felix, mara } = parts;
    drop((felix.replica, mara.replica));

    let both = here.plan.clone().with(KEYS, &format!("{KEY_B},{KEY_A}"));
    let only_new = here.plan.clone().with(KEYS, KEY_B);
    let reseal = |plan: &BackendPlan| Ended::of(&mut plan.command(&["admin", "reseal"]), &here.world);
    // Without the old key nothing can be done, and nothing is lost.
    let words = ["2 records cannot be opened", "leave the old keys in TOKEN_ENCRYPTION_KEYS"];
    assert_ends_with(&reseal(&only_new), 1, &words);
    let (running, api) = here.start_as(&both);
    wait_for_count(&running, 2);
    assert_ends_with(&reseal(&both), 0, &["Sealed with key b: 2 records anew, 0 before."]);
    assert_ends_with(&reseal(&both), 0, &["Sealed with key b: 0 records anew, 2 before."]);
    // What runs meanwhile has what it had.
    assert_eq!(api.get(&felix.pods).status, 200);
    let (alone, api) = here.start_as(&only_new);
    wait_for_count(&alone, 0);
    assert_eq!(api.get(&felix.pods).status, 200);
    let in_process = here.plan.clone().without("REDIS_URL").without(KEYS);
    assert_ends_with(&reseal(&in_process), 2, &["There is nothing to administer from another process"]);
}
