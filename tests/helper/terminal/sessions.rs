//! The terminal sessions in the documents: each is had here, in a pseudo-terminal and among real parts, and the screen is compared with
//! the document, line by line. What differs from one time to the next stands in the document as [`Placeholder`]s have it.

mod documented;

use std::net::TcpStream;
use std::process::Command;

use self::documented::{Documented, Placeholder, all};
use crate::harness::deployment::Deployment;
use crate::harness::network::far_backend::HOST;
use crate::harness::network::far_network::{give_names, have_own_mounts, ip};
use crate::harness::network::front::{Behind, PrivateCa, serve_tls};
use crate::harness::process::Process;
use crate::harness::programs::backend::Backend;
use crate::harness::programs::helper_program::HelperPlan;
use crate::harness::programs::proxy_program::Visitor;
use crate::harness::screen::{Screen, rows_of};

/// The Backstage of all documents.
const BACKSTAGE: &str = "backstage.example.com";
const HELPER: &str = "http://localhost:8000";
/// So that nothing scrolls away; and as many columns as most terminals have.
const SIZE: (u16, u16) = (60, 80);
const OVER_SSH: [(&str, &str); 2] =
    [("SSH_CONNECTION", "203.0.113.7 50000 192.0.2.10 22"), ("LOGNAME", "felix")];

/// The parts, and a person with a terminal.
struct Scene {
    here: Deployment,
    backend: Backend,
    ca: PrivateCa,
    session: Documented,
    size: (u16, u16),
    variables: Vec<(&'static str, String)>,
}

impl Scene {
    /// The session of that name, with a browser on this machine.
    fn new(name: &str) -> Self {
        Self::with(name, &[])
    }

    /// The same with these settings of the backend.
    fn with(name: &str, settings: &[(&str, &str)]) -> Self {
        let here = Deployment::new(&format!("session_{name}")).with("ALLOWED_HOSTS", BACKSTAGE);
        have_own_mounts();
        give_names(&here.world, &[(BACKSTAGE, HOST)]);
        ip(&format!("addr add {HOST}/32 dev lo"));
        let plan = settings.iter().fold(here.plan.clone(), |plan, (name, value)| plan.with(name, value));
        let backend = plan.start();
        let ca = PrivateCa::new(&here.world);
        let variables = vec![("BROWSER", "none".to_owned()), ("DISPLAY", ":0".to_owned())];
        Self { here, backend, ca, session: Documented::named(name), size: SIZE, variables }
    }

    /// Has Backstage answer at its address.
    fn serve(self) -> Self {
        let behind = Behind::Plain(self.backend.url.clone());
        serve_tls(&format!("{HOST}:443"), self.ca.server(BACKSTAGE), behind);
        self
    }

    /// Has the person at another machine than their browser.
    fn over_ssh(mut self) -> Self {
        self.variables.clear();
        self.variables.extend(OVER_SSH.map(|(name, value)| (name, value.to_owned())));
        self
    }

    /// Has had a login before, so that nothing is asked any more.
    fn known(self) -> Self {
        let url = format!("https://{BACKSTAGE}");
        let plan = HelperPlan::new(&self.here.world, &url).with("CA_FILE", self.ca.file.to_str().unwrap());
        let mut helper = plan.start();
        let mut visitor = self.visitor();
        let link = visitor.press_button(path_of(&helper.link));
        self.log_in(&mut visitor, path_of(&link));
        helper.end().assert(0, &["Connected"]);
        self
    }

    /// Types the commands of the document.
    fn begin(&self) -> Screen {
        let program = std::path::Path::new(env!("CARGO_BIN_EXE_backstage-oidc-helper"));
        let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
        let plan = HelperPlan::without_backend(&self.here.world, "login");
        let plan = plan.with("PATH", &path).with("CA_FILE", self.ca.file.to_str().unwrap());
        let plan = self.variables.iter().fold(plan, |plan, (name, value)| plan.with(name, value));
        plan.in_shell(&self.session.script()).start_on_screen(self.size)
    }

    fn visitor(&self) -> Visitor {
        Visitor::new(&self.here.world, HELPER)
    }

    /// Follows a link of the helper's to the identity provider, logs in there and comes back.
    fn log_in(&self, visitor: &mut Visitor, link: &str) {
        let sent = visitor.get(path_of(link));
        visitor.keep_cookie(&sent);
        let redirect = self.here.idp.log_in(sent.header("location").unwrap(), "felix");
        assert_eq!(visitor.come_back_for_good(&redirect), "success");
    }

