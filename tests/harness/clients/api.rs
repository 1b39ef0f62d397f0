//! Calls to the backend, as any client makes them.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use ureq::http::Response;
use ureq::{Agent, Body};

use crate::harness::ledger::Ledger;
use crate::harness::world::World;

/// A client that follows nothing and takes every status for an answer.
pub fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .build()
        .into()
}

/// An answer: status, headers, JSON.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body as JSON, or null.
    pub json: Value,
    /// The body as text.
    pub text: String,
    headers: ureq::http::HeaderMap,
}

impl Answer {
    /// Of an answer that came by another way.
    pub fn read(mut response: Response<Body>) -> Self {
        let text = response.body_mut().with_config().limit(64 << 20).read_to_string().unwrap_or_default();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self { status: response.status().as_u16(), json, text, headers: response.headers().clone() }
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The stable error code.
    pub fn code(&self) -> &str {
        self.json["error"]["code"].as_str().unwrap_or_default()
    }

    /// Asserts an error of Backstage's shape.
    pub fn assert_problem(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.text);
        assert_eq!(self.json["response"]["statusCode"], status, "{}", self.text);
        assert!(
            self.json["error"]["name"].as_str().is_some_and(|name| name.ends_with("Error")),
            "{}",
            self.text
        );
        let message = self.json["error"]["message"].as_str().unwrap_or_default();
        assert!(message.len() > 20 && message.ends_with('.'), "not a sentence: {message}");
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert!(self.header("x-request-id").is_some());
    }
}

impl Answer {
    /// Asserts an error of the Kubernetes proxy: a `v1 Status`, which kubectl prints.
    pub fn assert_status_object(&self, status: u16, code: &str) {
        let text = &self.text;
        assert_eq!(self.status, status, "{text}");
        let head = (&self.json["kind"], &self.json["apiVersion"], &self.json["status"]);
        assert_eq!(head, (&json!("Status"), &json!("v1"), &json!("Failure")), "{text}");
        assert_eq!(self.json["code"], status, "{text}");
        assert_eq!(self.json["details"]["causes"][0]["reason"], code, "{text}");
        let message = self.json["message"].as_str().unwrap_or_default();
        assert!(message.len() > 20 && message.ends_with('.'), "not a sentence: {message}");
        assert_eq!(self.header("cache-control"), Some("no-store"));
    }
}

/// Asks until it succeeds: a failure is remembered for a second.
pub fn until_ok(ask: impl Fn() -> Answer) -> Answer {
    until(ask, |answer| answer.status == 200)
}

/// Asks until the answer is as wanted.
pub fn until(ask: impl Fn() -> Answer, wanted: impl Fn(&Answer) -> bool) -> Answer {
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let answer = ask();
        if wanted(&answer) {
            return answer;
        }
        assert!(Instant::now() < deadline, "still {}: {}", answer.status, answer.text);
    }
}

/// A registered session.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its token.
    pub token: String,
    /// Where to log in.
    pub auth_url: String,
}

/// A client of one backend.
#[derive(Clone)]
pub struct Api {
    base: String,
    bearer: Option<String>,
    ledger: PathBuf,
}

impl Api {
    /// Without a credential.
    pub fn new(backend_url: &str, world: &World) -> Self {
        let base = format!("{backend_url}/api/cluster-auth");
        Self { base, bearer: None, ledger: world.ledger.path().to_owned() }
    }

    /// The same with a bearer credential.
    #[must_use]
    pub fn with_bearer(&self, bearer: &str) -> Self {
        Self { base: self.base.clone(), bearer: Some(bearer.to_owned()), ledger: self.ledger.clone() }
    }

