//! A proxy that starts where no backend answers.

use super::deploy;
use crate::harness::programs::proxy_program::{APP, CALLBACK, CONTROL, ProxyPlan, Visitor, outcome};
use crate::harness::world::World;

#[test]
fn a_backend_that_is_away_is_waited_for_and_said() {
    let here = deploy("proxy_backend_away");
    let (mut backend, api) = here.start();
    let session = api.register();
    backend.process.kill();
    let proxy = here.proxy(&backend).start();
    proxy.wait_for_line("there is no backend to be reached: check BACKSTAGE_URL");
    let mut visitor = Visitor::new(&here.world, CONTROL);
    let index = visitor.get("/");
    assert!(index.status == 200 && index.text.contains("It does not answer now"), "{}", index.text);
    assert_eq!(visitor.get("/readyz").status, 200);
    let status = visitor.get("/status").json;
    assert_eq!((status["role"].as_str(), status["backend"].as_str()), (Some("proxy"), Some("away")));
    let answer = visitor.post("/start", &[("sessionToken", &session.token)], &[("origin", APP)]);
    assert_eq!((answer.status, outcome(&answer).as_str()), (502, "backend-away"));
    assert!(answer.text.contains("check that address (--backend, BACKSTAGE_URL)"), "{}", answer.text);

    let (_backend, api) = here.start_as(&here.plan.clone().in_place_of(&backend));
    let session = api.register();
    let link = visitor.hand_over(APP, &session.token);
    assert_eq!(outcome(&visitor.get(&link)), "confirm");
    assert!(!visitor.get("/").text.contains("It does not answer now"));
}

#[test]
fn a_backend_that_goes_away_before_the_redirect_gets_it_later() {
    let here = deploy("proxy_backend_goes_away").with_redis();
    let (mut backend, api) = here.start();
    let _proxy = here.proxy(&backend).start();
    let session = api.register();
    let mut visitor = Visitor::new(&here.world, CONTROL);
    let redirect = visitor.log_in(&here.idp, &session);
    backend.process.kill();
    let visitor = visitor.moved_to(&here.world, CALLBACK);
    assert_eq!(visitor.come_back(&redirect), "backend-away");
    let _backend = here.plan.clone().in_place_of(&backend).start();
    assert_eq!(visitor.come_back_for_good(&redirect), "success");
}

#[test]
fn a_container_without_a_backstage_says_what_to_set() {
    let world = World::new("proxy_no_backstage");
    let proxy = ProxyPlan::without_backend(&world).with("HOLD_CALLBACK_PORT", "true").start();
    proxy.wait_for_line("BACKSTAGE_URL is not set");
    for origin in [CONTROL, CALLBACK] {
        let mut visitor = Visitor::new(&world, origin);
        let page = visitor.get("/");
        assert_eq!((page.status, outcome(&page).as_str()), (200, "no-backstage"));
        assert!(page.text.contains("BACKSTAGE_URL"), "{}", page.text);
        let token = "t".repeat(43);
        let answer = visitor.post("/start", &[("sessionToken", &token)], &[("origin", APP)]);
        assert_eq!((answer.status, outcome(&answer).as_str()), (503, "no-backstage"));
        assert_eq!(visitor.get("/healthz").status, 200);
    }
}
