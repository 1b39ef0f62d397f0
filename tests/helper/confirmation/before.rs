//! What is sent before the click and after it, with each credential.

use backstage_oidc_helper::random::sha256;
use serde_json::json;

use super::{HELPER, PUNYCODE, Parts, assert_asks, path_of};
use crate::harness::clients::browser::Browser;
use crate::harness::network::far_backend::asked;
use crate::harness::network::far_network::{give_names, have_own_mounts};
use crate::harness::network::front::{Behind, PrivateCa, serve_tls};
use crate::harness::programs::confirmed::write_privately;
use crate::harness::programs::helper_program::HelperPlan;
use crate::harness::programs::proxy_program::outcome;

const COOKIE: &str = "github-refresh-token=a-cookie-of-backstages-own";

impl Parts {
    /// Every page, and every click that is not the person's: the backend hears of none.
    fn try_everything_but_the_click(&self, plan: HelperPlan) {
        let mut helper = plan.start();
        let mut visitor = self.visitor();
        assert_asks(&visitor, &helper);
        let question = visitor.get(path_of(&helper.link));
        assert!(visitor.cookies().is_empty());
        for shown in ["10.66.0.1", "443", "https"] {
            assert!(
                question.text.contains(&format!(">{shown}</dd>")),
                "{shown} is not in: {}",
                question.text
            );
        }
        for path in [
            path_of(&helper.link),
            "/",
            "/?code=a&state=b",
            "/go/guessed",
            "/backstage/callback?code=a&state=b",
        ] {
            let page = visitor.get(path);
            assert!(page.header("location").is_none(), "{path} leads to {:?}", page.header("location"));
            for link in [&self.here.idp.issuer, "/authorize", "/api/auth"] {
                assert!(!page.text.contains(link), "{path} shows {link}");
            }
        }
        assert_eq!(outcome(&visitor.get("/")), "asking-about-backend");
        let csrf = question.text.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        self.here.world.ledger.note("csrf", csrf);
        for headers in [
            vec![],
            vec![("origin", HELPER)],
            vec![("origin", "https://10.66.0.1"), ("sec-fetch-site", "cross-site")],
            vec![("origin", "null"), ("sec-fetch-site", "same-origin")],
        ] {
            let answer = visitor.post("/continue", &[("csrf", csrf)], &headers);
            assert_eq!((answer.status, outcome(&answer).as_str()), (403, "not-confirmed"), "{headers:?}");
        }
        helper.process.kill();
    }

    fn keep_sign_in(&self) {
        let name = format!(
            "backstage-{}.json",
            sha256(format!("{}\nbackstage-oidc-helper", self.far.url).as_bytes())
        );
        let kept = json!({
            "backstageUrl": self.far.url,
            "clientId": "backstage-oidc-helper",
            "accessToken": "kept.user.token",
            "expiresAt": "2999-01-01T00:00:00Z",
        });
        write_privately(&self.here.world, &name, &kept.to_string());
    }
}

#[test]
fn it_is_sent_nothing_before_the_click_whatever_the_credential() {
    let parts = Parts::start("unconfirmed_before");
    let session = parts.register();
    let plan = || parts.far.login(&parts.here.world);
    for (credential, plan) in [
        ("none", plan()),
        ("BACKSTAGE_TOKEN", plan().with("BACKSTAGE_TOKEN", "a.user.token")),
        ("the cookie", plan().with("BACKSTAGE_SESSION", COOKIE)),
        ("a session token", plan().with("BACKSTAGE_SESSION_TOKEN", &session.token)),
        ("a kept sign-in", plan()),
    ] {
        if credential.contains("kept") {
            parts.keep_sign_in();
        }
        parts.try_everything_but_the_click(plan);
        parts.far.assert_only_asked_for_info(credential);
    }
    assert_eq!(parts.here.api(&parts.backend).session(&session).json["status"], "pending");
}

