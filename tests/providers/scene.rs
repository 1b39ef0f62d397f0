//! A step's own surroundings: what the provider gives it, a cluster that trusts that, and the real backend over an empty Redis.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use backstage_oidc_helper::store::sealing::{Keyring, Kind};
use serde_json::Value;
use time::OffsetDateTime;

use super::site::{Provider, Site, Wanted};
use super::waiting::{until, until_second};
use crate::harness::clients::api::Api;
use crate::harness::clients::browser::Browser;
use crate::harness::peers::cluster::{Cluster, pods};
use crate::harness::peers::redis_server::RedisServer;
use crate::harness::programs::backend::{Backend, BackendPlan, SEALING_KEY};
use crate::harness::programs::helper_program::HelperPlan;
use crate::harness::world::World;

/// Longer than anything takes that a step waits for.
const TIMEOUT: Duration = Duration::from_mins(2);
/// Longer than the longest pause between two refreshes that fail.
const LONGEST_TROUBLE: Duration = Duration::from_mins(4);
const USER: &str = "user:default/felix";

/// What all steps of a provider have in common.
pub struct Ground {
    pub world: World,
    pub redis: RedisServer,
    pub browser: RefCell<Browser>,
    pub provider: Box<dyn Provider>,
}

/// What one step has to itself.
pub struct Scene<'a> {
    pub ground: &'a Ground,
    pub site: Box<dyn Site>,
    pub backend: Backend,
    pub api: Api,
    _cluster: Cluster,
}

impl<'a> Scene<'a> {
    /// As most steps want it.
    pub fn open(ground: &'a Ground) -> Self {
        Self::with(ground, &Wanted::default(), |plan| plan)
    }

    /// Another one, with other settings of the backend.
    pub fn with(ground: &'a Ground, wanted: &Wanted, change: impl Fn(BackendPlan) -> BackendPlan) -> Self {
        let world = &ground.world;
        ground.redis.cli(&["FLUSHALL"]);
        let site = ground.provider.open(world, wanted);
        let claim = ground.provider.manners().username_claim;
        let cluster = Cluster::start_with(world, &site.issuer(), &["--username-claim", claim]);
        let plan = BackendPlan::new(world, &site.issuer())
            .without("OIDC_ORGANIZATION_ID")
            .without("OIDC_EXTRA_PARAMS")
            .with("OIDC_USERINFO", "when_missing")
            .with_cluster(&cluster)
            .with_redis(&ground.redis);
        let plan = wanted.secret.iter().fold(plan, |plan, secret| plan.with("OIDC_CLIENT_SECRET", secret));
        let backend = change(plan).start();
        let api = backend.api(world);
        Self { ground, site, backend, api, _cluster: cluster }
    }

    /// A login at one of the clusters with the real helper, in a browser context of that name.
    pub fn log_in_to(&self, cluster: &str, context: &str) -> Asked {
        let world = &self.ground.world;
        let plan = HelperPlan::new(world, &self.backend.url).argument("--cluster").argument(cluster);
        let mut helper = plan.start();
        let mut browser = self.ground.browser.borrow_mut();
        browser.open(context, &helper.link);
        let asked = self.fill_in_unless_known(&mut browser, context, "body[data-outcome]");
        browser.wait_for_outcome(context, "success");
        helper.end().assert(0, &["Connected", USER]);
        asked
    }

    /// The same at the only cluster.
    pub fn log_in(&self) -> Asked {
        self.log_in_to("dev", "felix")
    }

    /// The provider shows its form, or knows the person already and leads on to where `arrived` is. Says whether it asked.
    pub fn fill_in_unless_known(&self, browser: &mut Browser, context: &str, arrived: &str) -> Asked {
        browser.wait_for(context, &format!("input[type=password], {arrived}"));
        if !browser.page(context).html.contains("type=\"password\"") {
            return Asked::No;
        }
        self.site.form().send(browser, context);
        browser.wait_for(context, arrived);
        Asked::Yes
    }

    /// What the backend keeps of the login, opened with its key.
    pub fn kept(&self, cluster: &str) -> Value {
        let record = self.record(cluster);
        assert!(record["state"]["Live"].is_object(), "no login is kept: {}", record["state"]);
        record["state"]["Live"].clone()
    }

