//! A replayed code and a second one, while the first is being redeemed and after it was.

use serde_json::json;

use super::RealLogin;
use crate::harness::clients::api::{Answer, parameter};
use crate::harness::clients::callback_port::{HOST, RawAnswer, request};

impl RealLogin {
    fn exchange(&self, code: &str) -> Answer {
        let body = json!({ "code": code, "state": self.state(), "iss": self.here.idp.issuer });
        self.api().with_bearer(&self.session.token).post("/exchange", &body)
    }
}

fn get(url: &str, headers: &[&str]) -> RawAnswer {
    let line = format!("GET {} HTTP/1.1", url.trim_start_matches("http://localhost:8000"));
    request(&[&[line.as_str(), HOST], headers].concat(), "")
}

#[test]
fn the_first_code_is_the_only_one() {
    let mut login = RealLogin::at_login_page("attack_codes");
    let cookie = login.cookie();
    login.here.idp.hold_token("before");
    login.browser.log_in_at_idp("felix", "felix");
    login.here.idp.wait_held();
    login.browser.wait_for_outcome("felix", "backend-away");
    let callback = login.browser.page("felix").url;
    let first = parameter(&callback, "code");
    assert!(!first.is_empty(), "the browser is not where the redirect led");

    let second = callback.replace(&first, "another-code");
    for url in [&callback, &second] {
        let answer = get(url, &[&cookie]);
        assert_eq!((answer.status, answer.outcome()), (Some(202), Some("backend-away")));
        assert_eq!(get(url, &[]).outcome(), Some("no-cookie"));
    }
    login.exchange("another-code").assert_problem(409, "session_finished");
    login.exchange(&first).assert_problem(409, "exchange_in_progress");
    login.here.idp.release();
    login.assert_ends_well();

    login.exchange("another-code").assert_problem(409, "session_finished");
    assert_eq!(login.exchange(&first).json["success"], true);
    assert_eq!(login.here.idp.code_requests(), 1, "a code was redeemed twice, or another one was");
    replayed_to_the_next_login(&mut login, &callback, &first);
}

fn replayed_to_the_next_login(login: &mut RealLogin, callback: &str, first: &str) {
    login.session = login.api().register();
    let plan = login.here.helper(&login.backend);
    login.helper = plan.with("BACKSTAGE_SESSION_TOKEN", &login.session.token).start();
    assert_eq!(get(callback, &[]).outcome(), Some("wrong-state"));
    let injected = format!("/?code={first}&state={}", login.state());
    assert_eq!(get(&injected, &[]).outcome(), Some("no-cookie"));
    login.assert_still_pending();
    login.browser.act(&json!({ "op": "close", "context": "felix" }));
    login.browser.open("felix", &login.helper.link);
    login.confirm();
    login.assert_succeeds();
}