    /// GET.
    pub fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[])
    }

    /// GET with headers.
    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = agent().get(format!("{}{path}", self.base));
        for (name, value) in
            self.authorization().iter().map(|(n, v)| (*n, v.as_str())).chain(headers.iter().copied())
        {
            request = request.header(name, value);
        }
        Answer::read(request.call().unwrap())
    }

    /// DELETE.
    pub fn delete(&self, path: &str) -> Answer {
        self.attempt_delete(path).unwrap()
    }

    /// DELETE that a backend may not live to answer.
    pub fn attempt_delete(&self, path: &str) -> Option<Answer> {
        let mut request = agent().delete(format!("{}{path}", self.base));
        if let Some((name, value)) = self.authorization() {
            request = request.header(name, value);
        }
        request.call().ok().map(Answer::read)
    }

    /// POST of a body with headers; no Content-Type of its own.
    pub fn post_raw(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut request = agent().post(format!("{}{path}", self.base));
        for (name, value) in
            self.authorization().iter().map(|(n, v)| (*n, v.as_str())).chain(headers.iter().copied())
        {
            request = request.header(name, value);
        }
        let request = if headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            request
        } else {
            request.header("content-type", "")
        };
        Answer::read(request.send(body).unwrap())
    }

    /// PUT of JSON.
    pub fn put(&self, path: &str, body: &Value) -> Answer {
        let mut request = agent().put(format!("{}{path}", self.base));
        if let Some((name, value)) = self.authorization() {
            request = request.header(name, value);
        }
        Answer::read(request.send_json(body).unwrap())
    }

    /// POST of JSON.
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_raw(path, &[("content-type", "application/json")], body.to_string().as_bytes())
    }

    /// POST of JSON to a backend that may die meanwhile: no answer then.
    pub fn attempt_post(&self, path: &str, body: &Value) -> Option<Answer> {
        let mut request = agent().post(format!("{}{path}", self.base));
        if let Some((name, value)) = self.authorization() {
            request = request.header(name, value);
        }
        request.send_json(body).ok().map(Answer::read)
    }

    /// GET that a backend may not live to answer.
    pub fn attempt_get(&self, path: &str) -> Option<Answer> {
        agent().get(format!("{}{path}", self.base)).call().ok().map(Answer::read)
    }

    /// Registers; must succeed.
    pub fn register(&self) -> Session {
        let answer = self.post("/register", &json!({}));
        assert_eq!(answer.status, 200, "{}", answer.text);
        self.session_of(&answer)
    }

    /// The session in a register answer; its secrets are noted.
    pub fn session_of(&self, answer: &Answer) -> Session {
        let text = |field: &str| answer.json[field].as_str().unwrap().to_owned();
        let session = Session { token: text("sessionToken"), auth_url: text("authUrl") };
        Ledger::new(self.ledger.clone()).note("session_token", &session.token);
        Ledger::new(self.ledger.clone()).note("auth_url", &session.auth_url);
        session
    }

    /// `GET /session`.
    pub fn session(&self, session: &Session) -> Answer {
        self.with_bearer(&session.token).get("/session")
    }

    /// `POST /exchange` of what a redirect carries.
    pub fn exchange(&self, session: &Session, redirect: &str) -> Answer {
        self.with_bearer(&session.token).post("/exchange", &redirect_body(redirect))
    }

    /// `GET /status`, the only cluster's entry.
    pub fn cluster_status(&self) -> Value {
        self.get("/status").json["clusters"][0].clone()
    }

    /// Asks for `/status` until the ID token of the only cluster has expired.
    pub fn wait_for_expiry(&self) {
        let deadline = Instant::now() + Duration::from_mins(1);
        let expires_at = self.cluster_status()["expiresAt"].as_str().unwrap().to_owned();
        let expires_at = OffsetDateTime::parse(&expires_at, &Rfc3339).unwrap();
        while OffsetDateTime::now_utc() <= expires_at {
            assert!(Instant::now() < deadline, "the ID token does not expire");
            assert_eq!(self.cluster_status()["connected"], true);
        }
    }

    fn authorization(&self) -> Option<(&'static str, String)> {
        self.bearer.as_ref().map(|bearer| ("authorization", format!("Bearer {bearer}")))
    }
}

/// The body of `POST /exchange` for a redirect.
pub fn redirect_body(redirect: &str) -> Value {
    let url = url::Url::parse(redirect).unwrap();
    let mut body = serde_json::Map::new();
    for (name, value) in url.query_pairs() {
        let field = if name == "error_description" { "errorDescription" } else { &name };
        if matches!(field, "code" | "state" | "iss" | "error" | "errorDescription") {
            body.insert(field.to_owned(), Value::String(value.into_owned()));
        }
    }
    if body.contains_key("error") {
        body.remove("iss");
    }
    Value::Object(body)
}

/// The value of a query parameter.
pub fn parameter(url: &str, name: &str) -> String {
    let url = url::Url::parse(url).unwrap();
    url.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}
