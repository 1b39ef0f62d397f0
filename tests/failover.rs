//! Redis fails over, with a real Sentinel: logins outlive it, and one that does not ends by a reason that has a name.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::harness::api::{Answer, Api};
use crate::harness::backend::{Backend, BackendPlan};
use crate::harness::cluster::Cluster;
use crate::harness::idp::Idp;
use crate::harness::redis_server::RedisServer;
use crate::harness::sentinel::RedisWithSentinels;
use crate::harness::world::World;

/// The reasons that a login may end by when Redis fails over in the middle of its refresh.
const NAMED: [&str; 2] = ["refresh_lost", "refresh_refused"];

/// Longer than a failover takes, and than a lock lives that somebody dead has left.
const PATIENCE: Duration = Duration::from_mins(2);

/// No request may take longer, whatever becomes of Redis: three times `IDP_TIMEOUT`, and the store's own patience around it.
const LONGEST_ANSWER: Duration = Duration::from_secs(25);

/// One user's logins at several clusters, which are one cluster by several names.
struct Fleet {
    world: World,
    idp: Idp,
    redis: RedisWithSentinels,
    plan: BackendPlan,
    clusters: Vec<String>,
    _cluster: Cluster,
}

impl Fleet {
    fn start(test: &str, logins: usize) -> Self {
        let world = World::new(test);
        let idp = Idp::start(&world);
        let cluster = Cluster::start(&world, &idp.issuer);
        let redis = RedisWithSentinels::start(&world);
        let clusters: Vec<String> = (0..logins).map(|number| format!("cluster-{number}")).collect();
        let configuration = world.file("clusters.toml");
        let block = |name: &String| {
            format!(
                "[[clusters]]\ncluster_name = {name:?}\noidc_issuer_url = {:?}\noidc_client_id = \"kubernetes\"\n\
                 oidc_organization_id = \"org_dev\"\noidc_extra_params = \"prompt=consent\"\n\
                 kubernetes_api_url = {:?}\nkubernetes_ca_file = \"{}\"\nuser_tokens = \"read\"\n\
                 identity_rule = \"email\"\nidentity_email_domains = \"example.com\"\n",
                idp.issuer,
                cluster.url,
                cluster.ca_file.display()
            )
        };
        std::fs::write(&configuration, clusters.iter().map(block).collect::<String>()).unwrap();
        let plan = BackendPlan::new(&world, &idp.issuer)
            .with("CONFIG_FILE", configuration.to_str().unwrap())
            .with("IDP_TIMEOUT", "5s")
            .with_sentinels(&redis);
        Self { world, idp, redis, plan, clusters, _cluster: cluster }
    }

    /// The next ID tokens live that long.
    fn id_tokens_live(&self, seconds: u32) {
        self.idp.control("id-token-lifetime", json!({ "seconds": seconds }));
    }

    /// Logs in everywhere, and waits until the replicas have it.
    fn log_in(&self, api: &Api) {
        for cluster in &self.clusters {
            let session = api.session_of(&api.post("/register", &json!({ "cluster": cluster })));
            let answer = api.exchange(&session, &self.idp.log_in(&session.auth_url, "felix"));
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
        self.redis.wait_for_replicas(2);
    }

    /// How many refresh tokens the identity provider was sent.
    fn refreshes(&self) -> u64 {
        self.idp.read("counts")["token"]["refresh_token"].as_u64().unwrap_or_default()
    }

    fn wait_for_refreshes(&self, number: u64) {
        let deadline = Instant::now() + PATIENCE;
        while self.refreshes() < number {
            assert!(
                Instant::now() < deadline,
                "there are {} refreshes instead of {number}",
                self.refreshes()
            );
        }
    }

    fn apis(&self, replicas: &[Backend]) -> Vec<Api> {
        replicas.iter().map(|replica| replica.api(&self.world)).collect()
    }

    /// Asks for each login what it serves until it has said so for good.
    fn settle(&self, apis: &[Api]) -> Tally {
        let mut tally = Tally::default();
        for (number, cluster) in self.clusters.iter().enumerate() {
            tally.count(&settled(&apis[number % apis.len()], cluster));
        }
        let text = format!("{tally:?}\n");
        eprint!("{text}");
        let mut file =
            std::fs::File::options().create(true).append(true).open(self.world.file("tally.txt")).unwrap();
        std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
        tally
    }
}

/// What `/status` says, once the store answers: a master that was demoted closes its connections a while after the failover.
fn statuses(api: &Api) -> Vec<Value> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = api.get("/status");
        if answer.status == 200 {
            return answer.json["clusters"].as_array().unwrap().clone();
        }
        answer.assert_problem(503, "store_unavailable");
        assert!(Instant::now() < deadline, "the store is still away");
    }
}

