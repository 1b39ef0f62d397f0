//! From Backstage's page to a login, and what is refused on the way.

use super::{Parts, at_callback_port};
use crate::harness::programs::proxy_program::{APP, CALLBACK, Visitor, outcome};

#[test]
fn a_session_that_backstages_page_hands_over_ends_connected() {
    let parts = Parts::start("proxy_hand_over");
    let session = parts.register();
    let mut visitor = parts.visitor();
    let link = visitor.hand_over(APP, &session.token);
    let question = visitor.get(&link);
    assert_eq!(outcome(&question), "confirm");
    for shown in ["user:default/felix", &parts.backend.url, "localhost"] {
        assert!(question.text.contains(shown), "{shown} is not in: {}", question.text);
    }
    // The page handed it over: there was no command.
    assert!(!question.text.contains("command"), "{}", question.text);
    assert!(visitor.cookies().is_empty(), "only who has confirmed is sent on");
    let auth_url = visitor.press_button(&link);
    assert_eq!(auth_url, session.auth_url);
    let redirect = parts.here.idp.log_in(&auth_url, "felix");
    let visitor = at_callback_port(&parts.here.world, &visitor);
    let page = visitor.get(redirect.strip_prefix(CALLBACK).unwrap());
    assert_eq!(outcome(&page), "success", "{}", page.text);
    assert!(page.text.contains(&format!("href=\"{APP}/\"")), "{}", page.text);
    assert!(page.text.contains("felix@example.com"), "{}", page.text);
    assert_eq!(parts.api().session(&session).json["status"], "complete");
    assert_eq!(parts.api().cluster_status()["connected"], true);
    // One request id for all of it, here and in the backend's log.
    let id_of = |outcome: &str| {
        let printed = parts.proxy.wait_for_line(&format!(r#""outcome":"{outcome}""#));
        let event: serde_json::Value = serde_json::from_str(&printed).unwrap();
        assert_eq!((&event["target"], &event["user"]), (&"audit".into(), &"user:default/felix".into()));
        event["request_id"].as_str().unwrap().to_owned()
    };
    assert_eq!(id_of("begun"), id_of("complete"));
    assert!(parts.backend.process.printed().contains(&id_of("complete")));
}

#[test]
fn a_click_in_another_tab_after_the_end_is_shown_the_outcome() {
    let parts = Parts::start("proxy_late_click");
    let session = parts.register();
    let mut visitor = parts.visitor();
    let link = visitor.hand_over(APP, &session.token);
    let other_tab = visitor.get(&link);
    let csrf = other_tab.text.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    parts.here.world.ledger.note("csrf", csrf);
    let auth_url = visitor.press_button(&link);
    let redirect = parts.here.idp.deny(&auth_url);
    assert_eq!(at_callback_port(&parts.here.world, &visitor).come_back(&redirect), "refused");
    assert_eq!(outcome(&visitor.submit("/continue", csrf)), "refused");
}

#[test]
fn a_wrong_account_is_told_how_to_log_in_with_another_and_is_led_back() {
    let parts = Parts::start("proxy_wrong_account");
    let session = parts.register();
    let mut visitor = parts.visitor();
    let link = visitor.hand_over(APP, &session.token);
    let auth_url = visitor.press_button(&link);
    let redirect = parts.here.idp.log_in(&auth_url, "mara");
    let page = at_callback_port(&parts.here.world, &visitor).get(redirect.strip_prefix(CALLBACK).unwrap());
    assert_eq!(outcome(&page), "failed", "{}", page.text);
    for words in [
        "identity_mismatch",
        "log in as yourself.",
        "sign out at <strong>localhost",
        "as <strong>user:default/felix",
        &format!("href=\"{APP}/\""),
    ] {
        assert!(page.text.contains(words), "{words} is not in: {}", page.text);
    }
}

#[test]
fn the_page_leads_back_to_where_the_user_came_from() {
    let parts = Parts::start("proxy_return_to");
    let answer = parts.api().post("/register", &serde_json::json!({ "returnTo": "/catalog/x?tab=k8s" }));
    let session = parts.api().session_of(&answer);
    let mut visitor = parts.visitor();
    let redirect = parts.log_in(&mut visitor, &session);
    let page = at_callback_port(&parts.here.world, &visitor).get(redirect.strip_prefix(CALLBACK).unwrap());
    assert!(page.text.contains(&format!("href=\"{APP}/catalog/x?tab=k8s\"")), "{}", page.text);
}

#[test]
fn only_backstages_own_page_may_hand_a_session_over_and_once() {
    let parts = Parts::start("proxy_hand_over_refused");
    let session = parts.register();
    let mut visitor = parts.visitor();
    let form = [("sessionToken", session.token.as_str())];
    for (headers, cause) in [
        (vec![("origin", "https://evil.example")], "it comes from https://evil.example"),
        (vec![("origin", "null")], "Origin: null"),
        (vec![], "no Origin"),
        (vec![("origin", "http://localhost:8888")], "it comes from http://localhost:8888"),
    ] {
        let answer = visitor.post("/start", &form, &headers);
        assert_eq!((answer.status, outcome(&answer).as_str()), (403, "wrong-origin"), "{headers:?}");
        assert!(answer.text.contains(cause), "{cause} is not in: {}", answer.text);
        let (is_another, names) =
            (cause.contains("it comes from"), answer.text.contains("set BACKSTAGE_APP_URL"));
        assert_eq!(is_another, names, "{}", answer.text);
    }
    let answer = visitor.get(&format!("/start?sessionToken={}", session.token));
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST, OPTIONS")));
    for token in ["", "aaa.bbb.ccc"] {
        let answer = visitor.post("/start", &[("sessionToken", token)], &[("origin", APP)]);
        assert_eq!((answer.status, outcome(&answer).as_str()), (400, "no-session-token"));
    }
    let unknown_token = "x".repeat(43);
    let answer = visitor.post("/start", &[("sessionToken", &unknown_token)], &[("origin", APP)]);
    assert_eq!((answer.status, outcome(&answer).as_str()), (403, "not-begun"));

    // None of that has used the session up; its first use does.
    let link = visitor.hand_over(APP, &session.token);
    let again = visitor.post("/start", &form, &[("origin", APP)]);
    assert_eq!((again.status, outcome(&again).as_str()), (409, "used-before"));
    let redirect = parts.here.idp.log_in(&visitor.press_button(&link), "felix");
    assert_eq!(at_callback_port(&parts.here.world, &visitor).come_back(&redirect), "success");
    let after = visitor.post("/start", &form, &[("origin", APP)]);
    assert_ne!(after.status, 303);
}

#[test]
fn the_click_counts_once_and_only_from_the_page_that_asks() {
    let parts = Parts::start("proxy_click");
    let (first, second) = (parts.register(), parts.register());
    let mut visitor = parts.visitor();
    let links = [&first, &second].map(|session| visitor.hand_over(APP, &session.token));
    let page = visitor.get(&links[0]);
    let csrf =
        page.text.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let own = ("origin", "http://localhost:8888");
    for headers in [
        vec![own],
        vec![own, ("sec-fetch-site", "cross-site")],
        vec![("origin", APP), ("sec-fetch-site", "same-origin")],
        vec![("sec-fetch-site", "same-origin")],
    ] {
        let answer = visitor.post("/continue", &[("csrf", &csrf)], &headers);
        assert_eq!((answer.status, outcome(&answer).as_str()), (403, "not-confirmed"), "{headers:?}");
    }
    // A confirm page's token is for its own login, and begins none.
    assert_eq!(visitor.submit("/login", &csrf).status, 403);
    assert_eq!(visitor.submit("/continue", &csrf).header("location"), Some(first.auth_url.as_str()));
    assert_eq!(visitor.submit("/continue", &csrf).status, 403);
    assert_eq!(visitor.press_button(&links[1]), second.auth_url);
}

#[test]
fn no_page_but_the_way_to_the_identity_provider_names_it() {
    let parts = Parts::start("proxy_no_auth_url");
    let session = parts.register();
    let mut visitor = parts.visitor();
    let link = visitor.hand_over(APP, &session.token);
    let state = session.auth_url.split("state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let callback = Visitor::new(&parts.here.world, CALLBACK);
    for (visitor, path) in [
        (&visitor, "/"),
        (&visitor, link.as_str()),
        (&visitor, "/status"),
        (&visitor, "/metrics"),
        (&visitor, "/nothing"),
        (&callback, "/"),
        (&callback, "/?code=a-code"),
        (&callback, &format!("/?code=a-code&state={state}")),
    ] {
        let answer = visitor.get(path);
        for secret in [session.auth_url.as_str(), &state, &session.token, "/authorize"] {
            assert!(!answer.text.contains(secret), "{path} shows {secret}");
        }
    }
    assert_eq!(parts.api().session(&session).json["status"], "pending");
}

#[test]
fn a_browser_that_was_not_sent_there_cannot_finish_the_login() {
    let parts = Parts::start("proxy_other_browser");
    let (own, others) = (parts.register(), parts.register());
    let (mut visitor, mut other) = (parts.visitor(), parts.visitor());
    let redirect = parts.log_in(&mut visitor, &own);
    let other_redirect = parts.log_in(&mut other, &others);
    let (visitor, other) =
        (at_callback_port(&parts.here.world, &visitor), at_callback_port(&parts.here.world, &other));
    assert_eq!(other.come_back(&redirect), "no-cookie");
    assert_eq!(visitor.come_back(&other_redirect), "no-cookie");
    assert_eq!(Visitor::new(&parts.here.world, CALLBACK).come_back(&redirect), "no-cookie");
    let unknown = format!("{CALLBACK}/?code=a&state={}", "s".repeat(43));
    assert_eq!(visitor.come_back(&unknown), "wrong-state");
    assert_eq!(visitor.come_back(&redirect), "success");
    // Reloading the page shows the outcome again, while the other login keeps the port bound.
    assert_eq!(visitor.come_back(&redirect), "success");
    assert_eq!(other.come_back(&other_redirect), "success");
}

#[test]
fn the_button_on_the_helpers_page_begins_a_login_of_ones_own() {
    let parts = Parts::start("proxy_own_login");
    let mut visitor = parts.visitor();
    let index = visitor.get("/");
    assert_eq!(outcome(&index), "index");
    assert!(index.text.contains(&parts.backend.url) && index.text.contains("Ready to log in"));
    let link = visitor.press_button("/");
    assert!(link.starts_with("/go/"), "{link}");
    // Begun by the user's own click: straight on.
    let way = visitor.get(&link);
    visitor.keep_cookie(&way);
    let redirect = parts.here.idp.log_in(way.header("location").unwrap(), "felix");
    assert_eq!(outcome(&visitor.get("/")), "index");
    assert!(visitor.get("/").text.contains("user:default/felix"));
    assert_eq!(at_callback_port(&parts.here.world, &visitor).come_back(&redirect), "success");
    assert_eq!(parts.api().cluster_status()["connected"], true);
}
