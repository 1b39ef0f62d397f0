//! Four people beside a fault: one logs in, one is refreshed, one watches, one logs out; each at a cluster of their own.

use std::io::{BufRead, BufReader, Read};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::clients::api::{Answer, Api, Session, agent};
use crate::harness::network::faulty_front::{Fault, FaultyFront};
use crate::harness::peers::cluster::Cluster;
use crate::harness::peers::idp::Idp;
use crate::harness::peers::redis_server::RedisServer;
use crate::harness::programs::backend::{Backend, BackendPlan};
use crate::harness::world::World;

/// Within which time each person has an answer, whatever the fault is.
const ANSWERED_WITHIN: Duration = Duration::from_secs(15);

/// Within which time all is well again once a fault is over: longer than any pause before another try.
const WELL_AGAIN_WITHIN: Duration = Duration::from_mins(2);

/// What each person may be told while a fault lasts; empty where the fault is not in their way.
pub struct Told {
    pub login: &'static [&'static str],
    pub refresh: &'static [&'static str],
    pub watch: &'static [&'static str],
    pub logout: &'static [&'static str],
}

impl Told {
    /// The fault is in nobody's way.
    pub const NOTHING: Self = Self { login: &[], refresh: &[], watch: &[], logout: &[] };
}

/// The parts, and what the people have begun before the fault.
pub struct People {
    world: World,
    pub front: FaultyFront,
    pub idp: Idp,
    pub redis: RedisServer,
    cluster: Cluster,
    backend: Backend,
    api: Api,
    session: Session,
    redirect: String,
}

/// A stream through the proxy.
pub type Watch = BufReader<Box<dyn Read>>;

impl People {
    /// Everything runs: a person has logged in at the identity provider and comes back now; an ID token has expired; two more
    /// are connected.
    pub fn new(test: &str) -> Self {
        let world = World::new(test);
        // A token whose answer was lost counts once more, as at providers that people use: what is lost then is our fault.
        let front = FaultyFront::new();
        let idp = Idp::start_with(&world, &["--overlap", "600", "--issuer", &format!("{}/", front.url)]);
        front.serve(idp.port);
        let cluster = Cluster::start(&world, &idp.issuer);
        let redis = RedisServer::start(&world);
        let names = ["login", "refresh", "watch", "logout"];
        let plan = BackendPlan::new(&world, &idp.issuer).with_cluster(&cluster).with_redis(&redis);
        let backend = plan.with_clusters_named(&world, &names).start();
        let api = backend.api(&world);
        idp.control("id-token-lifetime", json!({ "seconds": 2 }));
        log_in(&api, &idp, "refresh");
        idp.control("id-token-lifetime", json!({ "seconds": 3600 }));
        log_in(&api, &idp, "watch");
        log_in(&api, &idp, "logout");
        // The cluster knows the provider's keys from now on, whatever becomes of the provider.
        assert_eq!(api.get(&pods("watch")).status, 200);
        let session = begin(&api, "login");
        let redirect = idp.log_in(&session.auth_url, "felix");
        let people = Self { world, front, idp, redis, cluster, backend, api, session, redirect };
        people.wait_for_expiry();
        people
    }

    /// From now on the provider's endpoint has that fault.
    pub fn fault(&self, endpoint: &str, fault: Fault) {
        let endpoint = self.idp.discovery()[endpoint].as_str().unwrap().to_owned();
        self.front.fault(url::Url::parse(&endpoint).unwrap().path(), fault);
    }

    fn wait_for_expiry(&self) {
        let expires_at = self.status_of("refresh")["expiresAt"].as_str().unwrap().to_owned();
        let format = &time::format_description::well_known::Rfc3339;
        let expires_at = time::OffsetDateTime::parse(&expires_at, format).unwrap();
        while time::OffsetDateTime::now_utc() <= expires_at {
            self.status_of("refresh");
        }
    }

    fn status_of(&self, cluster: &str) -> Value {
        let status = self.api.get("/status");
        let clusters = status.json["clusters"].as_array().expect("no status");
        clusters.iter().find(|entry| entry["name"] == cluster).unwrap().clone()
    }

