//! The process is killed again and again in the middle of logins and refreshes: of what it had acknowledged nothing is gone.

use std::collections::BTreeSet;
use std::sync::mpsc::{Sender, channel};

use serde_json::json;

use crate::harness::clients::api::{Api, redirect_body};
use crate::harness::deployment::Deployment;
use crate::harness::peers::provider::Provider;
use crate::harness::programs::backend::BackendPlan;

const KILLS: usize = 100;
const LOGINS_BETWEEN: usize = 20;
const CLUSTERS: usize = 200;
const USERS: usize = KILLS * LOGINS_BETWEEN / CLUSTERS;

/// Over by a user's next turn, so that each use then is a refresh.
const ID_TOKEN_LIVES: u64 = 5;

fn cluster(number: usize) -> String {
    format!("cluster-{number}")
}

/// What one user was told.
#[derive(Default)]
struct User {
    /// The clusters that a login was acknowledged for.
    logged_in: BTreeSet<String>,
    /// How many were begun.
    begun: usize,
}

impl User {
    /// Looks whether each login is there that has not turned out to be lost; says how many turn out to be now.
    fn look(&mut self, api: &Api) -> usize {
        let status = api.get("/status");
        let entry = |name: &String| {
            let clusters = status.json["clusters"].as_array().unwrap();
            clusters.iter().find(|it| it["name"] == name.as_str()).unwrap().clone()
        };
        let gone = |name: &&String| entry(name)["connected"] != true;
        let lost: Vec<String> = self.logged_in.iter().filter(gone).cloned().collect();
        assert!(lost.iter().all(|name| entry(name)["reason"] == "refresh_lost"), "{}", status.text);
        self.forget(&lost)
    }

    fn forget(&mut self, lost: &[String]) -> usize {
        lost.iter().filter(|name| self.logged_in.remove(*name)).count()
    }
}

/// Logs in to one cluster after the other until there is no answer; each login that was acknowledged is told.
fn log_in(api: &Api, idp: &impl Provider, clusters: &[String], acknowledged: &Sender<String>) {
    for cluster in clusters {
        let Some(begun) = api.attempt_post("/register", &json!({ "cluster": cluster })) else { return };
        assert_eq!(begun.status, 200, "{}", begun.text);
        let session = api.session_of(&begun);
        let redirect = idp.redirect_of(&session.auth_url, "felix");
        let redeemed = api.with_bearer(&session.token).attempt_post("/exchange", &redirect_body(&redirect));
        let Some(answer) = redeemed else { return };
        assert_eq!(answer.status, 200, "{}", answer.text);
        let _ = acknowledged.send(cluster.clone());
    }
}

/// Uses one login, which may turn out to be the one that a kill has cost; says so then. None without an answer.
fn is_lost(api: &Api, cluster: &str) -> Option<bool> {
    let answer = api.attempt_get(&format!("/clusters/{cluster}/proxy/api/v1/namespaces/team-a/pods"))?;
    let is_lost = answer.status == 403 && answer.text.contains("refresh_lost");
    assert!(is_lost || answer.status == 200, "{cluster}: {}", answer.text);
    Some(is_lost)
}

/// Uses one login after the other, one at a time, until there is no answer: those that are lost.
fn refresh(api: &Api, mut clusters: Vec<String>) -> Vec<String> {
    let mut lost = Vec::new();
    while !clusters.is_empty() {
        for cluster in std::mem::take(&mut clusters) {
            match is_lost(api, &cluster) {
                None => return lost,
                Some(true) => lost.push(cluster),
                Some(false) => clusters.push(cluster),
            }
        }
    }
    lost
}

#[test]
fn killed_a_hundred_times_it_keeps_what_it_has_acknowledged() {
    let names: Vec<String> = (0..CLUSTERS).map(cluster).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let here = Deployment::new("file_killed").with_cluster().with("RUST_LOG", "info");
    here.idp.set_id_token_lifetime(ID_TOKEN_LIVES);
    let plan = here.plan.clone().with("IDENTITY_RULE", "any").with_clusters_named(&here.world, &names);
    let plan = plan.with_store_file(&here.world);
    let mut users: Vec<User> = (0..USERS).map(|_| User::default()).collect();
    let mut lost = 0;
    for kill in 0..KILLS {
        let user = &mut users[kill % USERS];
        let (mut backend, api) = here.start_as(&as_user(&plan, kill % USERS));
        lost += user.look(&api);
        assert!(lost <= kill, "{lost} logins lost by {kill} kills");
        let clusters: Vec<String> = (user.begun..user.begun + LOGINS_BETWEEN).map(cluster).collect();
        user.begun += LOGINS_BETWEEN;
        let (acknowledged, answers) = channel();
        std::thread::scope(|scope| {
            let (api, idp, known) = (&api, &here.idp, user.logged_in.iter().cloned().collect());
            scope.spawn(move || log_in(api, idp, &clusters, &acknowledged));
            let refreshing = scope.spawn(move || refresh(api, known));
            // Each time after another number of answers, and in the middle of what comes after them.
            user.logged_in.extend(answers.iter().take(1 + kill % LOGINS_BETWEEN));
            backend.process.kill();
            lost += user.forget(&refreshing.join().unwrap());
        });
        user.logged_in.extend(answers.try_iter());
    }
    let mut kept = 0;
    for (number, user) in users.iter_mut().enumerate() {
        let (_backend, api) = here.start_as(&as_user(&plan, number));
        let left: Vec<String> = user.logged_in.iter().cloned().collect();
        let turned_out: Vec<String> = left.into_iter().filter(|name| is_lost(&api, name).unwrap()).collect();
        lost += user.look(&api) + user.forget(&turned_out);
        kept += user.logged_in.len();
    }
    assert!(lost <= KILLS, "{lost} logins lost");
    assert!(here.idp.refreshes() > KILLS as u64, "nothing was refreshed");
    assert!(kept + lost >= KILLS * LOGINS_BETWEEN / 2, "{kept} logins kept, {lost} lost");
}

fn as_user(plan: &BackendPlan, number: usize) -> BackendPlan {
    plan.clone().with("CLUSTER_AUTH_DEV_USER", &format!("user:default/person-{number}"))
}
