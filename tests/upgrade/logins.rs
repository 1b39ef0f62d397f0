//! The logins that are kept through it all.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::clients::api::{Api, Session};
use crate::harness::clients::own_exchange::OwnSession;
use crate::harness::deployment::{Deployment, OnRedisWithCluster};
use crate::harness::peers::cluster::pods;
use crate::harness::peers::provider::Provider;

/// Short, so that each login is refreshed in each step, and longer than a pause after a refused refresh.
const ID_TOKEN_LIVES: u64 = 8;

const TIMEOUT: Duration = Duration::from_mins(3);

/// Felix's logins.
pub struct Kept {
    pub here: OnRedisWithCluster,
    /// One cluster's names; there is a login at each.
    pub clusters: Vec<String>,
}

impl Kept {
    /// So many clusters, and no login yet.
    pub fn start(test: &str, number: usize) -> Self {
        let clusters: Vec<String> = (0..number).map(|number| format!("cluster-{number}")).collect();
        let names: Vec<&str> = clusters.iter().map(String::as_str).collect();
        let here = Deployment::new(test).with_cluster().with_redis().with_clusters_named(&names);
        here.idp.set_id_token_lifetime(ID_TOKEN_LIVES);
        Self { here: here.with("RUST_LOG", "info"), clusters }
    }

    /// Each login begins at one replica and ends at the other.
    pub fn log_in(&self, apis: &[Arc<Api>]) {
        for (number, cluster) in self.clusters.iter().enumerate() {
            self.log_in_to(cluster, &apis[number % apis.len()], &apis[(number + 1) % apis.len()]);
        }
    }

    fn log_in_to(&self, cluster: &str, begins: &Api, ends: &Api) {
        self.end(&begins.register_at(cluster), ends);
    }

    /// A session that was begun, perhaps by another binary.
    pub fn end(&self, session: &Session, ends: &Api) {
        let answer = ends.exchange(session, &self.here.idp.redirect_of(&session.auth_url, "felix"));
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    /// Uses one login after the other until each was refreshed so often on average.
    pub fn use_until_refreshed(&self, api: &Api, each: u64) {
        let wanted = self.here.idp.refreshes() + each * self.clusters.len() as u64;
        let deadline = Instant::now() + TIMEOUT;
        while self.here.idp.refreshes() < wanted {
            assert!(Instant::now() < deadline, "the logins are not refreshed");
            for cluster in &self.clusters {
                let answer = api.get(&pods(cluster, "team-a"));
                assert_eq!(answer.status, 200, "{cluster}: {}", answer.text);
            }
        }
    }

    /// Two logins are replaced, and two are ended and begin anew: what one replica wrote is the other's to end.
    pub fn log_out_and_in(&self, apis: &[Arc<Api>]) {
        let (one, other) = (&apis[0], &apis[1]);
        for (begins, ends, cluster) in [(one, other, "cluster-0"), (other, one, "cluster-1")] {
            self.log_in_to(cluster, begins, ends);
        }
        for (ends, cluster) in [(one, "cluster-2"), (other, "cluster-3")] {
            let gone = ends.delete(&format!("/tokens?cluster={cluster}"));
            assert_eq!(gone.status, 200, "{}", gone.text);
            self.log_in_to(cluster, ends, ends);
        }
    }

    /// A login of which the client keeps the verifier, begun at each replica that knows that: the other one reads its session, too, and
    /// has the login that comes of it.
    pub fn exchange_elsewhere(&self, apis: &[Arc<Api>]) {
        for (knowing, other) in [(&apis[0], &apis[1]), (&apis[1], &apis[0])] {
            let session = other.register_at("cluster-4");
            let kept = knowing.keep_verifier(&session);
            if kept.status == 405 {
                continue;
            }
            let own = OwnSession::of(&session, &kept);
            for api in [knowing, other] {
                let told = api.session(&own.session);
                let (status, auth_url) = (&told.json["status"], &told.json["authUrl"]);
                assert_eq!((status, auth_url), (&json!("pending"), &kept.json["authUrl"]), "{}", told.text);
            }
            let brought = knowing.bring(&own.session, &own.tokens(&self.here.idp, "felix"));
            assert_eq!(
                (brought.status, &brought.json["refreshable"]),
                (200, &json!(true)),
                "{}",
                brought.text
            );
            assert_eq!(other.session(&own.session).json["status"], "complete");
        }
    }

    /// Until each was refreshed so often on average; the load asks for all alike.
    pub fn wait_for_refreshes(&self, each: u64) {
        let wanted = self.here.idp.refreshes() + each * self.clusters.len() as u64;
        let deadline = Instant::now() + TIMEOUT;
        while self.here.idp.refreshes() < wanted {
            assert!(Instant::now() < deadline, "the logins are not refreshed");
            std::thread::yield_now();
        }
    }

    /// Each replica knows each login, and lacks none of them.
    pub fn assert_all_there(&self, apis: &[Arc<Api>]) {
        for api in apis {
            let status = api.get("/status");
            let clusters = status.json["clusters"].as_array().unwrap();
            assert_eq!(clusters.len(), self.clusters.len());
            for cluster in clusters {
                let failing = cluster["reason"] == "refresh_failing";
                assert!(cluster["connected"] == true || failing, "a login is not there: {cluster}");
            }
        }
    }
}
