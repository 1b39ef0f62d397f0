//! One user's logins at many clusters, kept where Sentinel watches, and what becomes of them.

use std::time::{Duration, Instant};

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::harness::clients::api::{Answer, Api};
use crate::harness::deployment::Deployment;
use crate::harness::peers::cluster::Cluster;
use crate::harness::peers::idp::Idp;
use crate::harness::peers::provider::Provider;
use crate::harness::peers::sentinel::RedisWithSentinels;
use crate::harness::programs::backend::{Backend, BackendPlan};
use crate::harness::world::World;

/// The reasons that a login may end by when Redis fails over in the middle of its refresh.
const NAMED: [&str; 2] = ["refresh_lost", "refresh_refused"];

/// Longer than a failover takes, and than the lock of a dead holder lives.
const TIMEOUT: Duration = Duration::from_mins(2);

/// No request may take longer, whatever becomes of Redis: three times `IDP_TIMEOUT`, and the store's own patience around it.
const LONGEST_ANSWER: Duration = Duration::from_secs(25);

/// One user's logins at several clusters, which are one cluster by several names.
pub struct Fleet {
    pub world: World,
    pub idp: Idp,
    pub redis: RedisWithSentinels,
    pub plan: BackendPlan,
    pub clusters: Vec<String>,
    _cluster: Cluster,
}

impl Fleet {
    pub fn start(test: &str, logins: usize) -> Self {
        let here = Deployment::new(test).with_cluster();
        let redis = RedisWithSentinels::start(&here.world);
        let clusters: Vec<String> = (0..logins).map(|number| format!("cluster-{number}")).collect();
        let names: Vec<&str> = clusters.iter().map(String::as_str).collect();
        let here = here.with_clusters_named(&names).with("IDP_TIMEOUT", "5s");
        let Deployment { world, idp, cluster, plan, .. } = here;
        let plan = plan.with_sentinels(&redis);
        Self { world, idp, redis, plan, clusters, _cluster: cluster }
    }

    /// The next ID tokens live that long.
    pub fn id_tokens_live(&self, seconds: u64) {
        self.idp.set_id_token_lifetime(seconds);
    }

    /// Logs in everywhere, and waits until the replicas have it.
    pub fn log_in(&self, api: &Api) {
        for cluster in &self.clusters {
            api.log_in_to(&self.idp, cluster, "felix");
        }
        self.redis.wait_for_replicas(2);
    }

    pub fn wait_for_refreshes(&self, number: u64) {
        let deadline = Instant::now() + TIMEOUT;
        while self.idp.refreshes() < number {
            assert!(
                Instant::now() < deadline,
                "there are {} refreshes instead of {number}",
                self.idp.refreshes()
            );
        }
    }

    pub fn apis(&self, replicas: &[Backend]) -> Vec<Api> {
        replicas.iter().map(|replica| replica.api(&self.world)).collect()
    }

    /// Asks for each login what it serves until it has said so for good.
    pub fn settle(&self, apis: &[Api]) -> Tally {
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
pub fn statuses(api: &Api) -> Vec<Value> {
    let deadline = Instant::now() + TIMEOUT;
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
pub fn expire(api: &Api) {
    let expires_at = |cluster: &Value| {
        let at = cluster["expiresAt"].as_str().map(|text| OffsetDateTime::parse(text, &Rfc3339).unwrap());
        at.unwrap_or(OffsetDateTime::UNIX_EPOCH)
    };
    let last = statuses(api).iter().map(expires_at).max().unwrap();
    let deadline = Instant::now() + TIMEOUT;
    while OffsetDateTime::now_utc() <= last {
        assert!(Instant::now() < deadline, "the ID tokens do not expire");
        statuses(api);
    }
}

/// What a login has come to.
#[derive(Debug, PartialEq)]
pub enum Fate {
    Serves,
    Ended(&'static str),
    /// The store does not answer, or another refresh is in progress: to be asked again.
    NotNow,
}

/// Everything else than these fates is a fault, above all a login that is gone without a reason.
pub fn fate(answer: &Answer) -> Fate {
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
pub fn ask(api: &Api, cluster: &str) -> Fate {
    let asked = Instant::now();
    let answer = api.get(&format!("/clusters/{cluster}/proxy/api/v1/namespaces/team-a/pods"));
    assert!(asked.elapsed() < LONGEST_ANSWER, "{} took {:?}", answer.text, asked.elapsed());
    fate(&answer)
}

pub fn settled(api: &Api, cluster: &str) -> Fate {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        match ask(api, cluster) {
            Fate::NotNow => assert!(Instant::now() < deadline, "{cluster} is still not served"),
            fate => return fate,
        }
    }
}

#[derive(Debug, Default, PartialEq)]
pub struct Tally {
    pub serving: usize,
    pub refresh_lost: usize,
    pub refresh_refused: usize,
}

impl Tally {
    pub fn count(&mut self, fate: &Fate) {
        match fate {
            Fate::Serves => self.serving += 1,
            Fate::Ended("refresh_lost") => self.refresh_lost += 1,
            Fate::Ended(_) => self.refresh_refused += 1,
            Fate::NotNow => unreachable!("it was asked until it had settled"),
        }
    }

    pub fn serving(serving: usize) -> Self {
        Self { serving, ..Self::default() }
    }
}
