//! Two users at once on one replica: each of thousands of requests carries its own user's token, while both logins are refreshed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::harness::clients::api::{Answer, Api};
use crate::harness::deployment::Deployment;
use crate::harness::peers::backstage::Backstage;
use crate::harness::peers::cluster::Cluster;
use crate::harness::peers::idp::Idp;
use crate::harness::peers::provider::Provider;

const USERS: [&str; 2] = ["felix", "mara"];

/// At least so many requests, both users' together.
const REQUESTS: usize = 4_000;
/// How many are under way at once.
const AT_ONCE: usize = 8;
/// At least so many refreshes meanwhile, both users' together.
const REFRESHES: u64 = 4;
/// Longer than it takes, even on a busy machine.
const TIMEOUT: Duration = Duration::from_mins(3);

/// The email in the ID token that the cluster was shown. It has verified it, and answers with the headers that arrived. `None`
/// where the token expired on its way to the cluster, as it may on a busy machine.
fn shown_to_the_cluster(answer: &Answer) -> Option<Value> {
    if answer.status == 401 && answer.json["details"].is_null() {
        return None;
    }
    assert_eq!(answer.status, 200, "{}", answer.text);
    let header = answer.json["headers"]["authorization"].as_str().unwrap();
    let claims = URL_SAFE_NO_PAD.decode(header.split('.').nth(1).unwrap()).unwrap();
    Some(serde_json::from_slice::<Value>(&claims).unwrap()["email"].clone())
}

/// Half of the threads ask for one user and half for the other, until there were enough requests and refreshes: so those of one
/// user go on while those of the other wait for a refresh.
fn interleaved(apis: &[Api; 2], idp: &Idp) {
    let enough = AtomicBool::new(false);
    let (answered, answers) = channel();
    let ask = |user: usize, answered: Sender<usize>| {
        while !enough.load(Ordering::Relaxed) {
            let answer = apis[user].get("/clusters/dev/proxy/echo/token");
            let Some(email) = shown_to_the_cluster(&answer) else { continue };
            assert_eq!(email, format!("{}@example.com", USERS[user]));
            let _ = answered.send(user);
        }
    };
    std::thread::scope(|scope| {
        for thread in 0..AT_ONCE {
            let (ask, answered) = (&ask, answered.clone());
            scope.spawn(move || ask(thread % USERS.len(), answered));
        }
        drop(answered);
        let deadline = Instant::now() + TIMEOUT;
        let watched: Vec<usize> = answers.iter().take(REQUESTS).collect();
        while idp.refreshes() < REFRESHES && Instant::now() < deadline && answers.recv().is_ok() {}
        enough.store(true, Ordering::Relaxed);
        assert_eq!(watched.len(), REQUESTS);
        let felix = watched.iter().filter(|user| **user == 0).count();
        assert!((REQUESTS / 4..=REQUESTS * 3 / 4).contains(&felix), "{felix} of {REQUESTS} were felix'");
    });
    assert!(idp.refreshes() >= REFRESHES, "only {} refreshes", idp.refreshes());
}

fn deploy(test: &str) -> (Deployment<Idp, (), Cluster>, Backstage) {
    let (here, backstage) = Deployment::beside_backstage(test, &[]);
    // A trace of thousands of requests would only take its time.
    (here.with_cluster().with("RUST_LOG", "info"), backstage)
}

fn never_see_each_other<R>(here: &Deployment<Idp, R, Cluster>, backstage: &Backstage) {
    let (_backend, api) = here.start();
    let (world, idp) = (&here.world, &here.idp);
    let apis = USERS.map(|login| api.with_bearer(&backstage.sign_in(world, login).user_token));
    idp.set_id_token_lifetime(5);
    for (api, login) in apis.iter().zip(USERS) {
        api.log_in(idp, login);
    }
    // A refresh begins a second before the ID token expires and takes three: requests of both users wait, each for their own.
    idp.control("next", json!({ "endpoint": "token", "delayMs": 3000, "times": 1000 }));
    interleaved(&apis, idp);
}

#[test]
fn two_users_at_once_never_see_each_others_token_in_process() {
    let (here, backstage) = deploy("two_users_in_process");
    never_see_each_other(&here, &backstage);
}

#[test]
fn two_users_at_once_never_see_each_others_token_in_redis() {
    let (here, backstage) = deploy("two_users_in_redis");
    never_see_each_other(&here.with_redis(), &backstage);
}
