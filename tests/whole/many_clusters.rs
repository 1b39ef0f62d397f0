//! Twenty clusters of five issuers in one configuration. One issuer hangs, and the API of one cluster: what does not need them answers
//! meanwhile. Nothing is measured: what hangs does so until the test lets go.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{JoinHandle, spawn};

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::harness::clients::api::{Answer, Api};
use crate::harness::peers::cluster::{Cluster, pods};
use crate::harness::peers::idp::Idp;
use crate::harness::programs::backend::BackendPlan;
use crate::harness::programs::helper_program::{Ending, HelperPlan};
use crate::harness::world::World;

const CLUSTERS: usize = 20;
const ISSUERS: usize = 5;
/// A cluster with an API that answers.
const WELL: &str = "c0";
/// The one with an API that hangs.
const NO_API: &str = "c1";
/// One with an issuer that hangs.
const NO_ISSUER: &str = "c4";

/// A Kubernetes API that begins its answer, and ends it when it is told to.
struct HangingApi {
    url: String,
    asked: Receiver<()>,
    go_on: Sender<()>,
}

impl HangingApi {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let ((told, asked), (go_on, may_go_on)) = (channel(), channel());
        spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            let head = BufReader::new(connection.try_clone().unwrap()).lines();
            let _ = head.map_while(Result::ok).take_while(|line| !line.is_empty()).count();
            connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{").unwrap();
            told.send(()).unwrap();
            let _ = may_go_on.recv();
            connection.write_all(b"}").unwrap();
        });
        Self { url, asked, go_on }
    }
}

struct Parts {
    world: World,
    idps: Vec<Idp>,
    /// That of all clusters but one; it trusts the first issuer.
    _api: Cluster,
    hanging: HangingApi,
    plan: BackendPlan,
}

impl Parts {
    fn start(test: &str) -> Self {
        let world = World::new(test);
        let idps: Vec<Idp> = (0..ISSUERS).map(|_| Idp::start(&world)).collect();
        let api = Cluster::start(&world, &idps[0].issuer);
        let hanging = HangingApi::start();
        let blocks = (0..CLUSTERS).map(|number| {
            let issuer = &idps[number % ISSUERS].issuer;
            block(&format!("c{number}"), issuer, &api, &hanging)
        });
        let file = world.file("twenty.toml");
        std::fs::write(&file, blocks.collect::<String>()).unwrap();
        let plan = BackendPlan::new(&world, &idps[0].issuer)
            .with("CONFIG_FILE", file.to_str().unwrap())
            // What hangs ends when the test lets go, not by itself.
            .with("IDP_TIMEOUT", "1h")
            .with("EXCHANGE_LEASE", "2h");
        Self { world, idps, _api: api, hanging, plan }
    }

    fn idp_of(&self, cluster: &str) -> &Idp {
        &self.idps[cluster.trim_start_matches('c').parse::<usize>().unwrap() % ISSUERS]
    }

    fn log_in_to(&self, api: &Api, cluster: &str) {
        api.log_in_to(self.idp_of(cluster), cluster, "felix");
    }
}

fn block(name: &str, issuer: &str, api: &Cluster, hanging: &HangingApi) -> String {
    let mut block = format!(
        "[[clusters]]
cluster_name = {name:?}
oidc_issuer_url = {issuer:?}
oidc_client_id = \"kubernetes\"
oidc_organization_id = \"org_dev\"
oidc_extra_params = \"prompt=consent\"
identity_rule = \"email\"
identity_email_domains = \"example.com\"
user_tokens = \"read\"
"
    );
    if name == NO_API {
        writeln!(block, "kubernetes_api_url = {:?}", hanging.url).unwrap();
    } else {
        let ca_file = api.ca_file.to_str().unwrap();
        writeln!(block, "kubernetes_api_url = {:?}\nkubernetes_ca_file = {ca_file:?}", api.url).unwrap();
    }
    block
}

fn asked(api: &Api, path: String) -> JoinHandle<Answer> {
    let api = api.clone();
    spawn(move || api.get(&path))
}

