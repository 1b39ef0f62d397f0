//! An identity provider that does not rotate sends no refresh token: the old one is kept, and spent again.

use serde_json::json;

use crate::harness::peers::cluster::Cluster;
use crate::harness::peers::idp::Idp;
use crate::harness::peers::redis_server::RedisServer;
use crate::harness::programs::backend::BackendPlan;
use crate::harness::world::World;

const PODS: &str = "/clusters/dev/proxy/api/v1/namespaces/team-a/pods";

#[test]
fn the_refresh_token_that_is_not_replaced_serves_twice() {
    let world = World::new("refresh_without_rotation");
    let idp = Idp::start_with(&world, &["--no-rotation"]);
    let cluster = Cluster::start(&world, &idp.issuer);
    let redis = RedisServer::start(&world);
    let backend = BackendPlan::new(&world, &idp.issuer).with_cluster(&cluster).with_redis(&redis).start();
    let api = backend.api(&world);
    idp.control("id-token-lifetime", json!({ "seconds": 1 }));
    let session = api.register();
    let answer = api.exchange(&session, &idp.log_in(&session.auth_url, "felix"));
    assert_eq!(answer.status, 200, "{}", answer.text);
    for (refreshes, next_lives) in [(1, 5), (2, 3600)] {
        api.wait_for_expiry();
        idp.control("id-token-lifetime", json!({ "seconds": next_lives }));
        let after = api.get(PODS);
        assert_eq!(after.status, 200, "refresh {refreshes}: {}", after.text);
        assert_eq!(idp.read("counts")["token"]["refresh_token"], refreshes);
        let status = api.cluster_status();
        assert_eq!((&status["connected"], &status["refreshable"]), (&json!(true), &json!(true)), "{status}");
    }
}