/// Waits until every ID token has expired.
fn expire(api: &Api) {
    let expires_at = |cluster: &Value| {
        let at = cluster["expiresAt"].as_str().map(|text| OffsetDateTime::parse(text, &Rfc3339).unwrap());
        at.unwrap_or(OffsetDateTime::UNIX_EPOCH)
    };
    let last = statuses(api).iter().map(expires_at).max().unwrap();
    let deadline = Instant::now() + PATIENCE;
    while OffsetDateTime::now_utc() <= last {
        assert!(Instant::now() < deadline, "the ID tokens do not expire");
        statuses(api);
    }
}

/// What a login has come to.
#[derive(Debug, PartialEq)]
enum Fate {
    Serves,
    Ended(&'static str),
    /// The store does not answer, or somebody else is at it: to be asked again.
    NotNow,
}

/// Everything else than these fates is a fault, above all a login that is gone without a reason.
fn fate(answer: &Answer) -> Fate {
    let cause = answer.json["details"]["causes"][0]["reason"].as_str().unwrap_or_default();
    match (answer.status, cause) {
        (200, _) => Fate::Serves,
        (503, "store_unavailable") | (504, "timeout") => {
            answer.assert_status_object(answer.status, cause);
            Fate::NotNow
        }
        (403, "not_connected") => {
            let reason = NAMED.into_iter().find(|reason| answer.text.contains(&format!("({reason})")));
            Fate::Ended(reason.unwrap_or_else(|| panic!("a login ended without a name: {}", answer.text)))
        }
        _ => panic!("{}: {}", answer.status, answer.text),
    }
}

/// One request, and that it did not hang.
fn ask(api: &Api, cluster: &str) -> Fate {
    let asked = Instant::now();
    let answer = api.get(&format!("/clusters/{cluster}/proxy/api/v1/namespaces/team-a/pods"));
    assert!(asked.elapsed() < LONGEST_ANSWER, "{} took {:?}", answer.text, asked.elapsed());
    fate(&answer)
}

fn settled(api: &Api, cluster: &str) -> Fate {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match ask(api, cluster) {
            Fate::NotNow => assert!(Instant::now() < deadline, "{cluster} is still not served"),
            fate => return fate,
        }
    }
}

#[derive(Debug, Default, PartialEq)]
struct Tally {
    serving: usize,
    refresh_lost: usize,
    refresh_refused: usize,
}

impl Tally {
    fn count(&mut self, fate: &Fate) {
        match fate {
            Fate::Serves => self.serving += 1,
            Fate::Ended("refresh_lost") => self.refresh_lost += 1,
            Fate::Ended(_) => self.refresh_refused += 1,
            Fate::NotNow => unreachable!("it was asked until it had settled"),
        }
    }

    fn serving(serving: usize) -> Self {
        Self { serving, ..Self::default() }
    }
}

#[test]
fn a_failover_without_refreshes_costs_nothing_but_a_moment() {
    let mut fleet = Fleet::start("failover_idle", 3);
    let replicas = [fleet.plan.start(), fleet.plan.start()];
    let apis = fleet.apis(&replicas);
    fleet.log_in(&apis[0]);
    let (over, served) = (AtomicBool::new(false), std::sync::atomic::AtomicUsize::new(0));
    std::thread::scope(|scope| {
        // Somebody is at it all the time.
        for api in fleet.apis(&replicas) {
            let (over, served) = (&over, &served);
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    match ask(&api, "cluster-0") {
                        Fate::Serves => served.fetch_add(1, Ordering::Relaxed),
                        Fate::NotNow => 0,
                        Fate::Ended(reason) => panic!("an idle login ended: {reason}"),
                    };
                }
            });
        }
        fleet.redis.ask_for_failover();
        fleet.redis.wait_for_failover();
        assert_eq!(fleet.settle(&apis), Tally::serving(3));
        fleet.redis.wait_for_replicas(2);
        fleet.redis.kill_master();
        fleet.redis.wait_for_failover();
        assert_eq!(fleet.settle(&apis), Tally::serving(3));
        over.store(true, Ordering::Relaxed);
    });
    assert!(served.into_inner() > 0);
    assert!(statuses(&apis[0]).iter().all(|status| status["refreshable"] == true));
    assert_eq!(fleet.refreshes(), 0);
}

