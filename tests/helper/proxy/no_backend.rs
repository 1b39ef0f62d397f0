//! A proxy that starts where no backend answers.

use super::{APP, CALLBACK};
use crate::harness::peers::idp::Idp;
use crate::harness::programs::backend::BackendPlan;
use crate::harness::programs::proxy_program::{CONTROL, ProxyPlan, Visitor, outcome};
use crate::harness::world::World;

#[test]
fn a_backend_that_is_away_is_waited_for_and_said() {
    let world = World::new("proxy_backend_away");
    let idp = Idp::start(&world);
    let plan = BackendPlan::new(&world, &idp.issuer).with("BACKSTAGE_APP_URL", APP);
    let mut backend = plan.start();
    let session = backend.api(&world).register();
    backend.process.kill();
    let proxy = ProxyPlan::new(&world, &backend.url).start();
    proxy.wait_for_line("there is no backend to be reached: check BACKSTAGE_URL");
    let mut visitor = Visitor::new(&world, CONTROL);
    let index = visitor.get("/");
    assert!(index.status == 200 && index.text.contains("It does not answer now"), "{}", index.text);
    assert_eq!(visitor.get("/readyz").status, 200);
    let status = visitor.get("/status").json;
    assert_eq!((status["role"].as_str(), status["backend"].as_str()), (Some("proxy"), Some("away")));
    let answer = visitor.post("/start", &[("sessionToken", &session.token)], &[("origin", APP)]);
    assert_eq!((answer.status, outcome(&answer).as_str()), (502, "backend-away"));
    assert!(answer.text.contains("check BACKSTAGE_URL"), "{}", answer.text);

    let backend = plan.in_place_of(&backend).start();
    let session = backend.api(&world).register();
    let link = visitor.hand_over(APP, &session.token);
    assert_eq!(outcome(&visitor.get(&link)), "confirm");
    assert!(!visitor.get("/").text.contains("It does not answer now"));
}

#[test]
fn a_backend_that_goes_away_before_the_redirect_gets_it_later() {
    let world = World::new("proxy_backend_goes_away");
    let idp = Idp::start(&world);
    let redis = crate::harness::peers::redis_server::RedisServer::start(&world);
    let plan = BackendPlan::new(&world, &idp.issuer).with("BACKSTAGE_APP_URL", APP).with_redis(&redis);
    let mut backend = plan.start();
    let _proxy = ProxyPlan::new(&world, &backend.url).start();
    let session = backend.api(&world).register();
    let mut visitor = Visitor::new(&world, CONTROL);
    let link = visitor.hand_over(APP, &session.token);
    let redirect = idp.log_in(&visitor.press_button(&link), "felix");
    backend.process.kill();
    let visitor = visitor.moved_to(&world, CALLBACK);
    assert_eq!(visitor.come_back(&redirect), "backend-away");
    let _backend = plan.in_place_of(&backend).start();
    assert_eq!(visitor.come_back_for_good(&redirect), "success");
}

#[test]
fn a_container_without_a_backstage_says_what_to_set() {
    let world = World::new("proxy_no_backstage");
    let proxy = ProxyPlan::of_nobody(&world).with("HOLD_CALLBACK_PORT", "true").start();
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