    /// A watch of the pods, by whose first event it is known to be open.
    pub fn open_watch(&self) -> Watch {
        let url = format!("{}/api/cluster-auth{}?watch=true", self.backend.url, pods("watch"));
        let answer = agent().get(&url).call().unwrap();
        assert_eq!(answer.status(), 200);
        let body: Box<dyn Read> = Box::new(answer.into_body().into_reader());
        let mut watch = BufReader::new(body);
        assert!(next_event(&mut watch).contains("ADDED"));
        watch
    }

    /// All four ask at once while the fault lasts.
    pub fn live_through(&self, told: &Told) {
        std::thread::scope(|scope| {
            let login =
                scope.spawn(|| self.in_time("login", || self.api.exchange(&self.session, &self.redirect)));
            let refresh = scope.spawn(|| self.in_time("refresh", || self.api.get(&pods("refresh"))));
            let watch = scope.spawn(|| self.in_time("watch", || self.api.get(&pods("watch"))));
            let logout = scope.spawn(|| self.in_time("logout", || self.api.delete("/tokens?cluster=logout")));
            assert_told("login", &login.join().unwrap(), told.login);
            assert_told("refresh", &refresh.join().unwrap(), told.refresh);
            assert_told("watch", &watch.join().unwrap(), told.watch);
            assert_told("logout", &logout.join().unwrap(), told.logout);
        });
    }

    fn in_time(&self, who: &str, ask: impl Fn() -> Answer) -> Answer {
        let asked_at = Instant::now();
        let answer = ask();
        let took = asked_at.elapsed();
        assert!(took < ANSWERED_WITHIN, "{}: {who} waited for {took:?}", self.backend.url);
        answer
    }

    /// The fault is over: all of them get what they want, and no login but the one that was ended is gone.
    pub fn recover(&self) {
        self.front.heal();
        self.idp.control("reset", json!({}));
        self.until("the login", || {
            let session = begin(&self.api, "login");
            self.api.exchange(&session, &self.idp.log_in(&session.auth_url, "felix"))
        });
        self.until("the refresh", || self.api.get(&pods("refresh")));
        self.until("the logout", || self.api.delete("/tokens?cluster=logout"));
        let mut watch = self.open_watch();
        next_event(&mut watch);
        self.cluster.touch();
        assert!(next_event(&mut watch).contains("MODIFIED"), "the watch tells of no change");
        for (cluster, connected) in [("login", true), ("refresh", true), ("watch", true), ("logout", false)] {
            let status = self.status_of(cluster);
            assert_eq!((&status["connected"], status.get("reason")), (&json!(connected), None), "{status}");
        }
        let ready = agent().get(format!("{}/readyz", self.backend.control_url)).call().unwrap();
        assert_eq!(ready.status(), 200, "{}", self.world.folder.display());
    }

    fn until(&self, what: &str, ask: impl Fn() -> Answer) {
        let deadline = Instant::now() + WELL_AGAIN_WITHIN;
        loop {
            let answer = self.in_time(what, &ask);
            if answer.status == 200 {
                return;
            }
            assert!(Instant::now() < deadline, "{what} is still {}: {}", answer.status, answer.text);
        }
    }
}

/// Either it worked, or the answer names the fault.
fn assert_told(who: &str, answer: &Answer, told: &[&str]) {
    let kubernetes = answer.json["details"]["causes"][0]["reason"].as_str();
    let code = kubernetes.unwrap_or_else(|| answer.code());
    if told.is_empty() {
        assert_eq!(answer.status, 200, "{who}: {}", answer.text);
    } else {
        assert!(told.contains(&code), "{who}: {} {}", answer.status, answer.text);
    }
}

fn pods(cluster: &str) -> String {
    format!("/clusters/{cluster}/proxy/api/v1/namespaces/team-a/pods")
}

fn begin(api: &Api, cluster: &str) -> Session {
    let answer = api.post("/register", &json!({ "cluster": cluster }));
    assert_eq!(answer.status, 200, "{}", answer.text);
    api.session_of(&answer)
}

fn log_in(api: &Api, idp: &Idp, cluster: &str) {
    let session = begin(api, cluster);
    let answer = api.exchange(&session, &idp.log_in(&session.auth_url, "felix"));
    assert_eq!(answer.status, 200, "{}", answer.text);
}

fn next_event(watch: &mut Watch) -> String {
    let mut line = String::new();
    watch.read_line(&mut line).unwrap();
    line
}
