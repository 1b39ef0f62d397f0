//! The proxy's own page: its button leads to a Backstage sign-in first, and each browser has its own.

use serde_json::json;

use super::Installation;
use crate::harness::clients::browser::Browser;
use crate::harness::programs::proxy_program::{CONTROL, ProxyPlan};

/// From the button to the consent page.
fn begin(browser: &mut Browser, login: &str) {
    browser.open(login, CONTROL);
    browser.click(login, "#login");
    browser.log_in_at_idp(login, login);
    browser.wait_for(login, "#approve:enabled");
}

#[test]
fn its_button_leads_two_people_through_backstage_each_in_one_tab() {
    let here = Installation::new("sign_in_proxy");
    let mut proxy = ProxyPlan::new(&here.world, &here.ingress.url).start();
    let mut browser = Browser::start(&here.world);
    for login in ["felix", "mara"] {
        begin(&mut browser, login);
    }
    for login in ["felix", "mara"] {
        browser.click(login, "#approve");
        browser.act(&json!({ "op": "waitFor", "context": login, "urlPrefix": here.idp.issuer }));
        browser.log_in_at_idp(login, login);
        browser.wait_for_outcome(login, "success");
        let page = browser.page(login);
        assert!(page.text.contains(&format!("user:default/{login}")), "{}", page.text);
        super::note_callbacks(&here, &mut browser, login);
    }
    // Nothing is under way, and another program may have the redirect's port.
    proxy.wait_for_line("the redirect URI's port is closed");
    // A proxy, which serves any visitor, keeps no sign-in.
    assert!(here.files().is_empty());
    proxy.kill();
}

#[test]
fn rejected_or_unknown_it_says_so_and_begins_nothing() {
    let here = Installation::new("sign_in_proxy_rejected");
    let proxy = ProxyPlan::new(&here.world, &here.ingress.url).start();
    let mut browser = Browser::start(&here.world);
    begin(&mut browser, "felix");
    browser.click("felix", "#reject");
    browser.wait_for_outcome("felix", "sign-in-failed");
    assert!(browser.page("felix").text.contains("access_denied"));
    proxy.wait_for_line("the redirect URI's port is closed");
    drop(proxy);

    let unknown = ProxyPlan::new(&here.world, &here.ingress.url).with("BACKSTAGE_CLIENT_ID", "another");
    let _proxy = unknown.start();
    browser.open("mara", CONTROL);
    browser.click("mara", "#login");
    browser.wait_for("mara", "body[data-outcome]");
    let text = browser.page("mara").text;
    assert!(text.contains("has no client another (status 400)"), "{text}");
}
