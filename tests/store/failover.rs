//! Redis fails over, with a real Sentinel: logins survive it, and one that does not ends with a reason.

mod fleet;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::json;

use crate::harness::peers::redis_server::RedisServer;

use self::fleet::{Fate, Fleet, Tally, ask, expire, statuses};

#[test]
fn a_failover_without_refreshes_interrupts_requests_for_a_moment_only() {
    let mut fleet = Fleet::start("failover_idle", 3);
    let replicas = [fleet.plan.start(), fleet.plan.start()];
    let apis = fleet.apis(&replicas);
    fleet.log_in(&apis[0]);
    let (over, served) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        // Users ask all the time.
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
    assert_eq!(fleet.idp.refreshes(), 0);
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
    assert_eq!(fleet.idp.refreshes(), 0);
    fleet.redis.replicas().for_each(RedisServer::resume);
    assert_eq!(fleet.settle(&[api]), Tally::serving(1));
    assert_eq!(fleet.idp.refreshes(), 1);
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
        fleet.idp.release();
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
        fleet.idp.release();
        fleet.redis.wait_for_failover();
    });
    // Each replica has written its new tokens to the new master: no token was spent twice, no login is lost.
    assert_eq!(fleet.settle(&apis), Tally::serving(logins));
    assert_eq!(fleet.idp.refreshes(), logins as u64);
    expire(&apis[0]);
    assert_eq!(
        fleet.settle(&apis),
        Tally::serving(logins),
        "the refresh tokens that were kept are the new ones"
    );
    assert_eq!(fleet.idp.refreshes(), 2 * logins as u64);
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
    fleet.idp.release();
    // Without the intent it would be `refresh_refused`: the next refresh would have sent a spent token unknowing.
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
                // A request that succeeds is made again, until there is no Redis to ask.
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
