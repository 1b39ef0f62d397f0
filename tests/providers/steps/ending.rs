//! Logins that end.

use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::providers::asked::spend;
use crate::providers::scene::{Ground, Scene};
use crate::providers::site::{Logout, Over, Wanted};
use crate::providers::waiting::until_second;

/// Time enough for a login and a refresh.
const LOGIN_SECONDS: u64 = 25;

pub fn logout(ground: &Ground) -> String {
    let scene = Scene::open(ground);
    scene.log_in();
    scene.refresh("dev");
    let token = scene.refresh_token("dev");
    let answer = scene.api.delete("/tokens").json;
    assert_eq!((&answer["disconnected"], &answer["revocationPending"]), (&json!(["dev"]), &json!([])));
    assert_eq!(scene.status("dev")["connected"], false);
    let spent = spend(&scene.site.issuer(), &token);
    match ground.provider.manners().logout {
        Logout::Revokes => {
            assert!((400..500).contains(&spent.status), "it still counts: {}", spent.text);
            assert_eq!(answer.get("livesOn"), None, "{answer}");
            assert_eq!(scene.revocations("revoked"), 1);
            format!("its refresh token is refused: {}", spent.json["error"])
        }
        Logout::LivesOn => {
            assert_eq!(spent.status, 200, "{}", spent.text);
            assert_eq!(answer["livesOn"], json!([{ "name": "dev" }]), "{answer}");
            "livesOn is said, and its refresh token does count".to_owned()
        }
    }
}

pub fn disabled(ground: &Ground) -> String {
    let mut scene = Scene::open(ground);
    scene.log_in();
    scene.refresh("dev");
    scene.site.disable_person();
    scene.wait_for_expiry("dev");
    let reason = ground.provider.manners().disabled;
    scene.assert_ends_as("dev", reason);
    reason.to_owned()
}

pub fn over(ground: &Ground) -> String {
    match ground.provider.manners().over {
        Over::Announced => announced(ground),
        Over::Unannounced(reason) => unannounced(ground, reason),
    }
}

/// `/status` says until when the login is good, and that it is over then. A request to the cluster then gets the provider's own word.
fn announced(ground: &Ground) -> String {
    let scene = limited(ground);
    let ends = scene.status("dev")["loginExpiresAt"].as_str().expect("no end is said").to_owned();
    scene.refresh("dev");
    let ends = OffsetDateTime::parse(&ends, &Rfc3339).unwrap();
    until_second(ends.unix_timestamp() + 1);
    let status = scene.status("dev");
    assert_eq!((&status["connected"], &status["reason"]), (&json!(false), &json!("expired")), "{status}");
    scene.assert_over("dev", "refresh_refused");
    "loginExpiresAt is known; then expired; once asked, refresh_refused".to_owned()
}

fn unannounced(ground: &Ground, reason: &str) -> String {
    let mut scene = limited(ground);
    scene.refresh("dev");
    let began = OffsetDateTime::now_utc().unix_timestamp();
    if ground.provider.name() == "zitadel" {
        scene.site.end_login();
        scene.wait_for_expiry("dev");
    } else {
        until_second(began + i64::try_from(LOGIN_SECONDS).unwrap());
    }
    scene.assert_over("dev", reason);
    reason.to_owned()
}

fn limited(ground: &Ground) -> Scene<'_> {
    let wanted = Wanted { login_seconds: Some(LOGIN_SECONDS), ..Wanted::default() };
    let scene = Scene::with(ground, &wanted, |plan| plan);
    scene.log_in();
    scene
}
