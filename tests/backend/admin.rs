//! What an operator does: makes a key, lists logins, ends those of a user; and the logins that end because they are not used.

mod reseal;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::harness::clients::api::{Answer, Api};
use crate::harness::deployment::{Deployment, OnRedisWithCluster};
use crate::harness::peers::cluster::pods;
use crate::harness::programs::backend::{Backend, BackendPlan};
use crate::harness::programs::command::Ended;

/// Two users with a login, each at a replica of their own.
struct Parts {
    here: OnRedisWithCluster,
    felix: Person,
    mara: Person,
}

struct Person {
    api: Api,
    pods: String,
    refresh_token: String,
    replica: Backend,
}

impl Person {
    /// Uses the login.
    fn asks(&self) -> Answer {
        self.api.get(&self.pods)
    }
}

impl Parts {
    fn start(test: &str) -> Self {
        Self::start_with(test, |here| here)
    }

    fn start_with(test: &str, adjust: impl FnOnce(OnRedisWithCluster) -> OnRedisWithCluster) -> Self {
        let here = adjust(Deployment::new(test).with_cluster().with_redis());
        let person = |name: &str, team: &str| {
            let plan = here.plan.clone().with("CLUSTER_AUTH_DEV_USER", &user(name));
            let (replica, api) = here.start_as(&plan);
            api.log_in(&here.idp, name);
            let refresh_token = here.world.ledger.values_of("refresh_token").pop().unwrap();
            let person = Person { api, pods: pods("dev", team), refresh_token, replica };
            assert_eq!(person.asks().status, 200);
            person
        };
        let (felix, mara) = (person("felix", "team-a"), person("mara", "team-b"));
        Self { here, felix, mara }
    }

    fn admin(&self, arguments: &[&str]) -> Ended {
        Ended::of(&mut self.here.plan.command(&[&["admin"], arguments].concat()), &self.here.world)
    }

