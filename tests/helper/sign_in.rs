//! Signing in to the real Backstage as an OAuth client of it: in one tab, kept, refreshed, and what prevents it.

mod far_away;
mod kept;
mod proxy;
mod refusals;
mod used_up;

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::harness::clients::browser::Browser;
use crate::harness::clients::raw_http;
use crate::harness::deployment::Deployment;
use crate::harness::network::ingress::Ingress;
use crate::harness::peers::backstage::{Backstage, SignedIn};
use crate::harness::peers::idp::Idp;
use crate::harness::programs::backend::{Backend, BackendPlan};
use crate::harness::programs::confirmed::state_folder;
use crate::harness::programs::helper_program::{Ending, Helper, HelperPlan};
use crate::harness::world::World;

const HELPER: &str = "http://127.0.0.1:8000";

/// A Backstage with the backend below its address.
pub struct Installation {
    pub world: World,
    pub backstage: Backstage,
    pub idp: Idp,
    pub ingress: Ingress,
    _backend: Backend,
}

impl Installation {
    /// One that knows the helper as an OAuth client.
    pub fn new(test: &str) -> Self {
        Self::start(test, &["--oauth-client"])
    }

    fn start(test: &str, more: &[&str]) -> Self {
        Self::start_with(test, more, |_, plan| plan)
    }

    pub fn start_with(
        test: &str,
        more: &[&str],
        adjust: impl FnOnce(&World, BackendPlan) -> BackendPlan,
    ) -> Self {
        let (here, backstage) = Deployment::beside_backstage(test, more);
        let plan = here
            .plan
            .clone()
            .with("BACKSTAGE_APP_URL", &backstage.url)
            // The helper asks only the address that it was given, whatever the backend says.
            .with("BACKSTAGE_PUBLIC_URL", "https://elsewhere.example.com");
        let backend = adjust(&here.world, plan).start();
        let ingress = Ingress::start(&backend.url, &backstage.url);
        let Deployment { world, idp, .. } = here;
        Self { world, backstage, idp, ingress, _backend: backend }
    }

    fn login(&self) -> HelperPlan {
        HelperPlan::new(&self.world, &self.ingress.url)
    }

    fn run(&self, command: &str) -> Ending {
        let ending =
            Ending::of(&mut HelperPlan::of_command(&self.world, command, &self.ingress.url).launch());
        self.note_kept();
        ending
    }

    /// Follows the link as a browser does: where it leads, and the cookie that it comes with.
    fn follow(&self, link: &str) -> (String, String) {
        let path = link.strip_prefix("http://localhost:8000").unwrap();
        let answer = get(path, "");
        let header = |name: &str| {
            let value = answer.lines().find_map(|line| line.strip_prefix(name));
            value.unwrap_or_else(|| panic!("no {name} in: {answer}")).to_owned()
        };
        let cookie = header("set-cookie: ").split(';').next().unwrap().to_owned();
        self.world.ledger.note("state_cookie", cookie.split_once('=').unwrap().1);
        (header("location: "), cookie)
    }

    /// Signs in and approves, all but the last step: the callback's path and query, and the cookie for it.
    fn approve(&self, helper: &Helper, who: &SignedIn) -> (String, String) {
        let (authorize_url, cookie) = self.follow(&helper.link);
        let callback = self.backstage.consent(&self.world, &authorize_url, who, "approve");
        (path_of(&callback).to_owned(), cookie)
    }

    /// From the login's link to the end: logs in at the identity provider of the cluster.
    fn log_in(&self, helper: &mut Helper, link: &str) -> Ending {
        let (auth_url, cookie) = self.follow(link);
        let callback = self.idp.log_in(&auth_url, "felix");
        let page = get(path_of(&callback), &cookie);
        assert!(page.contains("data-outcome=\"success\""), "{page}");
        let ending = helper.end();
        ending.assert(0, &["Connected", "user:default/felix", "cluster dev"]);
        ending
    }

    /// One whole login without a browser, that leaves a kept sign-in behind.
    pub fn sign_in(&self) -> Ending {
        let felix = self.backstage.sign_in(&self.world, "felix");
        let mut helper = self.login().start();
        let (callback, cookie) = self.approve(&helper, &felix);
        let answer = get(&callback, &cookie);
        let ending = self.log_in(&mut helper, location(&answer));
        self.note_kept();
        ending
    }

    pub fn folder(&self) -> PathBuf {
        state_folder(&self.world)
    }

    /// The files that hold a sign-in.
    fn files(&self) -> Vec<PathBuf> {
        let Ok(folder) = std::fs::read_dir(self.folder()) else { return Vec::new() };
        let files = folder.map(|entry| entry.unwrap().path());
        files
            .filter(|path| {
                path.file_name().is_some_and(|name| name.to_str().unwrap().starts_with("backstage-"))
            })
            .filter(|path| path.extension().is_some_and(|extension| extension != "lock"))
            .collect()
    }

