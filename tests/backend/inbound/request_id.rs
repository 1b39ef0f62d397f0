//! The name of a request travels with all that is sent for it, also with work that goes on by itself: an exchange, a refresh, the
//! end of a login.

use serde_json::json;

use crate::harness::clients::api::{agent, redirect_body};
use crate::harness::network::faulty_front::FaultyFront;
use crate::harness::peers::cluster::Cluster;
use crate::harness::peers::idp::Idp;
use crate::harness::programs::backend::BackendPlan;
use crate::harness::world::World;

/// W3C Trace Context, 3.2.
const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[test]
fn an_identity_provider_is_told_whose_request_it_answers() {
    let world = World::new("request_ids");
    let front = FaultyFront::new();
    let idp = Idp::start_with(&world, &["--issuer", &format!("{}/", front.url)]);
    front.serve(idp.port);
    let cluster = Cluster::start(&world, &idp.issuer);
    let backend = BackendPlan::new(&world, &idp.issuer).with_cluster(&cluster).start();
    let api = backend.api(&world);

    idp.control("id-token-lifetime", json!({ "seconds": 1 }));
    let session = api.register();
    let redirect = redirect_body(&idp.log_in(&session.auth_url, "felix")).to_string();
    let headers = [("content-type", "application/json"), ("x-request-id", "logs-in"), ("traceparent", TRACE)];
    let answer = api.with_bearer(&session.token).post_raw("/exchange", &headers, redirect.as_bytes());
    assert_eq!((answer.status, answer.header("x-request-id")), (200, Some("logs-in")), "{}", answer.text);
    idp.control("id-token-lifetime", json!({ "seconds": 3600 }));
    api.wait_for_expiry();
    let pods = "/clusters/dev/proxy/api/v1/namespaces/team-a/pods";
    assert_eq!(api.get_with(pods, &[("x-request-id", "reads")]).status, 200);
    let gone =
        agent().delete(format!("{}/api/cluster-auth/tokens", backend.url)).header("x-request-id", "leaves");
    assert_eq!(gone.call().unwrap().status(), 200);

    let path_of = |endpoint: &str| {
        let url = url::Url::parse(idp.discovery()[endpoint].as_str().unwrap()).unwrap();
        url.path().to_owned()
    };
    let token = path_of("token_endpoint");
    assert_eq!(front.said(&token, "x-request-id"), ["logs-in", "reads"]);
    assert_eq!(front.said(&token, "traceparent"), [TRACE, ""]);
    let revoked = front.said(&path_of("revocation_endpoint"), "x-request-id");
    assert!(!revoked.is_empty() && revoked.iter().all(|id| id == "leaves"), "{revoked:?}");
}
