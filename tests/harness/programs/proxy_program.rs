//! The real binary in the proxy role, and a user without a browser.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::clients::api::{Answer, Session, agent};
use crate::harness::ledger::Ledger;
use crate::harness::peers::idp::Idp;
use crate::harness::process::Process;
use crate::harness::world::World;

/// Longer than any outcome takes, even on a busy machine.
pub const TIMEOUT: Duration = Duration::from_mins(2);

/// The helper port.
pub const CONTROL: &str = "http://localhost:8888";

/// The redirect's own address.
pub const CALLBACK: &str = "http://localhost:8000";

/// Where Backstage's page is.
pub const APP: &str = "https://backstage.example";

/// What a proxy shall be started with.
#[derive(Clone)]
pub struct ProxyPlan {
    variables: BTreeMap<String, String>,
    log: PathBuf,
}

impl ProxyPlan {
    /// On the real ports of the test's own network, with no Backstage.
    pub fn without_backend(world: &World) -> Self {
        let plan = Self { variables: BTreeMap::new(), log: world.file("proxy.log") };
        let home = world.home.path().to_str().unwrap();
        plan.with("LOG_FORMAT", "json").with("RUST_LOG", "trace").with("HOME", home)
    }

    /// The same toward this backend.
    pub fn new(world: &World, backend_url: &str) -> Self {
        Self::without_backend(world).with("BACKSTAGE_URL", backend_url)
    }

    /// Sets a variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Its variables.
    pub fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// Starts the program, which may refuse to.
    pub fn launch(&self) -> Process {
        let mut command = Command::new(env!("CARGO_BIN_EXE_backstage-oidc-helper"));
        command.arg("proxy").env_clear().envs(&self.variables);
        command.envs(
            std::env::vars()
                .filter(|(name, _)| matches!(name.as_str(), "PATH" | "SSL_CERT_FILE" | "SSL_CERT_DIR")),
        );
        Process::start("proxy", &mut command, self.log.clone())
    }

    /// Starts the program and waits until it listens.
    pub fn start(&self) -> Process {
        let process = self.launch();
        process.wait_for("that it listens", |line| {
            let event = serde_json::from_str::<Value>(line).ok()?;
            event["control_addresses"].is_string().then_some(())
        });
        process
    }
}

/// A request of a browser's to the helper, as a page or a person brings it about.
pub struct Visitor {
    origin: String,
    cookies: Vec<String>,
    ledger: PathBuf,
}

impl Visitor {
    /// A browser with no cookies yet, that goes to this address of the helper's.
    pub fn new(world: &World, origin: &str) -> Self {
        Self { origin: origin.to_owned(), cookies: Vec::new(), ledger: world.ledger.path().to_owned() }
    }

    /// Follows a link or a redirect.
    pub fn get(&self, path: &str) -> Answer {
        let cookies = self.cookies.join("; ");
        let request = agent().get(format!("{}{path}", self.origin)).header("cookie", cookies);
        Answer::read(request.call().unwrap())
    }

    /// The same at a proxy that may be gone: no answer then.
    pub fn attempt_get(&self, path: &str) -> Option<Answer> {
        let cookies = self.cookies.join("; ");
        let request = agent().get(format!("{}{path}", self.origin)).header("cookie", cookies);
        request.call().ok().map(Answer::read)
    }

    /// Submits a form with these headers.
    pub fn post(&mut self, path: &str, form: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let mut request = agent().post(format!("{}{path}", self.origin));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = Answer::read(request.send_form(form.iter().copied()).unwrap());
        self.keep_cookie(&answer);
        answer
    }

    /// Backstage's page, at that origin, hands the session over: the link that this leads to.
    pub fn hand_over(&mut self, app_origin: &str, session_token: &str) -> String {
        let answer = self.post("/start", &[("sessionToken", session_token)], &[("origin", app_origin)]);
        assert_eq!(answer.status, 303, "{}", answer.text);
        let link = answer.header("location").unwrap();
        Ledger::new(self.ledger.clone()).note("link", link.strip_prefix("/go/").unwrap());
        link.to_owned()
    }

    /// From the hand-over of a session to the identity provider and back: where the browser is sent in the end.
    pub fn log_in(&mut self, idp: &Idp, session: &Session) -> String {
        let link = self.hand_over(APP, &session.token);
        let auth_url = self.press_button(&link);
        assert_eq!(auth_url, session.auth_url);
        idp.log_in(&auth_url, "felix")
    }

    /// Presses the button of the page at this path: where the browser is sent.
    pub fn press_button(&mut self, page: &str) -> String {
        let page = self.get(page);
        assert_eq!(page.status, 200, "{}", page.text);
        self.press_button_of(&page)
    }

    /// The same on a page that is open already.
    pub fn press_button_of(&mut self, page: &Answer) -> String {
        let csrf = between(&page.text, "name=\"csrf\" value=\"", "\"");
        Ledger::new(self.ledger.clone()).note("csrf", &csrf);
        let action = between(&page.text, "action=\"", "\"");
        let answer = self.submit(&action, &csrf);
        assert_eq!(answer.status, 303, "{}", answer.text);
        answer.header("location").unwrap().to_owned()
    }

    /// Sends a form of the helper's own page.
    pub fn submit(&mut self, action: &str, csrf: &str) -> Answer {
        let origin = self.origin.clone();
        let own = [("origin", origin.as_str()), ("sec-fetch-site", "same-origin")];
        self.post(action, &[("csrf", csrf)], &own)
    }

    /// The cookies that the helper has set.
    pub fn cookies(&self) -> &[String] {
        &self.cookies
    }

    /// Gets a cookie, as a browser does.
    pub fn keep_cookie(&mut self, answer: &Answer) {
        if let Some(cookie) = answer.header("set-cookie") {
            let cookie = cookie.split(';').next().unwrap();
            Ledger::new(self.ledger.clone()).note("cookie", cookie.split('=').nth(1).unwrap());
            self.cookies.push(cookie.to_owned());
        }
    }

    /// Comes back from the identity provider: the page's name.
    pub fn come_back(&self, redirect: &str) -> String {
        let answer = self.get(redirect.strip_prefix("http://localhost:8000").unwrap());
        outcome(&answer)
    }

    /// Reloads the page that it came back to: the page's name, or none where the redirect URI's port is closed already.
    pub fn reload(&self, redirect: &str) -> Option<String> {
        self.attempt_get(redirect.strip_prefix("http://localhost:8000").unwrap()).as_ref().map(outcome)
    }

    /// Comes back, and reloads what the browser shows until there is an outcome.
    pub fn come_back_for_good(&self, redirect: &str) -> String {
        let path = redirect.strip_prefix("http://localhost:8000").unwrap();
        let deadline = Instant::now() + TIMEOUT;
        loop {
            match self.attempt_get(path).as_ref().map(outcome).as_deref() {
                None | Some("backend-away" | "idp-away") => std::thread::yield_now(),
                Some(other) => return other.to_owned(),
            }
            assert!(Instant::now() < deadline, "no outcome comes");
        }
    }
}

/// The name of a page of the helper's.
pub fn outcome(answer: &Answer) -> String {
    between(&answer.text, "data-outcome=\"", "\"")
}

fn between(text: &str, start: &str, end: &str) -> String {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("no {start} in: {text}"));
    rest.split(end).next().unwrap().to_owned()
}

impl Visitor {
    /// The same browser at another port of the helper's: cookies know no ports.
    pub fn moved_to(&self, world: &World, origin: &str) -> Self {
        Self { cookies: self.cookies.clone(), ..Self::new(world, origin) }
    }
}
