//! A Redis that does not answer for a while.

use super::deploy;
use crate::harness::peers::redis_server::RedisServer;
use crate::harness::programs::proxy_program::{APP, CALLBACK, CONTROL, Visitor, outcome};

#[test]
fn a_redis_that_hangs_unreadies_the_proxy_and_loses_nothing() {
    let here = deploy("proxy_redis_hangs");
    let redis = RedisServer::start(&here.world);
    let (backend, api) = here.start();
    redis.freeze();
    // It starts, and says that it cannot take a redirect yet.
    let _proxy = here.proxy(&backend).with("REDIS_URL", &redis.url).start();
    let mut visitor = Visitor::new(&here.world, CONTROL);
    assert_eq!((visitor.get("/healthz").status, visitor.get("/readyz").status), (200, 503));
    let session = api.register();
    let refused = visitor.post("/start", &[("sessionToken", &session.token)], &[("origin", APP)]);
    assert_eq!((refused.status, outcome(&refused).as_str()), (503, "unavailable"));
    assert!(refused.text.contains("check Redis"), "{}", refused.text);
    redis.resume();

    let session = api.register();
    let link = visitor.hand_over(APP, &session.token);
    assert_eq!(visitor.get("/readyz").status, 200);
    redis.freeze();
    let page = visitor.get(&link);
    assert_eq!((page.status, outcome(&page).as_str()), (503, "unavailable"));
    redis.resume();
    let redirect = here.idp.log_in(&visitor.press_button(&link), "felix");
    redis.freeze();
    // The proxy that began the login can finish it without Redis.
    assert_eq!(visitor.moved_to(&here.world, CALLBACK).come_back(&redirect), "success");
    redis.resume();
}