    /// The users and clusters that `admin list --json` tells of.
    fn listed(&self, more: &[&str]) -> Vec<Value> {
        let ended = self.admin(&[&["list", "--json"], more].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        ended.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn user(name: &str) -> String {
    format!("user:default/{name}")
}

fn assert_ends_with(ended: &Ended, code: i32, words: &[&str]) {
    let said = format!("{}{}", ended.out, ended.err);
    assert_eq!(ended.code, Some(code), "{said}");
    assert!(words.iter().all(|word| said.contains(word)), "{words:?} not all in: {said}");
}

#[test]
fn an_operator_lists_logins_and_ends_those_of_one_user() {
    let parts = Parts::start("offboarding_revoke");
    let [felix, mara] = &parts.listed(&[])[..] else { panic!("two logins are kept") };
    for (login, name) in [(felix, "felix"), (mara, "mara")] {
        assert_eq!(login["user"], user(name));
        assert_eq!(login["cluster"], "dev");
        assert_eq!(login["connected"], true);
        assert_eq!(login["subject"], format!("auth0|{name}"));
        assert!(login["expiresAt"].is_string() && login["lastUsed"].is_string(), "{login}");
        assert_eq!(login.as_object().unwrap().len(), 6, "{login}");
    }
    assert_eq!(parts.listed(&["--user", &user("mara")]), std::slice::from_ref(mara));
    let table = parts.admin(&["list"]);
    assert_ends_with(&table, 0, &["USER", "LAST USED", "user:default/felix", "auth0|mara"]);

    let revoked = parts.admin(&["revoke", "--user", &user("felix")]);
    assert_ends_with(&revoked, 0, &["user:default/felix at dev: revoked and forgotten."]);
    assert!(revoked.err.contains(r#""outcome":"revoked_by_admin""#), "no audit line: {}", revoked.err);
    parts.felix.asks().assert_status_object(403, "not_connected");
    assert_eq!(parts.here.idp.spend(&parts.felix.refresh_token), 403);
    assert_eq!(parts.mara.asks().status, 200);
    assert_eq!(parts.listed(&[]), std::slice::from_ref(mara));
    for index in ["cluster-auth:logins", "cluster-auth:logins-by-user"] {
        let members = parts.here.redis.cli(&["ZRANGE", index, "0", "-1"]);
        assert_eq!(String::from_utf8_lossy(&members).trim(), "user:default/mara|dev");
    }

    let again = parts.admin(&["revoke", "--user", &user("felix"), "--cluster", "dev"]);
    assert_ends_with(&again, 0, &["user:default/felix has no login here: there is nothing to revoke."]);
    assert_eq!(parts.here.idp.spend(&parts.mara.refresh_token), 200, "another user's login was revoked");
}

#[test]
fn a_revocation_that_is_not_confirmed_is_said_to_be_and_a_running_backend_goes_on() {
    // A revocation is tried again after twice this time-out.
    let parts = Parts::start_with("offboarding_pending", |here| here.with("IDP_TIMEOUT", "3s"));
    let Parts { here, felix, mara } = parts;
    // One backend is left: its log tells.
    drop(mara.replica);
    here.idp.control("next", json!({ "endpoint": "revocation", "status": 503, "times": 1 }));
    let command = &mut here.plan.command(&["admin", "revoke", "--user", &user("felix"), "--cluster", "dev"]);
    let pending = ["at dev: forgotten; the identity provider has not confirmed the revocation"];
    assert_ends_with(&Ended::of(command, &here.world), 0, &pending);
    felix.asks().assert_status_object(403, "not_connected");
    felix.replica.process.wait_for_line(r#""outcome":"revoked""#);
    assert_eq!(here.idp.spend(&felix.refresh_token), 403);
    assert_eq!(here.idp.spend(&mara.refresh_token), 200);
}

#[test]
fn a_login_that_was_not_used_for_long_ends_when_a_backend_starts() {
    let parts = Parts::start("offboarding_unused");
    let ago = |days| OffsetDateTime::now_utc() - time::Duration::days(days);
    for (name, last_used) in [("felix", ago(31)), ("mara", ago(29))] {
        let score = (last_used.unix_timestamp_nanos() / 1_000_000).to_string();
        let member = format!("{}|dev", user(name));
        let noted = parts.here.redis.cli(&["ZADD", "cluster-auth:logins", "XX", "CH", &score, &member]);
        assert_eq!(String::from_utf8_lossy(&noted).trim(), "1", "the login of {name} was not noted");
    }
    let sweeps = parts.here.plan.clone().with("CLUSTER_AUTH_DEV_USER", &user("mara")).start();
    let line = sweeps.process.wait_for_line(r#""outcome":"unused""#);
    assert!(line.contains(r#""target":"audit""#) && line.contains("user:default/felix"), "{line}");
    parts.felix.asks().assert_status_object(403, "not_connected");
    assert_eq!(parts.here.idp.spend(&parts.felix.refresh_token), 403);
    // This process has not noted a use yet: the first counts.
    assert_eq!(sweeps.api(&parts.here.world).get(&parts.mara.pods).status, 200);
    let [mara] = &parts.listed(&[])[..] else { panic!("one login is left") };
    assert_eq!(mara["user"], user("mara"));
    let last_used = OffsetDateTime::parse(mara["lastUsed"].as_str().unwrap(), &Rfc3339).unwrap();
    assert!(last_used > ago(1), "{mara}");
}

#[test]
fn logins_that_an_older_version_kept_are_found_wherever_they_are() {
    let parts = Parts::start("offboarding_older");
    // As it kept them: noted by moment only, one of them at a cluster that is not configured any more.
    parts.here.redis.cli(&["DEL", "cluster-auth:logins-by-user", "cluster-auth:logins-by-user-copied-until"]);
    let [here, elsewhere] = ["dev", "elsewhere"].map(|cluster| format!("{}|{cluster}", user("felix")));
    let score = parts.here.redis.cli(&["ZSCORE", "cluster-auth:logins", &here]);
    let score = String::from_utf8(score).unwrap();
    parts.here.redis.cli(&["ZADD", "cluster-auth:logins", score.trim(), &elsewhere]);
    let records = [&here, &elsewhere].map(|login| format!("cluster-auth:login:{{{login}}}"));
    parts.here.redis.cli(&["COPY", &records[0], &records[1]]);
    let reasons = |login: &Value| (login["cluster"].clone(), login["reason"].clone());
    let of_felix: Vec<_> = parts.listed(&["--user", &user("felix")]).iter().map(reasons).collect();
    // What was copied does not open in another place.
    assert_eq!(of_felix, [(json!("dev"), Value::Null), (json!("elsewhere"), json!("unreadable"))]);
    assert_eq!(parts.listed(&[]).len(), 3);
    parts.here.redis.cli(&["DEL", "cluster-auth:logins-by-user", "cluster-auth:logins-by-user-copied-until"]);
    let revoked = parts.admin(&["revoke", "--user", &user("felix")]);
    assert_ends_with(&revoked, 1, &["at dev: revoked and forgotten.", "at elsewhere: not ended."]);
    assert_eq!(parts.listed(&[]).len(), 2);
}

#[test]
fn unused_logins_are_ended_beside_each_other() {
    let parts = Parts::start("offboarding_at_once");
    let plan = parts.here.plan.clone().with("IDP_TIMEOUT", "2m").with("EXCHANGE_LEASE", "3m");
    for name in ["felix", "mara"] {
        let member = format!("{}|dev", user(name));
        parts.here.redis.cli(&["ZADD", "cluster-auth:logins", "XX", "1000", &member]);
    }
    let before = parts.here.idp.revocations();
    // Longer than this test has patience for one after the other.
    parts.here.idp.control("next", json!({ "endpoint": "revocation", "delayMs": 100_000, "times": 2 }));
    let _sweeps = plan.start();
    let deadline = Instant::now() + Duration::from_secs(50);
    while parts.here.idp.revocations() < before + 2 {
        assert!(Instant::now() < deadline, "one login's end waits for another's");
    }
}

#[test]
fn what_keeps_an_operator_from_it_is_said() {
    let parts = Parts::start("offboarding_failures");
    let in_process = parts.here.plan.clone().without("REDIS_URL").without("TOKEN_ENCRYPTION_KEYS");
    let ended = Ended::of(&mut in_process.command(&["admin", "list"]), &parts.here.world);
    assert_ends_with(&ended, 2, &["There is nothing to administer from another process: set REDIS_URL"]);
    assert_ends_with(&parts.admin(&["revoke", "--user", "felix"]), 2, &["--user"]);
    assert_ends_with(&parts.admin(&["revoke"]), 2, &["--user"]);

    let elsewhere = parts.here.plan.clone().with("CLUSTER_NAME", "elsewhere");
    let command = &mut elsewhere.command(&["admin", "revoke", "--user", &user("felix")]);
    let not_all = Ended::of(command, &parts.here.world);
    assert_ends_with(
        &not_all,
        1,
        &["at dev: not ended.", "not configured", "1 of the logins could not be ended"],
    );
    assert_eq!(parts.felix.asks().status, 200);

    let other_key = format!("other:{}", "A".repeat(43));
    let locked_out = parts.here.plan.clone().with("TOKEN_ENCRYPTION_KEYS", &other_key);
    let unreadable = Ended::of(&mut locked_out.command(&["admin", "list", "--json"]), &parts.here.world);
    assert_ends_with(&unreadable, 0, &[r#""reason":"unreadable""#]);
    let kept =
        Ended::of(&mut locked_out.command(&["admin", "revoke", "--user", &user("felix")]), &parts.here.world);
    assert_ends_with(&kept, 1, &["at dev: not ended.", "Nothing was deleted."]);
    assert_eq!(parts.felix.asks().status, 200);

    let Deployment { mut redis, plan, world, .. } = parts.here;
    redis.kill();
    for arguments in [&["admin", "list"][..], &["admin", "revoke", "--user", "user:default/felix"]] {
        assert_ends_with(&Ended::of(&mut plan.command(arguments), &world), 1, &["check Redis and REDIS_URL"]);
    }
}

#[test]
fn a_generated_key_is_all_that_is_printed_and_seals_what_a_backend_stores() {
    let here = Deployment::new("offboarding_key").with_redis();
    let generate = |plan: &BackendPlan| {
        let ended = Ended::of(&mut plan.command(&["config", "generate-key"]), &here.world);
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
        let key = ended.out.strip_suffix('\n').unwrap().to_owned();
        here.world.ledger.note("sealing_key", key.split_once(':').unwrap().1);
        key
    };
    let first = generate(&here.plan.clone().without("TOKEN_ENCRYPTION_KEYS"));
    let second = generate(&here.plan.clone().with("TOKEN_ENCRYPTION_KEYS", &first));
    assert_ne!(first.split(':').next(), second.split(':').next(), "two keys have one id");
    let (_backend, api) = here.start_as(&here.plan.clone().with("TOKEN_ENCRYPTION_KEYS", &first));
    api.log_in(&here.idp, "felix");
    let (_both, api) =
        here.start_as(&here.plan.clone().with("TOKEN_ENCRYPTION_KEYS", &format!("{second},{first}")));
    assert_eq!(api.cluster_status()["connected"], true);
}
