//! `admin reseal` that is killed and run again, and beside a backend that writes: nothing is lost, and the new key seals all of it.

use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use backstage_oidc_helper::clock::SystemClock;
use backstage_oidc_helper::random::SystemRandom;
use backstage_oidc_helper::settings::backend::StoreSettings;
use backstage_oidc_helper::store::Store;
use backstage_oidc_helper::store::file::StoreFile;
use backstage_oidc_helper::store::redis::Redis;
use backstage_oidc_helper::store::sealing::{Keyring, Kind};
use futures_util::future::try_join_all;
use secrecy::ExposeSecret;
use serde_json::Value;
use time::OffsetDateTime;

use super::{KEY_A, KEY_B};
use crate::harness::clients::api::Api;
use crate::harness::clients::https::run;
use crate::harness::clients::load::Load;
use crate::harness::deployment::{Deployment, OnRedisWithCluster};
use crate::harness::peers::cluster::PODS;
use crate::harness::peers::provider::Provider;
use crate::harness::programs::backend::BackendPlan;
use crate::harness::programs::command::Ended;

const KEYS: &str = "TOKEN_ENCRYPTION_KEYS";
const FELIX: &str = "user:default/felix";

/// Logins beside Felix's: so many that sealing them takes a while.
const OTHERS: usize = 3_000;
const WRITTEN_AT_ONCE: usize = 500;
const KEPT: Duration = Duration::from_hours(24);

/// Over soon, so that Felix's login is refreshed all the while.
const ID_TOKEN_LIVES: u64 = 8;
const REFRESHES: u64 = 2;

/// Does something with the store that a plan names, beside its backend.
fn with_store<T>(plan: &BackendPlan, work: impl AsyncFnOnce(&dyn Store) -> T) -> T {
    run(async {
        match plan.settings().store {
            StoreSettings::File { path, .. } => {
                work(&StoreFile::open_beside(&path, Arc::new(SystemClock)).unwrap()).await
            }
            StoreSettings::Redis { url, .. } => work(&Redis::new(url.expose_secret(), None).unwrap()).await,
            StoreSettings::InProcess => panic!("no other process reaches it"),
        }
    })
}

fn user(number: usize) -> String {
    format!("user:default/person-{number:05}")
}

async fn record_of(store: &dyn Store, user: &str) -> Vec<u8> {
    store.get(&format!("login:{{{user}|dev}}")).await.unwrap().expect("a login is lost")
}

/// As the program has sealed Felix's, another for each.
async fn fill(store: &dyn Store) -> Vec<u8> {
    let keyring = Keyring::parse(KEY_A).unwrap();
    let text = keyring.open(Kind::Tokens, &[FELIX, "dev"], &record_of(store, FELIX).await).unwrap().to_vec();
    let keep = async |number: usize| {
        let user = user(number);
        let sealed = keyring.seal(&SystemRandom, Kind::Tokens, &[&user, "dev"], &text).unwrap();
        let member = format!("{user}|dev");
        store.put(&format!("login:{{{member}}}"), &sealed, KEPT).await?;
        store.note("logins-by-user", &member, OffsetDateTime::UNIX_EPOCH).await?;
        store.note("logins", &member, OffsetDateTime::now_utc()).await
    };
    let numbers: Vec<usize> = (0..OTHERS).collect();
    for chunk in numbers.chunks(WRITTEN_AT_ONCE) {
        try_join_all(chunk.iter().map(|number| keep(*number))).await.unwrap();
    }
    text
}

/// Asserts that each login opens and holds what it held; says how many the new key seals.
async fn look_at_all(store: &dyn Store, keys: &str, text: &[u8]) -> usize {
    let (keyring, mut anew) = (Keyring::parse(keys).unwrap(), 0);
    for number in 0..OTHERS {
        let user = user(number);
        let record = record_of(store, &user).await;
        assert_eq!(&keyring.open(Kind::Tokens, &[&user, "dev"], &record).unwrap()[..], text);
        anew += usize::from(is_sealed_anew(&record));
    }
    anew
}

fn is_sealed_anew(record: &[u8]) -> bool {
    record[2..].starts_with(b"b")
}

/// Kills it when it has come to one of the logins, and not to all.
fn kill_in_the_middle(plan: &BackendPlan) {
    let mut command = plan.command(&["admin", "reseal"]);
    let mut running = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_mins(1);
    with_store(plan, async |store| {
        while !is_sealed_anew(&record_of(store, &user(OTHERS / 4)).await) {
            assert!(Instant::now() < deadline, "it does not come so far");
        }
    });
    running.kill().unwrap();
    running.wait().unwrap();
}

fn assert_interrupted_and_run_again(here: &OnRedisWithCluster, plan: &BackendPlan) {
    here.idp.set_id_token_lifetime(ID_TOKEN_LIVES);
    let (backend, api) = here.start_as(&plan.clone().with(KEYS, KEY_A));
    api.log_in(&here.idp, "felix");
    let text = with_store(plan, fill);
    drop(backend);
    let (both, only_new) = (format!("{KEY_B},{KEY_A}"), plan.clone().with(KEYS, KEY_B));
    let plan = plan.clone().with(KEYS, &both);
    let (backend, api) = here.start_as(&plan);
    let load = Load::default();
    let before = here.idp.refreshes();
    let ended = std::thread::scope(|scope| {
        let _over = load.over_when_dropped();
        scope.spawn(|| load.keep(|| assert_serves(&api)));
        kill_in_the_middle(&plan);
        let anew = with_store(&plan, async |store| look_at_all(store, &both, &text).await);
        assert!((1..OTHERS).contains(&anew), "{anew} of {OTHERS} sealed anew when it was killed");
        let ended = Ended::of(&mut plan.command(&["admin", "reseal"]), &here.world);
        while here.idp.refreshes() < before + REFRESHES {
            load.wait_for_work();
        }
        ended
    });
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    assert_eq!(with_store(&plan, async |store| look_at_all(store, KEY_B, &text).await), OTHERS);
    drop(backend);
    let (_backend, api) = here.start_as(&only_new);
    assert_serves(&api);
    let listed = Ended::of(&mut only_new.command(&["admin", "list", "--json"]), &here.world);
    let logins: Vec<Value> = listed.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let readable = logins.iter().filter(|login| login["reason"] != "unreadable");
    assert_eq!((logins.len(), readable.count()), (OTHERS + 1, OTHERS + 1));
}

fn assert_serves(api: &Api) {
    let answer = api.get(PODS);
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[test]
fn a_reseal_that_is_killed_loses_nothing_in_redis() {
    let here = Deployment::new("reseal_killed").with_cluster().with_redis();
    assert_interrupted_and_run_again(&here, &here.plan);
}

#[test]
fn a_reseal_that_is_killed_loses_nothing_in_a_file() {
    let here = Deployment::new("reseal_killed_in_file").with_cluster().with_redis();
    let plan = here.plan.clone().without("REDIS_URL").with_store_file(&here.world);
    assert_interrupted_and_run_again(&here, &plan);
}
