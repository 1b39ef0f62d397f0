//! A login over HTTP, from a session to tokens, as a helper and a browser make it.

use serde_json::json;

use super::api::{Answer, Api, Session};
use crate::harness::peers::provider::Provider;

/// A login: its code has arrived at the helper.
pub struct Arrived {
    /// The session that it belongs to.
    pub session: Session,
    /// What the identity provider has redirected to.
    pub redirect: String,
}

impl Api {
    /// Registers at one of several clusters; must succeed.
    pub fn register_at(&self, cluster: &str) -> Session {
        let answer = self.post("/register", &json!({ "cluster": cluster }));
        assert_eq!(answer.status, 200, "{}", answer.text);
        self.session_of(&answer)
    }

    /// Registers, and logs in at the identity provider.
    pub fn arrive(&self, idp: &impl Provider, login: &str) -> Arrived {
        let session = self.register();
        let redirect = idp.redirect_of(&session.auth_url, login);
        Arrived { session, redirect }
    }

    /// A whole login to the only cluster.
    pub fn log_in(&self, idp: &impl Provider, login: &str) {
        let answer = self.attempt_log_in(idp, login);
        assert_eq!((answer.status, &answer.json["success"]), (200, &json!(true)), "{}", answer.text);
    }

    /// A whole login to one of several clusters.
    pub fn log_in_to(&self, idp: &impl Provider, cluster: &str, login: &str) {
        let session = self.register_at(cluster);
        let answer = self.exchange(&session, &idp.redirect_of(&session.auth_url, login));
        assert_eq!((answer.status, &answer.json["success"]), (200, &json!(true)), "{}", answer.text);
    }

    /// A login that may be refused: the answer to its exchange.
    pub fn attempt_log_in(&self, idp: &impl Provider, login: &str) -> Answer {
        let Arrived { session, redirect } = self.arrive(idp, login);
        self.exchange(&session, &redirect)
    }

    /// Logs Felix in with an ID token that expires after a second, and waits for that; the ID tokens after it live for an hour.
    pub fn log_in_and_expire(&self, idp: &impl Provider) {
        idp.set_id_token_lifetime(1);
        self.log_in(idp, "felix");
        idp.set_id_token_lifetime(3600);
        self.wait_for_expiry();
    }
}