    /// The one that there is.
    pub fn file(&self) -> PathBuf {
        let files = self.files();
        assert_eq!(files.len(), 1, "{files:?}");
        files[0].clone()
    }

    pub fn kept(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.file()).unwrap()).unwrap()
    }

    pub fn note_kept(&self) {
        for file in self.files() {
            let Ok(kept) = serde_json::from_slice::<Value>(&std::fs::read(file).unwrap()) else { continue };
            for field in ["accessToken", "refreshToken"] {
                if let Some(token) = kept[field].as_str() {
                    self.world.ledger.note(&format!("backstage_{field}"), token);
                }
            }
        }
    }
}

fn path_of(callback: &str) -> &str {
    callback.strip_prefix("http://localhost:8000").unwrap()
}

/// What the helper answers to a browser with that cookie.
fn get(path: &str, cookie: &str) -> String {
    let cookie = if cookie.is_empty() { String::new() } else { format!("Cookie: {cookie}\r\n") };
    raw_http::send(
        HELPER,
        &format!("GET {path} HTTP/1.1\r\nHost: localhost:8000\r\n{cookie}Connection: close\r\n\r\n"),
    )
}

fn location(answer: &str) -> &str {
    answer.lines().find_map(|line| line.strip_prefix("location: ")).unwrap_or_else(|| panic!("{answer}"))
}

#[test]
fn nothing_but_the_backends_address_ends_connected_in_one_tab() {
    let here = Installation::new("sign_in_one_tab");
    let mut helper = here.login().start();
    let mut browser = Browser::start(&here.world);
    browser.open("felix", &helper.link);
    browser.log_in_at_idp("felix", "felix");
    browser.wait_for("felix", "#approve:enabled");
    let consent = browser.page("felix");
    assert!(consent.text.contains("Kubernetes login helper"), "{}", consent.text);
    browser.screenshot("felix", &here.world, "consent.png");
    browser.click("felix", "#approve");
    browser.act(&json!({ "op": "waitFor", "context": "felix", "urlPrefix": here.idp.issuer }));
    browser.log_in_at_idp("felix", "felix");
    browser.wait_for_outcome("felix", "success");
    note_callbacks(&here, &mut browser, "felix");
    let ending = helper.end();
    ending.assert(0, &["Connected", "user:default/felix", "cluster dev"]);
    here.note_kept();
    let opened = ending.said.matches("Open http://localhost:8000/go/").count();
    assert_eq!(opened, 1, "the rest happens in the same tab: {}", ending.said);
    for line in ["Sign in to Backstage first", "Your browser goes on", "linked to user:default/felix"] {
        assert!(ending.said.contains(line), "{line} is not in: {}", ending.said);
    }

    // The next login needs no Backstage page, and status and logout need no credential.
    let mut again = here.login().start();
    let link = again.link.clone();
    here.log_in(&mut again, &link);
    here.run("status").assert(0, &["dev: connected as felix@example.com"]);
    here.run("logout").assert(0, &["The Backstage sign-in that was kept on this machine is forgotten."]);
    assert_eq!(here.files(), Vec::<PathBuf>::new());
    here.run("status").assert(1, &["run backstage-oidc-helper login first", "(not_signed_in)"]);
}

/// What came back with the browser are secrets, too.
fn note_callbacks(here: &Installation, browser: &mut Browser, context: &str) {
    let requests = browser.act(&json!({ "op": "requests", "context": context }));
    let urls =
        requests["requests"].as_array().unwrap().iter().map(|request| request["url"].as_str().unwrap());
    let callbacks: Vec<&str> = urls.filter(|url| url.contains(":8000/backstage/callback?")).collect();
    assert_eq!(callbacks.len(), 1, "{callbacks:?}");
    for (name, value) in url::Url::parse(callbacks[0]).unwrap().query_pairs() {
        here.world.ledger.note(&format!("backstage_{name}"), &value);
    }
}

#[test]
fn a_pasted_address_stands_for_backstages_redirect() {
    let here = Installation::new("sign_in_pasted");
    let felix = here.backstage.sign_in(&here.world, "felix");
    let mut helper = here.login().start_at_terminal("");
    // The address to sign in at is shown: no browser comes to the helper.
    let authorize_url = helper.process.wait_for("the address to sign in at", |line| {
        line.strip_prefix("  ").filter(|line| line.contains("code_challenge=")).map(str::to_owned)
    });
    let callback = here.backstage.consent(&here.world, &authorize_url, &felix, "approve");
    helper.process.type_line("http://localhost:8000/backstage/callback?code=another&state=another");
    helper.process.wait_for_line("That address does not count");
    helper.process.type_line(&callback);
    // No browser is on its way here: the link is printed.
    let signed_in = helper.link.clone();
    let link = helper.process.wait_for("the login's link", |line| {
        let link = line.split_whitespace().find(|word| word.contains("/go/"))?;
        (link != signed_in).then(|| link.to_owned())
    });
    here.log_in(&mut helper, &link);
    here.note_kept();
}
