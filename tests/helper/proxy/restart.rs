//! A proxy that is killed in the middle of many logins and started again on the same Redis: users at most have to reload.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use serde_json::{Value, json};

use super::deploy;
use crate::harness::clients::api::{Answer, Api, Session};
use crate::harness::deployment::Deployment;
use crate::harness::peers::backstage::Backstage;
use crate::harness::peers::forger::Forger;
use crate::harness::peers::idp::Idp;
use crate::harness::peers::redis_server::RedisServer;
use crate::harness::programs::proxy_program::{APP, CALLBACK, CONTROL, TIMEOUT, Visitor, outcome};
use crate::harness::world::World;

/// So many logins are under way at once, each of a user of their own.
const LOGINS: usize = 200;
/// So many of them are at the question of the account when the proxy is killed.
const AT_THE_QUESTION: usize = 20;
/// So many have the link to it only.
const AT_THE_LINK: usize = 20;
/// The proxy is killed when so many have come back.
const KILLED_AFTER: usize = 60;
/// Whatever is shorter is no secret, and would be found in ordinary words.
const SHORTEST_SECRET: usize = 20;
/// So many come back at the same time.
const AT_ONCE: usize = 8;

/// A person in the middle of a login.
struct Person {
    visitor: Visitor,
    session: Session,
    link: String,
}

/// Registers and hands over.
fn begin(world: &World, api: &Api) -> Person {
    let session = api.register();
    let mut visitor = Visitor::new(world, CONTROL);
    let link = visitor.hand_over(APP, &session.token);
    Person { visitor, session, link }
}

fn log_in(idp: &Idp, persons: &mut [Person]) -> Vec<String> {
    let confirm = |person: &mut Person| person.visitor.press_button(&person.link.clone());
    let auth_urls: Vec<String> = persons.iter_mut().map(confirm).collect();
    idp.log_all_in(&auth_urls, "felix")
}

/// All come back, a few at a time; tells how many have after each.
fn come_back(world: &World, persons: &[Person], redirects: &[String], returned: &AtomicUsize) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(redirect) = redirects.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let at = redirects.iter().position(|other| other == redirect).unwrap();
                    let visitor = persons[at].visitor.moved_to(world, CALLBACK);
                    assert_eq!(visitor.come_back_for_good(redirect), "success");
                    returned.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
}

fn users(backend_api: &Api, backstage: &Backstage) -> Vec<Api> {
    let forger = Forger::of_users(backstage);
    let token = |number| forger.with_claim("sub", json!(format!("user:default/person-{number}")));
    (0..LOGINS).map(|number| backend_api.with_bearer(&token(number))).collect()
}

#[test]
fn two_hundred_logins_outlive_the_proxy_that_began_them() {
    let (here, backstage) = Deployment::beside_backstage("proxy_restart", &[]);
    let redis = RedisServer::start(&here.world);
    let here = here.with("BACKSTAGE_APP_URL", APP).with("IDENTITY_RULE", "any").with("RUST_LOG", "info");
    let (backend, api) = here.start();
    let plan = here.proxy(&backend).with("REDIS_URL", &redis.url).with("RUST_LOG", "info");
    let mut proxy = plan.start();
    let apis = users(&api, &backstage);
    let mut persons: Vec<Person> = apis.iter().map(|api| begin(&here.world, api)).collect();
    let mut unconfirmed = persons.split_off(LOGINS - AT_THE_QUESTION - AT_THE_LINK);
    let questions: Vec<Answer> =
        unconfirmed.iter().take(AT_THE_QUESTION).map(|person| person.visitor.get(&person.link)).collect();
    let redirects = log_in(&here.idp, &mut persons);
    assert_nothing_in_the_clear(&here.world, &redis);

    let returned = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| come_back(&here.world, &persons, &redirects, &returned));
        while returned.load(Ordering::Relaxed) < KILLED_AFTER {
            std::thread::yield_now();
        }
        proxy.kill();
        proxy = plan.start();
    });
    assert_eq!(returned.load(Ordering::Relaxed), redirects.len());

    // The pages and links of the proxy that is gone still count.
    let waiting: Vec<String> = unconfirmed
        .iter_mut()
        .zip(0..)
        .map(|(person, number)| match questions.get(number) {
            Some(page) => {
                assert_eq!(outcome(page), "confirm");
                person.visitor.press_button_of(page)
            }
            None => person.visitor.press_button(&person.link.clone()),
        })
        .collect();
    let redirects_of_waiting = here.idp.log_all_in(&waiting, "felix");
    come_back(&here.world, &unconfirmed, &redirects_of_waiting, &returned);

    assert_eq!(returned.load(Ordering::Relaxed), LOGINS);
    for (api, person) in apis.iter().zip(persons.iter().chain(&unconfirmed)) {
        assert_eq!(api.session(&person.session).json["status"], "complete");
        assert_eq!(api.cluster_status()["connected"], true);
    }
    // A login that answered as the proxy died may look unfinished to the next one: a reload tells it.
    for (person, redirect) in persons.iter().zip(&redirects) {
        let shown = person.visitor.moved_to(&here.world, CALLBACK).reload(redirect);
        assert!(
            matches!(shown.as_deref(), None | Some("success" | "wrong-state")),
            "a reload shows {shown:?}"
        );
    }
    proxy.wait_for_line("the redirect URI's port is closed");
    // Each goes a moment after its page.
    let deadline = Instant::now() + TIMEOUT;
    while redis.keys().iter().any(|key| key.contains("helper:login")) {
        assert!(Instant::now() < deadline, "records of logins that have ended: {:?}", redis.keys());
        std::thread::yield_now();
    }
}