#[test]
fn while_redis_is_away_requests_are_told_so() {
    let mut fleet = Fleet::start("failover_away", 1);
    let backend = fleet.plan.start();
    let api = backend.api(&fleet.world);
    fleet.log_in(&api);
    fleet.redis.kill_master();
    // The sentinels need longer to notice than the first requests.
    let told = api.get("/clusters/cluster-0/proxy/api/v1/namespaces/team-a/pods");
    told.assert_status_object(503, "store_unavailable");
    api.get("/status").assert_problem(503, "store_unavailable");
    fleet.redis.wait_for_failover();
    assert_eq!(fleet.settle(&[api]), Tally::serving(1));
}

#[test]
fn a_refresh_that_no_replica_confirms_spends_nothing() {
    let fleet = Fleet::start("failover_unconfirmed", 1);
    let backend = fleet.plan.start();
    let api = backend.api(&fleet.world);
    fleet.id_tokens_live(1);
    fleet.log_in(&api);
    expire(&api);
    fleet.id_tokens_live(3600);
    fleet.redis.replicas().for_each(RedisServer::freeze);
    // Were the intent left behind, the second would be the last try and the third the end of the login.
    for _ in 0..3 {
        assert_eq!(ask(&api, "cluster-0"), Fate::NotNow);
    }
    assert_eq!(fleet.refreshes(), 0);
    fleet.redis.replicas().for_each(RedisServer::resume);
    assert_eq!(fleet.settle(&[api]), Tally::serving(1));
    assert_eq!(fleet.refreshes(), 1);
}

#[test]
fn a_caller_is_answered_though_the_new_tokens_cannot_be_written() {
    let mut fleet = Fleet::start("failover_nowhere", 1);
    let backend = fleet.plan.start();
    let api = backend.api(&fleet.world);
    fleet.id_tokens_live(1);
    fleet.log_in(&api);
    expire(&api);
    fleet.idp.hold_token("after");
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| ask(&api, "cluster-0"));
        fleet.idp.wait_held();
        fleet.redis.kill_all();
        fleet.idp.control("release", json!({}));
        assert_eq!(asking.join().unwrap(), Fate::NotNow);
    });
}

/// The identity provider holds a token request for each login until the master is dead, and answers before there is another.
fn kill_the_master_while_requests_are_held(test: &str, when: &str) {
    let mut fleet = Fleet::start(test, 4);
    fleet.plan = fleet.plan.clone().with("IDP_TIMEOUT", "20s");
    let replicas = [fleet.plan.start(), fleet.plan.start()];
    let apis = fleet.apis(&replicas);
    fleet.id_tokens_live(1);
    fleet.log_in(&apis[0]);
    expire(&apis[0]);
    // Long enough to be held, short enough to be waited for.
    fleet.id_tokens_live(30);
    let logins = fleet.clusters.len();
    (0..logins).for_each(|_| fleet.idp.hold_token(when));
    let asking = fleet.apis(&replicas);
    let clusters = fleet.clusters.clone();
    std::thread::scope(|scope| {
        for (number, cluster) in clusters.iter().enumerate() {
            let api = &asking[number % asking.len()];
            let path = format!("/clusters/{cluster}/proxy/api/v1/namespaces/team-a/pods");
            scope.spawn(move || api.attempt_get(&path));
        }
        fleet.wait_for_refreshes(logins as u64);
        fleet.redis.kill_master();
        // The tokens come while there is no Redis to keep them in.
        fleet.idp.control("release", json!({}));
        fleet.redis.wait_for_failover();
    });
    // Whoever holds the new tokens has written them to the new master: no token was spent twice, no login is lost.
    assert_eq!(fleet.settle(&apis), Tally::serving(logins));
    assert_eq!(fleet.refreshes(), logins as u64);
    expire(&apis[0]);
    assert_eq!(
        fleet.settle(&apis),
        Tally::serving(logins),
        "the refresh tokens that were kept are the new ones"
    );
    assert_eq!(fleet.refreshes(), 2 * logins as u64);
}

