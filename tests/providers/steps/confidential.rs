//! A client that authenticates with a secret, and one that no URL would hold unencoded.

use serde_json::json;

use crate::providers::scene::{Ground, Scene};
use crate::providers::site::{Logout, Wanted};

/// All that RFC 6749 (2.3.1) has a client encode, and what forms and shells are about.
const SECRET: &str = "a:b%c+d e&f\"g\u{e9}=?/";

pub fn ugly_secret(ground: &Ground) -> String {
    let wanted = Wanted { secret: Some(SECRET), ..Wanted::default() };
    for method in ["client_secret_basic", "client_secret_post"] {
        let scene = Scene::with(ground, &wanted, |plan| plan.with("OIDC_TOKEN_AUTH_METHOD", method));
        scene.log_in_to("dev", method);
        scene.refresh("dev");
        let gone = scene.api.delete("/tokens").json;
        assert_eq!(
            (&gone["disconnected"], &gone["revocationPending"]),
            (&json!(["dev"]), &json!([])),
            "{gone}"
        );
        let revoked = ground.provider.manners().logout == Logout::Revokes;
        assert_eq!(scene.revocations("revoked"), u64::from(revoked));
    }
    "login, refresh and logout with client_secret_basic and client_secret_post".to_owned()
}
