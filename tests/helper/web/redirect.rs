//! Logins through one helper to clusters with redirect URIs that differ in path and slash.

use crate::harness::clients::api::{Api, Session, agent, parameter};
use crate::harness::clients::callback_port::{HOST, request};
use crate::harness::deployment::Deployment;
use crate::harness::programs::backend::Backend;
use crate::harness::programs::helper_program::Helper;
use crate::harness::programs::proxy_program::{APP, CONTROL, Visitor, outcome};

/// The clusters, and the redirect URI of each.
const CLUSTERS: [(&str, &str); 3] = [
    ("callback", "http://localhost:8000/auth/callback"),
    ("root", "http://localhost:8000/"),
    ("bare", "http://localhost:8000"),
];

struct Parts {
    here: Deployment,
    backend: Backend,
}

impl Parts {
    fn start(test: &str) -> Self {
        let redirects = CLUSTERS.map(|(_, uri)| uri).join(",");
        let client = ["--extra-client-id", "portal", "--extra-client-secret", "a-secret-of-the-test"];
        let here =
            Deployment::with_idp_arguments(test, &[&client[..], &["--extra-redirect", &redirects]].concat());
        let block = |(name, uri): (&str, &str)| {
            format!(
                "[[clusters]]\ncluster_name = {name:?}\noidc_issuer_url = {:?}\noidc_client_id = \"portal\"\n\
                 oidc_client_secret = \"a-secret-of-the-test\"\noidc_organization_id = \"org_dev\"\n\
                 oidc_extra_params = \"prompt=consent\"\noidc_redirect_uri = {uri:?}\nidentity_rule = \"any\"\n",
                here.idp.issuer
            )
        };
        let file = here.world.file("clusters.toml");
        std::fs::write(&file, CLUSTERS.map(block).concat()).unwrap();
        let here = here.with("CONFIG_FILE", file.to_str().unwrap()).with("BACKSTAGE_APP_URL", APP);
        let backend = here.plan.start();
        Self { here, backend }
    }

    fn api(&self) -> Api {
        self.here.api(&self.backend)
    }

    fn register(&self, cluster: &str) -> Session {
        self.api().register_at(cluster)
    }

    fn is_connected(&self, cluster: &str) -> bool {
        let status = self.api().get("/status").json;
        status["clusters"].as_array().unwrap().iter().any(|c| c["name"] == cluster && c["connected"] == true)
    }
}

/// Where the browser asks the helper.
fn path_of(redirect: &str) -> &str {
    redirect.strip_prefix("http://localhost:8000").unwrap()
}

#[test]
fn info_names_each_clusters_own() {
    let parts = Parts::start("redirect_paths_info");
    let info = parts.api().get("/info").json;
    for (name, uri) in CLUSTERS {
        let clusters = info["clusters"].as_array().unwrap();
        let cluster = clusters.iter().find(|cluster| cluster["name"] == name).unwrap();
        assert_eq!(cluster["redirectUri"], uri);
        assert_eq!(parameter(&parts.register(name).auth_url, "redirect_uri"), uri);
    }
}

/// Follows the link with its cookie, as a browser does: the cookie, and where the identity provider sends the browser.
fn to_identity_provider(parts: &Parts, helper: &Helper) -> (String, String) {
    let sent = agent().get(&helper.link).call().unwrap();
    let header = |name: &str| sent.headers()[name].to_str().unwrap().to_owned();
    parts.here.world.ledger.note("auth_url", &header("location"));
    let cookie = header("set-cookie").split(';').next().unwrap().to_owned();
    parts.here.world.ledger.note("cookie", cookie.split_once('=').unwrap().1);
    (cookie, parts.here.idp.log_in(&header("location"), "felix"))
}

#[test]
fn the_login_role_takes_the_redirect_at_the_path_of_its_cluster() {
    let parts = Parts::start("redirect_paths_login");
    for (cluster, uri) in CLUSTERS {
        let mut helper = parts.here.helper(&parts.backend).with("CLUSTER", cluster).start();
        let (cookie, redirect) = to_identity_provider(&parts, &helper);
        assert!(redirect.starts_with(uri), "{redirect}");
        let cookie = format!("Cookie: {cookie}");
        let asked =
            |method: &str, path: &str| request(&[&format!("{method} {path} HTTP/1.1"), HOST, &cookie], "");
        let (path, query) = path_of(&redirect).split_once('?').unwrap();
        // Neither another path nor another method is the redirect.
        let others = if path == "/" { "/auth/callback" } else { "/" };
        let elsewhere = asked("GET", &format!("{others}?{query}"));
        assert_eq!(elsewhere.status, Some(if others == "/" { 400 } else { 404 }), "{}", elsewhere.text);
        for (method, status) in [("HEAD", 200), ("OPTIONS", 204), ("POST", 405)] {
            let answer = asked(method, path_of(&redirect));
            assert_eq!(answer.status, Some(status), "{method}: {}", answer.text);
            assert!(
                method == "HEAD" || answer.text.to_lowercase().contains("allow: get, head, options"),
                "{method}"
            );
        }
        assert_eq!(asked("GET", "/auth/callback").status, Some(404));
        assert!(!parts.is_connected(cluster), "{cluster}");
        let page = asked("GET", path_of(&redirect));
        assert!(matches!(page.outcome(), Some("success" | "backend-away")), "{}", page.text);
        helper.end().assert(0, &["Connected", cluster]);
        assert!(parts.is_connected(cluster), "{cluster}");
    }
}

#[test]
fn the_proxy_takes_them_at_once_and_counts_how_long_they_take() {
    let parts = Parts::start("redirect_paths_proxy");
    let _proxy = parts.here.proxy(&parts.backend).start();
    let mut visitor = Visitor::new(&parts.here.world, CONTROL);
    let redirects = CLUSTERS.map(|(cluster, _)| {
        let session = parts.register(cluster);
        visitor.log_in(&parts.here.idp, &session)
    });
    for (cluster, redirect) in CLUSTERS.map(|(cluster, _)| cluster).iter().zip(&redirects) {
        let answer = visitor.moved_to(&parts.here.world, CONTROL).get(path_of(redirect));
        assert_eq!(outcome(&answer), "success", "{cluster}: {}", answer.text);
        assert!(parts.is_connected(cluster), "{cluster}");
    }
    let metrics = Visitor::new(&parts.here.world, CONTROL).get("/metrics").text;
    assert!(metrics.contains("oidc_helper_callback_seconds_count 3\n"), "{metrics}");
}
