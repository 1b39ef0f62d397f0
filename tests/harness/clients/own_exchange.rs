//! A client that keeps the PKCE verifier and redeems the code itself, as a helper with `EXCHANGE=helper` does.

use serde_json::{Value, json};

use super::api::{Answer, Api, Session, agent, parameter};
use crate::harness::ledger::Ledger;
use crate::harness::peers::provider::Provider;
use crate::harness::world::World;

/// RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A session of which the client keeps the verifier.
pub struct OwnSession {
    /// Its token, and where to log in now.
    pub session: Session,
    /// What `PUT /session` answered.
    pub answer: Value,
}

impl Api {
    /// Registers, and keeps the verifier.
    pub fn register_own(&self) -> OwnSession {
        let session = self.register();
        OwnSession::of(&session, &self.keep_verifier(&session))
    }

    /// `PUT /session`.
    pub fn keep_verifier(&self, session: &Session) -> Answer {
        self.with_bearer(&session.token).put("/session", &json!({ "codeChallenge": CHALLENGE }))
    }

    /// `POST /tokens` with the session token.
    pub fn bring(&self, session: &Session, tokens: &Value) -> Answer {
        self.with_bearer(&session.token).post("/tokens", tokens)
    }
}

impl OwnSession {
    /// From the answer to `PUT /session`, which must be a success.
    pub fn of(session: &Session, answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{}", answer.text);
        let auth_url = answer.json["authUrl"].as_str().unwrap().to_owned();
        let session = Session { token: session.token.clone(), auth_url };
        Self { session, answer: answer.json.clone() }
    }

    /// Logs in, and redeems the code: the body of `POST /tokens`.
    pub fn tokens(&self, idp: &impl Provider, login: &str) -> Value {
        let redirect = idp.redirect_of(&self.session.auth_url, login);
        let answer = self.redeem(&redirect, VERIFIER);
        assert_eq!(answer.status, 200, "{}", answer.text);
        brought(&answer.json)
    }

    /// The token endpoint's answer to the code in a redirect.
    pub fn redeem(&self, redirect: &str, verifier: &str) -> Answer {
        let text = |name: &str| self.answer[name].as_str().unwrap().to_owned();
        let form = [
            ("grant_type", "authorization_code".to_owned()),
            ("code", parameter(redirect, "code")),
            ("redirect_uri", text("redirectUri")),
            ("client_id", text("clientId")),
            ("code_verifier", verifier.to_owned()),
        ];
        Answer::read(agent().post(text("tokenEndpoint")).send_form(form).unwrap())
    }
}

/// A token response as the body of `POST /tokens`.
pub fn brought(response: &Value) -> Value {
    let mut body = json!({});
    for (field, name) in
        [("idToken", "id_token"), ("accessToken", "access_token"), ("refreshToken", "refresh_token")]
    {
        if response[name].is_string() {
            body[field] = response[name].clone();
        }
    }
    body
}

/// The verifier is a secret of this test.
pub fn note_verifier(world: &World) {
    Ledger::new(world.ledger.path().to_owned()).note("code_verifier", VERIFIER);
}