    /// Waits for the end, and compares.
    fn assert_as_documented(&self, screen: &mut Screen) {
        screen.wait();
        self.session.assert_is(&screen.lines());
    }
}

fn path_of(link: &str) -> &str {
    link.strip_prefix(HELPER).unwrap_or(link)
}

const FIRST: &str = "amber canoe";

#[test]
fn success_the_first_login_at_a_backstage() {
    let scene = Scene::new("success").serve();
    let mut screen = scene.begin();
    screen.wait_for_text("or type: ");
    let mut visitor = scene.visitor();
    let link = visitor.press_button(path_of(&screen.wait_for_link("or type: ")));
    scene.log_in(&mut visitor, &link);
    scene.assert_as_documented(&mut screen);
    assert_eq!(screen.colour_of("Connected: "), vt100::Color::Idx(2));
}

#[test]
fn port_taken() {
    let scene = Scene::new("port-taken").serve();
    let mut python = Command::new("python3");
    python.args(["-m", "http.server", "8000", "--bind", "127.0.0.1"]);
    let _other = Process::start("python3", &mut python, scene.here.world.file("python.log"));
    while TcpStream::connect("127.0.0.1:8000").is_err() {
        std::thread::yield_now();
    }
    let mut screen = scene.begin();
    scene.assert_as_documented(&mut screen);
}

#[test]
fn expired() {
    let scene = Scene::with("expired", &[]).serve().known();
    let short = scene.here.plan.clone().with("SESSION_LIFETIME", "2s").in_place_of(&scene.backend);
    let Scene { here, backend, ca, session, size, variables } = scene;
    drop(backend);
    let scene = Scene { backend: short.start(), here, ca, session, size, variables };
    let mut screen = scene.begin();
    scene.assert_as_documented(&mut screen);
}

#[test]
fn backend_away() {
    let scene = Scene::new("backend-away");
    let mut screen = scene.begin();
    scene.assert_as_documented(&mut screen);
}

#[test]
fn paste() {
    let scene = Scene::new("paste").serve().known().over_ssh();
    let mut screen = scene.begin();
    screen.wait_for_text("What you paste is not shown.");
    let address = screen.wait_for("the address", |screen| {
        let lines = screen.contents();
        lines.lines().find_map(|line| line.strip_prefix("  http")).map(|rest| format!("http{}", rest.trim()))
    });
    screen.type_line(&scene.here.idp.log_in(&address, "felix"));
    scene.assert_as_documented(&mut screen);
    assert!(!screen.written().contains("code="), "what was pasted is shown");
}

#[test]
fn ctrl_c() {
    let scene = Scene::new("ctrl-c").serve().known();
    let mut screen = scene.begin();
    screen.wait_for_text(" left for you to log in");
    screen.type_keys("\x03");
    scene.assert_as_documented(&mut screen);
    assert_eq!(screen.colour_of("Interrupted"), vt100::Color::Idx(1));
}

#[test]
fn no_colour() {
    let scene = Scene::new("no-colour").serve().known();
    let mut screen = scene.begin();
    let link = screen.wait_for_link("");
    scene.log_in(&mut scene.visitor(), &link);
    scene.assert_as_documented(&mut screen);
    assert!(!screen.written().contains("\x1b[3"), "{:?}", screen.written());
}

/// The one that is seen while it waits: its rows, with the line that counts down.
#[test]
fn narrow() {
    let mut scene = Scene::new("narrow").serve().known();
    scene.size = (60, 40);
    let mut screen = scene.begin();
    let mut rows = screen.wait_for("the line that counts down below the others", |screen| {
        let rows: Vec<String> = rows_of(screen).map(|row| row.trim_end().to_owned()).collect();
        let last = rows.iter().rposition(|row| !row.is_empty())?;
        let is_whole = rows[last].contains(" left") && rows.iter().any(|row| row.ends_with("is not shown."));
        is_whole.then(|| rows[..=last].to_vec())
    });
    let second_row_of_link = rows.iter().position(|row| row.starts_with("Open ")).unwrap() + 1;
    rows[second_row_of_link] = "…".to_owned();
    scene.session.assert_is(&rows);
    screen.type_keys("\x03");
    screen.wait();
}

#[test]
fn every_session_in_the_documents_is_one_of_these() {
    let mut names: Vec<String> = all().into_iter().map(|(name, _)| name).collect();
    names.sort();
    let had = ["backend-away", "ctrl-c", "expired", "narrow", "no-colour", "paste", "port-taken", "success"];
    assert_eq!(names, had);
}

#[test]
fn a_line_that_differs_is_noticed_and_what_varies_is_not() {
    let session =
        Documented::of("$ login\nOpen http://localhost:8000/go/…\nConnected (until 2026-12-01T09:30:00Z).\n");
    let link = format!("Open http://localhost:8000/go/{}", "a".repeat(43));
    let lines = |last: &str| ["$ login", &link, last].map(str::to_owned);
    session.assert_is(&lines("Connected (until 2031-01-02T03:04:05Z)."));
    let other = lines("Connected (till 2031-01-02T03:04:05Z).");
    assert!(std::panic::catch_unwind(|| session.assert_is(&other)).is_err());
    let shorter = &lines("")[..2];
    assert!(std::panic::catch_unwind(|| session.assert_is(shorter)).is_err());
    assert_eq!(Placeholder::in_place_of_all("type: apple tree"), format!("type: {FIRST}"));
}
