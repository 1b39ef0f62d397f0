//! What prevents a sign-in: the page, the exit code and the sentence.

use super::{Installation, get, location, path_of};
use crate::harness::clients::api::Api;
use crate::harness::clients::browser::Browser;
use crate::harness::programs::backend::BackendPlan;
use crate::harness::programs::helper_program::Ending;
use crate::harness::world::World;

#[test]
fn a_backstage_that_does_not_know_the_client_is_named() {
    let here = Installation::start("sign_in_no_clients", &[]);
    let advice =
        ["has no client backstage-oidc-helper (status 404)", "auth.staticClients", "BACKSTAGE_TOKEN"];
    Ending::of(&mut here.login().launch()).assert(1, &advice);
}

#[test]
fn another_client_is_the_setting_and_the_flag() {
    let here = Installation::new("sign_in_other_client");
    let advice = ["has no client another (status 400)", "http://localhost:8000/backstage/callback"];
    Ending::of(&mut here.login().with("BACKSTAGE_CLIENT_ID", "another").launch()).assert(1, &advice);
    let flag = here.login().argument("--client-id").argument("another");
    Ending::of(&mut flag.with("BACKSTAGE_CLIENT_ID", "a third").launch()).assert(1, &advice);
}

#[test]
fn a_rejection_on_the_consent_page_ends_the_login() {
    let here = Installation::new("sign_in_rejected");
    let mut helper = here.login().start();
    let mut browser = Browser::start(&here.world);
    browser.open("felix", &helper.link);
    browser.log_in_at_idp("felix", "felix");
    browser.wait_for("felix", "#reject:enabled");
    browser.click("felix", "#reject");
    browser.wait_for_outcome("felix", "sign-in-failed");
    let sentence = "Backstage did not sign you in (access_denied): begin again and approve it there";
    let page = browser.page("felix");
    assert!(page.text.contains(sentence), "{}", page.text);
    browser.screenshot("felix", &here.world, "sign-in-failed.png");
    helper.end().assert(1, &[sentence]);
    assert!(here.files().is_empty());
}

#[test]
fn a_login_that_cannot_begin_says_so_on_the_page() {
    let one_try = |_: &World, plan: BackendPlan| plan.with("REGISTRATIONS_PER_MINUTE", "1");
    let here = Installation::start_with("sign_in_no_login", &["--oauth-client"], one_try);
    let felix = here.backstage.sign_in(&here.world, "felix");
    // The user has used up their one try elsewhere.
    Api::new(&here.ingress.url, &here.world).with_bearer(&felix.user_token).register();
    let mut helper = here.login().start();
    let (callback, cookie) = here.approve(&helper, &felix);
    let page = get(&callback, &cookie);
    assert!(page.starts_with("HTTP/1.1 403") && page.contains("rate_limited"), "{page}");
    helper.end().assert(1, &["rate_limited"]);
    here.note_kept();
}

#[test]
fn a_sign_in_that_is_not_finished_in_time_ends() {
    let here = Installation::new("sign_in_late");
    let mut helper = here.login().with("LOGIN_TIMEOUT", "1s").start();
    helper.end().assert(4, &["The login was not finished within 1s"]);
}

#[test]
fn what_does_not_belong_to_it_changes_nothing() {
    let here = Installation::new("sign_in_foreign");
    let felix = here.backstage.sign_in(&here.world, "felix");
    let mut helper = here.login().start();
    let (callback, cookie) = here.approve(&helper, &felix);
    let outcome_of = |path: &str, cookie: &str| {
        let page = get(path, cookie);
        let outcome = page.split_once("data-outcome=\"").map(|(_, rest)| rest.split('"').next().unwrap());
        (page[9..12].to_owned(), outcome.unwrap_or_default().to_owned())
    };
    let other_state = format!("/backstage/callback?code=a&state={}", "s".repeat(43));
    let to_the_other_door = callback.replace("/backstage/callback", "/");
    for (path, cookie, status, outcome) in [
        ("/", "", "200", "signing-in"),
        ("/backstage/callback", cookie.as_str(), "404", "not-found"),
        (&callback, "", "403", "no-cookie"),
        (&callback, "ocb_x=y", "403", "no-cookie"),
        (&other_state, &cookie, "400", "wrong-state"),
        ("/backstage/callback?error=access_denied", &cookie, "400", "wrong-state"),
        (&callback.replace("code=", "other="), &cookie, "400", "malformed"),
        (&to_the_other_door, &cookie, "400", "wrong-state"),
        ("/go/another", &cookie, "404", "not-found"),
    ] {
        assert_eq!(outcome_of(path, cookie), (status.to_owned(), outcome.to_owned()), "{path}");
    }
    // Under another name the cookie would be set where the redirect does not come back to.
    let there = crate::harness::clients::raw_http::send(
        super::HELPER,
        &format!(
            "GET {} HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nConnection: close\r\n\r\n",
            path_of(&helper.link)
        ),
    );
    assert!(location(&there) == helper.link && !there.contains("set-cookie"), "{there}");

    let first = get(&callback, &cookie);
    // A page that is reloaded leads to the same login.
    let again = get(&callback, &cookie);
    assert_eq!(location(&again), location(&first));
    here.log_in(&mut helper, location(&first));
    here.note_kept();
}
