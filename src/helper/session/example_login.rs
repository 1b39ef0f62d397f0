//! A login for the helper's tests.

use tokio::sync::mpsc;

use super::auth_url::AuthUrl;
use super::pending_login::PendingLogin;
use crate::helper::callback::{Callback, Consent};
use crate::helper::session::facts::LoginFacts;
use crate::protocol::RedirectUri;
use crate::random::SystemRandom;

/// The state of every example.
pub fn state() -> String {
    "s".repeat(43)
}

/// The authorization URL of every example.
pub fn auth_url() -> String {
    format!(
        "https://idp.example/authorize?client_id=c&response_type=code&scope=openid&state={}\
         &redirect_uri=http%3A%2F%2Flocalhost%3A8000%2F&code_challenge={}&code_challenge_method=S256",
        state(),
        "c".repeat(43)
    )
}

/// A login that waits for its callback.
pub fn example_login(consent: Consent) -> (PendingLogin, mpsc::UnboundedReceiver<Callback>) {
    let redirect_uri = RedirectUri::parse("http://localhost:8000/").unwrap();
    let auth_url = AuthUrl::parse(&auth_url().into(), &redirect_uri, &[]).unwrap();
    let facts = LoginFacts {
        user: "user:default/felix".to_owned(),
        cluster: "Development".to_owned(),
        backend: "https://backstage.example".to_owned(),
        idp_host: "idp.example".to_owned(),
        back_link: Some("https://backstage.example/catalog".to_owned()),
    };
    PendingLogin::new(facts, auth_url, "localhost", 8000, consent, &SystemRandom).unwrap()
}