    fn record(&self, cluster: &str) -> Value {
        let mut redis =
            redis::Client::open(self.ground.redis.url.as_str()).unwrap().get_connection().unwrap();
        let key = format!("cluster-auth:login:{{{USER}|{cluster}}}");
        let sealed: Vec<u8> = redis::Cmd::get(key).query(&mut redis).unwrap();
        let keyring = Keyring::parse(SEALING_KEY).unwrap();
        let json = keyring.open(Kind::Tokens, &[USER, cluster], &sealed).unwrap();
        serde_json::from_slice(&json).unwrap()
    }

    /// The refresh token that the backend has.
    pub fn refresh_token(&self, cluster: &str) -> String {
        let token = self.kept(cluster)["tokens"]["refresh_token"].as_str().unwrap().to_owned();
        self.ground.world.ledger.note("refresh_token", &token);
        token
    }

    /// The ID token that the backend has.
    pub fn id_token(&self, cluster: &str) -> String {
        let token = self.kept(cluster)["tokens"]["id_token"].as_str().unwrap().to_owned();
        self.ground.world.ledger.note("id_token", &token);
        token
    }

    /// Uses the cluster, which takes the token. On a busy machine a token may expire on its way: the cluster's 401 to that is no answer.
    pub fn read_pods(&self, cluster: &str) {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let answer = self.api.get(&pods(cluster, "team-a"));
            let expires = self.kept(cluster)["tokens"]["expires_at"].as_i64().unwrap();
            let is_late = answer.status == 401 && expires <= OffsetDateTime::now_utc().unix_timestamp();
            if !is_late || Instant::now() > deadline {
                assert_eq!(answer.status, 200, "{}", answer.text);
                return;
            }
        }
    }

    /// Waits until the ID token has expired.
    pub fn wait_for_expiry(&self, cluster: &str) {
        let expires = self.kept(cluster)["tokens"]["expires_at"].as_i64().unwrap();
        until_second(expires);
    }

    /// Uses the cluster once the ID token has expired: the answer to that comes after a refresh, and is the cluster's.
    pub fn refresh(&self, cluster: &str) {
        let before = self.id_token(cluster);
        self.wait_for_expiry(cluster);
        self.read_pods(cluster);
        assert_ne!(self.id_token(cluster), before, "it was not refreshed");
    }

    /// `/status` of one cluster.
    pub fn status(&self, cluster: &str) -> Value {
        let status = self.api.get("/status").json;
        let of_cluster = status["clusters"].as_array().unwrap().iter().find(|one| one["name"] == cluster);
        of_cluster.unwrap().clone()
    }

    /// Uses the cluster until `/status` says that the login is over, and asserts the reason.
    pub fn assert_over(&self, cluster: &str, reason: &str) {
        let (status, answer) = until(TIMEOUT, || {
            let answer = self.api.get(&pods(cluster, "team-a"));
            let status = self.status(cluster);
            let is_over = status["connected"] == false;
            if is_over { Ok((status, answer)) } else { Err(format!("not over: {status}, {}", answer.text)) }
        });
        assert_eq!(status["reason"], reason, "{status}, {}", answer.text);
    }

    /// Uses the cluster until the login has ended for that reason, after whatever trouble.
    pub fn assert_ends_as(&self, cluster: &str, reason: &str) {
        until(LONGEST_TROUBLE, || {
            self.api.get(&pods(cluster, "team-a"));
            let status = self.status(cluster);
            let has_ended = status["reason"] == reason;
            if has_ended { Ok(()) } else { Err(format!("it did not end as {reason}: {status}")) }
        });
    }

    /// Uses the cluster until that works: after trouble, refreshes come at growing distances.
    pub fn until_it_works(&self, cluster: &str) {
        until(LONGEST_TROUBLE, || {
            let answer = self.api.get(&pods(cluster, "team-a"));
            if answer.status == 200 {
                Ok(())
            } else {
                Err(format!("still {}: {}", answer.status, answer.text))
            }
        });
    }

    /// How many refreshes the provider was sent.
    pub fn refreshes_sent(&self) -> u64 {
        self.backend.metric(r#"cluster_auth_idp_seconds_count{endpoint="token"}"#)
    }

    /// How many revocations had that outcome.
    pub fn revocations(&self, outcome: &str) -> u64 {
        self.backend.metric(&format!("cluster_auth_revocations_total{{outcome=\"{outcome}\"}}"))
    }
}

/// Whether the provider showed its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Yes,
    No,
}
