//! The proxy's own page: its button leads to a Backstage sign-in first, and each browser has its own.

use serde_json::json;

use super::Installation;
use crate::harness::clients::browser::Browser;
use crate::harness::programs::backend::BackendPlan;
use crate::harness::programs::proxy_program::{CONTROL, ProxyPlan};
use crate::harness::world::World;

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

#[test]
fn the_cluster_that_is_chosen_on_its_page_is_that_of_the_login_after_the_sign_in() {
    let several = |world: &World, plan: BackendPlan| plan.with_clusters_named(world, &["dev", "prod"]);
    let here = Installation::start_with("sign_in_proxy_cluster", &["--oauth-client"], several);
    let _proxy = ProxyPlan::new(&here.world, &here.ingress.url).start();
    let mut browser = Browser::start(&here.world);
    browser.open("felix", CONTROL);
    browser.screenshot("felix", &here.world, "which-cluster.png");
    // The browser itself asks for a choice.
    browser.click("felix", "#login");
    browser.wait_for("felix", "#cluster:invalid");
    assert!(browser.page("felix").url.starts_with(CONTROL));
    browser.evaluate("felix", "document.querySelector('#cluster').value = 'prod'");
    browser.click("felix", "#login");
    browser.log_in_at_idp("felix", "felix");
    browser.wait_for("felix", "#approve:enabled");
    browser.click("felix", "#approve");
    browser.act(&json!({ "op": "waitFor", "context": "felix", "urlPrefix": here.idp.issuer }));
    browser.log_in_at_idp("felix", "felix");
    browser.wait_for_outcome("felix", "success");
    let page = browser.page("felix");
    assert!(page.text.contains("prod"), "{}", page.text);
    super::note_callbacks(&here, &mut browser, "felix");
}
