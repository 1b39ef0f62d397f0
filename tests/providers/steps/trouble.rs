//! A provider that hangs, and one that is started again.

use std::time::{Duration, Instant};

use crate::harness::peers::cluster::pods;
use crate::providers::scene::{Ground, Scene};
use crate::providers::site::{Freeze, Restart, Spending, Wanted};

const FROZEN: Duration = Duration::from_mins(2);
/// As often as a page asks, which waits as long: no event ends the pause.
const POLL: Duration = Duration::from_secs(1);
/// What issue 11 allows in such a time.
const MOST_REQUESTS: u64 = 12;

pub fn frozen(ground: &Ground) -> String {
    let wanted = Wanted { spending: Spending::AsOnPage, ..Wanted::default() };
    let scene = Scene::with(ground, &wanted, |plan| plan);
    scene.log_in();
    scene.refresh("dev");
    let login = scene.kept("dev")["id"].clone();
    let before = scene.refreshes_sent();
    scene.site.freeze();
    let polls = poll(&scene);
    scene.site.resume();
    let asked = scene.refreshes_sent() - before;
    if ground.provider.manners().freeze == Freeze::Lost {
        scene.assert_ends_as("dev", "refresh_lost");
        scene.log_in();
        let why = "it spends afterwards what it was sent, and forgives no second time: refresh_lost; a new login works";
        return format!("{polls} polls, {asked} requests to the provider meanwhile; {why}");
    }
    scene.until_it_works("dev");
    assert_eq!(scene.kept("dev")["id"], login, "it is another login");
    assert_eq!(scene.status("dev")["connected"], true);
    scene.refresh("dev");
    let all = scene.refreshes_sent() - before;
    assert!(all <= MOST_REQUESTS, "{all} requests");
    format!("{polls} polls, {asked} requests to the provider meanwhile, {all} with those after")
}

/// Of `/status`, and of the cluster, which needs a new token.
fn poll(scene: &Scene) -> u32 {
    let began = Instant::now();
    let mut polls = 0;
    while began.elapsed() < FROZEN {
        let status = scene.status("dev");
        assert!(matches!(status["reason"].as_str(), None | Some("refresh_failing")), "{status}");
        let answer = scene.api.get(&pods("dev", "team-a"));
        assert!(matches!(answer.status, 200 | 502 | 504), "{}: {}", answer.status, answer.text);
        polls += 1;
        std::thread::sleep(POLL);
    }
    polls
}

pub fn restarted(ground: &Ground) -> String {
    let mut scene = Scene::open(ground);
    scene.log_in();
    scene.refresh("dev");
    let login = scene.kept("dev")["id"].clone();
    scene.site.restart();
    match ground.provider.manners().restart {
        Restart::Remembers => {
            scene.wait_for_expiry("dev");
            scene.until_it_works("dev");
            scene.refresh("dev");
            assert_eq!(scene.kept("dev")["id"], login, "it is another login");
            "the login lives on".to_owned()
        }
        Restart::Forgets => {
            scene.wait_for_expiry("dev");
            scene.assert_over("dev", ground.provider.manners().spent);
            scene.log_in();
            scene.refresh("dev");
            format!("it has forgotten all: {}; a new login works", ground.provider.manners().spent)
        }
    }
}
