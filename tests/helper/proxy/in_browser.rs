//! The proxy with real browsers: from Backstage's page over https, and two users at once.

use serde_json::json;

use crate::harness::clients::browser::Browser;
use crate::harness::deployment::Deployment;
use crate::harness::node;
use crate::harness::peers::backstage::Backstage;
use crate::harness::peers::idp::Idp;
use crate::harness::process::Process;
use crate::harness::programs::proxy_program::CONTROL;
use crate::harness::world::World;

/// A page with the headers of that Backstage, under https: its address and its process.
fn backstages_page(world: &World, backstage: &Backstage) -> (String, Process) {
    let arguments = ["--headers-of", backstage.url.as_str()];
    let (process, announcement) = node::serve(world, "portal", "portal/run.mjs", &arguments);
    assert_eq!(announcement["headers"]["referrer-policy"], "no-referrer", "{announcement}");
    (announcement["url"].as_str().unwrap().to_owned(), process)
}

fn hand_over(browser: &mut Browser, context: &str, function: &str, token: &str) {
    browser.evaluate(context, &format!("{function}({CONTROL:?}, {token:?})"));
}

#[test]
fn backstages_page_hands_over_from_https_and_two_people_stay_apart() {
    let (here, backstage) = Deployment::beside_backstage("proxy_in_browser", &[]);
    let (app, _page) = backstages_page(&here.world, &backstage);
    let here = here.with("BACKSTAGE_APP_URL", &app);
    let (backend, api) = here.start();
    let _proxy = here.proxy(&backend).start();
    let mut browser = Browser::start_with(&here.world, &["--trust-any-certificate"]);
    let people = ["felix", "mara"];
    let apis = people.map(|login| api.with_bearer(&backstage.sign_in(&here.world, login).user_token));
    let sessions = apis.each_ref().map(|api| {
        let answer = api.post("/register", &json!({ "returnTo": "/k8s" }));
        api.session_of(&answer)
    });

    browser.open("felix", &app);
    hand_over(&mut browser, "felix", "handOverUnprepared", &sessions[0].token);
    browser.wait_for_outcome("felix", "wrong-origin");
    assert!(browser.page("felix").text.contains("Origin: null"));

    for (login, session) in people.iter().zip(&sessions) {
        browser.open(login, &app);
        hand_over(&mut browser, login, "handOver", &session.token);
        browser.wait_for_outcome(login, "confirm");
        let page = browser.page(login);
        assert!(page.text.contains(&format!("user:default/{login}")), "{}", page.text);
        browser.click(login, "#continue");
        browser.wait_for(login, "input[name=login]");
    }
    assert_others_redirect_does_not_count(
        &mut browser,
        &here.idp,
        &sessions.each_ref().map(|s| s.auth_url.as_str()),
    );
    for login in people {
        browser.log_in_at_idp(login, login);
        browser.wait_for_outcome(login, "success");
        let page = browser.page(login);
        assert!(page.text.contains(&format!("user:default/{login}")), "{}", page.text);
        browser.screenshot(login, &here.world, &format!("success-{login}.png"));
    }
    browser.click("felix", "#back");
    browser.act(&json!({ "op": "waitFor", "context": "felix", "urlPrefix": format!("{app}/k8s") }));
    for (api, session) in apis.iter().zip(&sessions) {
        assert_eq!(api.session(session).json["status"], "complete");
    }
}

/// Felix's redirect, in Mara's browser, which has a login of its own under way.
fn assert_others_redirect_does_not_count(browser: &mut Browser, idp: &Idp, auth_urls: &[&str; 2]) {
    let redirect = idp.log_in(auth_urls[0], "felix");
    let answer = browser.act(&json!({ "op": "open", "context": "mara", "url": redirect }));
    assert_eq!(answer["status"], 403, "{answer}");
    browser.wait_for_outcome("mara", "no-cookie");
    browser.open("mara", auth_urls[1]);
}
