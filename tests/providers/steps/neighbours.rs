//! Logins beside others of the same person.

use serde_json::json;

use crate::providers::asked::spend;
use crate::providers::other_application::OtherApplication;
use crate::providers::scene::{Asked, Ground, Scene};
use crate::providers::site::{Logins, Logout, Wanted};

/// The first is replaced, and what replaces it lives.
pub fn second_login(ground: &Ground) -> String {
    let scene = Scene::open(ground);
    scene.log_in();
    let first = scene.kept("dev")["id"].clone();
    scene.log_in();
    assert_ne!(scene.kept("dev")["id"], first, "it is the same login");
    scene.refresh("dev");
    scene.refresh("dev");
    assert_eq!(scene.revocations("revoked"), 0);
    "two refreshes of the new one, no revocation".to_owned()
}

/// It logs in before ours and after, and out again.
pub fn other_application(ground: &Ground) -> String {
    let scene = Scene::open(ground);
    let first = OtherApplication::log_in(&scene, "felix").asked;
    let ours = [scene.log_in(), scene.log_in()];
    scene.refresh("dev");
    let mut other = OtherApplication::log_in(&scene, "felix");
    assert_eq!(other.refresh().status, 200);
    let out = if other.log_out(&scene, "felix").is_some() { "its logout" } else { "no logout there" };
    scene.refresh("dev");
    scene.refresh("dev");
    assert_eq!(first, Asked::Yes);
    let session = if let Some(why) = ground.provider.manners().no_browser_session {
        format!("one session for both is not there: {why}")
    } else {
        assert_eq!((ours, other.asked), ([Asked::No; 2], Asked::No), "the browser has no session");
        "the form was shown once for all".to_owned()
    };
    format!("ours lives through two logins of our own, two of its and {out}; {session}")
}

pub fn two_clusters(ground: &Ground) -> String {
    let manners = ground.provider.manners();
    let world = &ground.world;
    let scene =
        Scene::with(ground, &Wanted::default(), |plan| plan.with_clusters_named(world, &["dev", "prod"]));
    scene.log_in_to("dev", "felix");
    scene.log_in_to("prod", "felix");
    if manners.logins_a_client == Logins::Many {
        scene.refresh("dev");
    } else {
        scene.wait_for_expiry("dev");
        scene.assert_over("dev", "refresh_failing");
    }
    scene.refresh("prod");
    let left = scene.api.delete("/tokens?cluster=dev").json;
    assert_eq!(left["disconnected"], json!(["dev"]), "{left}");
    scene.refresh("prod");
    assert_eq!(scene.revocations("revoked"), 0);
    let last = scene.refresh_token("prod");
    scene.api.delete("/tokens?cluster=prod");
    let spent = spend(&scene.site.issuer(), &last).status;
    assert_eq!(spent == 200, manners.logout == Logout::LivesOn, "{spent}");
    match manners.logins_a_client {
        Logins::Many => "DELETE of one leaves the other, of both revokes".to_owned(),
        Logins::One => {
            "this provider keeps one login a client: the second ends the first, refresh_failing".to_owned()
        }
    }
}