#[test]
fn tokens_that_come_when_the_master_is_dead_are_kept_by_the_next() {
    kill_the_master_while_requests_are_held("failover_before", "before");
}

#[test]
fn tokens_that_were_spent_before_the_master_died_are_kept_by_the_next() {
    kill_the_master_while_requests_are_held("failover_after", "after");
}

#[test]
fn the_new_master_knows_of_a_token_that_was_spent_when_its_spender_dies_too() {
    let mut fleet = Fleet::start("failover_both_die", 2);
    let mut holder = fleet.plan.start();
    let other = fleet.plan.start();
    let api = other.api(&fleet.world);
    fleet.id_tokens_live(1);
    fleet.log_in(&api);
    expire(&api);
    fleet.clusters.iter().for_each(|_| fleet.idp.hold_token("after"));
    let (asking, clusters) = (holder.api(&fleet.world), fleet.clusters.clone());
    std::thread::scope(|scope| {
        for cluster in &clusters {
            let (api, path) = (&asking, format!("/clusters/{cluster}/proxy/api/v1/namespaces/team-a/pods"));
            scope.spawn(move || api.attempt_get(&path));
        }
        fleet.wait_for_refreshes(clusters.len() as u64);
        fleet.redis.kill_master();
        holder.process.kill();
    });
    fleet.redis.wait_for_failover();
    fleet.idp.control("release", json!({}));
    // Without the intent it would be `refresh_refused`: somebody would have spent the token unknowing.
    let lost = Tally { refresh_lost: clusters.len(), ..Tally::default() };
    assert_eq!(fleet.settle(&[api]), lost);
}

/// Refreshes at every stage, from not begun to kept, when the master dies after so many of them have reached the identity provider.
fn kill_the_master_after(test: &str, refreshes: u64) {
    let mut fleet = Fleet::start(test, 12);
    let replicas = [fleet.plan.start(), fleet.plan.start(), fleet.plan.start()];
    let apis = fleet.apis(&replicas);
    fleet.id_tokens_live(1);
    fleet.log_in(&apis[0]);
    expire(&apis[0]);
    fleet.id_tokens_live(10);
    fleet.idp.control("next", json!({ "endpoint": "token", "times": 12, "delayMs": 100 }));
    let asking = fleet.apis(&replicas);
    let clusters = fleet.clusters.clone();
    let over = AtomicBool::new(false);
    // Four refreshes at a time, so that each is somewhere else.
    let (permit, permits) = std::sync::mpsc::channel();
    (0..4).for_each(|_| permit.send(()).unwrap());
    let permits = Mutex::new(permits);
    std::thread::scope(|scope| {
        for (number, cluster) in clusters.iter().enumerate() {
            let (api, over, permits, permit) =
                (&asking[number % asking.len()], &over, &permits, permit.clone());
            scope.spawn(move || {
                permits.lock().unwrap().recv().unwrap();
                let mut fate = ask(api, cluster);
                permit.send(()).unwrap();
                // Whoever is served asks again, until there is no Redis to ask.
                while fate == Fate::Serves && !over.load(Ordering::Relaxed) {
                    fate = ask(api, cluster);
                }
            });
        }
        fleet.wait_for_refreshes(refreshes);
        fleet.redis.kill_master();
        fleet.redis.wait_for_failover();
        over.store(true, Ordering::Relaxed);
    });
    let tally = fleet.settle(&apis);
    let ended = tally.refresh_lost + tally.refresh_refused;
    assert!(tally.serving > ended, "{tally:?}");
    // Those that serve can be refreshed, and those that ended stay ended.
    expire(&apis[0]);
    assert_eq!(fleet.settle(&apis), tally);
}

#[test]
fn a_failover_before_most_refreshes_ends_logins_only_by_name() {
    kill_the_master_after("failover_early", 1);
}

#[test]
fn a_failover_among_refreshes_ends_logins_only_by_name() {
    kill_the_master_after("failover_among", 6);
}
