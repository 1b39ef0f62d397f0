//! Records and the keys that they are sealed with: what does not open is kept, and keys can be changed while people work.

mod interrupted;
mod rotation;

use crate::harness::clients::api::{Answer, Api};
use crate::harness::deployment::{Deployment, OnRedisWithCluster};
use crate::harness::peers::cluster::pods;

/// 32 bytes each.
const KEY_A: &str = "a:YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=";
const KEY_B: &str = "b:YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI=";

/// Two clusters, `dev` and `prod`, and records sealed with the first key.
fn deploy(test: &str) -> OnRedisWithCluster {
    Deployment::new(test)
        .with_cluster()
        .with_clusters_named(&["dev", "prod"])
        .with_redis()
        .with("TOKEN_ENCRYPTION_KEYS", KEY_A)
}

impl OnRedisWithCluster {
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
fn assert_unreadable(here: &OnRedisWithCluster, api: &Api, at: (&str, &str, &str)) {
    let (user, cluster, namespace) = at;
    let key = here.key(user, cluster);
    let before = here.record(&key);
    let unreadable = |answer: &Answer| answer.assert_status_object(503, "record_unreadable");
    unreadable(&api.get(&pods(cluster, namespace)));
    let status = api.get("/status");
    let clusters = status.json["clusters"].as_array().unwrap_or_else(|| panic!("{}", status.text));
    let of_cluster = clusters.iter().find(|it| it["name"] == cluster).unwrap();
    assert_eq!((&of_cluster["connected"], &of_cluster["reason"]), (&false.into(), &"unreadable".into()));
    assert_eq!(here.record(&key), before, "a record that does not open was touched");
}

fn connected(answer: &Answer) -> bool {
    answer.json["clusters"].as_array().unwrap().iter().all(|cluster| cluster["connected"] == true)
}

#[test]
fn a_record_in_another_users_place_does_not_open() {
    let here = deploy("record_of_another");
    let (_hers, mara) = here.start_as(&here.plan.clone().with("CLUSTER_AUTH_DEV_USER", "user:default/mara"));
    let (_his, felix) = here.start();
    for cluster in ["dev", "prod"] {
        felix.log_in_to(&here.idp, cluster, "felix");
        mara.log_in_to(&here.idp, cluster, "mara");
    }
    let [of_felix, of_mara] = ["felix", "mara"].map(|user| here.key(user, "dev"));
    let her_own = here.record(&of_mara);
    here.copy(&of_felix, &of_mara);
    assert_ne!(here.record(&of_mara), her_own);
    assert_unreadable(&here, &mara, ("mara", "dev", "team-a"));
    // Her other cluster, and he, have what they had.
    assert_eq!(mara.get(&pods("prod", "team-b")).status, 200);
    assert_eq!(felix.get(&pods("dev", "team-a")).status, 200);
    assert!(connected(&felix.get("/status")));

    // Nor does it in the same user's place at another cluster.
    here.copy(&of_felix, &here.key("felix", "prod"));
    assert_unreadable(&here, &felix, ("felix", "prod", "team-a"));
    assert_eq!(felix.get(&pods("dev", "team-a")).status, 200);
}

#[test]
fn a_record_without_its_key_is_kept_until_the_key_is_back() {
    let here = deploy("record_without_key");
    let (first, api) = here.start();
    api.log_in_to(&here.idp, "dev", "felix");
    drop(first);
    for keys in
        [KEY_B.to_owned(), format!("{KEY_B},{}", KEY_A.replace("a:", "c:")), KEY_B.replace("b:", "a:")]
    {
        let (_without, api) = here.start_as(&here.plan.clone().with("TOKEN_ENCRYPTION_KEYS", &keys));
        assert_unreadable(&here, &api, ("felix", "dev", "team-a"));
    }
    let (_with, api) =
        here.start_as(&here.plan.clone().with("TOKEN_ENCRYPTION_KEYS", &format!("{KEY_B},{KEY_A}")));
    assert_eq!(api.get(&pods("dev", "team-a")).status, 200);
    assert_eq!(here.sealed_with("felix", "dev"), "a");
}
