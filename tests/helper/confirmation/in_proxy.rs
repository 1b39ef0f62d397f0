//! The proxy role: its own button names the backend, and a session that is handed over waits for a click on a page that names it.

use std::time::Instant;

use super::Parts;
use crate::harness::clients::api::Answer;
use crate::harness::programs::confirmed::confirmed_file;
use crate::harness::programs::helper_program::Ending;
use crate::harness::programs::proxy_program::{APP, CALLBACK, CONTROL, ProxyPlan, TIMEOUT, Visitor, outcome};

impl Parts {
    fn proxy(&self) -> ProxyPlan {
        ProxyPlan::new(&self.here.world, &self.far.url).with("CA_FILE", self.far.ca_file())
    }

    fn at_proxy(&self) -> Visitor {
        Visitor::new(&self.here.world, CONTROL)
    }

    fn ends_connected(&self, visitor: &Visitor, auth_url: &str) {
        let redirect = self.here.idp.log_in(auth_url, "felix");
        assert_eq!(visitor.moved_to(&self.here.world, CALLBACK).come_back_for_good(&redirect), "success");
    }
}

/// The file is written behind the answer: the page, as soon as it asks no more.
fn until_trusted(visitor: &Visitor) -> Answer {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let page = visitor.get("/");
        if !page.text.contains("id=\"unconfirmed\"") {
            return page;
        }
        assert!(Instant::now() < deadline, "it still asks: {}", page.text);
    }
}

#[test]
fn a_session_that_is_handed_over_waits_for_the_click_and_the_next_one_does_not() {
    let parts = Parts::start("unconfirmed_proxy_start");
    let proxy = parts.proxy().start();
    let mut visitor = parts.at_proxy();
    let (session, next) = (parts.register(), parts.register());
    let question = visitor.hand_over(APP, &session.token);
    let page = visitor.get(&question);
    assert_eq!(outcome(&page), "confirm-backend", "{}", page.text);
    assert!(page.text.contains(">10.66.0.1</dd>"), "{}", page.text);
    parts.far.assert_only_asked_for_info("before the click");
    let csrf = page.text.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    parts.here.world.ledger.note("csrf", csrf);
    for (action, headers) in [("/continue", vec![("origin", CONTROL)]), ("/login", vec![])] {
        assert_eq!(visitor.post(action, &[("csrf", csrf)], &headers).status, 403, "{action}");
    }
    parts.far.assert_only_asked_for_info("after clicks that are not the person's");

    let link = visitor.press_button(&question);
    assert_eq!(
        parts.far.asked_besides_info()[0],
        format!("GET /api/cluster-auth/session Bearer {}", session.token)
    );
    assert_eq!(visitor.get(&question).header("location"), Some(link.as_str()), "a reloaded page leads on");
    assert_eq!(outcome(&visitor.get(&link)), "confirm");
    let auth_url = visitor.press_button(&link);
    assert_eq!(auth_url, session.auth_url);
    assert!(!confirmed_file(&parts.here.world).exists(), "remembered before it has succeeded");
    parts.ends_connected(&visitor, &auth_url);

    proxy.wait_for_line(r#""outcome":"complete""#);
    until_trusted(&visitor);
    let link = visitor.hand_over(APP, &next.token);
    assert_eq!(outcome(&visitor.get(&link)), "confirm");
    assert!(confirmed_file(&parts.here.world).exists());
    // Another process of this user knows it, too.
    drop(proxy);
    let _proxy = parts.proxy().start();
    let third = parts.register();
    let link = visitor.hand_over(APP, &third.token);
    assert_eq!(outcome(&visitor.get(&link)), "confirm");
}

#[test]
fn logout_local_reaches_a_proxy_that_runs() {
    let parts = Parts::start("unconfirmed_proxy_forgets");
    let proxy = parts.proxy().start();
    let mut visitor = parts.at_proxy();
    let session = parts.register();
    let question = visitor.hand_over(APP, &session.token);
    let link = visitor.press_button(&question);
    let auth_url = visitor.press_button(&link);
    parts.ends_connected(&visitor, &auth_url);
    proxy.wait_for_line(r#""outcome":"complete""#);
    let trusted = until_trusted(&visitor);

    let forget = parts.far.command(&parts.here.world, "logout").argument("--local");
    let forgotten = Ending::of(&mut forget.launch());
    forgotten.assert(0, &["Nothing was revoked"]);
    assert!(forgotten.said.contains("is not confirmed on this machine any more"), "{}", forgotten.said);
    let link = visitor.hand_over(APP, &parts.register().token);
    assert_eq!(outcome(&visitor.get(&link)), "confirm-backend");
    let named = visitor.get("/");
    assert!(named.text.contains("id=\"unconfirmed\""), "{}", named.text);
    parts.far.asked();
    // A page from before, which did not ask, confirms nothing.
    let question = visitor.press_button_of(&trusted);
    assert_eq!(outcome(&visitor.get(&question)), "confirm-backend");
    parts.far.assert_only_asked_for_info("after it was forgotten");
    visitor.press_button_of(&named);
    assert_eq!(parts.far.asked_besides_info(), ["POST /api/cluster-auth/register -"]);
}

#[test]
fn its_own_button_names_the_backend_and_sends_nothing_before() {
    let parts = Parts::start("unconfirmed_proxy_login");
    let proxy = parts.proxy().start();
    let mut visitor = parts.at_proxy();
    let page = visitor.get("/");
    for shown in ["id=\"unconfirmed\"", ">10.66.0.1</dd>", ">443</dd>", ">https</dd>"] {
        assert!(page.text.contains(shown), "{shown} is not in: {}", page.text);
    }
    for path in ["/status", "/healthz", "/readyz", "/metrics"] {
        visitor.get(path);
    }
    parts.far.assert_only_asked_for_info("before the click");
    let link = visitor.press_button_of(&page);
    assert_eq!(parts.far.asked_besides_info(), ["POST /api/cluster-auth/register -"]);
    let sent = visitor.get(&link);
    visitor.keep_cookie(&sent);
    parts.ends_connected(&visitor, sent.header("location").unwrap());
    proxy.wait_for_line(r#""outcome":"complete""#);
    until_trusted(&visitor);
}

#[test]
fn a_question_without_an_answer_leads_nowhere_and_leaves_the_session_usable() {
    let parts = Parts::start("unconfirmed_proxy_late");
    let proxy = parts.proxy().with("LOGIN_TIMEOUT", "5s").start();
    let mut visitor = parts.at_proxy();
    let session = parts.register();
    let question = visitor.hand_over(APP, &session.token);
    let page = visitor.get(&question);
    let csrf = page.text.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    parts.here.world.ledger.note("csrf", csrf);
    proxy.wait_for_line("The login was not finished within 5s");
    // A visit or a click that comes too late is told so.
    for answer in [visitor.get(&question), visitor.submit("/continue", csrf)] {
        assert!(answer.text.contains("The login was not finished within 5s"), "{}", answer.text);
    }
    while visitor.get(&question).status != 404 {
        std::thread::yield_now();
    }
    parts.far.assert_only_asked_for_info("without an answer");
    let again = visitor.hand_over(APP, &session.token);
    assert_eq!(outcome(&visitor.get(&again)), "confirm-backend");
}
