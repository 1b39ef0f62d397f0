//! A real Backstage backend without a frontend, whose users sign in at the development identity provider.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use super::api::agent;
use super::idp::Idp;
use super::node;
use super::process::Process;
use super::raw_http::closed_port;
use super::world::{World, repository};

const CLIENT_ID: &str = "backstage";
const CLIENT_SECRET: &str = "a secret for tests";

/// A running Backstage.
pub struct Backstage {
    /// Without a slash at the end.
    pub url: String,
    /// Holds `public.pem` and `private.pem`, the keys of its user tokens.
    pub keys: PathBuf,
    ledger: PathBuf,
    _process: Process,
}

/// What a sign-in gives.
pub struct SignedIn {
    /// The user token.
    pub token: String,
    /// A `Cookie` header for one refresh.
    pub cookie: String,
}

impl Backstage {
    /// Starts both: the identity provider must know Backstage's address.
    pub fn start(world: &World) -> (Self, Idp) {
        let port = closed_port().to_string();
        let redirect = format!("http://localhost:{port}/api/auth/oidc/handler/frame");
        let idp = Idp::start_with(
            world,
            &[
                "--extra-client-id",
                CLIENT_ID,
                "--extra-client-secret",
                CLIENT_SECRET,
                "--extra-redirect",
                &redirect,
            ],
        );
        let keys = world.file("backstage-keys");
        let arguments = [
            "--port",
            &port,
            "--idp-issuer",
            &idp.issuer,
            "--client-id",
            CLIENT_ID,
            "--client-secret",
            CLIENT_SECRET,
            "--keys-dir",
            keys.to_str().unwrap(),
        ];
        let (process, announcement) = node::serve(world, "backstage", "backstage/backstage.mjs", &arguments);
        let url = announcement["url"].as_str().unwrap().to_owned();
        (Self { url, keys, ledger: world.ledger.path().to_owned(), _process: process }, idp)
    }

    /// Signs a user in, as with a browser.
    pub fn sign_in(&self, login: &str) -> SignedIn {
        let script = repository().join("dev/backstage/sign_in.mjs");
        let arguments = ["--backstage", &self.url, "--login", login];
        let out = Command::new("node").arg(script).args(arguments).output().unwrap();
        assert!(out.status.success(), "no sign-in: {}", String::from_utf8_lossy(&out.stderr));
        let signed_in: Value = serde_json::from_slice(&out.stdout).unwrap();
        let text = |field: &str| signed_in[field].as_str().unwrap().to_owned();
        let signed_in = SignedIn { token: text("userToken"), cookie: text("cookie") };
        self.note("backstage_user_token", &signed_in.token);
        self.note("backstage_cookie", &signed_in.cookie);
        signed_in
    }

    /// The user token of its guest, who is in no catalog.
    pub fn guest_token(&self) -> String {
        let answer = self.post("/api/auth/guest/refresh", "", json!({}));
        answer["backstageIdentity"]["token"].as_str().unwrap().to_owned()
    }

    /// A token with which the plugin `kubernetes` calls us on behalf of a user.
    pub fn plugin_token(&self, user_token: &str) -> String {
        let answer = self.post("/api/kubernetes/obo-token", user_token, json!({}));
        let token = answer["token"].as_str().unwrap().to_owned();
        self.note("backstage_plugin_token", &token);
        token
    }

    fn post(&self, path: &str, bearer: &str, body: Value) -> Value {
        let mut request = agent().post(format!("{}{path}", self.url));
        if !bearer.is_empty() {
            request = request.header("authorization", format!("Bearer {bearer}"));
        }
        request.send_json(body).unwrap().body_mut().read_json().unwrap()
    }

    fn note(&self, kind: &str, value: &str) {
        super::ledger::Ledger::new(self.ledger.clone()).note(kind, value);
    }
}
