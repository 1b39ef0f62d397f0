//! A headless real Backstage: its users sign in at the development identity provider.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use url::Url;

use super::idp::Idp;
use crate::harness::clients::api::agent;
use crate::harness::node;
use crate::harness::process::Process;
use crate::harness::world::{World, free_port, repository};

/// The backend's address where no plugin of Backstage calls the backend.
pub const NO_BACKEND: &str = "http://localhost:1";

const CLIENT_ID: &str = "backstage";
const CLIENT_SECRET: &str = "a secret for tests";

/// A running Backstage with the users `felix` and `mara`.
pub struct Backstage {
    /// `http://localhost:…`
    pub url: String,
    /// Holds `private.pem`, which signs user tokens that this Backstage vouches for.
    pub keys: PathBuf,
    process: Process,
}

/// What signing in gives.
pub struct SignedIn {
    /// The Backstage user token.
    pub user_token: String,
    /// A `Cookie` header that can be traded for a user token, once.
    pub cookie: String,
}

impl Backstage {
    /// Starts one, and the identity provider that it shares with the cluster. `cluster_auth_url` is where its plugins look
    /// for the backend.
    pub fn start(world: &World, cluster_auth_url: &str) -> (Self, Idp) {
        Self::start_with(world, cluster_auth_url, &[])
    }

    /// Starts one with more arguments.
    pub fn start_with(world: &World, cluster_auth_url: &str, more: &[&str]) -> (Self, Idp) {
        let port = free_port().to_string();
        let redirect = format!("http://localhost:{port}/api/auth/oidc/handler/frame");
        let client = ["--extra-client-id", CLIENT_ID, "--extra-client-secret", CLIENT_SECRET];
        let idp = Idp::start_with(world, &[&client[..], &["--extra-redirect", &redirect]].concat());
        let keys = world.file("backstage-keys");
        let arguments = [
            &["--port", &port, "--idp-issuer", &idp.issuer, "--keys-dir", keys.to_str().unwrap()][..],
            &["--client-id", CLIENT_ID, "--client-secret", CLIENT_SECRET],
            &["--cluster-auth-url", cluster_auth_url],
            more,
        ];
        let (process, announcement) =
            node::serve(world, "backstage", "backstage/backstage.mjs", &arguments.concat());
        let url = announcement["url"].as_str().unwrap().to_owned();
        (Self { url, keys, process }, idp)
    }

    /// Kills it.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Approves or rejects a program's sign-in, as a signed-in user does on the consent page; the answer is where the browser goes
    /// next.
    pub fn consent(&self, world: &World, authorize_url: &str, who: &SignedIn, decision: &str) -> String {
        let answer = agent().get(authorize_url).call().unwrap();
        let page = answer.headers()["location"].to_str().unwrap().to_owned();
        let session = page.rsplit('/').next().unwrap();
        let url = format!("{}/api/auth/v1/sessions/{session}/{decision}", self.url);
        let bearer = format!("Bearer {}", who.user_token);
        let mut answer = agent().post(url).header("authorization", bearer).send_empty().unwrap();
        let answer: Value = answer.body_mut().read_json().unwrap();
        let callback = answer["redirectUrl"].as_str().unwrap().to_owned();
        for (name, value) in Url::parse(&callback).unwrap().query_pairs() {
            world.ledger.note(&format!("backstage_{name}"), &value);
        }
        callback
    }

    /// Signs a user in, as the popup of a portal does.
    pub fn sign_in(&self, world: &World, login: &str) -> SignedIn {
        let script = repository().join("dev/backstage/sign_in.mjs");
        let mut command = Command::new("node");
        command.arg(script).args(["--backstage", &self.url, "--login", login]);
        let out = command.output().unwrap();
        assert!(out.status.success(), "no sign-in: {}", String::from_utf8_lossy(&out.stderr));
        let answer: Value = serde_json::from_slice(&out.stdout).unwrap();
        let text = |field: &str| answer[field].as_str().unwrap().to_owned();
        let signed_in = SignedIn { user_token: text("userToken"), cookie: text("cookie") };
        world.ledger.note("backstage_user_token", &signed_in.user_token);
        world.ledger.note("backstage_cookie", &signed_in.cookie);
        signed_in
    }
}
