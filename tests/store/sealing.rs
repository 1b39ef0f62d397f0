//! Records and the keys that they are sealed with: what does not open is kept, and keys can be changed while people work.

mod rotation;

use crate::harness::clients::api::{Answer, Api};
use crate::harness::peers::cluster::Cluster;
use crate::harness::peers::idp::Idp;
use crate::harness::peers::redis_server::RedisServer;
use crate::harness::programs::backend::{Backend, BackendPlan};
use crate::harness::world::World;

/// 32 bytes each.
const KEY_A: &str = "a:YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=";
const KEY_B: &str = "b:YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI=";

fn pods(cluster: &str, namespace: &str) -> String {
    format!("/clusters/{cluster}/proxy/api/v1/namespaces/{namespace}/pods")
}

/// Two clusters `dev` and `prod`, and what is behind them.
struct Parts {
    world: World,
    idp: Idp,
    redis: RedisServer,
    plan: BackendPlan,
    _cluster: Cluster,
}

impl Parts {
    fn start(test: &str) -> Self {
        let world = World::new(test);
        let idp = Idp::start(&world);
        let cluster = Cluster::start(&world, &idp.issuer);
        let redis = RedisServer::start(&world);
        let plan = BackendPlan::new(&world, &idp.issuer)
            .with_cluster(&cluster)
            .with_clusters_named(&world, &["dev", "prod"])
            .with_redis(&redis)
            .with("TOKEN_ENCRYPTION_KEYS", KEY_A);
        Self { world, idp, redis, plan, _cluster: cluster }
    }

    fn log_in(&self, api: &Api, user: &str, cluster: &str) {
        let answer = api.post("/register", &serde_json::json!({ "cluster": cluster }));
        let session = api.session_of(&answer);
        let answer = api.exchange(&session, &self.idp.log_in(&session.auth_url, user));
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    /// Where a login lies in Redis.
    fn key(&self, user: &str, cluster: &str) -> String {
        let ending = format!("login:{{user:default/{user}|{cluster}}}");
        self.redis.keys().into_iter().find(|key| key.ends_with(&ending)).expect("the login is in Redis")
    }

    fn record(&self, key: &str) -> Vec<u8> {
        self.redis.cli(&["--raw", "GET", key])
    }

    /// The id of the key that a login is sealed with: behind the version's byte and the length's.
    fn sealed_with(&self, user: &str, cluster: &str) -> String {
        let record = self.record(&self.key(user, cluster));
        assert_eq!(record[0], 1, "another version of the form");
        String::from_utf8(record[2..2 + usize::from(record[1])].to_vec()).unwrap()
    }

    fn copy(&self, from: &str, to: &str) {
        assert_eq!(self.redis.cli(&["--raw", "COPY", from, to, "REPLACE"]), b"1\n");
    }
}

/// The record does not open: `/status` and the proxy say so, and it lies where it lay.
fn assert_unreadable(parts: &Parts, api: &Api, at: (&str, &str, &str)) {
    let (user, cluster, namespace) = at;
    let key = parts.key(user, cluster);
    let before = parts.record(&key);
    let unreadable = |answer: &Answer| answer.assert_status_object(503, "record_unreadable");
    unreadable(&api.get(&pods(cluster, namespace)));
    let status = api.get("/status");
    let clusters = status.json["clusters"].as_array().unwrap_or_else(|| panic!("{}", status.text));
    let of_cluster = clusters.iter().find(|it| it["name"] == cluster).unwrap();
    assert_eq!((&of_cluster["connected"], &of_cluster["reason"]), (&false.into(), &"unreadable".into()));
    assert_eq!(parts.record(&key), before, "a record that does not open was touched");
}

fn connected(answer: &Answer) -> bool {
    answer.json["clusters"].as_array().unwrap().iter().all(|cluster| cluster["connected"] == true)
}

#[test]
fn a_record_in_another_users_place_does_not_open() {
    let parts = Parts::start("record_of_another");
    let felix: Backend = parts.plan.start();
    let mara: Backend = parts.plan.clone().with("CLUSTER_AUTH_DEV_USER", "user:default/mara").start();
    let [felix, mara] = [felix.api(&parts.world), mara.api(&parts.world)];
    for cluster in ["dev", "prod"] {
        parts.log_in(&felix, "felix", cluster);
        parts.log_in(&mara, "mara", cluster);
    }
    let [of_felix, of_mara] = ["felix", "mara"].map(|user| parts.key(user, "dev"));
    let her_own = parts.record(&of_mara);
    parts.copy(&of_felix, &of_mara);
    assert_ne!(parts.record(&of_mara), her_own);
    assert_unreadable(&parts, &mara, ("mara", "dev", "team-a"));
    // Her other cluster, and he, have what they had.
    assert_eq!(mara.get(&pods("prod", "team-b")).status, 200);
    assert_eq!(felix.get(&pods("dev", "team-a")).status, 200);
    assert!(connected(&felix.get("/status")));

    // Nor does it in the same user's place at another cluster.
    parts.copy(&of_felix, &parts.key("felix", "prod"));
    assert_unreadable(&parts, &felix, ("felix", "prod", "team-a"));
    assert_eq!(felix.get(&pods("dev", "team-a")).status, 200);
}

#[test]
fn a_record_whose_key_is_missing_waits_for_it() {
    let parts = Parts::start("record_without_key");
    let first = parts.plan.start();
    parts.log_in(&first.api(&parts.world), "felix", "dev");
    drop(first);
    for keys in
        [KEY_B.to_owned(), format!("{KEY_B},{}", KEY_A.replace("a:", "c:")), KEY_B.replace("b:", "a:")]
    {
        let without = parts.plan.clone().with("TOKEN_ENCRYPTION_KEYS", &keys).start();
        assert_unreadable(&parts, &without.api(&parts.world), ("felix", "dev", "team-a"));
    }
    let with = parts.plan.clone().with("TOKEN_ENCRYPTION_KEYS", &format!("{KEY_B},{KEY_A}")).start();
    assert_eq!(with.api(&parts.world).get(&pods("dev", "team-a")).status, 200);
    assert_eq!(parts.sealed_with("felix", "dev"), "a");
}
