//! The `healthcheck` command beside a real role: what the image's HEALTHCHECK runs.

use crate::harness::programs::backend::{BackendPlan, NO_ISSUER};
use crate::harness::programs::command::Ended;
use crate::harness::world::World;

#[test]
fn it_fails_unless_the_role_answers_in_time() {
    let world = World::new("healthcheck");
    let plan = BackendPlan::new(&world, NO_ISSUER);
    let mut backend = plan.start();
    let control = backend.control_url.trim_start_matches("http://").to_owned();
    let by_flag = || Ended::of(&mut plan.command(&["healthcheck", "--control-listen", &control]), &world);

    let healthy = by_flag();
    assert_eq!((healthy.code, healthy.err.as_str()), (Some(0), ""));

    backend.process.freeze();
    let hangs = by_flag();
    assert_eq!(hangs.code, Some(1));
    assert!(hangs.err.contains(&format!("http://{control}/healthz: no answer in time")), "{}", hangs.err);
    backend.process.resume();
    assert_eq!(by_flag().code, Some(0));

    backend.process.kill();
    let gone = by_flag();
    assert_eq!(gone.code, Some(1));
    assert!(gone.err.contains("cannot connect"), "{}", gone.err);
}

#[test]
fn in_a_container_a_backend_listens_on_every_address_and_is_found_without_a_setting() {
    let world = World::new("healthcheck_in_container");
    let in_container = BackendPlan::new(&world, NO_ISSUER)
        .without("CLUSTER_AUTH_DEV_USER")
        .without("LISTEN")
        .without("CONTROL_LISTEN")
        .with("IN_CONTAINER", "true");
    let check = || Ended::of(&mut in_container.command(&["healthcheck"]), &world);
    assert_eq!(check().code, Some(1));
    let backend = in_container.start();
    assert_eq!(backend.url, "http://0.0.0.0:7008");
    assert_eq!(backend.control_url, "http://0.0.0.0:9090");
    assert_eq!(check().code, Some(0));
}

#[test]
fn what_answers_otherwise_or_cannot_be_asked_is_not_healthy() {
    let world = World::new("healthcheck_otherwise");
    let plan = BackendPlan::new(&world, NO_ISSUER);
    let backend = plan.start();
    // The API's listener knows no /healthz.
    let api = plan.clone().with("CONTROL_LISTEN", backend.url.trim_start_matches("http://"));
    let otherwise = Ended::of(&mut api.command(&["healthcheck"]), &world);
    assert_eq!(otherwise.code, Some(1));
    assert!(otherwise.err.contains("answered with status 404"), "{}", otherwise.err);
    let nowhere = plan.with("CONTROL_LISTEN", "nowhere");
    let unusable = Ended::of(&mut nowhere.command(&["healthcheck"]), &world);
    assert_eq!(unusable.code, Some(1));
    assert!(unusable.err.contains("CONTROL_LISTEN"), "{}", unusable.err);
}