#[test]
fn a_login_that_ended_as_the_proxy_died_does_not_hold_the_port() {
    let here = deploy("proxy_restart_ended");
    let redis = RedisServer::start(&here.world);
    let (backend, api) = here.start();
    let plan = here.proxy(&backend).with("REDIS_URL", &redis.url);
    let mut proxy = plan.start();
    begin(&here.world, &api);
    proxy.kill();
    let of = |part: &str| redis.keys().into_iter().find(|key| key.contains(part));
    redis.cli(&["DEL", &of("helper:login").unwrap()]);
    assert!(of("helper:under-way").is_some());
    let proxy = plan.start();
    proxy.wait_for_line("no login from before the start is under way");
    assert_eq!(of("helper:under-way"), None);
    assert!(!proxy.printed().contains("the redirect URI's port is bound"));
}

#[test]
fn a_proxy_that_is_for_another_backend_leaves_the_logins_of_the_first_alone() {
    let here = deploy("proxy_restart_other_backend");
    let redis = RedisServer::start(&here.world);
    let (backend, api) = here.start();
    let plan = here.proxy(&backend).with("REDIS_URL", &redis.url);
    let other = plan.clone().with("BACKSTAGE_URL", &backend.url.replace("127.0.0.1", "localhost"));
    let mut proxy = plan.start();
    let session = api.register();
    let mut visitor = Visitor::new(&here.world, CONTROL);
    let link = visitor.hand_over(APP, &session.token);
    let redirect = here.idp.log_in(&visitor.press_button(&link), "felix");
    let page = visitor.get("/");
    proxy.kill();

    // Neither the session token nor the code is the other's, nor a click on a page that does not name it.
    let mut proxy = other.start();
    assert_eq!(visitor.get(&link).status, 404);
    proxy.wait_for_line("the redirect URI's port is bound");
    assert_eq!(visitor.moved_to(&here.world, CALLBACK).come_back(&redirect), "wrong-state");
    let csrf = page.text.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    here.world.ledger.note("csrf", csrf);
    assert_eq!(visitor.submit("/login", csrf).status, 403);
    assert_eq!(api.session(&session).json["status"], "pending");
    proxy.kill();

    let _proxy = plan.start();
    assert_eq!(outcome(&visitor.get(&link)), "confirm");
}

/// Redis holds the logins, and none of the secrets that passed through the test so far.
fn assert_nothing_in_the_clear(world: &World, redis: &RedisServer) {
    let logins = redis.keys().iter().filter(|key| key.contains("helper:login")).count();
    assert_eq!(logins, LOGINS);
    let held = [redis.dump(), redis.keys().join("\n").into_bytes()].concat();
    let secrets: Vec<Value> = world
        .ledger
        .entries()
        .into_iter()
        .filter(|secret| secret["value"].as_str().unwrap().len() >= SHORTEST_SECRET)
        .collect();
    let values = secrets.iter().map(|secret| secret["value"].as_str().unwrap());
    let found = aho_corasick::AhoCorasick::new(values).unwrap().find(&held);
    assert!(found.is_none(), "Redis holds a {}", secrets[found.unwrap().pattern().as_usize()]["kind"]);
    for kind in ["session_token", "auth_url", "cookie", "link", "csrf", "state", "code"] {
        assert!(secrets.iter().any(|secret| secret["kind"] == kind), "the ledger has no {kind}");
    }
}
