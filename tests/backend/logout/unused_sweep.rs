//! One identity provider that hangs at a revocation holds up only its own logins: unused logins elsewhere still end, and pending
//! revocations elsewhere are still sent.

use std::sync::Arc;
use std::time::{Duration, Instant};

use backstage_oidc_helper::backend::logins::{IssuedTo, LiveLogin, LoginKey, LoginRecord, Logins, TokenSet};
use backstage_oidc_helper::backend::oidc::identity_rule::CatalogSaid;
use backstage_oidc_helper::backend::revocation::outbox::{Outbox, Revocation, RevocationKey};
use backstage_oidc_helper::random::SystemRandom;
use backstage_oidc_helper::store::Store;
use backstage_oidc_helper::store::redis::Redis;
use backstage_oidc_helper::store::sealing::Keyring;
use serde_json::json;
use time::OffsetDateTime;

use crate::harness::peers::idp::Idp;
use crate::harness::peers::redis_server::RedisServer;
use crate::harness::programs::backend::{BackendPlan, SEALING_KEY};
use crate::harness::world::World;

/// At the provider that hangs; one after the other, or a handful at a time, takes longer than the test has patience.
const LOGINS: usize = 200;
/// Longer than one time-out, also on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A provider each: `dev` hangs, `prod` does not.
struct Parts {
    hanging: Idp,
    idp: Idp,
    redis: RedisServer,
    plan: BackendPlan,
    world: World,
}

impl Parts {
    fn start(test: &str) -> Self {
        let world = World::new(test);
        let (hanging, idp, redis) = (Idp::start(&world), Idp::start(&world), RedisServer::start(&world));
        let cluster = |(name, idp): (&str, &Idp)| {
            let issuer = &idp.issuer;
            format!(
                "[[clusters]]\ncluster_name = \"{name}\"\noidc_issuer_url = \"{issuer}\"\n\
                 oidc_client_id = \"kubernetes\"\nidentity_rule = \"any\"\n"
            )
        };
        let file = world.file("clusters.toml");
        std::fs::write(&file, [("dev", &hanging), ("prod", &idp)].map(cluster).concat()).unwrap();
        let plan = BackendPlan::new(&world, &idp.issuer).with_redis(&redis);
        let plan = plan.with("CONFIG_FILE", file.to_str().unwrap()).with("IDP_TIMEOUT", "5s");
        let hangs = json!({ "endpoint": "revocation", "delayMs": 600_000, "times": 1_000_000 });
        hanging.control("next", hangs);
        Self { hanging, idp, redis, plan, world }
    }

    /// The logins of many at `dev` and one at `prod`, the last of all.
    fn logins(&self) -> Vec<(LoginKey, LiveLogin)> {
        let login = |number: usize, cluster: &str, issuer: &str| {
            let user = format!("user:default/user-{number}").parse().unwrap();
            (LoginKey::new(&user, cluster), live(number, issuer))
        };
        let at_dev = (0..LOGINS).map(|number| login(number, "dev", &self.hanging.issuer));
        at_dev.chain([login(LOGINS, "prod", &self.idp.issuer)]).collect()
    }

    fn is_there(&self, what: &str, cluster: &str) -> bool {
        let record =
            |key: &String| key.contains(&format!("{what}:{{")) && key.contains(&format!("|{cluster}}}"));
        self.redis.keys().iter().any(record)
    }

    fn wait_until(&self, what: &str, done: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + TIMEOUT;
        while !done(self) {
            assert!(Instant::now() < deadline, "{what}");
        }
    }
}

fn live(number: usize, issuer: &str) -> LiveLogin {
    let now = OffsetDateTime::now_utc();
    LiveLogin {
        id: format!("login-{number}"),
        issued_to: IssuedTo {
            issuer: issuer.to_owned(),
            client_id: "kubernetes".to_owned(),
            subject: format!("user-{number}"),
        },
        organization: None,
        email: None,
        said: CatalogSaid::default(),
        tokens: TokenSet {
            id_token: "id".into(),
            issued_at: now,
            expires_at: now,
            access_token: Some("access".into()),
            access_token_expires_at: None,
            refresh_token: Some(format!("refresh {number}").as_str().into()),
            refresh_expires_at: None,
        },
        intent: None,
        failing: None,
    }
}

