//! A login that fails says one sentence: in the terminal, on the page, and in the log.

use serde_json::Value;

use super::{HELPER, Parts};
use crate::harness::peers::idp::Idp;
use crate::harness::programs::proxy_program::{Visitor, outcome};

/// From the identity provider's login page to where it sends the browser.
type Way = fn(&Idp, &str) -> String;

/// The page that the browser ends at.
fn last_page(visitor: &Visitor, redirect: &str) -> String {
    loop {
        let page = visitor.get(redirect.strip_prefix(HELPER).unwrap());
        if !["backend-away", "idp-away"].contains(&outcome(&page).as_str()) {
            return page.text;
        }
    }
}

#[test]
fn each_way_to_fail_says_it_three_times_with_its_code() {
    let parts = Parts::start("same_sentence");
    let ways: [(&str, Way); 2] = [
        ("access_denied", |idp, auth_url| idp.deny(auth_url)),
        ("identity_mismatch", |idp, auth_url| idp.log_in(auth_url, "mara")),
    ];
    for (code, way) in ways {
        let mut helper = parts.here.helper(&parts.backend).start();
        let mut visitor = Visitor::new(&parts.here.world, HELPER);
        let sent = visitor.get(helper.link.strip_prefix(HELPER).unwrap());
        visitor.keep_cookie(&sent);
        let page = last_page(&visitor, &way(&parts.here.idp, sent.header("location").unwrap()));
        let ending = helper.end();
        let last_line = ending.said.lines().last().unwrap();
        let sentence = last_line.strip_suffix(&format!(" ({code})")).unwrap_or_else(|| panic!("{last_line}"));
        assert_eq!(ending.code, Some(1));
        assert!(page.contains(sentence) && page.contains(&format!(">{code}<")), "{sentence}: {page}");
        let printed = helper.process.printed();
        let mut events = printed.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        assert!(events.any(|event| event["message"] == sentence && event["code"] == code), "{printed}");
    }
}
