//! An identity provider that goes away between the redirect and the exchange: the page names it, and not Backstage.

use std::time::{Duration, Instant};

use serde_json::json;

use super::deploy;
use crate::harness::programs::proxy_program::{CALLBACK, CONTROL, Visitor, outcome};

#[test]
fn a_provider_that_is_away_after_the_redirect_is_named() {
    let here = deploy("proxy_provider_away");
    let (backend, api) = here.start();
    let _proxy = here.proxy(&backend).start();
    let session = api.register();
    let mut visitor = Visitor::new(&here.world, CONTROL);
    let redirect = visitor.log_in(&here.idp, &session);
    here.idp.control("next", json!({ "endpoint": "token", "status": 503, "times": 1000 }));
    let visitor = visitor.moved_to(&here.world, CALLBACK);
    let path = redirect.strip_prefix("http://localhost:8000").unwrap();
    let mut page = visitor.get(path);
    // On a busy machine the backend itself may be late at first.
    let deadline = Instant::now() + Duration::from_secs(30);
    while outcome(&page) == "backend-away" && Instant::now() < deadline {
        page = visitor.get(path);
    }
    assert_eq!(outcome(&page), "idp-away");
    // The provider is localhost, the backend 127.0.0.1.
    let named = page.text.split(" does not answer yet").next().unwrap().rsplit("<strong>").next().unwrap();
    assert!(named.starts_with("localhost"), "{}", page.text);
    here.idp.control("reset", json!({}));
    assert_eq!(visitor.come_back_for_good(&redirect), "success");
}