#[test]
fn a_cluster_that_hangs_keeps_no_other_answer_waiting() {
    let parts = Parts::start("many_clusters");
    let backend = parts.plan.start();
    let api = backend.api(&parts.world);
    for cluster in [WELL, NO_API, "c9"] {
        parts.log_in_to(&api, cluster);
    }
    parts.idp_of(NO_ISSUER).control("id-token-lifetime", json!({ "seconds": 1 }));
    parts.log_in_to(&api, NO_ISSUER);
    wait_for_expiry(&api, NO_ISSUER);
    parts.idp_of(NO_ISSUER).hold_token("before");
    let refreshing = asked(&api, pods(NO_ISSUER, "team-a"));
    parts.idp_of(NO_ISSUER).wait_held();
    let listing = asked(&api, pods(NO_API, "team-a"));
    parts.hanging.asked.recv().unwrap();

    let status = api.get("/status");
    assert_eq!((status.status, connected(&status)), (200, vec!["c0", "c1", "c4", "c9"]), "{}", status.text);
    let told = Ending::of(&mut HelperPlan::of_command(&parts.world, "status", &backend.url).launch());
    assert_eq!(told.code, Some(0), "{}", told.said);
    for line in ["c0: connected as felix@example.com", "c4: connected as", "c19: not connected"] {
        assert!(told.said.contains(line), "{line} is missing in {}", told.said);
    }
    assert_eq!(api.get("/info").json["clusters"].as_array().unwrap().len(), CLUSTERS);
    let listed = api.get(&pods(WELL, "team-a"));
    assert_eq!(listed.status, 200, "{}", listed.text);
    for cluster in ["c2", "c3", "c6", "c15"] {
        parts.log_in_to(&api, cluster);
    }
    assert_eq!(connected(&api.get("/status")), ["c0", "c1", "c2", "c3", "c4", "c6", "c9", "c15"]);

    assert!(!refreshing.is_finished() && !listing.is_finished(), "they were to hang until now");
    parts.idp_of(NO_ISSUER).release();
    // The cluster trusts another issuer: what matters is that it was asked.
    assert_eq!(refreshing.join().unwrap().status, 401);
    parts.hanging.go_on.send(()).unwrap();
    assert_eq!(listing.join().unwrap().text, "{}");
}

#[test]
fn a_backend_starts_while_an_issuer_hangs_and_finds_it_later() {
    let parts = Parts::start("many_clusters_start");
    parts.idp_of(NO_ISSUER).freeze();
    let backend = parts.plan.start();
    let api = backend.api(&parts.world);
    let registering = {
        let api = api.clone();
        spawn(move || api.post("/register", &json!({ "cluster": NO_ISSUER })))
    };
    assert_eq!(connected(&api.get("/status")), Vec::<&str>::new());
    parts.log_in_to(&api, WELL);
    assert_eq!(connected(&api.get("/status")), [WELL]);
    assert!(!registering.is_finished(), "it was to hang until now");
    parts.idp_of(NO_ISSUER).resume();
    assert_eq!(registering.join().unwrap().status, 200);
    parts.log_in_to(&api, NO_ISSUER);
}

/// Of one cluster among many.
fn wait_for_expiry(api: &Api, cluster: &str) {
    let status = api.get("/status");
    let of_it = status.json["clusters"].as_array().unwrap().iter().find(|each| each["name"] == cluster);
    let expires_at = of_it.unwrap()["expiresAt"].as_str().unwrap();
    let expires_at = OffsetDateTime::parse(expires_at, &Rfc3339).unwrap();
    while OffsetDateTime::now_utc() <= expires_at {
        assert_eq!(api.get("/status").status, 200);
    }
}

fn connected(status: &Answer) -> Vec<&str> {
    let clusters = status.json["clusters"].as_array().unwrap().iter();
    let names = clusters.filter(|each| each["connected"] == true).map(|each: &Value| &each["name"]);
    let mut names: Vec<_> = names.map(|name| name.as_str().unwrap()).collect();
    names.sort_by_key(|name| name.trim_start_matches('c').parse::<usize>().unwrap());
    names
}