#[test]
fn after_the_click_each_credential_is_used() {
    let parts = Parts::start("unconfirmed_after");
    let plan = || parts.far.login(&parts.here.world);
    let session = parts.register();
    let bearer = format!("GET /api/cluster-auth/session Bearer {}", session.token);
    for (plan, first) in [
        (plan(), "POST /api/cluster-auth/register -"),
        (
            plan().with("BACKSTAGE_TOKEN", "a.user.token"),
            "POST /api/cluster-auth/register Bearer a.user.token",
        ),
        (
            plan().with("BACKSTAGE_SESSION", COOKIE),
            &format!("GET /api/auth/github/refresh?env=production {COOKIE}"),
        ),
        (plan(), "POST /api/cluster-auth/register Bearer kept.user.token"),
        // The last one: it goes on asking for its session.
        (plan().with("BACKSTAGE_SESSION_TOKEN", &session.token), &bearer),
    ] {
        if first.contains("kept") {
            parts.keep_sign_in();
        }
        let mut helper = plan.start();
        let mut visitor = parts.visitor();
        let page = visitor.get(path_of(&helper.link));
        parts.far.assert_only_asked_for_info(first);
        let csrf =
            page.text.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        parts.here.world.ledger.note("csrf", &csrf);
        let answer = visitor.submit("/continue", &csrf);
        assert_eq!(parts.far.asked().first().map(String::as_str), Some(first));
        // This backend knows no cookies, and says so on the page that waits.
        assert!([303, 403].contains(&answer.status), "{}", answer.text);
        assert_eq!(answer.status == 403, first.contains("github"), "{}", answer.text);
        assert_eq!(visitor.submit("/continue", &csrf).status, 403, "a button that works twice");
        // Reloading the question leads on, too.
        if answer.status == 303 {
            assert_eq!(visitor.get(path_of(&helper.link)).header("location"), answer.header("location"));
        }
        helper.process.kill();
    }
}

#[test]
fn two_clicks_in_one_tab_with_a_session_token() {
    let parts = Parts::start("unconfirmed_in_browser");
    let session = parts.register();
    let plan = parts.far.login(&parts.here.world).with("BACKSTAGE_SESSION_TOKEN", &session.token);
    let mut helper = plan.start();
    let mut browser = Browser::start(&parts.here.world);
    browser.open("felix", &helper.link);
    browser.wait_for_outcome("felix", "confirm-backend");
    browser.screenshot("felix", &parts.here.world, "confirm-backend.png");
    parts.far.assert_only_asked_for_info("before the first click");
    browser.click("felix", "#continue");
    browser.wait_for_outcome("felix", "confirm");
    let page = browser.page("felix");
    assert!(page.text.contains("user:default/felix") && page.text.contains(&parts.far.url), "{}", page.text);
    browser.click("felix", "#continue");
    browser.log_in_at_idp("felix", "felix");
    browser.wait_for_outcome("felix", "success");
    helper.end().assert(0, &["Connected", "user:default/felix"]);
}

#[test]
fn a_name_in_another_script_is_shown_as_what_it_is() {
    let parts = Parts::start("unconfirmed_punycode");
    have_own_mounts();
    give_names(&parts.here.world, &[(PUNYCODE, "10.66.0.1")]);
    let ca = PrivateCa::new(&parts.here.world);
    let behind = Behind::Plain(parts.backend.url.clone());
    let heads = serve_tls("10.66.0.1:444", ca.server(PUNYCODE), behind);
    let plan = HelperPlan::new(&parts.here.world, "https://bäckstage.test:444/portal");
    let mut helper = plan.with("CA_FILE", ca.file.to_str().unwrap()).start();
    helper.process.wait_for_line("Path: /portal");
    helper.process.wait_for_line(&format!("Address: https://{PUNYCODE}:444"));
    let page = parts.visitor().get(path_of(&helper.link));
    for shown in [PUNYCODE, "444", "https", "/portal"] {
        assert!(page.text.contains(&format!(">{shown}</dd>")), "{shown} is not in: {}", page.text);
    }
    assert!(page.text.contains("id=\"punycode\"") && !page.text.contains('ä'), "{}", page.text);
    assert_eq!(asked(&heads), ["GET /portal/api/cluster-auth/info -"]);
    helper.process.kill();
}
