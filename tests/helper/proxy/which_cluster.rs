//! The button on the helper's own page, where there are several clusters.

use super::{Parts, deploy};
use crate::harness::clients::api::Answer;
use crate::harness::programs::proxy_program::{CONTROL, Visitor, outcome};

/// The token of a page's form.
fn csrf(parts: &Parts, page: &Answer) -> String {
    let csrf = page.text.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    parts.here.world.ledger.note("csrf", csrf);
    csrf.to_owned()
}

/// Presses the button of a new page with that choice.
fn press(parts: &Parts, visitor: &mut Visitor, chosen: &[(&str, &str)]) -> Answer {
    let csrf = csrf(parts, &visitor.get("/"));
    let form = [&[("csrf", csrf.as_str())], chosen].concat();
    visitor.post("/login", &form, &[("origin", CONTROL), ("sec-fetch-site", "same-origin")])
}

#[test]
fn its_page_offers_the_choice_and_begins_no_login_without_one() {
    let here = deploy("proxy_which_cluster").with_clusters_named(&["dev", "prod"]);
    let backend = here.plan.start();
    let proxy = here.proxy(&backend).start();
    let parts = Parts { here, backend, proxy };
    let mut visitor = parts.visitor();
    let page = visitor.get("/");
    for shown in ["<select id=\"cluster\" name=\"cluster\" required", "value=\"dev\"", "value=\"prod\""] {
        assert!(page.text.contains(shown), "{shown} is not in: {}", page.text);
    }
    for chosen in [&[][..], &[("cluster", "")], &[("cluster", "elsewhere")]] {
        let refused = press(&parts, &mut visitor, chosen);
        assert_eq!((refused.status, outcome(&refused).as_str()), (400, "which-cluster"), "{}", refused.text);
        assert!(refused.text.contains("href=\"/\""), "{}", refused.text);
    }
    assert_eq!(visitor.get("/status").json["pending"], 0);
    let begun = press(&parts, &mut visitor, &[("cluster", "prod")]);
    assert_eq!(begun.status, 303, "{}", begun.text);
    let logins = &visitor.get("/status").json["logins"];
    assert_eq!(logins[0]["cluster"], "prod", "{logins}");
}

#[test]
fn the_only_cluster_is_no_choice() {
    let parts = Parts::start("proxy_only_cluster");
    let mut visitor = parts.visitor();
    assert!(!visitor.get("/").text.contains("<select"));
    assert_eq!(press(&parts, &mut visitor, &[]).status, 303);
}
