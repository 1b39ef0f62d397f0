//! A request's id is sent with every request that the backend makes for it, also in work that goes on by itself: an exchange, a
//! refresh, the end of a login.

use crate::harness::clients::api::{agent, redirect_body};
use crate::harness::clients::login::Arrived;
use crate::harness::deployment::Deployment;
use crate::harness::network::faulty_front::FaultyFront;
use crate::harness::peers::cluster::PODS;
use crate::harness::peers::idp::Idp;
use crate::harness::peers::provider::Provider;
use crate::harness::world::World;

/// W3C Trace Context, 3.2.
const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[test]
fn an_identity_provider_gets_the_id_of_the_request_that_it_is_asked_for() {
    let world = World::new("request_ids");
    let front = FaultyFront::new();
    let idp = Idp::start_with(&world, &["--issuer", &format!("{}/", front.url)]);
    front.serve(idp.port);
    let here = Deployment::of(world, idp).with_cluster();
    let (backend, api) = here.start();

    here.idp.set_id_token_lifetime(1);
    let Arrived { session, redirect } = api.arrive(&here.idp, "felix");
    let redirect = redirect_body(&redirect).to_string();
    let headers = [("content-type", "application/json"), ("x-request-id", "logs-in"), ("traceparent", TRACE)];
    let answer = api.with_bearer(&session.token).post_raw("/exchange", &headers, redirect.as_bytes());
    assert_eq!((answer.status, answer.header("x-request-id")), (200, Some("logs-in")), "{}", answer.text);
    here.idp.set_id_token_lifetime(3600);
    api.wait_for_expiry();
    assert_eq!(api.get_with(PODS, &[("x-request-id", "reads")]).status, 200);
    let gone =
        agent().delete(format!("{}/api/cluster-auth/tokens", backend.url)).header("x-request-id", "leaves");
    assert_eq!(gone.call().unwrap().status(), 200);

    let path_of = |endpoint| here.idp.path_of(endpoint);
    let token = path_of("token_endpoint");
    assert_eq!(front.said(&token, "x-request-id"), ["logs-in", "reads"]);
    assert_eq!(front.said(&token, "traceparent"), [TRACE, ""]);
    let revoked = front.said(&path_of("revocation_endpoint"), "x-request-id");
    assert!(!revoked.is_empty() && revoked.iter().all(|id| id == "leaves"), "{revoked:?}");
}
