//! Four people beside a fault: one logs in, one is refreshed, one watches, one logs out; each at a cluster of their own.

use std::io::{BufRead, BufReader, Read};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::clients::api::{Answer, Api, Session, agent};
use crate::harness::deployment::{Deployment, OnRedisWithCluster};
use crate::harness::network::faulty_front::{Fault, FaultyFront};
use crate::harness::peers::cluster;
use crate::harness::peers::idp::Idp;
use crate::harness::peers::provider::Provider;
use crate::harness::programs::backend::Backend;
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
    /// The fault is in no user's way.
    pub const NOTHING: Self = Self { login: &[], refresh: &[], watch: &[], logout: &[] };
}

/// The parts, and what the people have begun before the fault.
pub struct People {
    pub here: OnRedisWithCluster,
    pub front: FaultyFront,
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
        // After a lost answer a refresh token counts once more, as at providers that people use: what is lost then is our fault.
        let front = FaultyFront::new();
        let idp = Idp::start_with(&world, &["--overlap", "600", "--issuer", &format!("{}/", front.url)]);
        front.serve(idp.port);
        let here = Deployment::of(world, idp).with_cluster().with_redis();
        let here = here.with_clusters_named(&["login", "refresh", "watch", "logout"]);
        let (backend, api) = here.start();
        here.idp.set_id_token_lifetime(2);
        api.log_in_to(&here.idp, "refresh", "felix");
        here.idp.set_id_token_lifetime(3600);
        api.log_in_to(&here.idp, "watch", "felix");
        api.log_in_to(&here.idp, "logout", "felix");
        // The cluster knows the provider's keys from now on, whatever becomes of the provider.
        assert_eq!(api.get(&pods("watch")).status, 200);
        let session = api.register_at("login");
        let redirect = here.idp.log_in(&session.auth_url, "felix");
        let people = Self { here, front, backend, api, session, redirect };
        people.wait_for_expiry();
        people
    }

    /// From now on the provider's endpoint has that fault.
    pub fn fault(&self, endpoint: &str, fault: Fault) {
        self.front.fault(&self.here.idp.path_of(endpoint), fault);
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

    /// A watch of the pods; its first event shows that it is open.
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
        self.here.idp.control("reset", json!({}));
        self.until("the login", || {
            let session = self.api.register_at("login");
            self.api.exchange(&session, &self.here.idp.log_in(&session.auth_url, "felix"))
        });
        self.until("the refresh", || self.api.get(&pods("refresh")));
        self.until("the logout", || self.api.delete("/tokens?cluster=logout"));
        let mut watch = self.open_watch();
        next_event(&mut watch);
        self.here.cluster.touch();
        assert!(next_event(&mut watch).contains("MODIFIED"), "the watch tells of no change");
        for (cluster, connected) in [("login", true), ("refresh", true), ("watch", true), ("logout", false)] {
            let status = self.status_of(cluster);
            assert_eq!((&status["connected"], status.get("reason")), (&json!(connected), None), "{status}");
        }
        let ready = agent().get(format!("{}/readyz", self.backend.control_url)).call().unwrap();
        assert_eq!(ready.status(), 200, "{}", self.here.world.folder.display());
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

/// Where Felix reads pods.
fn pods(cluster: &str) -> String {
    cluster::pods(cluster, "team-a")
}

fn next_event(watch: &mut Watch) -> String {
    let mut line = String::new();
    watch.read_line(&mut line).unwrap();
    line
}
