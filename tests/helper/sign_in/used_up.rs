//! Strangers have used up what their address may ask for: a user with a Backstage sign-in counts as themselves.

use serde_json::json;

use super::{Installation, get, location};
use crate::harness::clients::api::Api;
use crate::harness::programs::helper_program::Ending;
use crate::harness::programs::proxy_program::{CONTROL, ProxyPlan, Visitor, outcome};

/// An installation with a backend at which strangers have no try left.
fn used_up(test: &str, more: &[&str]) -> Installation {
    let here = Installation::start_with(test, more, |_, plan| plan.with("REGISTRATIONS_PER_MINUTE", "1"));
    let strangers = Api::new(&here.ingress.url, &here.world);
    strangers.post("/register", &json!({})).assert_problem(401, "not_signed_in");
    strangers.post("/register", &json!({})).assert_problem(429, "rate_limited");
    here
}

#[test]
fn a_login_goes_on_to_the_sign_in() {
    let here = used_up("sign_in_used_up", &["--oauth-client"]);
    let felix = here.backstage.sign_in(&here.world, "felix");
    let mut helper = here.login().start();
    let (callback, cookie) = here.approve(&helper, &felix);
    let answer = get(&callback, &cookie);
    here.log_in(&mut helper, location(&answer));
    here.note_kept();
}

#[test]
fn the_proxys_button_goes_on_to_the_sign_in() {
    let here = used_up("sign_in_used_up_proxy", &["--oauth-client"]);
    let _proxy = ProxyPlan::new(&here.world, &here.ingress.url).start();
    let mut visitor = Visitor::new(&here.world, CONTROL);
    let link = visitor.press_button("/");
    let (authorize_url, _) = here.follow(&format!("http://localhost:8000{link}"));
    assert!(authorize_url.contains("/api/auth/v1/authorize?"), "{authorize_url}");
}

#[test]
fn without_a_way_to_sign_in_the_backends_own_sentence_is_said() {
    let here = used_up("sign_in_used_up_no_client", &[]);
    let sentence = ["without a valid sign-in to Backstage", "try again in", "(rate_limited)"];
    Ending::of(&mut here.login().launch()).assert(1, &sentence);
    let _proxy = ProxyPlan::new(&here.world, &here.ingress.url).start();
    let mut visitor = Visitor::new(&here.world, CONTROL);
    let page = visitor.get("/");
    let csrf = page.text.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    here.world.ledger.note("csrf", csrf);
    let refused = visitor.submit("/login", csrf);
    assert_eq!(outcome(&refused), "not-begun", "{}", refused.text);
    assert!(sentence.iter().all(|word| refused.text.contains(word)), "{}", refused.text);
}
