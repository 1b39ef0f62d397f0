//! An identity provider that does not rotate sends no refresh token: the old one is kept and sent again.

use serde_json::json;

use crate::harness::deployment::Deployment;
use crate::harness::peers::cluster::PODS;
use crate::harness::peers::provider::Provider;

#[test]
fn the_refresh_token_that_is_not_replaced_serves_twice() {
    let here = Deployment::with_idp_arguments("refresh_without_rotation", &["--no-rotation"])
        .with_cluster()
        .with_redis();
    let (_backend, api) = here.start();
    here.idp.set_id_token_lifetime(1);
    api.log_in(&here.idp, "felix");
    for (refreshes, next_lives) in [(1, 5), (2, 3600)] {
        api.wait_for_expiry();
        here.idp.set_id_token_lifetime(next_lives);
        let after = api.get(PODS);
        assert_eq!(after.status, 200, "refresh {refreshes}: {}", after.text);
        assert_eq!(here.idp.refreshes(), refreshes);
        let status = api.cluster_status();
        assert_eq!((&status["connected"], &status["refreshable"]), (&json!(true), &json!(true)), "{status}");
    }
}
