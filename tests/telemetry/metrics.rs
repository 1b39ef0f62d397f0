//! The metrics of both roles, as Debian's Prometheus has them after a login that was used and refreshed.

use std::collections::BTreeMap;

use crate::harness::deployment::Deployment;
use crate::harness::peers::cluster::PODS;
use crate::harness::peers::prometheus::Prometheus;
use crate::harness::peers::provider::Provider;
use crate::harness::programs::proxy_program::{APP, CALLBACK, CONTROL, Visitor};
use crate::harness::world::repository;

/// What only a backend behind a real Backstage, or one that has ended a login, has.
const NOT_HERE: [&str; 1] = ["cluster_auth_revocations_total"];

/// The names and labels in a chapter's table.
fn documented(chapter: &str) -> BTreeMap<String, Vec<String>> {
    let page = std::fs::read_to_string(repository().join("docs/metrics.md")).unwrap();
    let (_, text) = page.split_once(&format!("\n## {chapter}\n")).unwrap();
    let rows = text.split("\n## ").next().unwrap().lines().filter(|line| line.starts_with("| `"));
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').collect();
        (names(cells[1]).remove(0), names(cells[2]))
    })
    .collect()
}

#[test]
fn prometheus_scrapes_what_the_page_on_metrics_promises() {
    let here = Deployment::new("proxy_metrics").with("BACKSTAGE_APP_URL", APP).with_cluster();
    let (backend, api) = here.start();
    let _proxy = here.proxy(&backend).start();
    let jobs = [("helper", CONTROL), ("backend", backend.control_url.as_str())];
    let prometheus = Prometheus::start(&here.world, &jobs);
    here.idp.set_id_token_lifetime(2);
    let session = api.register();
    let mut visitor = Visitor::new(&here.world, CONTROL);
    let redirect = visitor.log_in(&here.idp, &session);
    assert_eq!(visitor.moved_to(&here.world, CALLBACK).come_back(&redirect), "success");
    api.wait_for_expiry();
    // The refreshed one must not expire on its way to the cluster, however busy the machine is.
    here.idp.set_id_token_lifetime(300);
    assert_eq!(api.get(PODS).status, 200);

    let scraped = prometheus.series("helper", "oidc_helper_", "oidc_helper_logins_total");
    assert_eq!(scraped, documented("The proxy role"));
    let scraped = prometheus.series("backend", "cluster_auth_", "cluster_auth_kubernetes_requests_total");
    let mut promised = documented("The backend role");
    promised.retain(|name, _| !NOT_HERE.contains(&name.as_str()));
    assert_eq!(scraped, promised);
}
