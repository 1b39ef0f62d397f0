//! Another application of the same people, which logs them in in their own browser.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::Value;

use super::asked::{discovery, post};
use super::scene::{Asked, Scene};
use super::site::{OTHER_CLIENT, OTHER_REDIRECT};
use crate::harness::clients::api::{Answer, parameter};

/// Its PKCE verifier, and the S256 of it (RFC 7636, appendix B).
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub struct OtherApplication {
    discovery: Value,
    tokens: Value,
    /// Whether its login had to be filled in.
    pub asked: Asked,
}

impl OtherApplication {
    /// Logs in there.
    pub fn log_in(scene: &Scene, context: &str) -> Self {
        let discovery = discovery(&scene.site.issuer());
        let here = TcpListener::bind("127.0.0.1:8899").unwrap();
        let serving = std::thread::spawn(move || redirected(&here));
        // Keycloak ends the browser's session where all that came of it is offline tokens; its own apps ask for none.
        let has_session = scene.ground.provider.manners().no_browser_session.is_none();
        let scope = if has_session { "openid" } else { "openid offline_access" };
        let parameters = [
            ("response_type", "code"),
            ("client_id", OTHER_CLIENT),
            ("redirect_uri", OTHER_REDIRECT),
            ("scope", scope),
            ("state", "state"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("nonce", "nonce"),
        ];
        let endpoint = discovery["authorization_endpoint"].as_str().unwrap();
        let url = url::Url::parse_with_params(endpoint, parameters).unwrap();
        let mut browser = scene.ground.browser.borrow_mut();
        browser.open(context, url.as_str());
        let asked = scene.fill_in_unless_known(&mut browser, context, "#portal");
        let code = serving.join().unwrap();
        let exchanged = token_request(
            &discovery,
            &[
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", OTHER_REDIRECT),
                ("code_verifier", VERIFIER),
            ],
        );
        assert_eq!(exchanged.status, 200, "{}", exchanged.text);
        Self { discovery, tokens: exchanged.json, asked }
    }

    /// Refreshes there.
    pub fn refresh(&mut self) -> Answer {
        let token = self.tokens["refresh_token"].as_str().unwrap().to_owned();
        let answer =
            token_request(&self.discovery, &[("grant_type", "refresh_token"), ("refresh_token", &token)]);
        if answer.status == 200 {
            self.tokens = answer.json.clone();
        }
        answer
    }

    /// Logs out there as the browser is sent to do, where the provider has that (OpenID Connect RP-Initiated Logout).
    pub fn log_out(&self, scene: &Scene, context: &str) -> Option<()> {
        let endpoint = self.discovery["end_session_endpoint"].as_str()?;
        let hint = self.tokens["id_token"].as_str().unwrap();
        let url = url::Url::parse_with_params(endpoint, [("id_token_hint", hint)]).unwrap();
        scene.ground.browser.borrow_mut().open(context, url.as_str());
        Some(())
    }
}

fn token_request(discovery: &Value, form: &[(&str, &str)]) -> Answer {
    let all = [form, &[("client_id", OTHER_CLIENT)]].concat();
    post(discovery["token_endpoint"].as_str().unwrap(), &all)
}

/// Serves its page until the browser has come back; the code that it brought.
fn redirected(here: &TcpListener) -> String {
    loop {
        let (mut connection, _) = here.accept().unwrap();
        let target = target(&mut connection);
        let page = "<!doctype html><title>Portal</title><body id=portal>Portal";
        let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/html\r\n";
        let _ = write!(connection, "{head}content-length: {}\r\n\r\n{page}", page.len());
        let code = parameter(&format!("http://localhost:8899{target}"), "code");
        if !code.is_empty() {
            return code;
        }
    }
}

/// Of the request; a browser may open a connection and send none.
fn target(connection: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && connection.read(&mut byte).is_ok_and(|read| read == 1) {
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head);
    head.split_whitespace().nth(1).unwrap_or("/").to_owned()
}
