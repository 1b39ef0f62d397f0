//! Forged clicks on the helper's confirmation page.

use serde_json::json;

use super::RealLogin;
use crate::harness::clients::callback_port::{HOST, RawAnswer, request};

const OWN_ORIGIN: &str = "Origin: http://localhost:8000";
const OWN_SITE: &str = "Sec-Fetch-Site: same-origin";

fn post(body: &str, headers: &[&str]) -> RawAnswer {
    let form = "Content-Type: application/x-www-form-urlencoded";
    request(&[&["POST /continue HTTP/1.1", HOST, form], headers].concat(), body)
}

fn assert_refused(answer: &RawAnswer, what: &str) {
    assert_eq!((answer.status, answer.outcome()), (Some(403), Some("not-confirmed")), "{what}");
    assert!(!answer.text.to_ascii_lowercase().contains("location:"), "{what}");
}

/// The token in the confirm page's form.
fn csrf(html: &str) -> String {
    let form = html.split_once("name=\"csrf\" value=\"").unwrap().1;
    form.split('"').next().unwrap().to_owned()
}

#[test]
fn a_click_without_the_pages_token_or_from_elsewhere_is_refused() {
    let mut login = RealLogin::at_confirm_page("attack_confirm");
    let right = format!("csrf={}", csrf(&login.browser.page("felix").html));
    let wrong = format!("csrf={}", "c".repeat(43));
    for body in ["", "csrf=", "other=1", &wrong] {
        assert_refused(&post(body, &[OWN_ORIGIN, OWN_SITE]), body);
    }
    for headers in [
        &[][..],
        &[OWN_ORIGIN],
        &[OWN_SITE],
        &[OWN_SITE, "Origin: null"],
        &[OWN_SITE, "Origin: http://evil.example"],
        &[OWN_SITE, "Origin: http://localhost:3000"],
        &[OWN_ORIGIN, "Sec-Fetch-Site: none"],
        &[OWN_ORIGIN, "Sec-Fetch-Site: same-site"],
        &[OWN_ORIGIN, "Sec-Fetch-Site: cross-site"],
    ] {
        assert_refused(&post(&right, headers), &format!("{headers:?}"));
    }
    from_a_page_of_another_site(&mut login, &right);
    assert_eq!(request(&["GET /go/guessed HTTP/1.1", HOST], "").outcome(), Some("not-found"));

    // Nothing of that was a confirmation, and the page that the person has open still works: once.
    let path = login.helper.link.trim_start_matches("http://localhost:8000").to_owned();
    let link = request(&[&format!("GET {path} HTTP/1.1"), HOST], "");
    assert_eq!(link.outcome(), Some("confirm"));
    login.confirm();
    assert_refused(&post(&right, &[OWN_ORIGIN, OWN_SITE]), "a token that was used");
    login.assert_still_pending();
    login.assert_succeeds();
}

/// Chromium itself says where a form comes from, and a page cannot make it lie.
fn from_a_page_of_another_site(login: &mut RealLogin, body: &str) {
    let elsewhere = format!("{}/api/cluster-auth/info", login.backend.url);
    login.browser.open("attacker", &elsewhere);
    let token = body.trim_start_matches("csrf=");
    let submit = format!(
        "{{ const form = document.createElement('form'); form.method = 'post'; \
         form.action = 'http://localhost:8000/continue'; \
         form.innerHTML = '<input name=csrf value={token}>'; document.body.append(form); form.submit(); }}"
    );
    login.browser.act(&json!({ "op": "evaluate", "context": "attacker", "expression": submit }));
    login.browser.wait_for_outcome("attacker", "not-confirmed");
}
