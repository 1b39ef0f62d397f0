//! Logins beside others of the same person.

use serde_json::json;

use super::Shown;
use crate::providers::asked::spend;
use crate::providers::other_application::OtherApplication;
use crate::providers::scene::{Ground, Scene};
use crate::providers::site::{Logins, Logout, Wanted};

/// The first is replaced, and what replaces it lives.
pub fn second_login(ground: &Ground) -> Shown {
    let scene = Scene::open(ground);
    scene.log_in();
    let first = scene.kept("dev")["id"].clone();
    scene.log_in();
    assert_ne!(scene.kept("dev")["id"], first, "it is the same login");
    scene.refresh("dev");
    scene.refresh("dev");
    assert_eq!(scene.revocations("revoked"), 0);
    Shown::Seen("two refreshes of the new one, no revocation".to_owned())
}

/// It logs in before and after, and out again.
pub fn other_application(ground: &Ground) -> Shown {
    let scene = Scene::open(ground);
    OtherApplication::log_in(&scene, "felix");
    scene.log_in();
    scene.log_in();
    scene.refresh("dev");
    let mut other = OtherApplication::log_in(&scene, "felix");
    assert_eq!(other.refresh().status, 200);
    let out = if other.log_out(&scene, "felix").is_some() { "its logout" } else { "no logout there" };
    scene.refresh("dev");
    scene.refresh("dev");
    let session = match ground.provider.manners().no_browser_session {
        Some(why) => format!("not there: one session in the browser, {why}"),
        None => format!("its form was shown again: {:?}", other.asked),
    };
    Shown::Seen(format!("ours lives through two logins of our own, one of its and {out}; {session}"))
}

pub fn two_clusters(ground: &Ground) -> Shown {
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
    Shown::Seen(match manners.logins_a_client {
        Logins::Many => "DELETE of one leaves the other, of both revokes".to_owned(),
        Logins::One => {
            "this provider keeps one login a client: the second ends the first, refresh_failing".to_owned()
        }
    })
}
