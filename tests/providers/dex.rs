//! Dex, with its database in a file and its own passwords. A person who is disabled is taken out of its configuration.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::asked::{discovery, key_ids};
use super::login_form::LoginForm;
use super::programs::program;
use super::site::{
    CLIENT, Freeze, HUGE, ID_TOKEN_SECONDS, Keys, Logins, Logout, Manners, OTHER_CLIENT, OTHER_REDIRECT,
    Over, PERSON, Provider, REDIRECT, Restart, Reuse, Site, Spending, TokenSize, Wanted,
};
use super::waiting::until;
use crate::harness::process::Process;
use crate::harness::world::{World, free_port, repository};

/// bcrypt's of the password.
const HASH: &str = "$2a$10$Qxi7NB7RUCTolwjSH7ocmuX0Nx5JUDOJDw6omjgrrs86N2QfH/M5i";

/// Longer than a rotation is late.
const LONGEST_ROTATION: Duration = Duration::from_mins(2);

pub struct Dex;

impl Provider for Dex {
    fn name(&self) -> &'static str {
        "dex"
    }

    fn manners(&self) -> Manners {
        Manners {
            username_claim: "email",
            spent: "refresh_failing",
            reuse: Reuse::IsRefused,
            disabled: "refresh_failing",
            over: Over::Unannounced("refresh_failing"),
            logout: Logout::LivesOn,
            logins_a_client: Logins::One,
            freeze: Freeze::LivesOn,
            restart: Restart::Remembers,
            no_browser_session: Some("Dex has no sessions of a browser"),
        }
    }

    fn open(&self, world: &World, wanted: &Wanted) -> Box<dyn Site> {
        let port = free_port();
        let folder = world.home.path().join(format!("dex-{port}"));
        std::fs::create_dir(&folder).unwrap();
        let configuration = configuration(port, &folder, wanted);
        let log = world.file("dex.dev.log");
        let process = start(&folder, &configuration, log.clone());
        Box::new(Running { port, folder, configuration, log, process })
    }
}

struct Running {
    port: u16,
    folder: PathBuf,
    configuration: Value,
    log: PathBuf,
    process: Process,
}

fn configuration(port: u16, folder: &std::path::Path, wanted: &Wanted) -> Value {
    let mut client = json!({ "id": CLIENT, "name": "Kubernetes", "redirectURIs": [REDIRECT] });
    match wanted.secret {
        Some(secret) => client["secret"] = json!(secret),
        None => client["public"] = json!(true),
    }
    let other =
        json!({ "id": OTHER_CLIENT, "name": "Portal", "public": true, "redirectURIs": [OTHER_REDIRECT] });
    let name = if wanted.token == TokenSize::Huge { "y".repeat(HUGE) } else { "Felix".to_owned() };
    let person = json!({ "email": PERSON, "hash": HASH, "username": name, "userID": "felix" });
    let seconds = |seconds: u64| format!("{seconds}s");
    let reuse = if wanted.spending == Spending::AsOnPage { reuse_interval() } else { "0s".to_owned() };
    let mut refresh_tokens = json!({ "reuseInterval": reuse });
    if let Some(life) = wanted.login_seconds {
        refresh_tokens["absoluteLifetime"] = json!(seconds(life));
    }
    let keys = if wanted.keys == Keys::Short { "10s" } else { "6h" };
    json!({
        "issuer": format!("http://localhost:{port}"),
        "storage": { "type": "sqlite3", "config": { "file": folder.join("dex.db") } },
        "web": { "http": format!("localhost:{port}") },
        "oauth2": { "skipApprovalScreen": true },
        "expiry": { "idTokens": seconds(ID_TOKEN_SECONDS), "refreshTokens": refresh_tokens },
        "signer": { "type": "local", "config": { "keysRotationPeriod": keys } },
        "staticClients": [client, other],
        "enablePasswordDB": true,
        "staticPasswords": [person],
    })
}

/// The one that its page in docs/providers asks for.
fn reuse_interval() -> String {
    let page = std::fs::read_to_string(repository().join("docs/providers/dex.md")).unwrap();
    let (_, value) = page.split_once("reuseInterval: ").unwrap();
    value.lines().next().unwrap().to_owned()
}

fn start(folder: &std::path::Path, configuration: &Value, log: PathBuf) -> Process {
    let file = folder.join("dex.json");
    std::fs::write(&file, configuration.to_string()).unwrap();
    let process = Process::start("dex", Command::new(program("DEX")).arg("serve").arg(file), log);
    process.wait_for_line("listening on");
    process
}

impl Running {
    /// It reads its configuration when it starts.
    fn start_again(&mut self) {
        self.process.kill();
        self.process = start(&self.folder, &self.configuration, self.log.clone());
    }
}

impl Site for Running {
    fn issuer(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    fn form(&self) -> LoginForm {
        LoginForm { name: "#login", password: "#password", button: "#submit-login" }
    }

    /// It looks every half minute whether it is time.
    fn rotate_keys(&mut self) {
        let document = discovery(&self.issuer());
        let before = key_ids(&document);
        until(LONGEST_ROTATION, || {
            let are_old = key_ids(&document).iter().all(|id| before.contains(id));
            if are_old { Err("Dex has no new key".to_owned()) } else { Ok(()) }
        });
    }

    fn disable_person(&mut self) {
        self.configuration["staticPasswords"] = json!([]);
        self.start_again();
    }

    fn end_login(&mut self) {
        unreachable!("its lifetime can be set");
    }

    fn freeze(&self) {
        self.process.freeze();
    }

    fn resume(&self) {
        self.process.resume();
    }

    fn restart(&mut self) {
        self.start_again();
    }
}
