//! The identity provider for development, npm's `oidc-provider`.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::harness::node;
use crate::harness::process::Process;
use crate::harness::world::{World, repository};

/// A running identity provider.
pub struct Idp {
    /// With the slash at its end.
    pub issuer: String,
    /// On loopback, whatever the issuer says.
    pub port: u64,
    process: Process,
}

impl Idp {
    /// Starts one.
    pub fn start(world: &World) -> Self {
        Self::start_with(world, &[])
    }

    /// Starts one with more arguments.
    pub fn start_with(world: &World, more: &[&str]) -> Self {
        let ledger = world.ledger.path().to_str().unwrap().to_owned();
        let mut arguments = vec!["--ledger", &ledger];
        arguments.extend(more);
        let (process, announcement) = node::serve(world, "idp", "idp/idp.mjs", &arguments);
        let issuer = announcement["issuer"].as_str().unwrap().to_owned();
        Self { issuer, port: announcement["port"].as_u64().unwrap(), process }
    }

    /// Sends a control command.
    pub fn control(&self, command: &str, body: Value) -> Value {
        let url = format!("{}control/{command}", self.issuer);
        let agent = crate::harness::clients::api::agent();
        agent.post(&url).send_json(body).unwrap().body_mut().read_json().unwrap_or(Value::Null)
    }

    /// Reads a control value: `held` waits until a request is held, `counts` tells how many came.
    pub fn read(&self, what: &str) -> Value {
        let url = format!("{}control/{what}", self.issuer);
        crate::harness::clients::api::agent().get(&url).call().unwrap().body_mut().read_json().unwrap()
    }

    /// Its discovery document.
    pub fn discovery(&self) -> Value {
        let url = format!("{}.well-known/openid-configuration", self.issuer);
        crate::harness::clients::api::agent().get(&url).call().unwrap().body_mut().read_json().unwrap()
    }

    /// The path of an endpoint, as its discovery document names it.
    pub fn path_of(&self, endpoint: &str) -> String {
        let url = url::Url::parse(self.discovery()[endpoint].as_str().unwrap()).unwrap();
        url.path().to_owned()
    }

    /// Spends a refresh token as the client would: 200, or 403 when it does not count.
    pub fn spend(&self, refresh_token: &str) -> u16 {
        let form =
            [("grant_type", "refresh_token"), ("client_id", "kubernetes"), ("refresh_token", refresh_token)];
        let answer = crate::harness::clients::api::agent()
            .post(format!("{}oauth/token", self.issuer))
            .send_form(form)
            .unwrap();
        answer.status().as_u16()
    }

    /// Stops it (SIGSTOP), as a provider that hangs would.
    pub fn freeze(&self) {
        self.process.freeze();
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.process.resume();
    }

    /// Kills it; what it knew is gone.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// The next token request stops, before or after it is processed.
    pub fn hold_token(&self, when: &str) {
        self.control("hold", json!({ "endpoint": "token", "when": when }));
    }

    /// Lets go of all requests that are held.
    pub fn release(&self) {
        self.control("release", json!({}));
    }

    /// How many codes it was sent.
    pub fn code_requests(&self) -> u64 {
        self.read("counts")["token"]["authorization_code"].as_u64().unwrap()
    }

    /// How many refresh tokens it was sent.
    pub fn refreshes(&self) -> u64 {
        self.read("counts")["token"]["refresh_token"].as_u64().unwrap()
    }

    /// How many revocations it was sent.
    pub fn revocations(&self) -> u64 {
        self.read("counts")["revocation"].as_u64().unwrap()
    }

    /// Waits until a request is held.
    pub fn wait_held(&self) {
        assert_eq!(self.read("held")["held"], true, "no request came to be held");
    }

    /// Logs in without a browser, as a person would with one; the answer is the redirect to `localhost:8000`.
    pub fn log_in(&self, auth_url: &str, login: &str) -> String {
        self.answer(auth_url, login, "login")
    }

    /// The same for many, each in a browser of their own.
    pub fn log_all_in(&self, auth_urls: &[String], login: &str) -> Vec<String> {
        let here = |auth_url: &String| auth_url.starts_with(&self.issuer);
        assert!(auth_urls.iter().all(here), "not all are logins here");
        let script = repository().join("dev/idp/answer-login.mjs");
        let mut browsers = Command::new("node")
            .arg(script)
            .args(["-", login, "login"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = auth_urls.join("\n");
        let mut stdin = browsers.stdin.take().unwrap();
        std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
        let out = browsers.wait_with_output().unwrap();
        assert!(out.status.success(), "not all could log in");
        let redirects: Vec<String> =
            String::from_utf8(out.stdout).unwrap().lines().map(str::to_owned).collect();
        assert_eq!(redirects.len(), auth_urls.len());
        redirects
    }

    /// Presses "Deny" on the login page.
    pub fn deny(&self, auth_url: &str) -> String {
        self.answer(auth_url, "felix", "deny")
    }

    fn answer(&self, auth_url: &str, login: &str, action: &str) -> String {
        assert!(auth_url.starts_with(&self.issuer), "not a login here: {auth_url}");
        let script = repository().join("dev/idp/answer-login.mjs");
        let out = Command::new("node").arg(script).args([auth_url, login, action]).output().unwrap();
        assert!(out.status.success(), "no login: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap().trim().to_owned()
    }
}
