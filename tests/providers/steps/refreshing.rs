//! Logins that go on.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::harness::programs::provider_page::with_settings_of_page;
use crate::providers::asked::spend;
use crate::providers::scene::{Ground, Scene};
use crate::providers::site::{HUGE, Keys, Reuse, TokenSize, Wanted};

const REFRESHES: usize = 10;

pub fn login_of_page(ground: &Ground) -> String {
    let page = ground.provider.name();
    let scene = Scene::with(ground, &Wanted::default(), |plan| {
        with_settings_of_page(plan.without("OIDC_USERINFO").without("IDENTITY_RULE"), page)
    });
    scene.log_in();
    scene.read_pods("dev");
    scene.refresh("dev");
    let claims = part(&scene.id_token("dev"), 1).as_object().unwrap().len();
    format!("and a refresh, {claims} claims in its ID token")
}

/// The refresh token changes with each.
pub fn ten_refreshes(ground: &Ground) -> String {
    let scene = Scene::open(ground);
    scene.log_in();
    let mut seen = vec![scene.refresh_token("dev")];
    for _ in 0..REFRESHES {
        scene.refresh("dev");
        seen.push(scene.refresh_token("dev"));
    }
    // One request each, and the login's; one or two more where a token came too late to the cluster.
    let sent = scene.refreshes_sent();
    let least = 1 + REFRESHES as u64;
    assert!((least..=least + 2).contains(&sent), "{sent} requests");
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), count, "a refresh token came twice");
    format!("{count} different refresh tokens")
}

/// A thief spends an old token, which is refused; then the newest, and the backend has an old one.
pub fn stolen_token(ground: &Ground) -> String {
    let manners = ground.provider.manners();
    let scene = Scene::open(ground);
    scene.log_in();
    let old = scene.refresh_token("dev");
    scene.refresh("dev");
    let refused = spend(&scene.site.issuer(), &old);
    assert!((400..500).contains(&refused.status), "{}", refused.text);
    let code = refused.json["error"].as_str().unwrap_or_default();
    if manners.reuse == Reuse::EndsLogin {
        scene.wait_for_expiry("dev");
        scene.assert_over("dev", manners.spent);
        return format!("refused as {code}, which ends the login: {}", manners.spent);
    }
    scene.refresh("dev");
    let stolen = spend(&scene.site.issuer(), &scene.refresh_token("dev"));
    assert_eq!(stolen.status, 200, "{}", stolen.text);
    scene.wait_for_expiry("dev");
    scene.assert_over("dev", manners.spent);
    format!("an old one is refused as {code}; after the newest was spent: {}", manners.spent)
}

pub fn key_rotation(ground: &Ground) -> String {
    let mut scene = Scene::with(ground, &Wanted { keys: Keys::Short, ..Wanted::default() }, |plan| plan);
    scene.log_in();
    scene.refresh("dev");
    let before = key_id(&scene);
    scene.site.rotate_keys();
    scene.refresh("dev");
    let after = key_id(&scene);
    assert_ne!(before, after, "it is signed with the same key");
    scene.refresh("dev");
    format!("{} to {}", shortened(&before), shortened(&after))
}

pub fn huge_token(ground: &Ground) -> String {
    let wanted = Wanted { token: TokenSize::Huge, ..Wanted::default() };
    let scene = Scene::with(ground, &wanted, |plan| plan);
    scene.log_in();
    scene.read_pods("dev");
    scene.refresh("dev");
    let bytes = scene.id_token("dev").len();
    assert!(bytes > HUGE, "only {bytes} bytes");
    format!("{bytes} bytes after a refresh")
}

fn key_id(scene: &Scene) -> String {
    part(&scene.id_token("dev"), 0)["kid"].as_str().unwrap().to_owned()
}

fn shortened(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// The head (0) or the claims (1) of a JWT.
fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}
