//! The identity provider that lies about one thing at a time.

use serde_json::{Value, json};
use ureq::Agent;

use crate::harness::clients::api::agent;
use crate::harness::node;
use crate::harness::process::Process;
use crate::harness::world::World;

/// A running liar; honest until told to lie.
pub struct HostileIdp {
    /// With the slash at its end.
    pub issuer: String,
    /// All lies that it knows.
    pub lies: Vec<String>,
    /// The providers that it can be like.
    pub profiles: Vec<String>,
    /// Keeps its connection.
    agent: Agent,
    _process: Process,
}

impl HostileIdp {
    /// Starts one.
    pub fn start(world: &World) -> Self {
        let ledger = world.ledger.path().to_str().unwrap().to_owned();
        let (process, announcement) =
            node::serve(world, "hostile-idp", "idp/hostile.mjs", &["--ledger", &ledger]);
        let names = |of: &str| {
            let names = announcement[of].as_array().unwrap().iter();
            names.map(|name| name.as_str().unwrap().to_owned()).collect()
        };
        Self {
            issuer: announcement["issuer"].as_str().unwrap().to_owned(),
            lies: names("lies"),
            profiles: names("profiles"),
            agent: agent(),
            _process: process,
        }
    }

    /// Lies like that from now on; `none` is honest.
    pub fn lie(&self, lie: &str) {
        self.control("lie", &json!({ "lie": lie }));
    }

    /// Behaves like that from now on, beside its lie; see `dev/idp/hostile/profile.mjs`.
    pub fn profile(&self, profile: &Value) {
        self.control("profile", profile);
    }

    /// Behaves like that provider from now on; answers with its profile.
    pub fn be_like(&self, name: &str) -> Value {
        self.control("profile", &json!({ "name": name }))
    }

    /// Its clock is so far ahead of the machine's from now on.
    pub fn set_clock_ahead(&self, seconds: f64) {
        self.control("clock", &json!({ "offsetSeconds": seconds }));
    }

    /// Is honest, plain and answers refreshes again.
    pub fn get_well(&self) {
        self.lie("none");
        self.profile(&json!({}));
        self.control("refresh-answer", &json!({}));
    }

    /// When it was asked for each refresh so far, in seconds since 1970 by its clock.
    pub fn refreshes(&self) -> Vec<f64> {
        self.read("refreshes")["at"].as_array().unwrap().iter().map(|at| at.as_f64().unwrap()).collect()
    }

    /// Sends a control command; answers with what holds now.
    pub fn control(&self, command: &str, body: &Value) -> Value {
        let mut answer =
            self.agent.post(format!("{}control/{command}", self.issuer)).send_json(body).unwrap();
        assert_eq!(answer.status(), 200, "{command} {body} is not known");
        answer.body_mut().read_json().unwrap()
    }

    /// Reads a control value.
    pub fn read(&self, what: &str) -> Value {
        agent().get(format!("{}control/{what}", self.issuer)).call().unwrap().body_mut().read_json().unwrap()
    }

    /// Where it sends the browser at once.
    pub fn log_in(&self, auth_url: &str) -> String {
        assert!(auth_url.starts_with(&self.issuer), "not a login here: {auth_url}");
        let answer = agent().get(auth_url).call().unwrap();
        answer.headers().get("location").expect("a redirect").to_str().unwrap().to_owned()
    }
}
