//! The example server of Zitadel's library, which keeps everything in memory. See dev/providers/zitadel.

use std::path::PathBuf;
use std::process::Command;

use super::asked::post;
use super::login_form::LoginForm;
use super::programs::program;
use super::site::{
    Freeze, HUGE, ID_TOKEN_SECONDS, Logins, Logout, Manners, Over, Provider, Restart, Reuse, Site, TokenSize,
    Wanted,
};
use crate::harness::process::Process;
use crate::harness::world::{World, free_port};

pub struct Zitadel;

impl Provider for Zitadel {
    fn name(&self) -> &'static str {
        "zitadel"
    }

    fn manners(&self) -> Manners {
        Manners {
            username_claim: "sub",
            spent: "refresh_refused",
            reuse: Reuse::IsRefused,
            // It spends the token before it looks for the person, and has no successor for it then.
            disabled: "refresh_lost",
            over: Over::Unannounced("refresh_refused"),
            logout: Logout::Revokes,
            logins_a_client: Logins::Many,
            freeze: Freeze::Lost,
            restart: Restart::Forgets,
            no_browser_session: Some("the example server asks at each login"),
        }
    }

    fn open(&self, world: &World, wanted: &Wanted) -> Box<dyn Site> {
        let port = free_port();
        let arguments = arguments(port, wanted);
        let log = world.file("zitadel.dev.log");
        let process = start(&arguments, log.clone());
        Box::new(Running { port, arguments, log, process })
    }
}

struct Running {
    port: u16,
    arguments: Vec<String>,
    log: PathBuf,
    process: Process,
}

fn arguments(port: u16, wanted: &Wanted) -> Vec<String> {
    let mut arguments = vec![format!("-port={port}"), format!("-id-token-lifetime={ID_TOKEN_SECONDS}s")];
    if let Some(secret) = wanted.secret {
        arguments.push(format!("-secret={secret}"));
    }
    if wanted.token == TokenSize::Huge {
        arguments.extend([format!("-surname={HUGE}"), "-claims-in-id-token".to_owned()]);
    }
    arguments
}

fn start(arguments: &[String], log: PathBuf) -> Process {
    let process = Process::start("zitadel", Command::new(program("ZITADEL")).args(arguments), log);
    process.wait_for_line("listening at");
    process
}

impl Running {
    fn control(&self, what: &str) {
        let answer = post(&format!("{}control/{what}", self.issuer()), &[]);
        assert_eq!(answer.status, 200, "{what}: {}", answer.text);
    }
}

impl Site for Running {
    fn issuer(&self) -> String {
        format!("http://localhost:{}/", self.port)
    }

    fn form(&self) -> LoginForm {
        LoginForm { name: "#username", password: "#password", button: "button[type=submit]" }
    }

    fn rotate_keys(&mut self) {
        self.control("rotate");
    }

    fn disable_person(&mut self) {
        self.control("disable");
    }

    fn end_login(&mut self) {
        self.control("end-session");
    }

    fn freeze(&self) {
        self.process.freeze();
    }

    fn resume(&self) {
        self.process.resume();
    }

    fn restart(&mut self) {
        self.process.kill();
        self.process = start(&self.arguments, self.log.clone());
    }
}