/// Does something to the test's Redis, as a backend would.
fn in_redis<T>(redis: &RedisServer, act: impl AsyncFnOnce(Arc<Redis>, Arc<Keyring>) -> T) -> T {
    let store = Arc::new(Redis::new(&redis.url, None).unwrap());
    let keyring = Arc::new(Keyring::parse(SEALING_KEY).unwrap());
    actix_rt::Runtime::new().unwrap().block_on(act(store, keyring))
}

#[test]
fn unused_logins_elsewhere_end_while_one_provider_hangs() {
    let parts = Parts::start("unused_hanging");
    in_redis(&parts.redis, async |store, keyring| {
        let ttl = Duration::from_hours(24 * 90);
        let logins = Logins {
            store: Arc::clone(&store) as _,
            keyring,
            random: Arc::new(SystemRandom),
            ttl,
            kubelogin: None,
            opened: Arc::default(),
        };
        let long_ago = OffsetDateTime::now_utc() - time::Duration::days(35);
        for (number, (key, live)) in parts.logins().into_iter().enumerate() {
            let record = LoginRecord::live(1, live);
            store.put(&key.record(), &logins.seal(&key, &record).unwrap(), ttl).await.unwrap();
            let last_use = long_ago + time::Duration::seconds(i64::try_from(number).unwrap());
            store.note("logins", &key.member(), last_use).await.unwrap();
        }
    });
    let backend = parts.plan.start();
    parts.wait_until("a login waits for those of another provider", |parts| !parts.is_there("login", "prod"));
    parts.wait_until("its tokens are not revoked", |parts| parts.idp.read("counts")["revocation"] == 1);
    parts.wait_until("each login waits for its provider", |parts| !parts.is_there("login", "dev"));
    assert!(parts.is_there("revocation", "dev"), "nothing is left to revoke them later");
    // Those that were under way when the first was not answered, here and among the retries.
    let asked = parts.hanging.read("counts")["revocation"].as_u64().unwrap();
    assert!((1..=40).contains(&asked), "{asked}");
    drop((backend, parts.world));
}

#[test]
fn what_is_to_be_revoked_elsewhere_goes_on_beside_a_provider_that_hangs() {
    let parts = Parts::start("revocations_hanging");
    in_redis(&parts.redis, async |store, keyring| {
        let outbox = Outbox { store, keyring, random: Arc::new(SystemRandom) };
        let now = OffsetDateTime::now_utc();
        for (number, (login, live)) in parts.logins().into_iter().enumerate() {
            let begun =
                now - time::Duration::hours(1) + time::Duration::seconds(i64::try_from(number).unwrap());
            let revocation = Revocation::of_login(&live).unwrap().begin(begun, Duration::ZERO);
            let key = RevocationKey::new(&login, &revocation);
            outbox.keep(&key, &revocation, now, Duration::ZERO).await.unwrap();
        }
    });
    let backend = parts.plan.start();
    parts
        .wait_until("a revocation waits for another provider", |parts| !parts.is_there("revocation", "prod"));
    assert_eq!(parts.idp.read("counts")["revocation"], 1);
    let all_put_off = |parts: &Parts| {
        let now = (OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000).to_string();
        let due = parts.redis.cli(&["ZCOUNT", "cluster-auth:revocations", "-inf", &now]);
        String::from_utf8(due).unwrap().trim() == "0"
    };
    parts.wait_until("not all are put off", all_put_off);
    let asked = parts.hanging.read("counts")["revocation"].as_u64().unwrap();
    assert!((1..=24).contains(&asked), "{asked}");
    drop((backend, parts.world));
}
